"""Where published shares contradict each other: the denominators that they imply move, shrink, or are too small."""

import pandas as pd

from forecast.checks.findings import Found, Setting, each, half_unit, last, pick, ratio, rule

MOVED = 0.01  # relative change of a denominator that is reported


def implied(h: pd.DataFrame) -> pd.DataFrame:
    """Return shares with the denominator that they imply: columns of history and `base`, `low`, `high` (rounding)."""
    rows = []
    shares = pick(h, measure="members_share", group="all")
    for share in each(shares[~shares["denominator"].isin(["", "members"]) & (shares["status"] != "derived")]):
        count = last(pick(h, share, measure="members", group="all", month=share["month"], kind=share["kind"]))
        if count is not None and count["value"] > 0 and share["value"] > 0:
            half = half_unit(share["value"])
            rows.append(
                share.to_dict()
                | {
                    "members": count["value"],
                    "base": 100 * count["value"] / share["value"],
                    "low": 100 * count["value"] / (share["value"] + half),
                    "high": 100 * ratio(count["value"], max(share["value"] - half, 0.0)),
                }
            )
    return pd.DataFrame(rows, columns=[*h.columns, "members", "base", "low", "high"])


def _moves(h: pd.DataFrame, falling: bool) -> Found:
    """Yield pairs of neighboring shares with one denominator of different size."""
    for _, shares in implied(h).groupby(["place", "source", "denominator"], sort=False):
        ordered = each(shares.sort_values(["t", "scheme"], kind="stable"))
        for one, two in zip(ordered, ordered[1:], strict=False):
            falls = one["denominator"] == "labor_force" and two["t"] > one["t"] and two["base"] < one["base"]
            if abs(two["base"] / one["base"] - 1) > MOVED and falls == falling:
                overlap = one["low"] <= two["high"] and two["low"] <= one["high"]
                yield (
                    [two, one],
                    {
                        "first_month": one["month"],
                        "first_share": one["value"],
                        "first": one["base"],
                        "second_share": two["value"],
                        "second": two["base"],
                        "change": 100 * (two["base"] / one["base"] - 1),
                        "base": two["denominator"],
                        "also": "rounding" if overlap else "",
                    },
                )


@rule(
    "moving-denominator",
    "{first_share}% ({first_month}) and {second_share}% ({month}) of one base, {base}, imply {first} and {second}: "
    "it moves by {change:1}%",
    "{first_share}% ({first_month}) và {second_share}% ({month}) trên cùng một mẫu số, {base}, ngụ ý {first} và "
    "{second}: mẫu số thay đổi {change:1}%",
)
def moving_denominator(h: pd.DataFrame, setting: Setting) -> Found:
    """Shares of one base that imply two sizes of it."""
    return _moves(h, falling=False)


@rule(
    "falling-labor-force",
    "{first_share}% ({first_month}) and {second_share}% ({month}) imply a labor force of {first}, then {second}: "
    "a change of {change:1}%",
    "{first_share}% ({first_month}) và {second_share}% ({month}) ngụ ý lực lượng lao động {first} rồi {second}: "
    "thay đổi {change:1}%",
)
def falling_labor_force(h: pd.DataFrame, setting: Setting) -> Found:
    """Shares that make the labor force fall between two dates."""
    return _moves(h, falling=True)


@rule(
    "liable-exceed-labor-force",
    "{month}: the shares imply {eligible} people eligible for the voluntary scheme, but a labor force of "
    "{labor_force}, which leaves {left} after the {compulsory} in the compulsory scheme",
    "{month}: các tỷ lệ ngụ ý {eligible} người thuộc diện tham gia tự nguyện, nhưng lực lượng lao động chỉ "
    "{labor_force}, còn {left} sau khi trừ {compulsory} người tham gia bắt buộc",
)
def liable_exceed_labor_force(h: pd.DataFrame, setting: Setting) -> Found:
    """More people eligible for the voluntary scheme than the labor force has outside the compulsory one."""
    shares = implied(h)
    for liable in each(shares[shares["denominator"] == "eligible"]):
        same = shares[
            (shares["denominator"] == "labor_force")
            & (shares["scheme"] == "compulsory_si")
            & (shares["place"] == liable["place"])
            & (shares["source"] == liable["source"])
            & (shares["month"] == liable["month"])
        ]
        force = last(same)
        if force is not None and liable["base"] > force["base"] - force["members"]:
            yield (
                [liable, force],
                {
                    "eligible": liable["base"],
                    "labor_force": force["base"],
                    "compulsory": force["members"],
                    "left": force["base"] - force["members"],
                    "also": "rounding" if liable["low"] <= force["high"] - force["members"] else "",
                },
            )
