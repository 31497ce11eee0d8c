"""The scenario page: a question in a browser, a control for each lever, the answer beside them.

The page is made of ipywidgets and works in a notebook too (`Page(files).view`); :mod:`forecast.app.serve` shows it
without any code. What may be pulled are the levers that `forecast optimize` may choose
(:mod:`forecast.question.menu`), on top of the scenario's own.
"""

import asyncio
import base64
import html
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd

from forecast.answer.projection import COLUMNS, Projection, concat
from forecast.app import answers, charts, link
from forecast.app.answers import Answer, Kept
from forecast.app.controls import Control, unread
from forecast.app.own_place import OwnPlace
from forecast.data import tables, typed
from forecast.data.messages import UserError
from forecast.engines import ENGINES
from forecast.experiment import project
from forecast.language import words
from forecast.language.words import LANGS, say, term
from forecast.question import menu
from forecast.question.levers import Policy
from forecast.question.scenario import Scenario, Target, read_scenario
from forecast.question.scenario_file import scenario_yaml

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
TITLES_IN = {lang: {name: titles[lang] for name, titles in TITLES.items()} for lang in LANGS}
SETTINGS = ("from", "lang", "engine", "draws", "target", "by", "budget")
MOST_KEPT = 5  # answers side by side
MOVING = 0.15  # seconds after which a control has come to rest: one answer for several keys, not one for each
_TEXTS = ("style", "title", "whole", "own", "more", "aim", "note", "summary", "details", "communes")


def scenario_files() -> list[Path]:
    """Return the scenario files that come with the data, plans first.

    >>> scenario_files()[0].name
    'ca-mau-plan.yaml'
    """
    paths = sorted((tables.data_dir() / "scenarios").glob("*.yaml"))
    return sorted(paths, key=lambda path: not path.stem.endswith("-plan"))


