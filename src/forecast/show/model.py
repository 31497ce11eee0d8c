"""How the model works, in the order of the ODD protocol (Grimm and others 2020), from code and data.

Overview, design concepts, details: which things there are, in which order a month happens, which parameters drive it,
what each lever changes and where each number comes from. Names and numbers are read from the code and the tables when
the page is made, and what is written by hand here is held against the code by a test: a parameter, lever, measure,
variable or step without a line fails it.
"""

import pandas as pd

from forecast.beliefs.parameters import parameters_table
from forecast.data import tables, toy
from forecast.data.law import read_law
from forecast.data.places import read_place
from forecast.data.tables import GROUPS, MEASURES
from forecast.engines.people import prices, records
from forecast.language import words
from forecast.language.words import Text, join, say, term
from forecast.question import levers
from forecast.question.plan import COLUMNS
from forecast.question.scenario import Scenario
from forecast.show.truth import judged_text

# The columns of a person (records.PERSON), what each holds.
VARIABLES = {
    "key": (
        "tên riêng, từ đó sinh ra mọi yếu tố ngẫu nhiên của người ấy",
        "a name, from which all random numbers of the person come",
    ),
    "turn": ("mốc mà đến đó người đã dừng sẽ quay lại hoặc rút hẳn", "when somebody who lapsed returns or withdraws"),
    "declared": ("thu nhập khai, gấp mấy lần mức thấp nhất", "declared income, times the floor"),
    "cell": ("xã, nhóm và bậc thu nhập", "commune, group and income band"),
    "joined": ("tháng tham gia lần đầu", "month of joining"),
    "due": ("tháng hết thời gian đã đóng", "month in which the paid months run out"),
    "leave": ("tháng rời hẳn (việc làm, lương hưu, qua đời)", "month of leaving for good (job, pension, death)"),
    "since": ("tháng đầu của đợt đóng liên tục, hoặc tháng đã dừng", "first month paid in a row, or month of lapsing"),
    "paid": ("những tháng đã đóng trong một năm trước đó", "the months paid in the year before"),
    "subsidized": ("số tháng đã được Nhà nước hỗ trợ", "months of subsidy used"),
    "away": (
        "số tháng đã dừng đóng kể từ khi tham gia, trước lần quay lại cuối",
        "months of having lapsed before the last return",
    ),
    "state": ("đang tham gia, đã dừng, hay đã rời hẳn", "member, lapsed, or gone"),
    "kind": ("vào trong đợt cao điểm, hay được tặng sổ", "won in a campaign, or given a book"),
    "spell": ("số tháng đóng mỗi lần", "months paid at a time"),
    "persons": (
        "số người cùng sống một cuộc đời này, hơn một khi địa phương có đông người tham gia",
        "how many persons live this one life, more than one where many are members",
    ),
}
# What happens in a month, in order: the function that does it, and what it does.
STEPS = {
    "teams.team_acts": (
        "Tổ vận động chia thời gian: gọi người đến hạn trước, rồi thanh tra, còn lại đi thăm hộ.",
        "Teams divide their time: due members first, then inspections, the rest are visits.",
    ),
    "contact.contact": (
        "Tính mức tiếp xúc của từng xã, từng nhóm: thăm hộ, hội nghị, truyền thông, người quen, ra quân.",
        "Contact of each commune and group: visits, meetings, broadcasts, word of mouth, campaign days.",
    ),
    "events._live": (
        "Người đang tham gia rời đi, đến hạn thì đóng tiếp hoặc dừng; người đã dừng quay lại hay rút hẳn.",
        "Members leave, and renew or lapse when they are due; those who lapsed return or withdraw.",
    ),
    "events._enter": (
        "Áp lực tích lũy vượt sức cản của ai thì người ấy tham gia, chọn đóng mấy tháng một lần.",
        "Whoever's resistance the pressure on their cell passes joins, and chooses a spell.",
    ),
    "giving.give": (
        "Sổ do nhà hảo tâm tặng được trao cho người thuộc nhóm ấy.",
        "Books of donors are given to people of their groups.",
    ),
    "giving.sign": (
        "Đợt ra quân: người được vận động ký tham gia, phần lớn chỉ đóng một đến ba tháng.",
        "A campaign: people are won who sign, most of them for one to three months.",
    ),
    "events._settle": (
        "Khóa sổ tháng: số người, số tháng và số tiền của từng bên.",
        "The ledger of the month: people, months and money of each payer.",
    ),
}


