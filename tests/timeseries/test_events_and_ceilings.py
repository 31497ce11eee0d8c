"""Events and known futures move a forecast by what they did before, widen it, and are refused in words."""

import numpy as np
import pandas as pd
import pytest

from forecast.data import tables
from forecast.data.tables import UserError
from forecast.timeseries import baseline, effects, saturation
from forecast.timeseries.table import series_of

LEVELS = (0.025, 0.5, 0.975)


def months(start: str, count: int) -> list[str]:
    return pd.period_range(start, periods=count, freq="M").astype(str).tolist()


def counts(series: int = 12, count: int = 48, drop: float = -0.2) -> pd.DataFrame:
    """Steady growth, 0.5% a month, and a lasting drop in 2023-01, with a little noise."""
    rng = np.random.default_rng(4)
    parts = []
    for number in range(series):
        y = 1000 * 1.005 ** np.arange(count) * np.exp(rng.normal(0, 0.004, count))
        y[24:] *= 1 + drop
        parts.append(pd.DataFrame({"unique_id": f"s{number}", "ds": months("2021-01", count), "y": y}))
    return pd.concat(parts)


def events(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["date", "kind", "size", "lasting"]).astype(str)


def ahead(frame, horizon=12, **more) -> pd.DataFrame:
    return baseline.baseline(frame, horizon, quantiles=LEVELS, jobs=1, progress=False, **more)


def test_the_size_of_a_coming_event_is_learned_from_the_same_kind_before():
    frame = counts()
    quiet = ahead(frame)
    told = ahead(frame, events=events(("2023-01", "law", "", "lasting"), ("2025-04", "law", "", "lasting")))
    factor = (told["median"].to_numpy() / quiet["median"].to_numpy()).reshape(12, 12)
    assert factor[:, 3:] == pytest.approx(np.full((12, 9), 0.8), rel=0.06)
    assert factor[:, :3] == pytest.approx(np.full((12, 3), 1.0), rel=0.06)


def test_a_given_size_is_taken_and_the_interval_is_wider_from_its_date_on():
    frame = counts(series=1, drop=0.0)
    quiet, told = ahead(frame), ahead(frame, events=events(("2025-04", "law", "-0.3", "lasting")))
    assert (told["median"] / quiet["median"])[3:].to_numpy() == pytest.approx(np.full(9, 0.7))
    width = [np.log(one["0.975"] / one["0.025"]).to_numpy() for one in (quiet, told)]
    assert width[1][:3] == pytest.approx(width[0][:3]) and (width[1][3:] > 1.3 * width[0][3:]).all()


def test_a_passing_event_is_gone_again_and_an_unheard_one_only_widens():
    frame = counts(series=1, drop=0.0)
    quiet = ahead(frame)
    passing = ahead(frame, events=events(("2025-04", "campaign", "0.5", "passing")))
    factor = (passing["median"] / quiet["median"]).to_numpy()
    assert factor[3] == pytest.approx(1.5) and factor[4:] == pytest.approx(np.ones(8))
    unheard = ahead(frame, events=events(("2025-04", "law", "", "lasting")))
    assert unheard["median"].to_numpy() == pytest.approx(quiet["median"].to_numpy())
    assert (unheard["0.025"] < quiet["0.025"])[3:].all() and unheard["0.025"][1] == pytest.approx(quiet["0.025"][1])


def test_an_event_for_one_series_leaves_the_others_alone():
    frame = counts(series=2, drop=0.0)
    told = ahead(frame, events=events(("2025-02", "law", "-0.3", "lasting")).assign(unique_id="s1"))
    quiet = ahead(frame)
    factor = (told["median"] / quiet["median"]).to_numpy().reshape(2, 12)
    assert factor[0] == pytest.approx(np.ones(12)) and factor[1, 1:] == pytest.approx(np.full(11, 0.7))


