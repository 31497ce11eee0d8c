from . import toy as toy
