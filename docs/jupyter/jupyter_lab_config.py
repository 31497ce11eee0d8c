"""What `make lab` sets: the start page, this machine alone, and the language of prose (FORECAST_LANG, else Vietnamese).

JupyterLab loads it from JUPYTER_CONFIG_PATH, with `c` as its configuration.
"""

import os
from pathlib import Path

HERE = Path(__file__).parent.resolve()
LANG = os.environ.get("FORECAST_LANG") or "vi"

c.LabApp.custom_css = True  # noqa: F821
c.LabApp.default_url = "/lab/tree/notebooks/00_start_here.ipynb"  # noqa: F821
c.ServerApp.ip = "127.0.0.1"  # noqa: F821
c.ServerApp.tornado_settings = {"static_custom_path": [str(HERE / LANG)]}  # noqa: F821
