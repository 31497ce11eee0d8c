"""An invented district and its law, so that tests and first steps need no data.

Everything here is synthetic: six communes, ten thousand eligible people, two of the communes poor and highland. The law
has one floor that doubles in 2022 and two subsidies, with round numbers that can be checked by head. Units are persons
and VND; no file of data/ is read, and nothing is refused.

>>> place().population, law().value("min_declared_income", "2022-01")
(20000.0, 2000000.0)
"""

from typing import Any

import pandas as pd

from forecast.data.law import Law
from forecast.data.places import Place

COMMUNES = (
    ("Chợ", 2600, 0.02),
    ("Đồng", 2200, 0.03),
    ("Sông", 1900, 0.04),
    ("Gò", 1500, 0.06),
    ("Núi", 1000, 0.30),
    ("Rừng", 800, 0.40),
)
SHARES = ("poor_share", "near_poor_share", "minority_share")


def place(scale: float = 1.0, members: float = 300.0, name: str = "Toy") -> Place:
    """Return the toy district with `scale` x 10,000 eligible people and `members` members in December 2021.

    `name` is what pictures call it; another name has other luck.

    >>> toy = place()
    >>> int(toy.communes["eligible"].sum()), len(toy.communes)
    (10000, 6)
    """
    names, eligible, poor = (list(c) for c in zip(*COMMUNES, strict=True))
    eligible = [e * scale for e in eligible]
    communes = pd.DataFrame(
        {
            "commune": [f"{name}/{n}" for n in names],
            "district": name,
            "communes": 1.0,
            "population": [2 * e for e in eligible],
            "eligible": eligible,
            "households": [e / 2 for e in eligible],
            "hamlets": [8.0, 7, 6, 5, 6, 5],
            "poor_share": poor,
            "near_poor_share": [p / 2 for p in poor],
            "minority_share": [0, 0, 0, 0.1, 0.9, 0.95],
        }
    )
    row = {
        "scheme": "voluntary_si",
        "place": name,
        "level": "district",
        "month": "2021-12",
        "group": "all",
        "kind": "observation",
        "status": "synthetic",
        "denominator": "",
        "source": "judgement",
        "locator": "",
        "note": "invented",
    }
    history = pd.DataFrame(
        [
            row | {"measure": "members", "value": members, "unit": "persons"},
            row | {"measure": "collectors", "value": 12.0 * scale, "unit": "persons"},
            row | {"measure": "income_per_head", "value": 3_000_000.0, "unit": "vnd_per_month"},
        ]
    )
    total = sum(eligible)

    def mean(share: str) -> float:
        people: Any = communes[share] @ communes["eligible"]
        result: float = float(people) / total
        return result

    means: dict[str, Any] = {share: mean(share) for share in SHARES}
    return Place(
        name=name,
        slug="toy",
        level="district",
        lineage=(name, "Việt Nam"),
        since="",
        until="",
        population=2 * total,
        eligible=total,
        labor_force=1.2 * total,
        households=total / 2,
        **means,
        hamlets=37.0,
        communes=communes,
        history=history,
    )


def law() -> Law:
    """Return the toy law: 20% of a floor of 1 million VND (2 million from 2022); subsidies of half and a tenth.

    >>> law().price("poor", "2021-06").net, law().price("other", "2022-06").net
    (100000.0, 360000.0)
    """
    rows = [
        ("contribution_rate", "all", "2016-01", "", 0.20),
        ("min_declared_income", "all", "2016-01", "2021-12", 1e6),
        ("min_declared_income", "all", "2022-01", "", 2e6),
        ("max_declared_income", "all", "2016-01", "", 20e6),
        ("state_subsidy_share", "poor", "2018-01", "", 0.5),
        ("state_subsidy_share", "near_poor", "2018-01", "", 0.3),
        ("state_subsidy_share", "ethnic_minority", "2018-01", "", 0.1),
        ("state_subsidy_share", "other", "2018-01", "", 0.1),
        ("subsidy_max_months", "all", "2018-01", "", 120),
        ("min_years_for_pension", "all", "2008-01", "", 20),
    ]
    frame = pd.DataFrame(rows, columns=["parameter", "group", "since", "until", "value"])
    units = {
        "contribution_rate": "share_of_declared_income",
        "min_declared_income": "vnd_per_month",
        "max_declared_income": "vnd_per_month",
        "state_subsidy_share": "share_of_floor_contribution",
        "subsidy_max_months": "months",
        "min_years_for_pension": "years",
    }
    fixed: dict[str, Any] = {
        "scheme": "voluntary_si",
        "place": "Việt Nam",
        "unit": frame["parameter"].map(units),
        "legal_basis": "invented",
        "source": "judgement",
        "status": "synthetic",
    }
    return Law(frame.assign(**fixed))
