"""Invented series: of M-competition form, and enrollment in voluntary schemes. No competition's data is needed or kept.

A series of M-competition form is a trend whose slope wanders and sometimes breaks, a level that wanders and sometimes
jumps, a business cycle, a season that moves, and noise with heavy tails whose size drifts, in shares or in units.
Lengths and sizes were set so that the usual methods score about what they score on real series of that form, before
this project's own method was tried on them.
"""

from typing import NamedTuple

import numpy as np

HORIZON = {1: 6, 4: 8, 12: 18}
# Median length, spread of its logarithm, shortest and longest.
LENGTH = {1: (27, 0.45, 13, 90), 4: (80, 0.5, 20, 300), 12: (150, 0.6, 48, 480)}
SLOPE = {1: (0.009, 0.6), 4: (0.022, 0.8), 12: (0.022, 0.8)}  # yearly change of the slope: median, spread of the log
NOISE = {1: 0.012, 4: 0.016, 12: 0.022}
DRIFT = {1: 0.025, 4: 0.03, 12: 0.03}
BURN = 40
FAMILIES = ("logistic", "shocked", "sawtooth", "lapse", "plateau", "decline")


class Case(NamedTuple):
    """A series, what came after it, its steps in a year, and the family that it belongs to."""

    past: np.ndarray
    future: np.ndarray
    season: int
    family: str


def m_form(season: int, count: int, seed: int) -> list[Case]:
    """Return `count` series of M-competition form; season 1, 4 or 12."""
    return [_m_case(season, np.random.default_rng([seed, season, i])) for i in range(count)]


def enrollment(count: int, seed: int) -> list[Case]:
    """Return `count` series of members: six families, calm and noisy, yearly (4 to 20) and monthly (4 to 100)."""
    return [_members(FAMILIES[i % 6], np.random.default_rng([seed, i])) for i in range(count)]


def communes(count: int, months: int, seed: int) -> list[Case]:
    """Return `count` monthly series of `months` points, as a province's communes have them."""
    return [_members(FAMILIES[i % 6], np.random.default_rng([seed, i]), 12, months, 12) for i in range(count)]


def _m_case(season: int, rng) -> Case:
    """Draw until a series does not collapse; real ones are chosen for being worth a forecast."""
    while True:
        past, future = _m_series(season, rng)
        if future.min() > 0.45 * max(past.max(), future.max()) or rng.random() < 0.08:
            return Case(past, future, season, f"M form, {season} a year")


def _m_series(m: int, rng) -> tuple[np.ndarray, np.ndarray]:
    median, spread, low, high = LENGTH[m]
    n = int(np.clip(_near(median, spread, rng), low, high))
    total = n + HORIZON[m] + BURN
    freedom = rng.uniform(3, 8)

    def shocks():
        return rng.standard_t(freedom, total) * np.sqrt((freedom - 2) / freedom)

    size = np.exp(0.5 * rng.random() * np.cumsum(rng.normal(size=total)) / np.sqrt(total))
    path = np.cumsum(_slope(m, total, shocks(), rng) + shocks() * _near(0.045, 0.8, rng) / np.sqrt(m) * size)
    if m > 1 and rng.random() < 0.15:
        path *= 0.1
    for _ in range(rng.poisson(total / m / 35)):
        path[rng.integers(total) :] += rng.normal(0, 0.12)
    noise = shocks() * _near(NOISE[m], 1.0, rng) * size
    if rng.random() < 0.3:
        noise[1:] += rng.uniform(-0.5, 0.8) * noise[:-1]
    noise += (rng.random(total) < 0.004) * rng.normal(0, 0.15, total)
    logs = path + _cycle(m, shocks(), rng) + _season(m, total, rng) + noise
    logs = logs[BURN:] - logs[BURN]
    scale = 10 ** rng.uniform(2, 4)
    y = scale * (1 + logs) if rng.random() < 0.4 else scale * np.exp(logs)
    if y.min() <= 0.3 * scale or y[n:].min() < 0.5 * np.median(y):
        y = scale * np.exp(np.clip(logs, -6, 6))
    y = np.round(y, 2 if scale < 1000 else 1)
    return y[:n], y[n:]


def _near(median: float, spread: float, rng) -> float:
    return median * np.exp(spread * rng.normal())


