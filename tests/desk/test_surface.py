"""The surface of a page's sliders, held against runs that it has not seen, and its script against Python."""

import json
import re

import numpy as np
import pytest

from forecast.data.tables import UserError
from forecast.desk import surface as surfaces
from forecast.desk import target
from forecast.desk.totals import paths
from forecast.question import menu
from forecast.show import sliders
from made import question

DRAWS = 40
ASKED = question()
WANTED = ["Visits", "Meetings", "Reminders", "Training"]


@pytest.fixture(scope="module")
def made():
    return surfaces.surface(ASKED, target.ways(ASKED, draws=DRAWS, only=WANTED), draws=DRAWS)


def fresh(made, shares):
    """The answer of a run at these shares."""
    levels = surfaces.levels(made.choices, shares)
    plan = ASKED.with_policy("-", menu.policy(ASKED.policy, made.choices, levels))
    (rows,) = paths([(plan, "stock", range(DRAWS))], made.months, 1)
    return rows


@pytest.mark.parametrize("shares", [(0.0, 0.0, 0.0, 0.0), (0.2, 0.7, 0.4, 0.1), (0.9, 0.15, 0.8, 0.6)])
def test_the_surface_says_what_a_fresh_run_says_within_the_error_that_it_tells(made, shares):
    shares = shares[: len(made.choices)]
    rows, answer = fresh(made, shares), made.at(surfaces.shares_of(made.choices, shares))
    of_months = rows[list(made.months)]
    assert answer.median == pytest.approx(of_months.median().to_numpy(), rel=made.off_members + 0.02)
    reached = (of_months >= ASKED.target.value).mean().to_numpy()
    assert np.abs(answer.probability - reached).max() <= made.off_probability + 0.05
    added = rows["money"].mean() - fresh(made, [0.0] * len(shares))["money"].mean()
    assert answer.money == pytest.approx(added, rel=0.1, abs=1e6)


def test_the_plan_as_it_stands_is_said_as_it_was_run(made):
    none = [0.0] * len(made.choices)
    answer, rows = made.at(none), fresh(made, none)[list(made.months)]
    assert answer.money == 0.0
    assert answer.median == pytest.approx(rows.median().to_numpy(), rel=1e-9)
    assert answer.high == pytest.approx(rows.quantile(0.95).to_numpy(), rel=1e-9)


def test_the_error_is_of_settings_that_were_not_used(made):
    tried, checks = surfaces.design(len(made.choices))
    assert not {tuple(s) for s in tried} & {tuple(s) for s in checks}
    assert (made.runs, made.checks) == (len(tried), len(checks))
    assert 0 < made.off_members < 0.1 and 0 <= made.off_probability < 0.15


def test_levers_are_of_different_kinds_in_the_order_of_the_menu(made):
    names = [choice.lever for choice in made.choices]
    assert len(set(names)) == len(names) <= surfaces.LEVERS
    assert names == [c.lever for c in menu.offered(ASKED) if c in made.choices]


def test_wrong_shares_are_refused(made):
    for shares in ([0.5], [2.0] * len(made.choices)):
        with pytest.raises(UserError, match="shares from 0 to 1"):
            made.at(shares)


def test_data_of_a_page_end_no_script_and_hold_the_polynomials(made):
    page = sliders.sliders(made, "en")._repr_html_()
    (given,) = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    found = json.loads(given)
    assert "<" not in given
    assert np.shape(found["quantiles"]) == made.quantiles.shape
    assert np.allclose(found["quantiles"], made.quantiles, rtol=1e-4)


def test_the_script_works_out_what_python_does(made, tmp_path, browser):
    file = tmp_path / "live.html"
    file.write_text(f"<!doctype html><html><body>{sliders.sliders(made, 'en').page}</body></html>", encoding="utf-8")
    tab = browser.new_page()
    tab.goto(file.as_uri())
    for share in (0.0, 0.4, 1.0):
        tab.evaluate(
            "value => { const all = document.querySelectorAll('input'); all.forEach(r => { r.value = value; });"
            " all[0].dispatchEvent(new Event('input', {bubbles: true})); }",
            round(100 * share),
        )
        shown = float(tab.evaluate("document.querySelector('.live').dataset.probability"))
        due = made.at([share] * len(made.choices)).probability[made.months.index(ASKED.target.by)]
        assert shown == pytest.approx(due, abs=1e-3)
