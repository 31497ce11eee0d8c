"""The scenario page: a question in a browser, a control for each lever, the answer below; on this machine only.

The page is made of ipywidgets and works in a notebook too (`Page(files).view`). `serve` shows it without any code:
Voilà runs it in a kernel of its own, on loopback and behind a token, and takes no code from the browser. What may be
pulled are the levers that `forecast optimize` may choose (:mod:`forecast.question.menu`), on top of the scenario's own.
"""

import base64
import html
import secrets
import shlex
import tempfile
from pathlib import Path
from typing import NamedTuple

import ipywidgets as widgets
import nbformat
from IPython.display import display

from forecast.answer.projection import Projection
from forecast.data import tables
from forecast.desk.compare import comparison
from forecast.desk.target import target_table
from forecast.engines import ENGINES
from forecast.experiment import project
from forecast.language import words
from forecast.language.words import LANGS, Text, term
from forecast.question import menu
from forecast.question.levers import Policy
from forecast.question.scenario import Scenario, read_scenario
from forecast.question.scenario_file import scenario_yaml
from forecast.show import costs, levers, policy, projection, target

# The engines that answer for levers, the quickest first.
OFFERED = sorted(
    (name for name, kind in ENGINES.items() if kind.needs == "people"), key=lambda name: -ENGINES[name].batch
)
DRAWS = (50, 100, 200, 500, 1000)
OWN, QUO = "my-choice", "status quo"  # names of the two scenarios of an answer
TITLES = {
    OWN: {"vi": "Phương án của bạn", "en": "Your choice"},
    QUO: {"vi": "Giữ nguyên cách làm cũ", "en": "Status quo"},
}
# What the page may load: nothing from anywhere else, whatever Voilà's template asks for.
GONE = 600  # seconds without a window, after which its kernel ends
_AT_HOME = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: ws://127.0.0.1:*; frame-ancestors 'none'"
_WIDE = widgets.Layout(width="100%", max_width="62rem")
_WRAP = widgets.Layout(flex_flow="row wrap")
_APART = widgets.Layout(flex_flow="row wrap", margin="1rem 0 0 0")


def scenario_files() -> list[Path]:
    """Return the scenario files that come with the data, plans first.

    >>> scenario_files()[0].name
    'ca-mau-plan.yaml'
    """
    paths = sorted((tables.data_dir() / "scenarios").glob("*.yaml"))
    return sorted(paths, key=lambda path: not path.stem.endswith("-plan"))


class Answer(NamedTuple):
    """What the page shows: the two questions, the engine and draws that answered them, and what they answered."""

    chosen: Scenario
    quo: Scenario
    engine: str
    draws: int
    projected: Projection


class Control:
    """One lever on the page: a slider over its levels, or a tick where it has none; its size is told in words."""

    def __init__(self, choice: menu.Choice):
        """Show `choice`, left out at first."""
        self.choice, self.lang, self.size = choice, "vi", widgets.HTML()
        wide = {"style": {"description_width": "min(21rem, 55%)"}, "layout": widgets.Layout(width="min(40rem, 100%)")}
        self.box = (
            widgets.IntSlider(0, 0, choice.levels, readout=False, **wide)
            if choice.levels > 1
            else widgets.Checkbox(False, **wide)
        )
        self.view = widgets.HBox([self.box, self.size], layout=_WRAP)
        self.box.observe(lambda _: self.tell(), "value")

    @property
    def level(self) -> int:
        """The level that is chosen; 0 leaves the lever out."""
        return int(self.box.value)

    def tell(self, lang: str | None = None) -> None:
        """Say in words what is chosen; `lang` changes the language."""
        self.lang = lang or self.lang
        form = self.choice.form
        about = [term(f"group.{form['group']}", self.lang)] if form.get("group", "all") != "all" else []
        self.box.description = ", ".join([term(f"lever.{self.choice.lever}", self.lang), *about])
        lever = self.choice.at(self.level)
        off = {"vi": "không dùng", "en": "left out"}[self.lang]
        self.size.value = html.escape(levers.size(lever, self.lang) or "✓") if lever else f"<i>{off}</i>"


