"""What a scenario file asks for that cannot be: levers that change nothing, and more than a place was seen to do."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from forecast.checks.findings import FAULT, NOTE, Finding
from forecast.language.words import say, term
from forecast.question.acting import Beyond, Idle, beyond, idle
from forecast.question.scenario import Scenario

TONES = "[\u0300\u0301\u0303\u0309\u0323]"  # the five marks, as letters of their own
WHY = {
    "months": ("không tháng nào nằm trong kỳ", "none of its months is in the scenario"),
    "same": ("không đổi gì so với khi bỏ nó đi", "the plan is the same without it"),
    "price": ("mức đóng đã bằng 0", "the price is zero already"),
    "part": ("chỉ một phần có tác dụng, vì mức đóng về 0", "only a part of it acts, for the price falls to zero"),
    "follow_up": (
        "không hơn phần người đến hạn mà nhân viên thu vẫn gọi khi không có danh sách",
        "no more than the share of due members whom teams call on without a list",
    ),
}


def scenario_findings(file: str, scenario: Scenario) -> list[Finding]:
    """Return notes on a scenario that was read: `idle-lever`, `beyond-seen`, `past-months`, `past-unit`, `past-law`."""
    return [
        *_past(file, scenario),
        *(_idle(file, scenario, one) for one in idle(scenario)),
        *(_beyond(file, scenario, b) for b in beyond(scenario)),
    ]


def look(name: str) -> str:
    """Return what an eye sees of a name: case, hyphens for spaces, the place of a tone, and foreign letters are alike.

    >>> look("Hoà Bình") == look("hòa-bình"), look("Ðà Bắc") == look("Đà Bắc")
    (True, True)
    >>> look("Tân Thành") == look("Tân Thạnh")
    False
    """
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", name).casefold().replace("ð", "đ"))
    plain = re.sub(r"[\s_\-]+", "-", plain.strip())
    return re.sub(rf"({TONES})([aeiouy])(?=\W|$)", r"\2\1", plain)  # hòa as hoà


def like_names(named: Iterable[tuple[str, int, str]]) -> list[Finding]:
    """Return a fault for each name (file, row, name) that looks like another one: see :func:`look`.

    >>> [f.message_en for f in like_names([("a.yaml", 0, "Cà Mau"), ("b.yaml", 0, "cà_mau"), ("c.yaml", 0, "Ca Mâu")])]
    ['"cà_mau" looks like "Cà Mau" (a.yaml); expected names that can be told apart']
    """
    first: dict[str, tuple[str, str]] = {}
    faults = []
    for file, row, name in named:
        before, there = first.setdefault(look(name), (name, file))
        if name != before:
            en, vi = (
                say(
                    lang,
                    name=name,
                    before=before,
                    there=there,
                    vi="“{name}” trông giống “{before}” ({there}); cần tên dễ phân biệt",
                    en='"{name}" looks like "{before}" ({there}); expected names that can be told apart',
                )
                for lang in ("en", "vi")
            )
            faults.append(Finding(file, row, "like-names", name, FAULT, en, vi))
    return faults


def _past(file: str, scenario: Scenario) -> Iterator[Finding]:
    """Give what lies past an end: that of the scenario (months of a lever), of the unit, of what the law says."""
    for number, lever in enumerate(scenario.policy.levers):
        if lever.end and lever.end > scenario.until:
            values = {"number": number, "name": type(lever).__name__, "end": lever.end, "until": scenario.until}
            yield _note(
                file,
                scenario,
                "past-months",
                "policy.{number}.{name}: end {end:t} lies after the scenario's last month {until:t}",
                "policy.{number}.{name}: tháng cuối {end:t} nằm sau tháng cuối của kịch bản {until:t}",
                **values,
            )
    ended = scenario.place.until
    if ended and ended < scenario.until:
        yield _note(
            file,
            scenario,
            "past-unit",
            "{place} ended in {ended:t}; months after it are those of its old area",
            "{place} thôi là một đơn vị từ {ended:t}; các tháng sau đó tính theo địa bàn cũ",
            place=scenario.place.name,
            ended=ended,
        )
    last = str(scenario.law.frame["since"].max())
    if last < scenario.until:
        yield _note(
            file,
            scenario,
            "past-law",
            "the law is known to change up to {last:t}; until {until:t} its last values go on",
            "luật chỉ ghi các thay đổi đến {last:t}; từ đó đến {until:t} giữ nguyên các mức cuối",
            last=last,
            until=scenario.until,
        )


def _note(file: str, scenario: Scenario, rule: str, en: str, vi: str, **values: Any) -> Finding:
    in_en, in_vi = (say(lang, en=en, vi=vi, **values) for lang in ("en", "vi"))
    return Finding(file, 0, rule, scenario.place.name, NOTE, in_en, in_vi)


def _idle(file: str, scenario: Scenario, one: Idle) -> Finding:
    vi, en = WHY[one.why]
    name = type(one.lever).__name__
    where = f"policy.{one.number}.{name}"
    messages = f"{where}: {en}", f"{where} ({term(f'lever.{name}', 'vi')}): {vi}"
    return Finding(file, 0, "idle-lever", scenario.place.name, NOTE, *messages)


def _beyond(file: str, scenario: Scenario, one: Beyond) -> Finding:
    en, vi = (
        say(
            lang,
            column=one.column,
            what=term(f"plan.{one.column}", lang),
            group="" if one.group == "all" else f" ({term(f'group.{one.group}', lang)})",
            asked=one.asked,
            most=one.most,
            source=one.seen.source,
            vi="{what}{group}: {asked:n2}, nhiều hơn mức đã từng thấy ({most:n2}; {source})",
            en="{what}{group}: {asked:n2}, more than has been seen ({most:n2}; {source})",
        )
        for lang in ("en", "vi")
    )
    numbers = {"asked": one.asked, "most": one.most}
    return Finding(file, 0, "beyond-seen", scenario.place.name, NOTE, en, vi, numbers)