def _pick(pair: tuple[str, str], lang: str) -> str:
    return say(lang, vi=pair[0], en=pair[1])


def _person() -> tuple[str, ...]:
    """Return the names of the columns of a person (`records.PERSON`)."""
    return records.PERSON.names or ()


def overview(lang: str = "vi") -> Text:
    """Return what there is: communes, groups, bands, cells and people of the nation's five places, as a table."""
    rows = []
    for name in ("Đà Bắc", "Đông Triều", "Hà Nội", "Lào Cai", "Cà Mau"):
        place = read_place(name)
        communes = len(place.communes)
        rows.append(
            {
                "place": name,
                "communes": communes,
                "cells": communes * len(GROUPS) * prices.BANDS,
                "eligible": place.group_sizes().sum(),
            }
        )
    names = {
        "communes": say(lang, vi="số xã, số tổ thu", en="communes, one team each"),
        "cells": say(lang, vi="số ô (xã × nhóm × bậc thu nhập)", en="cells (commune × group × income band)"),
        "eligible": term("measure.eligible", lang),
    }
    return words.table(pd.DataFrame(rows), lang, {"place": "", "communes": "n", "cells": "n", "eligible": "n"}, names)


def scales(lang: str = "vi") -> Text:
    """Say how many groups and income bands there are, and how few facts a person carries."""
    return say(
        lang,
        groups=len(GROUPS),
        bands=prices.BANDS,
        facts=len(_person()),
        size=records.PERSON.itemsize,
        names=", ".join(term(f"group.{g}", lang) for g in GROUPS),
        vi="Mỗi xã có {groups:n} nhóm ({names}), mỗi nhóm {bands:n} bậc thu nhập: đó là một ô. Người chưa tham "
        "gia chỉ là một con số trong ô; ai tham gia thì có {facts:n} thông tin riêng ({size:n} byte). Mỗi bước "
        "là một tháng.",
        en="A commune has {groups:n} groups ({names}), each in {bands:n} income bands: that is a cell. People "
        "who have not joined are a number in their cell; who joins gets {facts:n} facts of their own ({size:n} "
        "bytes). A step is a month.",
    )


def variables_table(lang: str = "vi") -> Text:
    """Return what a person carries: one row for each column of `records.PERSON`."""
    rows = [{"name": f"`{name}`", "what": _pick(VARIABLES[name], lang)} for name in _person()]
    names = {"name": say(lang, vi="tên trong mã", en="name in code"), "what": say(lang, vi="ý nghĩa", en="meaning")}
    return words.table(pd.DataFrame(rows), lang, {"name": "", "what": ""}, names)


def steps(lang: str = "vi") -> Text:
    """Return what happens in a month, in the order of the code."""
    return Text(
        "\n".join(f"{number}. {_pick(what, lang)} (`{name}`)" for number, (name, what) in enumerate(STEPS.items(), 1))
    )


def measures_table(lang: str = "vi") -> Text:
    """Return what comes out: each measure of a projection with its unit."""
    rows = [{"name": f"`{name}`", "measure": name, "unit": unit} for name, unit in MEASURES.items()]
    names = {"name": say(lang, vi="tên trong mã", en="name in code"), "unit": say(lang, vi="đơn vị", en="unit")}
    return words.table(pd.DataFrame(rows), lang, {"name": "", "measure": "", "unit": ""}, names)


def parameters(lang: str = "vi") -> Text:
    """Return each parameter with its center, its spread, and whether it is a judgement or comes from figures."""
    table = parameters_table()
    rows = [
        {
            "name": f"`{name}`",
            "what": term(f"parameter.{name}", lang),
            "value": _short(row["value"], lang),
            "range": f"{_short(row['low'], lang)} – {_short(row['high'], lang)}",
            "basis": term(f"status.{row['status']}", lang),
        }
        for name, row in table.iterrows()
    ]
    names = {
        "name": say(lang, vi="tên trong mã", en="name in code"),
        "what": say(lang, vi="ý nghĩa", en="meaning"),
        "value": say(lang, vi="giữa", en="center"),
        "range": say(lang, vi="khoảng dự báo 90%", en="90% interval"),
    }
    return words.table(pd.DataFrame(rows), lang, dict.fromkeys(("name", "what", "value", "range", "basis"), ""), names)


