"""The methods that are compared: each takes a series, its season and a horizon, and returns mean, low and high (95%).

A package is imported when its method is first used; one that is not installed is left out and named by run.py.
"""

import logging
import warnings

import numpy as np
import pandas as pd

LEVELS = (0.025, 0.975)
Z = 1.959964


def ours(past, season, horizon):
    from forecast.timeseries import combination

    mean, quantiles = combination.forecast(past, season, horizon, LEVELS)
    return mean, quantiles[:, 0], quantiles[:, 1]


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
    return mean, mean, mean


def _m4_season(past, season) -> bool:
    x = past - past.mean()
    if not (total := np.sum(x * x)):
        return False
    auto = np.array([np.sum(x[k:] * x[:-k]) for k in range(1, season + 1)]) / total
    return abs(auto[-1]) > 1.645 * np.sqrt((1 + 2 * np.sum(auto[:-1] ** 2)) / len(x))


def _band(mean, sd):
    return mean, mean - Z * sd, mean + Z * sd


def _statsforecast(name):
    def one(past, season, horizon):
        from statsforecast import models

        found = getattr(models, name)(season_length=season).forecast(y=past, h=horizon, level=[95])
        return tuple(np.asarray(found[key], float) for key in ("mean", "lo-95", "hi-95"))

    return one


def statsmodels_ets(past, season, horizon):
    """Return exponential smoothing with additive errors and a fading trend, with a season after two full years."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    more = {"seasonal": "add", "seasonal_periods": season} if season > 1 and len(past) > 2 * season + 2 else {}
    fit = ETSModel(pd.Series(past), error="add", trend="add", damped_trend=True, **more).fit(disp=False)
    found = fit.get_prediction(len(past), len(past) + horizon - 1).summary_frame(alpha=0.05)
    return tuple(found[key].to_numpy() for key in ("mean", "pi_lower", "pi_upper"))


def statsmodels_theta(past, season, horizon):
    from statsmodels.tsa.forecasting.theta import ThetaModel

    fit = ThetaModel(past, period=season, deseasonalize=season > 1 and len(past) > 2 * season).fit()
    band = fit.prediction_intervals(horizon, alpha=0.05).to_numpy()
    return np.asarray(fit.forecast(horizon)), band[:, 0], band[:, 1]


def prophet(past, season, horizon):
    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True
    every = {1: "YS", 4: "QS", 12: "MS"}[season]
    dates = pd.date_range("1960-01-01", periods=len(past) + horizon, freq=every)
    model = Prophet(interval_width=0.95, weekly_seasonality=False, daily_seasonality=False,
                    yearly_seasonality=season > 1)
    np.random.seed(1)  # noqa: NPY002 - Prophet draws its intervals from numpy's global state
    model.fit(pd.DataFrame({"ds": dates[: len(past)], "y": past}))
    found = model.predict(pd.DataFrame({"ds": dates[len(past):]}))
    return tuple(found[key].to_numpy() for key in ("yhat", "yhat_lower", "yhat_upper"))


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


def run(name, past, season, horizon):
    """Return what a method says, or the error that it ended with, as text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = [np.asarray(part, float) for part in METHODS[name](past, season, horizon)]
        except ModuleNotFoundError as error:
            return f"not installed: {error.name}"
        except Exception as error:  # noqa: BLE001 - whatever a package ends with is a finding here
            return f"{type(error).__name__}: {error}"
    return found if all(np.isfinite(part).all() and len(part) == horizon for part in found) else "no finite answer"
