"""Sentences, tables and pictures for people; one module a subject, each loaded when first used.

>>> import forecast as f
>>> print(f.show.figures.status_key("en").split(":")[0])
- **stated in the source**
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
