"""Simple forecasting methods, each a function of one series without gaps.

Every method takes ``x`` (n,), oldest value first, and returns the next ``horizon`` values on the same scale;
:mod:`forecast.timeseries.combination` joins them. Smoothing, Theta and autoregressions are those of statsmodels. ARIMA
models with a season are fitted here by conditional least squares (Box and Jenkins), because the exact likelihood of
statsmodels takes twenty times as long and forecasts no better in a mean of many.
"""

from typing import NamedTuple

import numpy as np
from scipy import signal
from scipy.optimize import minimize
from statsmodels.tsa.ar_model import AutoReg
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.seasonal import seasonal_decompose

MOST_LAGS = 6
NEAR_ONE = 0.99  # a root this close to one is left to differencing
RECENT = 0.5  # weight of a change against that of one a year later, in a drift
FADE, FADE_WEIGHT = 0.8, 0.8  # what usually remains of a drift after a year; weight of a pair of changes a year older
# Orders p, q, P, Q of the ARIMA models that are tried, after differencing, and where the search for each begins.
PLAIN_ORDERS = ((0, 0, 0, 0), (0, 1, 0, 0), (1, 0, 0, 0), (1, 1, 0, 0),
                (0, 2, 0, 0), (2, 0, 0, 0), (2, 1, 0, 0), (1, 2, 0, 0))
SEASON_ORDERS = ((0, 1, 0, 1), (1, 0, 0, 1), (1, 1, 0, 1), (0, 1, 1, 0), (0, 1, 1, 1), (1, 1, 1, 1))
FIRST_TRY = (0.3, 0.3, 0.1, 0.5)


def smooth(x: np.ndarray, horizon: int, season: int = 1) -> np.ndarray:
    """Smooth exponentially, with a trend that fades and, where ``season`` is above 1, an additive season.

    >>> bool((np.diff(smooth(np.arange(20.0), horizon=3)) > 0.5).all())
    True
    """
    more = {"seasonal": "add", "seasonal_periods": season, "initialization_method": "heuristic"} if season > 1 else {}
    standard, center, scale = _standard(x)
    model = ETSModel(standard, error="add", trend="add", damped_trend=True, **more)
    return np.asarray(model.fit(disp=False).forecast(horizon)) * scale + center


def theta(x: np.ndarray, horizon: int) -> np.ndarray:
    """Forecast by the Theta method of Assimakopoulos and Nikolopoulos (2000): half of the linear trend goes on.

    >>> theta(np.arange(20.0), horizon=2).round(1).tolist()
    [19.5, 20.0]
    """
    standard, center, scale = _standard(x)
    return np.asarray(ThetaModel(standard, deseasonalize=False, period=1).fit().forecast(horizon)) * scale + center


