from . import doors as doors
from . import frames as frames
from . import tables as tables
from . import toy as toy
