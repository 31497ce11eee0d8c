"""Notebooks as a repository keeps them: what a report put out, copied cell by cell, with light pictures.

Tables and sentences stand as they were, so that a test holds each number of them against a new run. Of pictures a small
version is kept, with the few colors that they are drawn in: whoever wants them sharp makes the page, or runs the cell.
"""

import base64
import io
from collections.abc import Iterable
from pathlib import Path

import nbformat
import numpy as np
from nbformat import NotebookNode
from PIL import Image

from forecast.data import tables
from forecast.data.messages import UserError
from forecast.language.words import LANGS
from forecast.publish import drawings

MOST = 2_000_000  # bytes that all notebooks together may take
WIDTH = 400  # pixels of a light picture
COLORS, APART = 8, 30  # of a light picture: how many, and how far one is from the next (sum over red, green and blue)
PLAIN = "'…'"  # stands for text that the same output has as Markdown
_WIDGET = "application/vnd.jupyter.widget-view+json"  # it needs a running kernel


def renew(made: Path, notebooks: Iterable[Path]) -> list[Path]:
    """Give `notebooks` the outputs that a report's runs in the folder `made` have, and return their paths.

    Of the runs of a notebook in the language that it is set to, the newest with the same code counts. A notebook that
    has none, and outputs that are too large for a repository (:data:`MOST`), are errors, and nothing is written.
    """
    books = {path: _renewed(path, made) for path in notebooks}
    texts = {path: nbformat.writes(book) + "\n" for path, book in books.items()}
    every = {path for folder in {path.parent for path in texts} for path in folder.glob("[0-9]*.ipynb")} | set(texts)
    size = sum(len(texts[path].encode()) if path in texts else path.stat().st_size for path in every)
    if size > MOST:
        raise UserError(
            "the notebooks would take {size:.2f} MB; a repository keeps {most:.2f} MB of them at most",
            size=size / 1e6,
            most=MOST / 1e6,
        )
    for path, text in texts.items():
        tables.write_text(text, path)
    return list(texts)


def light(outputs: list[NotebookNode], pictures: bool = True) -> list[NotebookNode]:
    """Return outputs without widgets, with text once (as Markdown where it is Markdown) and light pictures.

    Without `pictures` only the description of each is left.

    >>> said = nbformat.v4.new_output("display_data", {"text/markdown": "**1**", "text/plain": "'**1**'"})
    >>> light([said])[0].data
    {'text/markdown': '**1**', 'text/plain': "'…'"}
    """
    kept = []
    for output in outputs:
        data = dict(output.get("data", {}))
        if _WIDGET in data:
            continue
        if "text/markdown" in data and "<script" in data.get("text/html", ""):  # live controls: only on a page
            del data["text/html"]
            data["text/plain"] = PLAIN
        data.pop(drawings.MIME, None)  # what a page shows in the stead of a PNG
        if "text/markdown" in data and str(data.get("text/plain", "")).startswith(("'", '"')):
            data["text/plain"] = PLAIN
        if "image/png" in data and not pictures:
            del data["image/png"]
        if "image/png" in data:
            data["image/png"] = base64.b64encode(light_picture(base64.b64decode(data["image/png"]))).decode()
        kept.append(NotebookNode(output | ({"data": data} if data else {})))
    return kept


def light_picture(png: bytes) -> bytes:
    """Return a PNG at most :data:`WIDTH` pixels wide, in the :data:`COLORS` colors that matter most.

    Colors that only smooth the edge of a letter or a line are none of them. One that is no wider stays as it is.
    """
    with Image.open(io.BytesIO(png)) as given:
        if given.width <= WIDTH:
            return png
        drawn = given.convert("RGB")
    codes = np.asarray(drawn, np.int64) @ [1 << 16, 1 << 8, 1]
    filled = (codes[:-1, :-1] == codes[1:, :-1]) & (codes[:-1, :-1] == codes[:-1, 1:])  # as its neighbors are
    used_codes, counts = np.unique(codes[:-1, :-1][filled] if filled.any() else codes, return_counts=True)
    colors = np.stack([used_codes >> 16, used_codes >> 8 & 255, used_codes & 255], axis=1)
    # A line fills less than a band and says more: what counts is area times contrast with the paper.
    contrast = np.abs(colors - colors[counts.argmax()]).sum(axis=1)
    chosen = [colors[counts.argmax()]]
    for color in colors[np.argsort(-counts * contrast**2, kind="stable")]:
        if len(chosen) < COLORS and all(np.abs(color - other).sum() > APART for other in chosen):
            chosen.append(color)
    values = np.concatenate(chosen).tolist()
    palette = Image.new("P", (1, 1))
    palette.putpalette(values + values[:3] * (256 - len(chosen)))
    size = (WIDTH, max(1, round(drawn.height * WIDTH / drawn.width)))
    small = drawn.resize(size, Image.Resampling.HAMMING).quantize(palette=palette, dither=Image.Dither.NONE)
    small.putpalette(values)
    stream = io.BytesIO()
    small.save(stream, "PNG", compress_level=9, compress_type=1)  # zlib's strategy for small differences
    return stream.getvalue()


def run_of(path: Path, made: Path) -> NotebookNode:
    """Return the newest run of a notebook in the folder `made` that has the notebook's code."""
    code = _code(nbformat.read(path, 4))
    files = sorted(made.glob(f"{path.stem}-{LANGS[0]}-*.ipynb"), key=lambda file: file.stat().st_mtime, reverse=True)
    run: NotebookNode | None = next((run for run in (nbformat.read(f, 4) for f in files) if _code(run) == code), None)
    if run is None:
        raise UserError(
            "{file}: {folder} has no run of it as it stands; `forecast report` makes one", file=path.name, folder=made
        )
    return run


def _renewed(path: Path, made: Path) -> NotebookNode:
    """Return a notebook with the outputs of its run; what pages do not show (the card of a place) has no picture."""
    book: NotebookNode = nbformat.read(path, 4)
    ran = {cell.id: cell for cell in run_of(path, made).cells}
    for number, cell in enumerate((cell for cell in book.cells if cell.cell_type == "code"), start=1):
        shown = "remove-cell" not in cell.metadata.get("tags", [])
        cell.outputs, cell.execution_count = light(ran[cell.id].outputs, pictures=shown), number
    return book


def _code(book: NotebookNode) -> list[tuple[str, str]]:
    return [(cell.id, cell.source) for cell in book.cells if cell.cell_type == "code"]
