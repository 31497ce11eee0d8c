"""Write docs/answer.png, the picture of the README: the head, the map and the foot of the board of the last report."""

import base64
import hashlib
import io
from pathlib import Path

from PIL import Image, PngImagePlugin

from forecast.publish import committed
from forecast.show.board import FOOT, MAP_ROWS, ROW, TOP, WIDTH

HERE = Path(__file__).parent
NOTEBOOK, CELL = "16_board.ipynb", "picture"

run = committed.run_of(HERE.parent / "notebooks" / NOTEBOOK, HERE.parent / "build" / "notebooks")
(cell,) = (cell for cell in run.cells if cell.id == CELL)
(coded,) = (output["data"]["image/png"] for output in cell.outputs if "image/png" in output.get("data", {}))
png = base64.b64decode(coded)
with Image.open(io.BytesIO(png)) as whole:
    inch = whole.width / WIDTH
    above, below = round((TOP + MAP_ROWS * ROW) * inch), round(FOOT * inch)
    cut = Image.new("RGB", (whole.width, above + below), "white")
    cut.paste(whole.crop((0, 0, whole.width, above)), (0, 0))
    cut.paste(whole.crop((0, whole.height - below, whole.width, whole.height)), (0, above))
said = PngImagePlugin.PngInfo()
said.add_text("Source", f"{NOTEBOOK} {hashlib.sha256(committed.light_picture(png)).hexdigest()}")  # a test compares it
cut.save(HERE / "answer.png", pnginfo=said, optimize=True)