def autoregression(x: np.ndarray, horizon: int) -> np.ndarray:
    """Regress ``x`` on its own past by least squares, with a constant and up to six lags; AICc chooses how many.

    >>> autoregression(np.full(12, 3.0), horizon=2).round(6).tolist()
    [3.0, 3.0]
    """
    if np.ptp(x) == 0:
        return np.repeat(x[-1], horizon)
    most = min(MOST_LAGS, len(x) // 5)
    fits = [AutoReg(x, lags=lags, trend="c", hold_back=most).fit() for lags in range(most + 1)]
    return np.asarray(min(fits, key=lambda fit: fit.aicc).forecast(horizon))


def recent_drift(x: np.ndarray, horizon: int, season: int = 1, gaps: bool = False) -> np.ndarray:
    """Go on by the mean change, where a change weighs half as much as one that came a year later, and which fades.

    Over a year :data:`FADE` of it remains. Yearly changes show themselves how fast they fade, unless some are equal
    parts of a change over ``gaps``.

    >>> recent_drift(np.array([1.0, 2.0, 3.0]), horizon=2).round(2).tolist()
    [3.9, 4.71]
    """
    changes = np.diff(x)
    age = np.arange(len(changes))[::-1] / season
    fade = _pace(changes, FADE_WEIGHT**age) if season == 1 and not gaps else FADE ** (1 / season)
    return x[-1] + np.average(changes, weights=RECENT**age) * np.cumsum(fade ** np.arange(1, horizon + 1))


def _pace(changes: np.ndarray, weights: np.ndarray) -> float:
    """Return what remains of a change in the next one: least squares, to which :data:`FADE` counts as one pair more."""
    before, after, usual = changes[:-1], changes[1:], np.mean(changes**2)
    products = np.sum(weights[1:] * before * after) + FADE * usual
    squares = np.sum(weights[1:] * before**2) + usual
    return float(np.clip(products / squares, 0.0, 1.0)) if squares > 0 else FADE


def season_of(x: np.ndarray, season: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the fixed additive season of ``x`` (classical decomposition) at its own times and over the horizon."""
    pattern = np.asarray(seasonal_decompose(x, period=season, model="additive").seasonal)
    return pattern, pattern[np.arange(len(x), len(x) + horizon) % season]


def arima(x: np.ndarray, horizon: int, season: int = 1) -> np.ndarray:
    """Forecast by ARIMA(p, 1, q), with a season ARIMA(p, 1, q)(P, 1, Q), without a constant; AICc chooses the orders.

    >>> arima(np.tile([1.0, 2.0, 3.0, 6.0], 6), horizon=4, season=4).round(3).tolist()
    [1.0, 2.0, 3.0, 6.0]
    """
    standard, center, scale = _standard(x)
    changes = standard[season:] - standard[:-season] if season > 1 else standard
    steps = np.diff(changes)
    fits = [_fit(steps, order, season) for order in (SEASON_ORDERS if season > 1 else PLAIN_ORDERS)]
    ahead = changes[-1] + np.cumsum(_continue(steps, min(fits, key=lambda fit: fit.aicc), horizon))
    if season > 1:
        path = list(standard[-season:])
        for change in ahead:
            path.append(path[-season] + change)
        ahead = np.array(path[season:])
    return ahead * scale + center


class _Fit(NamedTuple):
    """Polynomials of an ARMA model in the lag, constant first, and its AICc."""

    ar: np.ndarray
    ma: np.ndarray
    aicc: float


def _fit(w: np.ndarray, order: tuple[int, ...], season: int) -> _Fit:
    """Fit an ARMA model to ``w`` by conditional least squares: errors before the first value are zero."""
    ends = np.cumsum(order)[:-1]

    def polynomials(point):
        ar, ma, season_ar, season_ma = (_stable(part) for part in np.split(NEAR_ONE * np.tanh(point), ends))
        return np.convolve(ar, _every(season_ar, season)), np.convolve(ma, _every(season_ma, season))

    def loss(point):
        errors = signal.lfilter(*polynomials(point), w)
        return np.log(errors @ errors + 1e-12) + 1e-3 * np.sum(point**2)  # a light pull away from the edges

    point = np.concatenate([[first, 0.0][:count] for first, count in zip(FIRST_TRY, order, strict=True)])
    if len(point):
        point = minimize(loss, point, method="L-BFGS-B", options={"maxiter": 60}).x
    count = len(point) + 1
    aicc = len(w) * loss(point) + 2 * count * len(w) / max(len(w) - count - 1, 1)
    return _Fit(*polynomials(point), aicc)


def _stable(partial: np.ndarray) -> np.ndarray:
    """Return the polynomial in the lag that has these partial autocorrelations: no root within the unit circle."""
    found = np.ones(1)
    for one in partial:
        found = np.append(found, 0.0) - one * np.append(found, 0.0)[::-1]
    return found


def _every(polynomial: np.ndarray, season: int) -> np.ndarray:
    """Return a polynomial in the lag as one in the lag of a season."""
    found = np.zeros((len(polynomial) - 1) * season + 1)
    found[::season] = polynomial
    return found


def _continue(w: np.ndarray, fit: _Fit, horizon: int) -> np.ndarray:
    """Go on with an ARMA series when all later errors are zero."""
    errors = signal.lfilter(fit.ar, fit.ma, w)
    state = signal.lfiltic(fit.ma, fit.ar, w[::-1], errors[::-1])
    return signal.lfilter(fit.ma, fit.ar, np.zeros(horizon), zi=state)[0]


def _standard(x: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return ``x`` around zero with a spread of one, and what brings it back."""
    center, scale = x.mean(), x.std()
    scale = scale if scale > 1e-12 * max(1.0, abs(center)) else 1.0
    return (x - center) / scale, center, scale
