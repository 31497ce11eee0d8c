"""What a trial or a new price did: differences in differences and interrupted series, with what may bias them.

An estimate is a log ratio, the sum of named steps. Each step has a shift and a standard deviation, so that a reader can
see what was counted, what was corrected for, and what is only bounded; nothing is left out because it is not known.
The result is a prior for the lever that it is about: its 5%, 50% and 95% points stand in data/parameters.csv.

- :func:`difference` is for an office's own table by commune and month;
- :func:`model_communes` for what Hà Nội published about its 30 model communes of 2021;
- :func:`price_change` for a new price that everybody met at once: the floor of 2022-01, the subsidy of 2025-07.
"""

import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.special import ndtri
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from forecast.beliefs.parameters import parameters_table
from forecast.data import tables
from forecast.data.frames import names
from forecast.data.history import published
from forecast.data.law import Law, read_law
from forecast.data.mergers import one_series
from forecast.data.messages import Message, UserError
from forecast.data.places import read_place
from forecast.engines.series.pooling import NATION, POOLED_LEVELS, fit_place, read_pool
from forecast.engines.series.structural import ELASTICITY, RENEWAL_MONTHS, Belief, usable
from forecast.language import words
from forecast.language.words import Text
from forecast.question.levers import ModelCommunes

CITY, MODELS = "Hà Nội", "Hà Nội/30 xã điểm"
BEFORE, AFTER, YEAR_BEFORE = "2021-05", "2021-12", "2020-12"  # the trial began in June 2021
LASTING = 0.5  # share of the variance between communes that stays to the next year (judgement of the makers)
# Unseen selection over the seen one: 1 means as strong (Altonji, Elder and Taber 2005), below zero that a part of the
# head start was luck and would have gone by itself: not much of a stock, which adds up years (judgement).
UNSEEN = (-0.2, 1.0)
WIDE = Belief(0.0, 1.0)  # what is thought of an interruption before its counts are seen: nothing
BACK, AHEAD = 36, 24  # months of counts before and after an interruption that tell of it
ELSEWHERE = 0.2  # sd between a trial's effect and the next place's, log (judgement of the makers)
COLUMNS = ["unit", "month", "value", "treated"]


class Effect(NamedTuple):
    """A log ratio and its standard deviation, and the steps (index name; columns shift, sd) whose sums they are.

    `checks` has the same form: looks at the same data that are not part of the sum.
    """

    steps: pd.DataFrame
    checks: pd.DataFrame

    @property
    def mean(self) -> float:
        """Log of the central ratio."""
        return float(self.steps["shift"].sum())

    @property
    def sd(self) -> float:
        """Standard deviation of the log ratio; the steps are taken as independent."""
        return float(np.sqrt(np.square(self.steps["sd"]).sum()))

    def ratio(self) -> tuple[float, float, float]:
        """Return the 50%, 5% and 95% points of the ratio, in the order of data/parameters.csv: value, low, high.

        >>> [round(x, 2) for x in Effect(table({"seen": (np.log(2), 0.1)}), table({})).ratio()]
        [2.0, 1.7, 2.36]
        """
        middle, low, high = (float(np.exp(self.mean + z * self.sd)) for z in (0.0, ndtri(0.05), ndtri(0.95)))
        return middle, low, high


