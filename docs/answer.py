"""Write docs/answer.png, the picture of the README: what one of the notebooks has drawn."""

import base64
from pathlib import Path

import nbformat

HERE = Path(__file__).parent
NOTEBOOK, CELL = "05_ca_mau.ipynb", "fan"

book = nbformat.read(HERE.parent / "notebooks" / NOTEBOOK, 4)
(cell,) = (cell for cell in book.cells if cell.id == CELL)
(png,) = (output["data"]["image/png"] for output in cell.outputs if "image/png" in output.get("data", {}))
(HERE / "answer.png").write_bytes(base64.b64decode(png))
