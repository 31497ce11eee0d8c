"""Write docs/answer.png, the picture of the README: what one of the notebooks has drawn in the last report."""

import base64
from pathlib import Path

from forecast.publish import committed

HERE = Path(__file__).parent
NOTEBOOK, CELL = "05_ca_mau.ipynb", "fan"

run = committed.run_of(HERE.parent / "notebooks" / NOTEBOOK, HERE.parent / "build" / "notebooks")
(cell,) = (cell for cell in run.cells if cell.id == CELL)
(png,) = (output["data"]["image/png"] for output in cell.outputs if "image/png" in output.get("data", {}))
(HERE / "answer.png").write_bytes(base64.b64decode(png))
