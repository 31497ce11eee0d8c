"""One's own place on the scenario page: a spreadsheet of an office is read here, and stays on this machine."""

import html
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets

from forecast.data.messages import UserError
from forecast.language.words import say
from forecast.question.scenario import Scenario, read_scenario


def imported(name: str, content: bytes, place: str, answers: list[str], folder: Path) -> list[Scenario]:
    """Read a spreadsheet about `place` into tables in `folder`, use them from now on, and return their scenarios.

    The tables are those that `forecast import` writes. A file with a fault or an open question raises the error that
    says so, and nothing is used; a list of persons is refused, since the page keeps nothing about persons.
    """
    from forecast.exchange import members_lists, place_counts, scaffold  # which few windows need
    from forecast.exchange.reading.grids import read_grids

    path = folder / f"given{Path(name).suffix.lower()}"
    path.write_bytes(content)
    try:
        if members_lists.has_list(read_grids(path)):
            raise UserError("{file}: a list of persons; forecast import counts it first", file=name)
        frames, texts, _ = place_counts.imported(path, place, answers)
    finally:
        path.unlink()
    scaffold.write(frames, texts, folder)
    os.environ["FORECAST_DATA"] = str(folder)
    return [read_scenario(folder / "scenarios" / one) for one in sorted(texts)]


class OwnPlace:
    """The part of the page where a spreadsheet is given: the file, its place, and answers to what the reading asks."""

    def __init__(self, took: Callable[[list[Scenario]], None]):
        """Call `took` with the scenarios of what was read."""
        self._took = took
        self._folders: list[tempfile.TemporaryDirectory[str]] = []  # gone with the kernel
        self.show = widgets.ToggleButton(False)
        self.file = widgets.FileUpload(accept=".xlsx,.xls,.ods,.csv,.txt", multiple=False)
        self.place, self.answers = widgets.Text(), widgets.Textarea(rows=2)
        self.read = widgets.Button()
        self.told = widgets.HTML()
        self.inside = widgets.VBox([self.place, self.file, self.answers, self.read, self.told])
        self.inside.layout.display = "none"
        self.view = widgets.VBox([self.show, self.inside])
        self.view.add_class("fc-own")
        self.show.observe(
            lambda change: setattr(self.inside.layout, "display", "" if change["new"] else "none"), "value"
        )
        self.read.on_click(lambda _: self.take())
        self.lang = "vi"

    def write(self, lang: str) -> None:
        """Write the words of this part in a language."""
        self.lang = lang
        self.show.description = say(lang, vi="Dùng số liệu của địa phương mình", en="Use figures of one's own place")
        self.file.description = say(lang, vi="Chọn bảng tính", en="Choose a spreadsheet")
        self.place.description = say(lang, vi="Địa phương", en="Place")
        self.answers.description = say(lang, vi="Trả lời", en="Answers")
        self.answers.placeholder = say(
            lang, vi="mỗi dòng một câu, như --map ghi: TÊN=XÃ", en="one a line, as for --map: NAME=COMMUNE"
        )
        self.read.description = say(lang, vi="Đọc bảng tính", en="Read the spreadsheet")
        for field in (self.place, self.answers):
            field.style.description_width, field.layout.width = "initial", "min(26rem, 100%)"

    def take(self) -> None:
        """Read the file that was given; what is wrong with it is told below the button."""
        try:
            if not self.file.value or not self.place.value.strip():
                raise UserError("give a spreadsheet and the name of its place")
            given = self.file.value[0]
            answers = [line.removeprefix("--map").strip() for line in self.answers.value.splitlines() if line.strip()]
            folder = tempfile.TemporaryDirectory(prefix="forecast-place-")
            self._folders.append(folder)
            name, content = str(given["name"]), bytes(given["content"])
            scenarios = imported(name, content, self.place.value.strip(), answers, Path(folder.name))
        except UserError as error:
            self.told.value = f'<p class="fc-fault">{html.escape(error.text(self.lang))}</p>'
            return
        self.told.value = "<p>" + say(self.lang, vi="Đã đọc xong.", en="It was read.") + "</p>"
        self._took(scenarios)
