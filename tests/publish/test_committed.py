"""Notebooks are committed light: tables whole, small pictures, no widgets, and with the outputs of a run of theirs."""

import base64
import io
from pathlib import Path

import nbformat
import numpy as np
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from forecast.cli import main
from forecast.data.tables import UserError
from forecast.publish import committed, drawings, site

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
WIDGET = "application/vnd.jupyter.widget-view+json"


def drawn(width=960, height=600) -> bytes:
    """Return a picture: two lines on white, with noise where nothing is plain."""
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[100:110, 50:-50], pixels[300:310, 50:-50] = (27, 94, 155), (180, 86, 31)
    pixels[500:, 100:200] = np.random.default_rng(1).integers(0, 256, (height - 500, 100, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def book(source="1", outputs=(), count=None):
    return new_notebook(cells=[new_code_cell(source, id="one", outputs=list(outputs), execution_count=count)])


def shown():
    picture = {"image/png": base64.b64encode(drawn()).decode(), "text/plain": "Two lines"}
    picture[drawings.MIME] = {"wide": "<svg/>", "narrow": "<svg/>"}
    said = {"text/markdown": "a **table**", "text/plain": "'a **table**'"}
    return [
        new_output("display_data", picture, metadata={"image/png": {"alt": "Two lines"}}),
        new_output("display_data", said),
        new_output("display_data", {WIDGET: {"model_id": "1"}, "text/plain": "VBox()"}),
    ]


@pytest.fixture
def project(tmp_path):
    """A folder with a notebook and two runs of it, the newer of other code."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "build").mkdir()
    nbformat.write(book(), tmp_path / "notebooks" / "06_one.ipynb")
    nbformat.write(book(outputs=shown(), count=7), tmp_path / "build" / "06_one-vi-aa.ipynb")
    nbformat.write(book("2", count=7), tmp_path / "build" / "06_one-vi-bb.ipynb")
    return tmp_path


def test_all_notebooks_together_take_no_more_than_a_repository_should_keep():
    assert sum(path.stat().st_size for path in NOTEBOOKS) <= committed.MOST == 2_000_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_committed_is_light_and_no_text_escapes_comparison(path):
    """Text that is quoted counts as equal when notebooks are held against new runs: it must be there as Markdown."""
    for cell in nbformat.read(path, 4).cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            assert WIDGET not in data
            assert "text/markdown" in data or not data.get("text/plain", "").startswith(("'", '"')), cell.id
            if "image/png" in data:
                picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
                assert picture.width <= committed.WIDTH and output.metadata["image/png"]["alt"], cell.id


def test_a_light_picture_keeps_its_colors_and_shape():
    before = drawn()
    picture = Image.open(io.BytesIO(committed.light_picture(before)))
    assert picture.size == (400, 250) and len(committed.light_picture(before)) < len(before) / 4
    colors = picture.convert("RGB")
    assert [colors.getpixel(at) for at in ((200, 44), (200, 127), (200, 200))] == [
        (27, 94, 155),
        (180, 86, 31),
        (255, 255, 255),
    ]
    light = committed.light_picture(before)
    assert committed.light_picture(light) == light  # it is light by now


def test_outputs_come_from_the_newest_run_of_the_same_code(project):
    path = project / "notebooks" / "06_one.ipynb"
    assert committed.renew(project / "build", [path]) == [path]
    (cell,) = nbformat.read(path, 4).cells
    picture, said = cell.outputs
    assert cell.execution_count == 1 and cell.source == "1"
    assert set(picture["data"]) == {"image/png", "text/plain"}  # drawings are for pages
    assert picture["data"]["text/plain"] == "Two lines" == picture.metadata["image/png"]["alt"]
    assert said["data"] == {"text/markdown": "a **table**", "text/plain": "'…'"}


def test_a_picture_that_no_page_shows_is_told_alone():
    (picture, _) = committed.light(shown(), pictures=False)
    assert picture["data"] == {"text/plain": "Two lines"}


def test_a_notebook_that_was_not_run_and_one_that_is_too_large_are_errors_and_nothing_is_written(project, monkeypatch):
    path = project / "notebooks" / "06_one.ipynb"
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"the notebooks would take 0.00 MB"):
        monkeypatch.setattr(committed, "MOST", 1000)
        committed.renew(project / "build", [path])
    nbformat.write(book("3"), project / "notebooks" / "07_two.ipynb")
    with pytest.raises(UserError, match=r"07_two.ipynb: .*build has no run of it as it stands"):
        committed.renew(project / "build", sorted((project / "notebooks").glob("*.ipynb")))
    assert path.read_bytes() == before


def test_the_command_renews_all_notebooks(project, monkeypatch):
    from forecast.publish import place_pages

    monkeypatch.setattr(site, "NOTEBOOKS", project / "notebooks")
    monkeypatch.setattr(place_pages, "write", lambda places: [])
    done = CliRunner().invoke(main, ["--lang", "en", "page", "--outputs", str(project / "build")])
    assert done.exit_code == 0 and "1 notebooks have the outputs of their last run" in done.output, done.output
    assert len(nbformat.read(project / "notebooks" / "06_one.ipynb", 4).cells[0].outputs) == 2