def test_what_a_price_did_in_all_series_is_used_where_its_future_is_known():
    rng = np.random.default_rng(5)
    price = np.where(np.arange(60) < 20, 1.0, np.where(np.arange(60) < 35, 1.5, 1.2))
    price[48:] = 2.0
    frame = pd.concat(
        pd.DataFrame(
            {
                "unique_id": f"s{i}",
                "ds": months("2021-01", 48),
                "y": 500 * np.exp(-0.4 * price[:48] + rng.normal(0, 0.004, 48)),
            }
        )
        for i in range(8)
    )
    known = pd.DataFrame({"ds": months("2021-01", 60), "price": price})
    told = ahead(frame, known=known)["median"].to_numpy().reshape(8, 12)
    assert told == pytest.approx(np.full((8, 12), 500 * np.exp(-0.4 * 2.0)), rel=0.06)
    with pytest.raises(tables.UserError, match="column price: expected a number for s0 at 2025-12"):
        ahead(frame, known=known[:-1])


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (("soon", "law", "", "lasting"), 'row 2, column date: found "soon"'),
        (("2025-01", "", "", "lasting"), "row 2, column kind"),
        (("2025-01", "law", "-1", "lasting"), 'row 2, column size: found "-1", expected a share above -1'),
        (("2025-01", "law", "0.1", "yes"), 'row 2, column lasting: found "yes", expected lasting or passing'),
    ],
)
def test_a_wrong_event_is_named(row, fault):
    with pytest.raises(tables.TableError) as error:
        ahead(counts(series=1), events=events(row))
    assert fault in str(error.value)


def _with_twice(table, column):
    return pd.concat([table, table[[column]]], axis=1)


def test_a_column_that_is_there_twice_is_named_wherever_it_is_read():
    frame = counts(series=1)
    once = events(("2025-01", "law", "0.1", "lasting")).assign(steps="1")
    known = pd.DataFrame({"ds": frame["ds"], "price": 1.0})
    asked = [
        ("steps", {"events": _with_twice(once, "steps")}),
        ("price", {"known": _with_twice(known, "price")}),
    ]
    for column, given in asked:
        with pytest.raises(tables.TableError, match=f"row 1, column {column}: .*expected this column once"):
            ahead(frame, **given)
    for column, given in (("y", {}), ("most", {"ceiling": "most"})):
        with pytest.raises(tables.TableError, match=f"row 1, column {column}: .*expected this column once"):
            ahead(_with_twice(frame.assign(most=1e6), column), **given)
    ahead(frame, events=once.assign(note="").rename(columns={"note": ""}))  # an empty column of a spreadsheet


def test_an_event_for_a_series_that_is_not_there_is_refused():
    with pytest.raises(tables.UserError, match="unique_id nobody"):
        ahead(counts(series=1), events=events(("2025-01", "law", "0.1", "lasting")).assign(unique_id="nobody"))


def test_a_size_may_have_its_sign_of_percent_and_twenty_is_not_two_thousand_percent():
    def sized(size):
        return effects.events_of(
            pd.DataFrame({"date": ["2025-07"], "kind": ["x"], "size": [size], "lasting": ["lasting"]})
        )

    assert [sized(size)[0].size for size in ("-20%", "-0,2", "200%")] == [-0.2, -0.2, 2.0]
    with pytest.raises(UserError, match='column size: found "20"'):
        sized("20")


def test_a_ceiling_of_two_readings_and_one_that_is_no_number_are_refused():
    months = [f"2024-{month:02d}" for month in range(1, 13)]
    table = pd.DataFrame({"unique_id": "a", "ds": months, "y": range(100, 112), "most": ["500"] * 11 + ["năm trăm"]})
    cases = series_of(table)
    assert saturation.ceilings(cases, table, "2 triệu") == [2e6] and saturation.ceilings(cases, table, 120) == [120]
    with pytest.raises(UserError, match="120000 if this is thousands, or 120 if it is not"):
        saturation.ceilings(cases, table, "120.000")
    with pytest.raises(UserError, match='row 13, column most: found "năm trăm"'):
        saturation.ceilings(cases, table, "most")