class Page:
    """The page of one or more scenario files: choose one, pull levers, ask, read.

    >>> page = Page([tables.data_dir() / "scenarios" / "da-bac-plan.yaml"], lang="en")
    >>> page.scenario.scenario, len(page.plan_boxes), page.controls[0].level
    ('my-choice', 9, 0)
    """

    def __init__(self, files: list[Path] | None = None, lang: str = "vi"):
        """Offer `files`, those of the data when left out; a file with a fault raises its own error."""
        files = files or scenario_files()
        self.questions = [read_scenario(path) for path in files]
        self.lang = lang
        self.answer: Answer | None = None
        self.shown: Scenario | None = None
        self.tongue = widgets.ToggleButtons(options=[("Tiếng Việt", "vi"), ("English", "en")], value=lang)
        self.question = widgets.Dropdown(layout=widgets.Layout(width="min(38rem, 100%)"))
        self.engine, self.draws = widgets.Dropdown(), widgets.Dropdown(options=DRAWS, value=100)
        self.ask = widgets.Button(button_style="primary")
        self.texts = {name: widgets.HTML() for name in ("title", "place", "own", "more", "engine", "draws", "note")}
        self.plan, self.levers = widgets.VBox(), widgets.VBox()
        self.busy, self.output = widgets.Output(), widgets.Output(layout=_WIDE)
        self._write()
        self._take_up()
        self.question.observe(lambda change: self._take_up() if change["new"] is not None else None, "value")
        self.tongue.observe(lambda _: self._translate(), "value")
        self.ask.on_click(lambda _: self.run())
        text = self.texts
        self.view = widgets.VBox(
            [
                self.tongue,
                text["title"],
                widgets.HBox([text["place"], self.question], layout=_WRAP),
                text["own"],
                self.plan,
                text["more"],
                self.levers,
                widgets.HBox([text["engine"], self.engine, text["draws"], self.draws, self.ask], layout=_APART),
                text["note"],
                self.busy,
                self.output,
            ],
            layout=widgets.Layout(width="100%", max_width="64rem", padding="0 1rem"),
        )

    def _say(self, vi: str, en: str) -> str:
        return {"vi": vi, "en": en}[self.lang]

    def _write(self) -> None:
        """Write what does not depend on the question, in the language of the page."""
        text, chosen, engine = self.texts, self.question.value or 0, self.engine.value or OFFERED[0]
        text["title"].value = "<h1>" + self._say("Thử một phương án", "Try a policy") + "</h1>"
        text["place"].value = self._say("Bắt đầu từ:", "Begin with:")
        text["own"].value = "<h2>" + self._say("Giải pháp đã có trong kế hoạch", "Levers of the plan") + "</h2>"
        text["more"].value = "<h2>" + self._say("Thêm giải pháp", "More levers") + "</h2>"
        text["engine"].value, text["draws"].value = (
            self._say("Cách tính:", "Engine:"),
            self._say("Số lần mô phỏng:", "Draws:"),
        )
        text["note"].value = (
            "<p>"
            + html.escape(
                self._say(
                    "Kết quả là ước tính có khoảng bất định, dựa trên số liệu đã công bố và giả định có ghi nguồn.",
                    "Answers are estimates with intervals, made from published counts and assumptions whose sources "
                    "are told.",
                )
            )
            + "</p>"
        )
        self.ask.description = self._say("Tính", "Run")
        self.engine.options = [(term(f"engine.{name}", self.lang), name) for name in OFFERED]
        self.question.options = [(words.title(q, self.lang), i) for i, q in enumerate(self.questions)]
        self.question.value, self.engine.value = chosen, engine

    def _take_up(self) -> None:
        """Show the levers of the question that was chosen."""
        asked = self.questions[self.question.value]
        if asked is self.shown:  # its name was written in another language
            return
        self.shown = asked
        self.plan_boxes = [widgets.Checkbox(True, indent=False, layout=_WIDE) for _ in asked.policy.levers]
        self.controls = [Control(choice) for choice in menu.offered(asked)]
        self.plan.children = self.plan_boxes
        self.levers.children = [control.view for control in self.controls]
        self._tell()

    def _tell(self) -> None:
        """Write the names of the levers in the language of the page."""
        asked = self.questions[self.question.value]
        for box, lever in zip(self.plan_boxes, asked.policy.levers, strict=True):
            parts = [term(f"lever.{lever.lever}", self.lang), levers.size(lever, self.lang)]
            since = words.month(lever.start or asked.start, self.lang)
            box.description = ": ".join(filter(None, parts)) + self._say(f", từ {since}", f", from {since}")
        for control in self.controls:
            control.tell(self.lang)
        self.texts["own"].layout.display = "" if self.plan_boxes else "none"

    def _translate(self) -> None:
        self.lang = self.tongue.value
        self._write()
        self._tell()
        if self.answer is not None:
            self._show()

    @property
    def scenario(self) -> Scenario:
        """The question as it stands on the page."""
        asked = self.questions[self.question.value]
        base = Policy(*(v for box, v in zip(self.plan_boxes, asked.policy.levers, strict=True) if box.value))
        offered = tuple(control.choice for control in self.controls)
        chosen = menu.policy(base, offered, tuple(control.level for control in self.controls))
        return _named(asked, OWN, chosen)

    def run(self) -> None:
        """Answer the question of the page; what is wrong with it is told in its place."""
        self.ask.disabled = True
        self.busy.clear_output()
        try:
            chosen = self.scenario
            asked = [chosen, _named(chosen, QUO, self.questions[self.question.value].policy.in_force(chosen.start))]
            with self.busy:
                jobs = 1 if self.engine.value == OFFERED[0] else None  # done before other processes would have begun
                projected = project.project(asked, [self.engine.value], draws=self.draws.value, jobs=jobs)
            self.answer = Answer(chosen, asked[1], self.engine.value, self.draws.value, projected)
            self._show()
        except tables.UserError as error:
            self.answer = None
            self.output.clear_output()
            with self.output:
                display(Text(f"**{self._say('Không tính được', 'No answer')}**: {html.escape(str(error))}"))
        finally:
            self.busy.clear_output()
            self.ask.disabled = False

    def _show(self) -> None:
        assert self.answer is not None  # there is something to show
        chosen, quo, engine, draws, projected = self.answer
        self.output.clear_output(wait=True)
        with self.output:
            if chosen.target:
                display(target.headline(target_table(projected, chosen), chosen, self.lang, engine))
            display(projection.fan(projected, [chosen, quo], lang=self.lang, engine=engine))
            if chosen.policy.levers:
                compared = comparison(projected, QUO)
                display(policy.added_text(compared, self.lang, chosen, engine))
                display(policy.added_table(compared, self.lang, TITLES_IN[self.lang]))
                display(costs.table(compared, self.lang))
                display(costs.held(chosen, lang=self.lang))
            display(widgets.HTML(self._repeat(chosen, engine, draws)))

    def _repeat(self, chosen: Scenario, engine: str, draws: int) -> str:
        """A link to the question as a file, and the command that gives the same numbers from it."""
        name = f"{chosen.place.slug}-{OWN}.yaml"
        file = base64.b64encode(scenario_yaml(chosen).encode()).decode()
        command = f"forecast project {shlex.quote(name)} --engines {engine} --draws {draws} --seed 1 --lang {self.lang}"
        return (
            f'<p><a download="{name}" href="data:application/yaml;base64,{file}">'
            + self._say("Tải phương án này về", "Download this scenario")
            + f"</a>. {self._say('Lặp lại kết quả', 'Reproduce these numbers')}: "
            + f"<code>{html.escape(command)}</code></p>"
        )


