"""Sentences, tables and pictures for people; one module a subject, each loaded when first used.

>>> import forecast as f
>>> print(f.show.sentences.status_key("en"))  # doctest: +ELLIPSIS
How far a figure can be trusted: ...
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
