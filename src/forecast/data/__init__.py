"""What others wrote down: laws, places, counts, and the tables that hold them; one module for each.

Loaded when first used, so that :mod:`forecast` can offer `toy` without reading a table.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
