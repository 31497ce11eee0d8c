"""What a scenario file asks for that cannot be: levers that change nothing, and more than a place was seen to do."""

from forecast.checks.findings import NOTE, Finding
from forecast.language.words import say, term
from forecast.question.acting import Beyond, Idle, beyond, idle
from forecast.question.scenario import Scenario

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
    """Return notes on a scenario that was read: rules `idle-lever` and `beyond-seen`."""
    return [
        *(_idle(file, scenario, one) for one in idle(scenario)),
        *(_beyond(file, scenario, b) for b in beyond(scenario)),
    ]


def _idle(file: str, scenario: Scenario, one: Idle) -> Finding:
    vi, en = WHY[one.why]
    name = type(one.lever).__name__
    where = f"policy.{one.number}.{name}"
    said = f"{where}: {en}", f"{where} ({term(f'lever.{name}', 'vi')}): {vi}"
    return Finding(file, 0, "idle-lever", scenario.place.name, NOTE, *said)


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
