"""Notebooks about places: one template, and a file of data for each place.

``notebooks/places/template.yaml`` holds the cells of every such notebook. ``notebooks/places/NN_place.yaml`` says what
belongs to one place: its name, its scenarios, the months of the price, and cells of its own, which replace a cell of
the template (the same `id`) or stand behind one (`after`). A cell has code (`code`) or prose in both languages (`vi`,
`en`). ``$name`` in a cell is filled from :func:`_blanks`. ``forecast page`` writes the notebooks anew; outputs of cells
that did not change are kept.
"""

import copy
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Annotated, Any

import nbformat
import yaml
from nbformat import NotebookNode
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from forecast.data import tables
from forecast.data.files import ROOT
from forecast.data.messages import Message, UserError
from forecast.data.places import read_place, slug
from forecast.publish.page import mark

NOTEBOOKS = ROOT / "notebooks"
FOLDER, TEMPLATE = "places", "template.yaml"
LANGS = ("vi", "en")
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": "3.11.7",
    },
}


class Cell(BaseModel):
    """A cell of code, or of prose in both languages; `after` names the cell of the template that it stands behind."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    code: str = ""
    vi: str = ""
    en: str = ""
    tags: tuple[str, ...] = ()
    after: str = ""

    @model_validator(mode="after")
    def _whole(self) -> "Cell":
        if bool(self.code) == bool(self.vi) or bool(self.vi) != bool(self.en):
            raise ValueError("expected code, or prose in both languages (vi and en)")
        return self


Month = Annotated[str, Field(pattern=r"^\d{4}-\d\d$")]


class About(BaseModel):
    """What belongs to one page of a place: its name, its scenarios (plan, status quo, then others), cells of its own.

    `part` is the part of the site that the page belongs to, if not that of all places (`pages.PARTS`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    place: str
    part: str = ""
    scenarios: dict[str, str]
    price: tuple[Month, Month] = ("2018-01", "2027-12")
    cells: tuple[Cell, ...] = ()
    without: tuple[str, ...] = ()


def write(names: Iterable[str] = (), folder: Path | None = None) -> list[Path]:
    """Write the notebooks of the named places, or of all that have a file of data, and return their paths.

    A place without a file of data gets one, with the plan and the status quo of ``data/scenarios`` and nothing of its
    own. A notebook that is as the template gives it is not written again. A place that is not known, a scenario that is
    not there and a file of data that does not fit are errors, and nothing is written.
    """
    folder = folder or NOTEBOOKS
    data = folder / FOLDER
    stems = {path.stem: about(path).place for path in _files(folder)}
    wanted = [read_place(name).name for name in names]
    new = {name: _default(name) for name in wanted if name not in stems.values()}
    for one in new.values():
        _check(one)
    for name, one in new.items():
        stem = f"{_next(folder):02d}_{slug(name).replace('-', '_')}"
        stems[stem] = name
        text = yaml.safe_dump(one.model_dump(include={"place", "scenarios"}), allow_unicode=True, sort_keys=False)
        tables.write_text(text, data / f"{stem}.yaml")
    made = {}
    for stem in (stem for stem, name in stems.items() if name in (wanted or stems.values())):
        path = folder / f"{stem}.ipynb"
        old = nbformat.read(path, 4) if path.exists() else None
        made[path] = (old, notebook(about(data / f"{stem}.yaml"), folder, old))
    for path, (old, book) in made.items():
        if book != old:
            tables.write_text(nbformat.writes(book) + "\n", path)
    return list(made)


def about(path: Path) -> About:
    """Return the data of a place; what does not fit is an error that names the file and the entry."""
    try:
        return About.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(
            "{file}: {where}: {error}", file=path, where=where or Message("the file"), error=first["msg"]
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError("{file}: {error}", file=path, error=" ".join(str(error).split())) from None


def notebook(one: About, folder: Path | None = None, old: NotebookNode | None = None) -> NotebookNode:
    """Return the notebook of a place; cells that `old` has with the same source keep what they put out there."""
    _check(one)
    kept = {} if old is None else {cell.id: cell for cell in old.cells}
    blanks, cells = _blanks(one), []
    for cell in _cells(one, (folder or NOTEBOOKS) / FOLDER / TEMPLATE):
        if cell.code:
            made = nbformat.v4.new_code_cell(_filled(cell.code, blanks), id=cell.id)
            before = kept.get(cell.id)
            if before is not None and before.cell_type == "code" and before.source == made.source:
                made.outputs, made.execution_count = copy.deepcopy(before.outputs), before.execution_count
            folded = {"jupyter": {"source_hidden": True}} if "run" in cell.tags else {}  # JupyterLab: a click opens it
            made.metadata = nbformat.from_dict(folded | ({"tags": list(cell.tags)} if cell.tags else {}))
            cells.append(made)
            continue
        for lang, text in (("vi", cell.vi), ("en", cell.en)):
            prose = nbformat.v4.new_markdown_cell(_filled(text, blanks) + mark(lang), id=f"{cell.id}-{lang}")
            prose.metadata = NotebookNode({"tags": [lang, *cell.tags]})
            cells.append(prose)
    metadata = copy.deepcopy(_METADATA) | {"forecast": {"place": one.place} | ({"part": one.part} if one.part else {})}
    book: NotebookNode = nbformat.v4.new_notebook(cells=cells, metadata=dict(sorted(metadata.items())))
    return book


def _cells(one: About, template: Path) -> list[Cell]:
    """Return the cells of the template with those of a place put in, and without those that it leaves out."""
    try:
        cells = [Cell.model_validate(cell) for cell in yaml.safe_load(template.read_text(encoding="utf-8"))["cells"]]
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise UserError("{file}: {error}", file=template, error=" ".join(str(error).split())) from None
    for place_cell in one.cells:
        at = {cell.id: index for index, cell in enumerate(cells)}
        if place_cell.after:
            if place_cell.after not in at or place_cell.id in at:
                raise UserError(
                    "{place}: cell {cell}: expected a new name, after a cell of {known}",
                    place=one.place,
                    cell=place_cell.id,
                    known=", ".join(at),
                )
            cells.insert(at[place_cell.after] + 1, place_cell)
        elif place_cell.id in at:
            cells[at[place_cell.id]] = place_cell
        else:
            raise UserError(
                "{place}: cell {cell} replaces none; expected one of {known}, or `after`",
                place=one.place,
                cell=place_cell.id,
                known=", ".join(at),
            )
    missing = sorted(set(one.without) - {cell.id for cell in cells})
    if missing:
        raise UserError("{place}: there is no cell {missing} to leave out", place=one.place, missing=missing[0])
    return [cell for cell in cells if cell.id not in one.without]


def _blanks(one: About) -> dict[str, str]:
    """Return what fills the blanks of cells.

    `place` is the name, `reads` the lines that read the scenarios, `questions` a list of their variables, `policies`
    the same without the status quo, `files` a list of their files, `since` and `until` the months of the price.
    """
    reads = [f'{name} = f.read_scenario("../data/scenarios/{file}.yaml")' for name, file in one.scenarios.items()]
    return {
        "place": one.place,
        "reads": "\n".join(reads),
        "questions": f"[{', '.join(one.scenarios)}]",
        "policies": f"[{', '.join(name for name in one.scenarios if name != 'status_quo')}]",
        "files": "[" + ", ".join(f'"data/scenarios/{file}.yaml"' for file in one.scenarios.values()) + "]",
        "since": one.price[0],
        "until": one.price[1],
    }


def _filled(text: str, blanks: dict[str, str]) -> str:
    try:
        return Template(text.rstrip("\n")).substitute(blanks)
    except (KeyError, ValueError) as error:
        raise UserError(
            "a cell has the blank {error}; expected one of {known}", error=str(error), known=", ".join(blanks)
        ) from None


def _default(name: str) -> About:
    short = slug(name)
    return About(place=name, scenarios={"plan": f"{short}-plan", "status_quo": f"{short}-status-quo"})


def _check(one: About) -> None:
    """Raise an error where a scenario of a place has no file, or the plan or the status quo is missing."""
    if list(one.scenarios)[:2] != ["plan", "status_quo"]:
        raise UserError(
            "{place}: scenarios {scenarios}; expected plan, status_quo, then others",
            place=one.place,
            scenarios=", ".join(one.scenarios),
        )
    for file in one.scenarios.values():
        path = tables.data_dir() / "scenarios" / f"{file}.yaml"
        if not path.exists():
            raise UserError(
                "{file}: there is no such file; expected a scenario of {place} (see `forecast new`)",
                file=path,
                place=one.place,
            )


def _files(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).glob("[0-9]*.yaml"))


def _next(folder: Path) -> int:
    """Return the first number that no notebook has yet."""
    taken: list[Any] = [*folder.glob("[0-9]*.ipynb"), *_files(folder)]
    return 1 + max((int(path.name[:2]) for path in taken), default=0)