TITLES_IN = {lang: {name: titles[lang] for name, titles in TITLES.items()} for lang in LANGS}


def _named(asked: Scenario, name: str, policy: Policy) -> Scenario:
    return asked.but(scenario=name, title=TITLES[name], policy=policy)


def code(files: list[str], lang: str) -> str:
    """Return the one cell that shows the page of `files`.

    >>> print(code(["a.yaml"], "vi"))
    from pathlib import Path
    from forecast.app.page import Page
    Page([Path(f) for f in ['a.yaml']], 'vi').view
    """
    return f"from pathlib import Path\nfrom {__name__} import Page\nPage([Path(f) for f in {files!r}], {lang!r}).view"


def serve(files: list[Path], lang: str = "vi", port: int = 8866, browser: bool = True, gone: int = GONE) -> None:
    """Show the page of `files` in a browser until it is stopped (Ctrl+C); one kernel for each window.

    A window that is closed says so, and its kernel ends; that of one which says nothing (a phone that sleeps, a line
    that is cut) ends `gone` seconds after it was last heard of.

    It listens on 127.0.0.1 alone and asks for a token, which is part of the address that is opened and printed.
    """
    from voila.app import Voila

    read = [str(path.absolute()) for path in files]
    Page(files, lang)  # a fault in a file is told here, not in the browser
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code(read, lang))], metadata=kernel)
    # Whoever says that a window is closed shows a cookie, which voila expects and does not give.
    goodbye = f"_xsrf={secrets.token_hex(16)}; Path=/; SameSite=Strict"
    with tempfile.TemporaryDirectory(prefix="forecast-") as folder:
        nbformat.write(page, path := Path(folder) / "forecast.ipynb")
        Voila.launch_instance(
            [
                str(path),
                f"--port={port}",
                "--Voila.auto_token=True",
                "--show_tracebacks=False",
                f"--MappingKernelManager.cull_idle_timeout={gone}",
                f"--MappingKernelManager.cull_interval={max(1, gone // 10)}",
            ],
            ip="127.0.0.1",
            open_browser=browser,
            tornado_settings={"headers": {"Content-Security-Policy": _AT_HOME, "Set-Cookie": goodbye}},
        )
