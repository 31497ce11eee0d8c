"""Sentences, tables and pictures for people; one module a subject, each loaded when first used.

Each takes the tables of `answer`, `desk` or `uncertainty` in their units (persons, VND, hours) and raises
:class:`~forecast.data.tables.UserError` where there is nothing to tell. Words are those of docs/words.csv.

>>> import forecast as f
>>> print(f.show.figures.status_key("en").split(":")[0])
- **stated in the source**
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
