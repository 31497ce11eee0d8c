"""The methods that are compared: each takes a series, its season and a horizon; it returns a middle and quantiles.

The middle is (horizon,), the quantiles (horizon, 4) at LEVELS, the ends of the 95% and of the 80% interval.

A package is imported when its method is first used; one that is not installed is left out and named by run.py.
"""

import logging
import warnings

import numpy as np
import pandas as pd

LEVELS = (0.025, 0.1, 0.9, 0.975)
LEAST_CES = 10  # statsforecast 2.1 was still at work after a minute on eight values of a real series
Z = np.array([-1.959964, -1.281552, 1.281552, 1.959964])


def ours(past, season, horizon, habits=None):
    """Forecast as `forecast baseline` does; `habits` are what the other series of a group show, by season."""
    from forecast.timeseries import combination

    given = combination.Given(habits=habits[season]) if habits else combination.ALONE
    answer = combination.forecast(past, season, horizon, LEVELS, given)
    return answer.median, answer.quantiles


def naive(past, season, horizon):
    """Return the last value; 95% by the size of changes, which grows with the root of the horizon."""
    mean = np.repeat(past[-1], horizon)
    return _band(mean, np.sqrt(np.mean(np.diff(past) ** 2)) * np.sqrt(np.arange(1, horizon + 1)))


def drift(past, season, horizon):
    """Return the straight line from the first value through the last (Hyndman and Athanasopoulos)."""
    ahead, changes = np.arange(1, horizon + 1), np.diff(past)
    mean = past[-1] + changes.mean() * ahead
    return _band(mean, changes.std() * np.sqrt(ahead * (1 + ahead / max(len(changes), 1))))


def naive2(past, season, horizon):
    """Return the naive forecast after the M4 competition's season test and classical decomposition, without a band."""
    mean = np.repeat(past[-1], horizon)
    if season > 1 and len(past) >= 3 * season and past.min() > 0 and _m4_season(past, season):
        from statsmodels.tsa.seasonal import seasonal_decompose

        index = np.asarray(seasonal_decompose(past, model="multiplicative", period=season).seasonal)
        mean = past[-1] / index[-1] * index[np.arange(len(past), len(past) + horizon) % season]
    return mean, np.repeat(mean[:, None], len(LEVELS), axis=1)


def _m4_season(past, season) -> bool:
    x = past - past.mean()
    if not (total := np.sum(x * x)):
        return False
    auto = np.array([np.sum(x[k:] * x[:-k]) for k in range(1, season + 1)]) / total
    return abs(auto[-1]) > 1.645 * np.sqrt((1 + 2 * np.sum(auto[:-1] ** 2)) / len(x))


def _band(mean, sd):
    return mean, mean[:, None] + np.outer(sd, Z)


def _statsforecast(name):
    def one(past, season, horizon):
        from statsforecast import models

        if name == "AutoCES" and len(past) < LEAST_CES:
            raise ValueError(f"not asked of fewer than {LEAST_CES} values: it may not return")
        found = getattr(models, name)(season_length=season).forecast(y=past, h=horizon, level=[80, 95])
        keys = ("lo-95", "lo-80", "hi-80", "hi-95")
        return np.asarray(found["mean"], float), np.stack([np.asarray(found[key], float) for key in keys], axis=1)

    return one


def statsmodels_ets(past, season, horizon):
    """Return exponential smoothing with additive errors and a fading trend, with a season after two full years."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    more = {"seasonal": "add", "seasonal_periods": season} if season > 1 and len(past) > 2 * season + 2 else {}
    fit = ETSModel(pd.Series(past), error="add", trend="add", damped_trend=True, **more).fit(disp=False)
    ahead = fit.get_prediction(len(past), len(past) + horizon - 1)
    wide, narrow = (ahead.summary_frame(alpha=alpha) for alpha in (0.05, 0.2))
    ends = (wide["pi_lower"], narrow["pi_lower"], narrow["pi_upper"], wide["pi_upper"])
    return wide["mean"].to_numpy(), np.stack([end.to_numpy() for end in ends], axis=1)


def statsmodels_theta(past, season, horizon):
    from statsmodels.tsa.forecasting.theta import ThetaModel

    fit = ThetaModel(past, period=season, deseasonalize=season > 1 and len(past) > 2 * season).fit()
    wide, narrow = (fit.prediction_intervals(horizon, alpha=alpha).to_numpy() for alpha in (0.05, 0.2))
    return np.asarray(fit.forecast(horizon)), np.stack([wide[:, 0], narrow[:, 0], narrow[:, 1], wide[:, 1]], axis=1)


def prophet(past, season, horizon):
    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True
    every = {1: "YS", 4: "QS", 12: "MS"}[season]
    dates = pd.date_range("1960-01-01", periods=len(past) + horizon, freq=every)
    model = Prophet(weekly_seasonality=False, daily_seasonality=False, yearly_seasonality=season > 1)
    np.random.seed(1)  # noqa: NPY002 - Prophet draws its intervals from numpy's global state
    model.fit(pd.DataFrame({"ds": dates[: len(past)], "y": past}))
    ahead = pd.DataFrame({"ds": dates[len(past) :]})
    draws = model.predictive_samples(ahead)["yhat"]
    return model.predict(ahead)["yhat"].to_numpy(), np.quantile(draws, LEVELS, axis=1).T


FOUR = ("statsforecast AutoETS", "statsforecast AutoARIMA", "statsforecast AutoTheta", "statsforecast AutoCES")
METHODS = {
    "naive": naive,
    "drift": drift,
    "this project": ours,
    **{name: _statsforecast(name.split()[1]) for name in FOUR},
    "statsmodels ETS": statsmodels_ets,
    "statsmodels Theta": statsmodels_theta,
    "Prophet": prophet,
}


def beside(name, cases) -> dict:
    """Return what a method learns of all series of a group, without what came after: this project alone."""
    if name != "this project":
        return {}
    from forecast.timeseries import habits

    seasons = {case.season for case in cases}
    horizon = max(len(case.future) for case in cases)
    return {"habits": {n: habits.of([case.past for case in cases if case.season == n], n, horizon) for n in seasons}}


def run(name, past, season, horizon, **more):
    """Return what a method says, or the error that it ended with, as text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            mean, quantiles = (np.asarray(part, float) for part in METHODS[name](past, season, horizon, **more))
        except ModuleNotFoundError as error:
            return f"not installed: {error.name}"
        except Exception as error:  # noqa: BLE001 - whatever a package ends with is a finding here
            return f"{type(error).__name__}: {error}"
    right = mean.shape == (horizon,) and quantiles.shape == (horizon, len(LEVELS))
    right = right and bool(np.isfinite(mean).all() and np.isfinite(quantiles).all())
    return (mean, quantiles) if right else "no finite answer"
