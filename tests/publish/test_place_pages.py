"""Notebooks of places are what the template and the data of each place give; a new place is data and one command."""

import shutil

import nbformat
import pytest

from forecast.data.tables import UserError
from forecast.publish import place_pages

FILES = sorted((place_pages.NOTEBOOKS / place_pages.FOLDER).glob("[0-9]*.yaml"))


@pytest.fixture
def folder(tmp_path):
    """The template and the data of the places, without any notebook."""
    shutil.copytree(place_pages.NOTEBOOKS / place_pages.FOLDER, tmp_path / place_pages.FOLDER)
    return tmp_path


def without_outputs(book):
    return [(cell.cell_type, cell.id, cell.metadata, cell.source) for cell in book.cells], book.metadata


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_committed_notebook_is_what_the_template_gives(path):
    committed = nbformat.read(place_pages.NOTEBOOKS / f"{path.stem}.ipynb", 4)
    assert without_outputs(place_pages.notebook(place_pages.about(path))) == without_outputs(committed)


def test_all_five_places_are_made_and_a_second_run_changes_nothing(folder):
    made = place_pages.write(folder=folder)
    assert [path.stem for path in made] == [path.stem for path in FILES] and len(made) == 10
    before = {path: path.read_bytes() for path in made}
    place_pages.write(folder=folder)
    assert {path: path.read_bytes() for path in made} == before


def test_outputs_of_cells_that_did_not_change_are_kept(folder):
    (path, *_) = place_pages.write(["Đà Bắc"], folder)
    book = nbformat.read(path, 4)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text="seen")]
    changed = next(cell for cell in book.cells if cell.id == "headline")
    changed.source = "1 + 1"
    nbformat.write(book, path)
    place_pages.write(["Đà Bắc"], folder)
    outputs = {cell.id: len(cell.outputs) for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"}
    assert outputs.pop("headline") == 0 and set(outputs.values()) == {1}


def test_a_new_place_is_data_a_scenario_and_one_command(folder, monkeypatch, run):
    monkeypatch.setattr(place_pages, "NOTEBOOKS", folder)
    scenarios = place_pages.tables.data_dir() / "scenarios"
    monkeypatch.setattr(place_pages.tables, "data_dir", lambda: folder)
    shutil.copytree(scenarios, folder / "scenarios")
    for kind in ("plan", "status-quo"):
        shutil.copy(scenarios / f"ca-mau-{kind}.yaml", folder / "scenarios" / f"nghe-an-{kind}.yaml")
    monkeypatch.setattr(place_pages, "read_place", lambda name: type("Place", (), {"name": "Nghệ An"}))
    done = run("page", "Nghệ An")
    assert done.exit_code == 0 and "22_nghe_an.ipynb" in done.output
    book = nbformat.read(folder / "22_nghe_an.ipynb", 4)
    text = "\n".join(cell.source for cell in book.cells)
    assert "# Nghệ An: kế hoạch có đạt chỉ tiêu không?" in text and "scenarios/nghe-an-plan.yaml" in text
    assert book.metadata.forecast.place == "Nghệ An" and "$" not in text
    assert place_pages.about(folder / "places" / "22_nghe_an.yaml").place == "Nghệ An"


def test_a_place_without_scenarios_is_one_message_and_nothing_is_written(folder):
    with pytest.raises(UserError, match=r"nghe-an-plan.yaml: there is no such file; expected a scenario of Nghệ An"):
        place_pages.write(["Nghệ An"], folder)
    assert not list(folder.glob("*.ipynb")) and len(list((folder / "places").iterdir())) == 11


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("place: Cà Mau", "05_ca_mau.yaml: scenarios: Field required"),
        ("place: [", "05_ca_mau.yaml: while parsing"),
        ("place: Cà Mau\nscenarios: {plan: ca-mau-plan}", "expected plan, status_quo, then others"),
        ("cells: [{id: x, code: '1'}]", "cell x replaces none; expected one of title, "),
        ("cells: [{id: x, after: fan}]", "cells.0: Value error, expected code, or prose in both languages"),
        ("cells: [{id: x, after: fen, code: '1'}]", "cell x: expected a new name, after a cell of title, "),
        ("cells: [{id: fan, code: $none}]", "a cell has the blank 'none'; expected one of place, "),
        ("without: [fen]", "there is no cell fen to leave out"),
    ],
)
def test_data_that_does_not_fit_is_named(folder, text, message):
    path = folder / "places" / "05_ca_mau.yaml"
    if not text.startswith("place"):
        text = "place: Cà Mau\nscenarios: {plan: ca-mau-plan, status_quo: ca-mau-status-quo}\n" + text
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as told:
        place_pages.write(folder=folder)
    assert message in str(told.value) and "\n" not in str(told.value)
    assert not list(folder.glob("*.ipynb"))