def parameters_text(lang: str = "vi") -> Text:
    """Say how many parameters there are, and how many of them are judgement."""
    drawn = say(
        lang,
        vi="Lý do của các nhận định ghi trong bảng bằng chứng; mỗi lần mô phỏng rút một bộ khác nhau từ các khoảng "
        "này, "
        "trừ khi dùng bộ tham số đã học từ số liệu.",
        en="Reasons of judgements stand in the table of evidence; each simulation draws another set from these ranges, "
        "unless one learned from counts is used.",
    )
    return join([judged_text(lang), drawn], " ")


def _short(value: float, lang: str) -> str:
    """Return a number with three significant figures."""
    digits = max(0, 2 - (len(f"{abs(value):.0f}") - 1 if abs(value) >= 1 else 0))
    while digits < 6 and abs(value) and round(value, digits) != float(f"{value:.3g}"):
        digits += 1
    text = words.number(value, lang, digits)
    point = {"vi": ",", "en": "."}[lang]
    return text.rstrip("0").rstrip(point) if point in text else text


def levers_table(lang: str = "vi") -> Text:
    """Return each lever with the parts of the plan that it changes and the parameters on which its effect rests."""
    rows = []
    for name, kind in levers.LEVERS.items():
        changed = acts_on(name)
        rows.append(
            {
                "name": f"`{name}`",
                "lever": term(f"lever.{name}", lang),
                "acts": ", ".join(column_name(c, lang) for c in COLUMNS if c in changed),
                "rests": "; ".join(term(f"parameter.{p}", lang) for p in kind.evidence) or "–",
            }
        )
    names = {
        "name": say(lang, vi="tên trong mã", en="name in code"),
        "acts": say(lang, vi="thay đổi", en="changes"),
        "rests": say(lang, vi="tác dụng dựa vào", en="its effect rests on"),
    }
    return words.table(pd.DataFrame(rows), lang, {"name": "", "lever": "", "acts": "", "rests": ""}, names)


def column_name(column: str, lang: str) -> str:
    """Return a column of a plan in words: its own term (`plan.NAME`), or else that of the lever that brings it.

    >>> column_name("visits", "en")
    'extra visits'
    """
    if f"plan.{column}" in words.terms().index:
        return term(f"plan.{column}", lang)
    return next(term(f"lever.{name}", lang) for name, lever in levers.LEVERS.items() if column in lever.columns)


def acts_on(name: str) -> frozenset[str]:
    """Return the columns of a plan that a lever changes, tried on an invented place.

    >>> sorted(acts_on("Reminders"))
    ['reminders']
    """
    visits = levers.Visits(count=9)  # for a lever that gives more of what the levers before it give
    quo = Scenario("status quo", toy.place(), start="2021-12", until="2022-12", law=toy.law())
    base = quo.with_policy("-", levers.Policy(visits))
    columns: set[str] = set()
    for case in levers.LEVERS[name].examples:
        more = levers.Policy(visits, levers.LEVERS[name](**case))
        columns |= quo.with_policy(name, more).plan.changed(base.plan)
    return frozenset(columns)


def law_table(month: str, lang: str = "vi") -> Text:
    """Return what the law says in a month: rate, floor, ceiling, subsidies, and what each group pays at least."""
    law = read_law()
    rows = [
        {"rule": term(f"law.{p}", lang), "value": words.form(law.value(p, month), spec, lang) + unit}
        for p, spec, unit in (
            ("contribution_rate", "p", ""),
            ("min_declared_income", "d", ""),
            ("max_declared_income", "d", ""),
            ("min_years_for_pension", "n", " " + term("unit.years", lang)),
        )
    ]
    for group in GROUPS:
        price = law.price(group, month)
        breakdown = say(
            lang,
            state=price.state,
            gross=price.gross,
            net=price.net,
            vi="đóng {net:d}; Nhà nước trả {state:d}",
            en="pays {net:d}; the state {state:d}",
        )
        rows.append({"rule": term(f"group.{group}", lang), "value": breakdown})
    names = {"rule": say(lang, vi="quy định", en="rule"), "value": words.month(month, lang, long=True)}
    return words.table(pd.DataFrame(rows), lang, {"rule": "", "value": ""}, names)


def agrees(text: str) -> list[str]:
    """Return what the code has and a description (`docs/model.md`) does not name, in back quotes.

    Levers, columns of a plan and parameters are not asked for: the page lists them from their registries.

    >>> agrees("`members`")[0]
    'measure lasting_members'
    """
    wanted = [("measure", m) for m in tables.MEASURES]
    wanted += [("variable", v) for v in _person()] + [("step", s) for s in STEPS]
    return [f"{kind} {name}" for kind, name in wanted if f"`{name}`" not in text]