def _slope(m: int, total: int, shocks: np.ndarray, rng) -> np.ndarray:
    """Return growth a step: a drift that sometimes breaks, and a part that wanders and fades."""
    drift = np.full(total, (0.03 + DRIFT[m] * rng.standard_t(5)) / m if rng.random() < 0.75 else 0.0)
    for _ in range(rng.poisson(total / m / 25)):
        drift[rng.integers(total) :] = (0.02 + 0.05 * rng.normal()) / m
    step = _near(*SLOPE[m], rng) / m**1.5 if rng.random() < 0.75 else 0.0
    stay, wander = rng.uniform(0.80, 1.0) ** (1 / m), np.zeros(total)
    for t in range(1, total):
        wander[t] = stay * wander[t - 1] + step * shocks[t]
    return drift + wander


def _cycle(m: int, shocks: np.ndarray, rng) -> np.ndarray:
    """Return a business cycle of 3 to 9 years, or none."""
    out = np.zeros(len(shocks))
    if rng.random() < 0.5:
        return out
    stay, turn = rng.uniform(0.8, 0.97) ** (1 / m), 2 * np.pi / (m * rng.uniform(3, 9))
    for t in range(2, len(out)):
        out[t] = 2 * stay * np.cos(turn) * out[t - 1] - stay**2 * out[t - 2] + shocks[t]
    return out * _near(0.04, 0.7, rng) / out.std()


def _season(m: int, total: int, rng) -> np.ndarray:
    """Return a season that moves, jagged or smooth, or none."""
    if m == 1 or rng.random() < 0.25:
        return np.zeros(total)
    pattern, size = rng.normal(size=m), _near(0.06, 0.9, rng)
    if rng.random() < 0.4:
        at = np.arange(m) / m
        pattern = np.sin(2 * np.pi * (at + rng.random())) + 0.4 * np.sin(4 * np.pi * (at + rng.random()))
    pattern = size * (pattern - pattern.mean()) / pattern.std()
    moves = rng.normal(size=total) * size * _near(0.04, 0.7, rng)
    out = np.zeros(total)
    for t in range(total):
        pattern[t % m] += moves[t]
        out[t] = pattern[t % m]
    return out


def _members(family: str, rng, m: int | None = None, n: int | None = None, horizon: int | None = None) -> Case:
    """Return members of one scheme: growth to a ceiling, with what the family adds."""
    m = m or int(rng.choice([1, 1, 12]))
    family = "logistic" if m == 1 and family == "sawtooth" else family
    n = n or (int(rng.choice([4, 5, 6, 7, 8, 10, 12, 15, 20])) if m == 1 else int(rng.integers(4, 101)))
    horizon = horizon or (int(rng.integers(1, 5)) if m == 1 else int(rng.choice([3, 6, 12])))
    total = n + horizon
    years = np.arange(total) / m
    ceiling, calm = 10 ** rng.uniform(3, 6), rng.uniform(0.01, 0.06) * rng.choice([1, 2])
    logs = np.log(ceiling / (1 + np.exp(-rng.uniform(0.15, 0.8) * (years - rng.uniform(-2, 12)))))
    if family == "plateau":
        logs = np.log(ceiling * (1 - np.exp(-rng.uniform(0.1, 0.7) * (years + rng.uniform(0.3, 3)))))
    elif family == "decline":
        logs = np.log(ceiling) - rng.uniform(0.02, 0.12) * years
    elif family == "lapse":
        logs -= rng.uniform(0.02, 0.10) * np.maximum(years - rng.uniform(0, years[-1]), 0)
    stay, wander = rng.uniform(0.5, 0.95) ** (1 / m), np.zeros(total)
    pushes = rng.standard_t(5, (2, total)) * 0.6 * calm
    for t in range(1, total):
        wander[t] = stay * wander[t - 1] + pushes[0, t] / m
    logs += np.cumsum(wander + pushes[1] / np.sqrt(m)) + rng.normal(0, calm / 3, total)
    if family in ("shocked", "sawtooth") or rng.random() < 0.2:
        for _ in range(1 + rng.poisson(0.5)):  # a price, a subsidy, a campaign: its effect comes in over months
            at, size, slow = rng.integers(total), rng.normal(0, 0.22), m * rng.uniform(0.05, 1)
            logs[at:] += size * (1 - np.exp(-np.arange(1, total - at + 1) / slow))
    if m > 1:
        peak = np.array([2 / 3, 1 / 3] + [0.0] * (m - 3) + [1.0])[(np.arange(total) + rng.integers(m)) % m]
        size = rng.uniform(0.03, 0.2) * (1 + 0.15 * years) if family == "sawtooth" else rng.uniform(0, 0.05)
        logs += size * peak * (1 + 0.25 * rng.normal(size=total))
    y = np.maximum(np.round(np.exp(logs)), 1.0)
    return Case(y[:n], y[n:], m, family)