class Page:
    """The page of one or more scenario files: choose one, pull levers, read the answer beside them.

    >>> page = Page([tables.data_dir() / "scenarios" / "da-bac-plan.yaml"], lang="en")
    >>> page.scenario.scenario, sum(control.level for control in page.plan), page.offered[0].level
    ('my-choice', 9, 0)
    """

    def __init__(self, files: list[Path] | None = None, lang: str = "vi", served: bool = False):
        """Offer `files`, those of the data when left out; a file with a fault raises its own error.

        A page that is `served` has an address, and so links to its answers.
        """
        self.questions = [read_scenario(path) for path in files or scenario_files()]
        self.lang, self.served = lang, served
        self.answer: Answer | None = None
        self.kept: list[Kept] = []
        self.shown: Scenario | None = None
        self.plan: list[Control] = []
        self.offered: list[Control] = []
        self._quiet = False  # while the page sets its own controls
        self._status_quo: tuple[object, Projection] = (None, Projection(pd.DataFrame(columns=COLUMNS)))
        self._soon: asyncio.TimerHandle | None = None
        self.texts = {name: widgets.HTML() for name in _TEXTS}
        self.texts["style"].value = f"<style>{charts.style()}</style>"
        self.tongue = widgets.ToggleButtons(options=[("Tiếng Việt", "vi"), ("English", "en")], value=lang)
        self.question, self.engine = widgets.Dropdown(), widgets.Dropdown()
        self.draws = widgets.Dropdown(options=DRAWS, value=100)
        self.goal, self.by = widgets.BoundedIntText(0, 0, 10**9), widgets.Dropdown()
        self.budget = widgets.Text(continuous_update=False)
        self.ask = widgets.Button(button_style="primary")
        self.keep, self.drop, self.by_commune = (widgets.Button() for _ in range(3))
        self.own_place = OwnPlace(self._imported)
        self.boxes = {name: widgets.VBox() for name in ("plan", "offered")}
        self._arrange()
        self._write()
        self._take_up()
        self.question.observe(lambda change: self._take_up() if change["new"] is not None else None, "value")
        self.tongue.observe(lambda _: self._translate(), "value")
        for field in (self.goal, self.by, self.budget, self.engine, self.draws):
            field.observe(lambda _: self.pulled(), "value")
        self._buttons(
            {self.ask: self.run, self.keep: self.hold, self.drop: self.forget, self.by_commune: self.communes}
        )

    @staticmethod
    def _buttons(does: dict[widgets.Button, Callable[[], None]]) -> None:
        for button, act in does.items():
            button.on_click(lambda _, act=act: act())

    def _arrange(self) -> None:
        """Put the parts in their places: head, levers on the left, the answer on the right (`style.css`)."""
        text = self.texts

        def box(name: str, *parts: Any, row: bool = False) -> widgets.Box:
            made = (widgets.HBox if row else widgets.VBox)(parts)
            made.add_class(name)
            return made

        head = box("fc-head", text["style"], self.tongue, text["title"], self.question, text["whole"])
        aims = box("fc-row", self.goal, self.by, self.budget, row=True)
        left = box(
            "fc-left", text["aim"], aims, text["own"], self.boxes["plan"], text["more"], self.boxes["offered"],
            self.own_place.view,
        )  # fmt: skip
        how = box("fc-row", self.engine, self.draws, row=True)
        acts = box("fc-row", self.ask, self.keep, self.drop, row=True)
        rest = box("fc-rest", how, text["details"], self.by_commune, text["communes"], text["note"])
        self.view = box("fc-page", head, left, box("fc-side", box("fc-sum", text["summary"], acts), rest))
        for name in ("summary", "whole"):
            text[name].add_class(f"fc-{name}")

    def _say(self, vi: str, en: str, **values: Any) -> str:
        return say(self.lang, vi=vi, en=en, **values)

    def _write(self) -> None:
        """Write what does not depend on the question, in the language of the page."""
        self._quiet = True
        text, chosen, engine = self.texts, self.question.value or 0, self.engine.value or OFFERED[0]
        text["title"].value = f"<h1 lang={self.lang}>{self._say('Thử một phương án', 'Try a policy')}</h1>"
        text["aim"].value = f"<h2>{self._say('Chỉ tiêu và ngân sách', 'Target and budget')}</h2>"
        text["own"].value = f"<h2>{self._say('Giải pháp đã có trong kế hoạch', 'Levers of the plan')}</h2>"
        text["more"].value = f"<h2>{self._say('Thêm giải pháp', 'More levers')}</h2>"
        note = self._say(
            "Kết quả là ước tính có khoảng bất định, dựa trên số liệu đã công bố và giả định có ghi nguồn. Chi thêm và "
            "ngân sách là tiền của cơ quan BHXH, ngân sách địa phương và nhà hảo tâm.",
            "Answers are estimates with intervals, made from published counts and assumptions whose sources are told. "
            "What is spent, and the budget, is money of the office, the local budget and donors.",
        )
        text["note"].value = f"<p>{html.escape(note)}</p>"
        labels = {
            self.question: self._say("Bắt đầu từ", "Begin with"),
            self.engine: self._say("Cách tính", "Engine"),
            self.draws: self._say("Số lần mô phỏng", "Draws"),
            self.goal: self._say("Chỉ tiêu, người", "Target, members"),
            self.by: self._say("vào tháng", "by"),
            self.budget: self._say("Ngân sách, đồng", "Budget, VND"),
            self.ask: self._say("Tính", "Run"),
            self.keep: self._say("Giữ lại để so", "Keep beside"),
            self.drop: self._say("Bỏ các kết quả đã giữ", "Drop kept answers"),
            self.by_commune: self._say("Tính theo xã", "By commune"),
        }
        for field, label in labels.items():
            field.description = field.tooltip = label
            if not isinstance(field, widgets.Button):
                field.style.description_width, field.layout.width = "initial", "min(34rem, 100%)"
        self.goal.layout.width = self.by.layout.width = self.budget.layout.width = "min(15rem, 100%)"
        self.budget.placeholder = self._say("2 tỷ", "2 billion")
        self.engine.options = [(term(f"engine.{name}", self.lang), name) for name in OFFERED]
        self.question.options = [(words.title(q, self.lang), i) for i, q in enumerate(self.questions)]
        self.question.value, self.engine.value = chosen, engine
        self._months()
        self.own_place.write(self.lang)
        self._quiet = False

    def _months(self) -> None:
        chosen, months = self.by.value, self.questions[self.question.value].months[1:]
        self.by.options = [(words.month(month, self.lang), str(month)) for month in months]
        self.by.value = chosen if chosen in {str(month) for month in months} else str(months[-1])

    def _take_up(self) -> None:
        """Show the levers of the question that was chosen."""
        asked = self.questions[self.question.value]
        if asked is self.shown:  # its name was written in another language
            return
        self._quiet, self.shown = True, asked
        self.plan = [Control(f"plan{n}", lever, asked, self.pulled) for n, lever in enumerate(asked.policy.levers, 1)]
        self.offered = [Control(choice.name, choice, asked, self.pulled) for choice in menu.offered(asked)]
        self._months()
        self.goal.value = int(asked.target.value) if asked.target else 0
        self.by.value = asked.target.by if asked.target else self.by.value
        self._tell()
        self.boxes["plan"].children = [control.view for control in self.plan]
        self.boxes["offered"].children = [control.view for control in self.offered]
        self._quiet = False
        if self.answer is not None:
            self.pulled()

    def _tell(self) -> None:
        """Write the names of the question and its levers in the language of the page."""
        self.texts["whole"].value = html.escape(words.title(self.questions[self.question.value], self.lang))
        for control in (*self.plan, *self.offered):
            control.tell(self.lang)
        self.texts["own"].layout.display = "" if self.plan else "none"

    def _translate(self) -> None:
        self.lang = self.tongue.value
        self._write()
        self._tell()
        self._show()

    @property
    def scenario(self) -> Scenario:
        """The question as it stands on the page."""
        asked = self.questions[self.question.value]
        levers = (control.lever() for control in (*self.plan, *self.offered))
        target = asked.target
        if not self.goal.value:
            target = None
        elif target is None:
            target = Target(value=self.goal.value, by=self.by.value)
        elif (target.value, target.by) != (self.goal.value, self.by.value):
            source = {"source": "", "value": float(self.goal.value), "by": self.by.value}
            target = target.model_copy(update=source)
        policy = Policy(*(lever for lever in levers if lever is not None))
        chosen: Scenario = asked.but(scenario=OWN, title=TITLES[OWN], policy=policy, target=target)
        return chosen

    @property
    def allowed(self) -> float | None:
        """The budget that was typed, VND; None where none was."""
        text = self.budget.value.strip()
        if not text:
            return None
        money = typed.number(text)
        if not isinstance(money, float) or money < 0:
            raise UserError("budget: {text!r}; expected an amount, as 2 billion or 500 million", text=text)
        return money

    def start(self) -> None:
        """Answer what the page shows first, unless its engine is a slow one."""
        if self.engine.value == OFFERED[0]:
            self.run()

    def pulled(self) -> None:
        """Answer at once where that takes a second or two; a slower engine waits for the button."""
        if self._quiet:
            return
        if self.engine.value != OFFERED[0]:
            self.ask.description = self._say("Tính lại", "Run again")
            return
        if self._soon is not None:
            self._soon.cancel()
        try:
            self._soon = asyncio.get_running_loop().call_later(MOVING, self.run)
        except RuntimeError:  # outside of a kernel there is no loop
            self.run()

    def run(self) -> None:
        """Answer the question of the page; what is wrong with it is told in its place."""
        self.ask.disabled, self.ask.description = True, self._say("Đang tính…", "Working…")
        try:
            chosen, budget = self.scenario, self.allowed
            base = self.questions[self.question.value].policy.in_force(chosen.start)
            quo = chosen.but(scenario=QUO, title=TITLES[QUO], policy=base)
            engine, draws = self.engine.value, self.draws.value
            projected = self._projected(chosen, quo)
            self.answer = Answer(chosen, quo, engine, draws, projected, budget, self.link)
            self.texts["communes"].value = ""
            self._show()
        except UserError as error:
            self.answer = None
            self.texts["details"].value = ""
            self._fault(error)
        finally:
            self.ask.disabled, self.ask.description = False, self._say("Tính", "Run")

    def _projected(self, chosen: Scenario, quo: Scenario) -> Projection:
        """Answer both questions; the status quo, which no control of the page moves, is answered once."""
        engine, draws = self.engine.value, self.draws.value
        jobs = 1 if engine == OFFERED[0] else None  # done before other processes would have begun
        asked = (self.question.value, engine, draws)
        new = [chosen] if self._status_quo[0] == asked else [chosen, quo]
        projected = project.project(new, [engine], draws=draws, jobs=jobs, progress=False)
        if len(new) > 1:
            self._status_quo = asked, projected.only(scenario=QUO)
            return projected
        return concat([projected, self._status_quo[1]])

    def _fault(self, error: UserError) -> None:
        title = self._say("Không tính được", "No answer")
        self.texts["summary"].value = f'<p class="fc-fault">{title}: {html.escape(error.text(self.lang))}</p>'

    def _show(self) -> None:
        if self.answer is None:
            return
        shown = answers.details(self.answer, self.kept, self.lang, TITLES_IN[self.lang])
        self.texts["summary"].value = f'<div role="status">{answers.summary(self.answer, self.lang)}</div>'
        self.texts["details"].value = shown + self._repeat(self.answer)
        self.drop.layout.display = "" if self.kept else "none"

    def hold(self) -> None:
        """Keep the answer beside those that come; the oldest goes where there are too many."""
        if self.answer is None:
            return
        used = {one.name for one in self.kept}
        name = next(letter for letter in "ABCDEFGHI" if letter not in used)
        self.kept = [*self.kept, Kept.of(name, self.answer)][-MOST_KEPT:]
        self._show()

    def forget(self) -> None:
        """Drop the kept answers."""
        self.kept = []
        self._show()

    def communes(self) -> None:
        """Show the answer by commune, which takes people who are simulated one by one."""
        if self.answer is None:
            return
        self.by_commune.disabled = True
        self.texts["communes"].value = f"<p>{self._say('Đang mô phỏng từng người…', 'Simulating people…')}</p>"
        try:
            self.texts["communes"].value = answers.communes(self.answer, self.lang)
        except UserError as error:
            self.texts["communes"].value = f'<p class="fc-fault">{html.escape(error.text(self.lang))}</p>'
        finally:
            self.by_commune.disabled = False

    def _imported(self, questions: list[Scenario]) -> None:
        """Offer the scenarios of a place that was imported, the newest first shown."""
        first, self._status_quo = len(self.questions), (None, self._status_quo[1])
        self.questions += questions
        self._write()
        self.answer = None
        self.question.value = first
        self.pulled()

    @property
    def link(self) -> str:
        """The end of an address that opens the page as it stands: settings, levels, and what was changed."""
        asked = self.questions[self.question.value]
        settings = {"from": asked.scenario, "lang": self.lang, "engine": self.engine.value, "draws": self.draws.value}
        settings |= {"target": self.goal.value, "by": self.by.value}
        settings |= {"budget": self.budget.value.strip()} if self.budget.value.strip() else {}
        levels: dict[str, int] = {control.key: control.level for control in self.plan if not control.level}
        levels |= {control.key: control.level for control in self.offered if control.level}
        edits = {control.key: control.edits for control in (*self.plan, *self.offered) if control.edits}
        return link.write({name: str(value) for name, value in settings.items()}, levels, edits)

    def follow(self, query: str) -> None:
        """Set the page as a link says; what this page does not have is told, and the rest is set."""
        state = link.read(query, frozenset(SETTINGS))
        self._quiet, wanted = True, state.settings
        if wanted.get("lang") in LANGS:
            self.tongue.value = wanted["lang"]
        names = [question.scenario for question in self.questions]
        missing = [wanted["from"]] if wanted.get("from", names[0]) not in names else []
        if wanted.get("from") in names:
            self.question.value = names.index(wanted["from"])
        self._quiet = True  # which taking up another question ended
        fields = {"engine": self.engine, "draws": self.draws, "by": self.by}
        for name, field in fields.items():
            known = {str(option[1] if isinstance(option, tuple) else option): option for option in field.options}
            if name in wanted and wanted[name] in known:
                field.value = known[wanted[name]][1] if name != "draws" else known[wanted[name]]
        if wanted.get("target", "").isdecimal():
            self.goal.value = int(wanted["target"][:9])
        self.budget.value = wanted.get("budget", "")[:40]
        controls = {control.key: control for control in (*self.plan, *self.offered)}
        for key in dict.fromkeys([*state.levels, *state.edits]):
            if key in controls:
                control = controls[key]
                control.take(state.levels.get(key, control.level), state.edits.get(key, {}))
            elif key not in ("token",):
                missing.append(key)
        self._quiet = False
        if missing:
            self.texts["communes"].value = f'<p class="fc-fault">{html.escape(unread(missing).text(self.lang))}</p>'

    def _repeat(self, answer: Answer) -> str:
        """Links to the question, as an address and as a file, and the command that gives the same numbers from it."""
        chosen, name = answer.chosen, f"{answer.chosen.place.slug}-{OWN}.yaml"
        file = base64.b64encode(scenario_yaml(chosen).encode()).decode()
        command = (
            f"forecast project {shlex.quote(name)} --engines {answer.engine} --draws {answer.draws} --seed 1 "
            f"--lang {self.lang}"
        )
        here = self._say("Liên kết tới phương án này", "Link to this answer")
        parts = [f'<a href="{html.escape(answer.link)}">{here}</a>. '] if self.served else []
        parts += [
            f'<a download="{name}" href="data:application/yaml;base64,{file}">',
            self._say("Tải phương án này về", "Download this scenario"),
            f"</a>. {self._say('Lặp lại kết quả', 'Reproduce these numbers')}: <code>{html.escape(command)}</code>",
        ]
        return f"<p>{''.join(parts)}</p>"
