"""A lever on the scenario page: how much of it, its cost, payer, months, places, and the evidence it rests on."""

import html
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import ipywidgets as widgets
from pydantic import TypeAdapter, ValidationError

from forecast.app.markup import paragraphs
from forecast.beliefs import costs
from forecast.data import frames
from forecast.data.messages import Message, UserError
from forecast.data.vocabulary import OUTREACH_PAYERS
from forecast.language import words
from forecast.language.words import say, term
from forecast.question import menu
from forecast.question.faults import of_model
from forecast.question.levers import LEVERS, AnyLever, Lever
from forecast.question.scenario import Scenario
from forecast.question.scenario_file import lever_form
from forecast.show import evidence, levers

_LEVER = TypeAdapter(AnyLever)
FIELDS = ("cost", "payer", "start", "end", "where")
"""What may be changed of any lever, under the names that a link gives them."""
ORDERS = ("poorest", "richest", "largest", "smallest")
LISTED = "communes"
_WIDE = widgets.Layout(width="100%")


@cache
def _cards() -> dict[str, evidence.Card]:
    return {card.name: card for card in evidence.cards()}


def edited(lever: Lever, edits: Mapping[str, str]) -> Lever:
    """Return a lever with what a person changed of it: texts by name of :data:`FIELDS`, as a link holds them.

    What cannot be is a :class:`~forecast.data.messages.UserError` that says so.

    >>> from forecast.question.levers import Visits
    >>> one = edited(Visits(count=5), {"payer": "donors", "where": "poorest:2", "cost": "40000"})
    >>> one.payer, one.where.count, one.unit_cost
    ('donors', 2, 40000.0)
    """
    if not edits:
        return lever
    form = lever_form(lever)
    for name, text in edits.items():
        if name == "where":
            form["where"] = _where(text)
        else:
            form["unit_cost" if name == "cost" else name] = text
    try:
        return _LEVER.validate_python(form)
    except ValidationError as error:
        fault = of_model(error, LEVERS[type(lever).__name__])[0]
        raise UserError("{key}: {what}", key=fault.key, what=fault.what) from None


def _where(text: str) -> Any:
    """Return the places that a text names: `all`, `poorest:5`, `communes:A|B`."""
    kind, _, rest = text.partition(":")
    if kind in ORDERS:
        return {"order": kind, "count": rest}
    return {"communes": tuple(filter(None, rest.split("|")))} if kind == LISTED else text