def table(rows: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """Return steps or checks as a frame: index name, columns shift and sd."""
    return pd.DataFrame.from_dict(rows, orient="index", columns=["shift", "sd"], dtype=float).rename_axis("step")


def between(low: float, high: float) -> tuple[float, float]:
    """Return mean and standard deviation of what may lie anywhere between two bounds (uniform).

    >>> [round(x, 3) for x in between(0, 1)]
    [0.5, 0.289]
    """
    return float(low + high) / 2, float(abs(high - low) / np.sqrt(12))


def difference(panel: pd.DataFrame, since: str) -> Effect:
    """Estimate the effect of a trial from an office's own months: differences in differences of the log.

    `panel` has one row for each unit (commune) and month: columns `unit`, `month` (YYYY-MM), `value` (persons, 0 or
    more) and `treated` (bool, the same in all months of a unit). The trial begins in the month `since`. The model is a
    Poisson regression of each unit's sum before and after on treated, after and both, with standard errors clustered
    by unit (Bertrand, Duflo and Mullainathan 2004: sums over time do not pretend that months are independent); zeros
    are no trouble. Only months that every unit has are used. Checks, none of which is part of the sum:

    - `head_start`: log ratio of treated to others before. Far from 0, the units were chosen, not drawn;
    - `earlier_trend`: the same difference between the halves of the months before. Far from 0, they were already
      parting;
    - `regression_to_mean`: what the head start alone does to units that nobody treats, from the slope among those;
    - `displaced`: the shift if all that the treated have gained had been taken from the others.

    Raises :class:`UserError` when a column is missing, there are fewer than two units on a side, or
    no month before or after that every unit has.

    >>> months = ["2021-04", "2021-05", "2021-06", "2021-07"]
    >>> rows = [(u, m, 10 * (2 if u in "ab" and m >= "2021-06" else 1), u in "ab") for u in "abcd" for m in months]
    >>> difference(pd.DataFrame(rows, columns=COLUMNS), "2021-06").ratio()[0].__round__(6)
    2.0
    """
    panel = _panel(panel)
    wide = panel.pivot(index="unit", columns="month", values="value").dropna(axis="columns").sort_index(axis=1)
    treated = panel.groupby("unit")["treated"].first().reindex(wide.index).to_numpy(bool)
    early, late = (wide.loc[:, mask] for mask in (wide.columns < since, wide.columns >= since))
    if early.shape[1] == 0 or late.shape[1] == 0:
        raise UserError("effects: expected months before and after {since} that every unit has", since=since)
    gain, sd = _parting(early, late, treated)
    totals = [frame[treated].to_numpy().sum() / frame.shape[1] for frame in (early, late)]
    others = late[~treated].to_numpy().sum() / late.shape[1]
    extra = totals[1] * (1 - np.exp(-gain))
    checks = {
        "head_start": _gap(early.mean(axis=1), treated),
        "regression_to_mean": _back_to_mean(early.mean(axis=1), late.mean(axis=1), treated),
        "displaced": (-float(np.log1p(max(extra, 0.0) / others)), 0.0),
    }
    if early.shape[1] > 1:
        half = early.shape[1] // 2
        checks["earlier_trend"] = _parting(early.iloc[:, :half], early.iloc[:, half:], treated)
    return Effect(table({"seen": (gain, sd)}), table(checks))


def _panel(panel: pd.DataFrame) -> pd.DataFrame:
    """Return a checked copy of a panel."""
    missing = [name for name in COLUMNS if name not in panel.columns]
    if missing:
        raise UserError("effects: column {name} is missing; expected {all}", name=missing[0], all=", ".join(COLUMNS))
    panel = panel[COLUMNS].astype({"value": float, "treated": bool})
    bad = panel[panel["value"].isna() | (panel["value"] < 0)]
    double = panel[panel.duplicated(["unit", "month"])]
    for rows, wanted in ((bad, Message("a number of 0 or more")), (double, Message("one row for each unit and month"))):
        if len(rows):
            text = "effects: row {row}, unit {unit}, month {month}, value {value}: expected {wanted}"
            raise UserError(text, row=rows.index[0], wanted=wanted, **rows.iloc[0])
    sides = panel.groupby("unit")["treated"].nunique()
    if (sides > 1).any():
        raise UserError("effects: unit {unit}: expected the same `treated` in all its months", unit=sides.idxmax())
    for side in (True, False):
        count = panel.loc[panel["treated"] == side, "unit"].nunique()
        if count < 2:
            raise UserError("effects: {count} units have treated {side}; expected two or more", count=count, side=side)
    return panel


def _parting(early: pd.DataFrame, late: pd.DataFrame, treated: np.ndarray) -> tuple[float, float]:
    """Return the difference in differences of the log between two sets of months, and its clustered sd."""
    value = np.concatenate([early.sum(axis=1), late.sum(axis=1)])
    after = np.repeat([0.0, 1.0], len(treated))
    given = np.tile(treated, 2).astype(float)
    design = np.column_stack([np.ones(len(value)), given, after, given * after])
    offset = np.log(np.repeat([early.shape[1], late.shape[1]], len(treated)))
    units = np.tile(np.arange(len(treated)), 2)
    for side, one in ((early, 0.0), (late, 1.0)):
        for mark in (0.0, 1.0):
            if value[(after == one) & (given == mark)].sum() == 0:
                raise UserError("effects: nobody at all in {months} on one side", months=", ".join(side.columns))
    model = sm.GLM(value, design, family=sm.families.Poisson(), offset=offset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)  # two units that are alike leave no noise
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": units})
    return float(fit.params[3]), float(fit.bse[3])


def _gap(level: pd.Series, treated: np.ndarray) -> tuple[float, float]:
    """Return the log ratio of the mean levels of treated and others, and its sd."""
    treatment, control = level[treated], level[~treated]
    relative = [part.var(ddof=1) / len(part) / part.mean() ** 2 for part in (treatment, control)]
    return float(np.log(treatment.mean() / control.mean())), float(np.sqrt(sum(relative)))


def _back_to_mean(before: pd.Series, after: pd.Series, treated: np.ndarray) -> tuple[float, float]:
    """Return the change to expect of the treated from their head start, after the slope among the others."""
    usable = ~treated & (before > 0).to_numpy() & (after > 0).to_numpy()
    if usable.sum() < 3 or np.ptp(before[usable]) == 0:
        return 0.0, np.nan
    x = np.log(before[usable].to_numpy())
    fit = sm.OLS(np.log(after[usable].to_numpy()) - x, sm.add_constant(x)).fit(cov_type="HC3")
    gap = _gap(before, treated)[0]
    return float(fit.params[1] * gap), float(abs(fit.bse[1] * gap))


def model_communes() -> Effect:
    """Estimate what a model commune does to entries, from what Hà Nội published about its 30 of June to December 2021.

    Differences in differences of the log of entries per commune, chosen against others. The stock in May stands for
    the entries of the years before: most members of the city had joined within two years. Steps:

    - `seen`: log of 115 over 39.7, with the luck of 30 communes (spread of teams: evidence `skill_spread`);
    - `head_start`: the chosen had 113 members each before, the others fewer: how many depends on how much of the
      city's growth of 2021 came before June, from the nation's share (almost nothing) to an even pace;
    - `unseen`: other reasons why they were chosen, from a fifth of the head start being luck to as strong again;
    - `displaced`: from none to all of the extra entries taken from other communes;
    - `counting`: 115 is called new members, but the stock rose by 103: from nobody leaving to leaving as elsewhere;
    - `ramp`: the lever takes months to start, so its full effect is more than the mean of seven months;
    - `elsewhere`: another place, another year.

    >>> value, low, high = model_communes().ratio()
    >>> bool(1 < low < value < 2.9)
    True
    """
    city = read_place(CITY, at=AFTER)

    def figure(measure: str, month: str, at: str | None = None) -> float:
        return published(city, measure, month, at=at)

    count = published(city, "model_communes", "2021-06", kind="lever", at=MODELS)
    rest = published(city, "communes", AFTER, kind="input") - count
    gross, gross_rest = (figure("entries_per_commune", AFTER, at) for at in (MODELS, None))
    start, end = (figure("members", month, MODELS) / count for month in (BEFORE, AFTER))
    city_start, city_end = (figure("members", month) for month in (YEAR_BEFORE, AFTER))
    shares = (_national_share(), 5 / 12)
    starts = [(city_start + share * (city_end - city_start) - start * count) / rest for share in shares]
    end_rest, start_rest = (city_end - end * count) / rest, float(np.mean(starts))
    seen, chance = _four_cells(gross, gross_rest, start, start_rest, count, rest)
    head = between(*(np.log(start / x) for x in starts))
    extra = gross - gross_rest * start / start_rest
    left = (gross_rest - (end_rest - start_rest)) / start_rest  # share of the others' stock that left in seven months
    months = np.arange(1, 8)
    ramp = float(np.mean(np.minimum(months / (ModelCommunes.model_fields["ramp"].default + 1), 1)))
    steps = {
        "seen": (np.log(gross / gross_rest), chance),
        "head_start": (-head[0], head[1]),
        "unseen": tuple(np.array(between(*UNSEEN)) * (-head[0], head[0])),
        "displaced": between(-np.log1p(extra * count / rest / gross_rest), 0.0),
        "counting": between(np.log((end - start) / gross), np.log((end - start + left * start) / gross)),
    }
    mean = sum(shift for shift, _ in steps.values())
    steps["ramp"] = (np.log1p(np.expm1(mean) / ramp) - mean, 0.0)
    steps["elsewhere"] = (0.0, ELSEWHERE)
    net = np.log(end / start) - np.log(end_rest / start_rest)
    checks = {"entries_difference": (seen, chance), "stock_difference": (float(net), np.nan)}
    return Effect(table(steps), table(checks))


def price_change(since: str = "2022-01", history: pd.DataFrame | None = None, law: Law | None = None) -> pd.DataFrame:
    """Return what a price that changed in the month `since` did to the stocks of places with counts on both sides.

    Interrupted series: the structural model of the series engine (local level, growth that fades, December season),
    with what was known of other places the month before, and in place of prices a step that comes in over the six
    months in which most of a stock is renewed. Columns, by place (the last row, "", is all places but the nation
    together, as random effects: each place has an effect of its own):

    - `effect`, `sd`: log change of the stock when all have met the price, against what would have been;
    - `elasticity`, `elasticity_sd`: the same per log of the least net price of an ordinary person;
    - `before`, `after`: the last count on each side (YYYY-MM); `counts`: how many were used.

    No rows when there are no counts on both sides: today so for the floor of 2027-01. Counts of places that merged
    are carried to the new ones (:func:`data.mergers.one_series`), where all parts were counted in the same month.

    Nothing else is taken to have changed growth at the same time. In 2022 offices came back from the epidemic (which
    hides a part of a fall), and communes left the list of poor ones (which adds to it in Cà Mau); in 2025 a pension
    came to take 15 years instead of 20 and districts were abolished.

    >>> floor = price_change("2022-01")
    >>> bool(floor.at["Việt Nam", "effect"] < 0), floor.at["Cà Mau", "after"]
    (True, '2022-06')
    """
    law, start = law or read_law(), tables.month(since)
    if history is None:
        history = tables.read(tables.data_dir() / "history.csv", "history")
    pool = read_pool(history, start - 1, law)
    by_place = {}
    for name, series in _stocks(history[history["status"] != "synthetic"], start).items():
        months = pd.period_range(series.index[0], series.index[-1], freq="M")
        step = np.clip((np.array([month.ordinal for month in months]) - start.ordinal + 1) / RENEWAL_MONTHS, 0, 1)
        effect = fit_place(name, series, pool, step, WIDE).belief(ELASTICITY)
        lineage = read_place(name, at=since).lineage
        net = [law.price("other", month, lineage).net for month in (start - 1, start)]
        rise = float(np.log(net[1] / net[0])) or np.nan  # a month in which no price changed is a placebo
        by_place[name] = {
            "effect": effect.mean,
            "sd": effect.sd,
            "elasticity": effect.mean / rise,
            "elasticity_sd": effect.sd / abs(rise),
            "before": str(series.index[series.index < start][-1]),
            "after": str(series.index[-1]),
            "counts": len(series),
        }
    columns = ["effect", "sd", "elasticity", "elasticity_sd", "before", "after", "counts"]
    frame = pd.DataFrame.from_dict(by_place, orient="index", columns=columns).rename_axis("place")
    parts = frame.drop(NATION, errors="ignore")
    if len(parts) > 1:
        pairs = [
            _together(parts[name], parts[f"{name}_sd" if name != "effect" else "sd"])
            for name in ("effect", "elasticity")
        ]
        frame.loc[""] = [*pairs[0], *pairs[1], parts["before"].max(), parts["after"].max(), parts["counts"].sum()]
    return frame


def _stocks(history: pd.DataFrame, start: pd.Period) -> dict[str, pd.Series]:
    """Return the stocks (persons by month) around `start` of each place that was counted on both sides of it."""
    rows = usable(history, start + AHEAD)
    rows = rows[rows["level"].isin(POOLED_LEVELS) & (rows["month"] >= str(start - BACK))]
    wide = rows.pivot(index="month", columns="place", values="value")
    wide = one_series(wide, at=str(start))
    wide.index = pd.PeriodIndex(wide.index, freq="M")
    late = wide.index >= start
    return {
        name: wide[name].dropna()
        for name in sorted(names(wide))
        if wide.loc[~late, name].notna().any() and wide.loc[late, name].notna().any()
    }


def _together(effect: pd.Series, sd: pd.Series) -> tuple[float, float]:
    """Return the mean of effects that differ between places, and its standard deviation (random effects)."""
    if effect.isna().any():
        return np.nan, np.nan
    result = combine_effects(effect.to_numpy(float), np.square(sd.to_numpy(float)), method_re="iterated")
    return float(result.mean_effect_re), float(result.sd_eff_w_re)


def _national_share() -> float:
    """Return the share of the nation's growth of 2021 that was there by the end of May, read off between its counts."""
    stocks = read_place(NATION, at=AFTER).observed("members")
    stocks = stocks[(stocks.index >= tables.month(YEAR_BEFORE)) & (stocks.index <= tables.month(AFTER))]
    then = np.interp(tables.month(BEFORE).ordinal, [m.ordinal for m in stocks.index], stocks)
    return float((then - stocks.iloc[0]) / (stocks.iloc[-1] - stocks.iloc[0]))


def _four_cells(
    gross: float, gross_rest: float, start: float, start_rest: float, count: float, rest: float
) -> tuple[float, float]:
    """Return the difference in differences of four published means per commune, and its sd.

    Four numbers leave nothing over to estimate the noise from, so that it is given: communes differ by `skill_spread`
    (sd of the log), of which LASTING stays and cancels out.
    """
    spread = float(parameters_table()["value"]["skill_spread"])
    value = np.log([start, start_rest, gross, gross_rest])
    given, after = np.array([1.0, 0, 1, 0]), np.array([0.0, 0, 1, 1])
    variance = (1 - LASTING) * spread**2 / np.array([count, rest, count, rest])
    design = np.column_stack([np.ones(4), given, after, given * after])
    inverse = np.linalg.inv(design)
    return float(inverse[3] @ value), float(np.sqrt(np.square(inverse[3]) @ variance))


def story(effect: Effect, lang: str = "vi") -> Text:
    """Return the steps of an estimate as a table: each step's factor with its 5% and 95% points, the estimate last.

    >>> print(story(Effect(table({"seen": (np.log(2), 0.1)}), table({})), "en").splitlines()[-1])
    | the estimate | 2.00 | 1.70 | 2.36 |
    """
    rows = pd.concat([effect.steps, table({"total": (effect.mean, effect.sd)})]).reset_index()
    shift, spread = rows["shift"], ndtri(0.95) * rows["sd"]
    frame = rows.assign(factor=np.exp(shift), low=np.exp(shift - spread), high=np.exp(shift + spread))
    return words.table(frame, lang, {"step": "effect", "factor": "n2", "low": "n2", "high": "n2"})


def _signed(change: float, lang: str) -> str:
    """Return a relative change in percent with its sign."""
    return ("+" if change > 0 else "") + words.percent(change, lang)


def price_story(changes: pd.DataFrame, since: str, lang: str = "vi") -> Text:
    """Return what :func:`price_change` found, in a sentence, or that there is nothing to find it from.

    >>> print(price_story(price_change("2027-01"), "2027-01", "en"))
    There are no counts of members on both sides of January 2027: what the new price did cannot be told yet.
    """
    if changes.empty:
        return words.say(
            lang,
            month=since,
            vi="Chưa nơi nào có số người tham gia cả trước và sau {month:T}: chưa rõ mức đóng mới tác động ra sao.",
            en="There are no counts of members on both sides of {month:T}: what the new price did cannot be told yet.",
        )
    lines = []
    for place, row in changes.iterrows():
        spread = ndtri(0.95) * row["sd"]
        low, middle, high = np.expm1([row["effect"] - spread, row["effect"], row["effect"] + spread])
        name = place or {"vi": "Các địa phương gộp lại", "en": "The places together"}[lang]
        lines.append(
            words.say(
                lang,
                name=name,
                low=_signed(low, lang),
                middle=_signed(middle, lang),
                high=_signed(high, lang),
                vi="{name}: {middle} (khoảng dự báo 90%: {low} đến {high})",
                en="{name}: {middle} (90% interval: {low} to {high})",
            )
        )
    return words.listing(lines)