class Control:
    """One lever on the page: ticked or pulled, with what it costs, who pays, when, where, and on what evidence.

    `base` is a lever of the scenario, or a choice with a range. Its fields are made when they are first asked for: a
    page with twenty levers would otherwise be slow to begin.
    """

    def __init__(self, key: str, base: Lever | menu.Choice, asked: Scenario, changed: Callable[[], None]):
        """Show `base`, a lever of the plan ticked and a choice left out; `changed` is called after each change."""
        self.key, self.base, self.asked, self.lang = key, base, asked, "vi"
        self.edits: dict[str, str] = {}
        self._changed = changed
        self.most = base.levels if isinstance(base, menu.Choice) else 1
        self.box = (
            widgets.IntSlider(0, 0, self.most, readout=False, continuous_update=False, layout=_WIDE)
            if self.most > 1
            else widgets.Checkbox(isinstance(base, Lever), indent=False, layout=_WIDE)
        )
        self.name, self.about = widgets.HTML(), widgets.HTML()
        self.more = widgets.ToggleButton(False)
        self.more.add_class("fc-more")
        self.fields = widgets.VBox([])
        self.fields.add_class("fc-fields")
        self.inputs: dict[str, Any] = {}
        shown = [self.name, self.box] if self.most > 1 else [self.box]
        self.view = widgets.VBox([*shown, widgets.HBox([self.about, self.more]), self.fields])
        self.view.add_class("fc-lever")
        self.box.observe(self._moved, "value")
        self.more.observe(lambda _: self._open(), "value")

    @property
    def title(self) -> str:
        """The lever's name in the language of the page, with its group."""
        form = self.base.form if isinstance(self.base, menu.Choice) else self.base.model_dump()
        group = form.get("group") or "all"
        about = [term(f"group.{group}", self.lang)] if group != "all" else []
        kind = self.base.lever if isinstance(self.base, menu.Choice) else type(self.base).__name__
        return ", ".join([term(f"lever.{kind}", self.lang), *about])

    @property
    def level(self) -> int:
        """The level that is chosen; 0 leaves the lever out."""
        return int(self.box.value)

    def lever(self, level: int | None = None) -> Lever | None:
        """Return what is asked for, as it was changed; None where it is left out."""
        level = self.level if level is None else level
        lever = self.base.at(level) if isinstance(self.base, menu.Choice) else (self.base if level else None)
        return edited(lever, self.edits) if lever is not None else None

    def take(self, level: int, edits: Mapping[str, str]) -> None:
        """Set what a link holds; a level that there is not is the nearest one."""
        self.edits = {name: text for name, text in edits.items() if name in self.editable}
        self.box.value = min(max(level, 0), self.most) if self.most > 1 else bool(level)
        self.tell()

    @property
    def editable(self) -> tuple[str, ...]:
        """The fields that this lever listens to."""
        ranged = isinstance(self.base, menu.Choice) and self.base.field[:1] == ("where",)
        without = {"cost"} if not self.priced else set()
        return tuple(name for name in FIELDS if name not in without | ({"where"} if ranged else set()))

    @property
    def priced(self) -> str:
        """The item of work that a unit of it costs; "" where the law says what it costs."""
        kind = self.base.lever if isinstance(self.base, menu.Choice) else type(self.base).__name__
        return LEVERS[kind].cost

    def _moved(self, _: object) -> None:
        self.tell()
        self._changed()

    def tell(self, lang: str | None = None) -> None:
        """Say in words what is chosen; `lang` changes the language."""
        if lang and lang != self.lang:
            self.lang, self.inputs, self.fields.children = lang, {}, ()
            self._open()
        try:
            lever, shown = self.lever(), self.lever(self.level or self.most)
        except UserError as error:
            self.about.value = f'<span class="fc-fault">{html.escape(error.text(self.lang))}</span>'
            return
        assert shown is not None  # a level above 0 is a lever
        size = levers.size(lever, self.lang) if lever is not None else ""
        off = say(self.lang, vi="không dùng", en="left out")
        amount = size if lever is not None else off
        if self.most > 1:
            self.name.value = f"<b>{html.escape(self.title)}</b>: {html.escape(amount)}"
            self.box.description_allow_html = False
        else:
            size = levers.size(shown, self.lang)
            self.box.description = f"{self.title}: {size}" if size else self.title
        self.box.tooltip = self.title
        self.about.value = html.escape(self.terms(shown))
        self.more.description = say(self.lang, vi="Sửa, căn cứ", en="Change, evidence")
        self.more.tooltip = f"{self.more.description}: {self.title}"
        self.view.remove_class("fc-off") if lever is not None else self.view.add_class("fc-off")

    def terms(self, lever: Lever) -> str:
        """Say what a lever costs, who pays, from when to when, where, and what its effect rests on."""
        lang, item = self.lang, self.priced
        price = lever.unit_cost
        if price is None and item:
            price = float(frames.at(costs.newest(), item, "value"))
        money = (
            say(lang, item=term(f"item.{item}", lang), price=price, vi="{item} {price:d}", en="{item} {price:d}")
            if item
            else say(lang, vi="chi phí theo mức của giải pháp", en="cost as its size says")
        )
        first, last = lever.start or str(self.asked.months[1]), lever.end or self.asked.until
        return "; ".join(
            [
                money,
                say(lang, vi="{who} chi", en="paid by {who}", who=term(f"payer.{lever.payer}", lang)),
                say(lang, vi="{a:t} – {b:t}", en="{a:t} to {b:t}", a=first, b=last),
                place_text(lever, lang),
                say(
                    lang,
                    vi="căn cứ: {basis}",
                    en="evidence: {basis}",
                    basis=term(f"basis.{_cards()[type(lever).__name__].basis}", lang),
                ),
            ]
        )

    def _open(self) -> None:
        """Make the fields when they are first asked for, and show or hide them."""
        if self.more.value and not self.inputs:
            self.inputs = {name: self._input(name) for name in self.editable}
            self.count = widgets.BoundedIntText(self._count(), 1, max(1, len(self.asked.place.communes)))
            self.listed = widgets.SelectMultiple(options=sorted(self.asked.place.communes["commune"]), rows=6)
            self.listed.value = tuple(n for n in self._named() if n in self.listed.options)
            for field in (*self.inputs.values(), self.count, self.listed):
                field.style.description_width, field.layout.width = "7.5rem", "min(26rem, 100%)"
                field.observe(lambda _: self._edit(), "value")
            self.count.description = say(self.lang, vi="số xã", en="communes")
            self.listed.description = say(self.lang, vi="các xã", en="communes")
            card = evidence.text(
                _cards()[self.base.lever if isinstance(self.base, menu.Choice) else type(self.base).__name__], self.lang
            )
            self.fields.children = [
                *self.inputs.values(),
                *([self.count, self.listed] if "where" in self.inputs else []),
                widgets.HTML(paragraphs(card, markup=True)),
            ]
            self._arrange()
        self.fields.layout.display = "" if self.more.value else "none"

    def _input(self, name: str) -> Any:
        lang, now = self.lang, self.edits.get(name, "")
        as_is = (say(lang, vi="như đang có", en="as it is"), "")
        if name == "cost":
            return widgets.Text(
                now, description=say(lang, vi="đơn giá, đồng", en="VND a unit"), continuous_update=False
            )
        if name == "payer":
            options = [as_is, *((term(f"payer.{one}", lang), one) for one in OUTREACH_PAYERS)]
        elif name in ("start", "end"):
            options = [as_is, *((words.month(m, lang), str(m)) for m in self.asked.months[1:])]
        else:
            kinds = [(term(f"order.{one}", lang), one) for one in ORDERS]
            everywhere = (say(lang, vi="mọi xã", en="all communes"), "all")
            options = [as_is, everywhere, *kinds, (say(lang, vi="chọn từng xã", en="by name"), LISTED)]
            now = now.partition(":")[0]
        labels = {
            "payer": say(lang, vi="ai chi", en="who pays"),
            "start": say(lang, vi="từ tháng", en="from"),
            "end": say(lang, vi="đến tháng", en="until"),
            "where": say(lang, vi="ở đâu", en="where"),
        }
        known = {value for _, value in options}
        return widgets.Dropdown(options=options, value=now if now in known else "", description=labels[name])

    def _count(self) -> int:
        text = self.edits.get("where", "").partition(":")[2]
        return int(text) if text.isdecimal() and 0 < int(text) <= len(self.asked.place.communes) else 1

    def _named(self) -> list[str]:
        kind, _, rest = self.edits.get("where", "").partition(":")
        return rest.split("|") if kind == LISTED else []

    def _arrange(self) -> None:
        kind = self.inputs["where"].value if "where" in self.inputs else ""
        self.count.layout.display = "" if kind in ORDERS else "none"
        self.listed.layout.display = "" if kind == LISTED else "none"

    def _edit(self) -> None:
        """Take over what stands in the fields."""
        edits = {name: str(field.value).strip() for name, field in self.inputs.items() if str(field.value).strip()}
        kind = edits.pop("where", "")
        if kind in ORDERS:
            edits["where"] = f"{kind}:{self.count.value}"
        elif kind == "all" or self.listed.value:
            edits |= {"all": {"where": "all"}, LISTED: {"where": f"{LISTED}:{'|'.join(self.listed.value)}"}}.get(
                kind, {}
            )
        self._arrange()
        if edits != self.edits:
            self.edits = edits
            self.tell()
            self._changed()


def place_text(lever: Lever, lang: str = "vi") -> str:
    """Say in which communes a lever acts.

    >>> from forecast.question.levers import Visits
    >>> place_text(Visits(count=5, where={"count": 3, "order": "poorest"}), "en"), place_text(Visits(count=5))
    ('poorest communes: 3', 'mọi xã')
    """
    where = lever.where
    if where == "all":
        return say(lang, vi="mọi xã", en="all communes")
    if where.communes:
        return ", ".join(where.communes)
    order = term(f"order.{where.order}", lang)
    if where.per_district:
        return say(lang, n=where.per_district, o=order, vi="{o}: {n:n} mỗi huyện", en="{o}: {n:n} in each district")
    return say(lang, n=where.count, o=order, vi="{o}: {n:n}", en="{o}: {n:n}")


def unread(parts: list[str]) -> Message:
    """Say which parts of a link no control of the page is for.

    >>> str(unread(["Visit", "x"]))
    'the link asks for what this page does not have: Visit, x'
    """
    return Message("the link asks for what this page does not have: {parts}", parts=", ".join(parts))
