"""The nation: lasting members that grow, and a December campaign that closes a share of the gap to the plan.

Lasting members, log L by month: `L' = L + g / 3`; the growth g of a quarter returns to a mean and is tossed, more so
where the stock is small, since recruiters add persons and not percent. December is `L exp(c)`: a campaign closes a
share of the gap to the plan, `c = clip(k, 0, 1) gap + excess` with `gap = max(log plan - log L, 0)`, where k differs by
year and falls with the plan's ambition; the clip bunches Decembers just above plans within reach. A plan that is not
known is last December and an increment. Of the campaign `stay ** (months / 3)` is left. From April to November a count
stands above L by an exponential bump. Prices act on L. Errors of counts are normal: with wider tails a filter is caught
in wrong modes.

Counts are taken in month by month. Given parameters and luck, level and growth are normal (a Kalman filter in every
particle; Doucet et al. 2000); parameters move by the shrunk kernel of Liu and West (2001). Pasts are drawn backward
(Carter and Kohn 1994).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast.engines.campaign import parameters as par
from forecast.engines.campaign.known import NATION, Count, Known
from forecast.engines.campaign.particles import Luck, effective, jittered, log_normal, resampled

BEGIN = pd.Period("2015-01", "M")  # before it the floor was another one, and no count is more than recalled


@dataclass
class Nation:
    """The nation's state of all particles in one month; moved by :func:`step`, for the past and for what is ahead."""

    level: np.ndarray
    growth: np.ndarray
    last: np.ndarray
    rise: np.ndarray
    stay: np.ndarray
    share: np.ndarray
    closed: np.ndarray  # of the gap to the plan, in the last December that was drawn ahead

    def take(self, index: np.ndarray) -> "Nation":
        """Return the particles of `index`."""
        return Nation(**{name: values[index] for name, values in vars(self).items()})


@dataclass(frozen=True, eq=False)
class Past:
    """The nation's past of n rows: by month (months, n), and by year since 2015 (years, n)."""

    level: np.ndarray
    share: np.ndarray
    rise: np.ndarray
    stay: np.ndarray

    def take(self, index: np.ndarray) -> "Past":
        """Return the particles of `index`."""
        return Past(*(values[:, index] for values in vars(self).values()))

    def speed(self) -> np.ndarray:
        """Return by how much, in log, the nation moved in the twelve months up to each month, (months, n)."""
        year = np.abs(self.level[12:] - self.level[:-12])
        return np.concatenate([np.repeat(year[:1], 12, axis=0), year])


def step(
    s: Nation, p: dict[str, np.ndarray], known: Known, month: pd.Period, luck: Luck, ceiling: float = np.inf
) -> None:
    """Move the nation to the end of `month`: lasting members always, and its campaign in December."""
    mean, keep, spread = pace_of(p, s.level, month)
    s.growth = mean + keep * (s.growth - mean) + spread * luck.toss(f"growth {month}")
    room = np.clip(1 - np.exp(s.level - ceiling), 0, 1) if np.isfinite(ceiling) else 1.0
    s.level = s.level + np.where(s.growth > 0, s.growth * room, s.growth) / 3
    if month.month != 12:
        return
    low = s.level - p["price"] * known.price(NATION, month)
    drawn = Drawn.of(p, known, month.year, s.last, luck)
    s.share, s.stay, s.rise, s.closed = drawn.share, drawn.stay, drawn.rise(low), 1 - drawn.slope(low)
    s.last = low + s.rise


@dataclass
class Drawn:
    """What is drawn of a year's campaign of the nation: the rest follows from where lasting members stand."""

    plan: np.ndarray
    closed: np.ndarray
    excess: np.ndarray
    share: np.ndarray
    stay: np.ndarray

    @classmethod
    def of(cls, p: dict[str, np.ndarray], known: Known, year: int, last: np.ndarray, luck: Luck) -> "Drawn":
        """Draw the campaign of `year`; `last` is the log of the December before."""
        share = p["close"] + p["close_year"] * luck.normal(f"share {year}")
        plan = known.plans.get((NATION, year))
        goal = last + p["increment"] + par.INCREMENT_OF_YEAR * luck.normal(f"increment {year}")
        goal = goal if plan is None else np.full(len(share), np.log(plan))
        closed = par.clipped(share - p["ambition"] * (goal - last - par.USUAL_AMBITION))
        excess = par.EXCESS_NATION * luck.exponential(f"excess {year}") + par.FLOOR
        stay = 1 / (1 + np.exp(-(p["stay"] + par.STAY_OF_YEAR * luck.normal(f"stay {year}"))))
        return cls(goal, closed, excess, share, stay)

    def rise(self, low: np.ndarray) -> np.ndarray:
        """Return the log rise of December over lasting members of log `low`."""
        rise: np.ndarray = self.closed * par.softplus(self.plan - low, par.ROOM) + self.excess
        return rise

    def slope(self, low: np.ndarray) -> np.ndarray:
        """Return by how much December's log rises with `low`: hardly, where most of the gap is closed."""
        slope: np.ndarray = 1 - self.closed / (1 + np.exp(-np.clip((self.plan - low) / par.ROOM, -50, 50)))
        return slope


def pace_of(p: dict[str, np.ndarray], level: np.ndarray, month: pd.Period) -> tuple[np.ndarray, ...]:
    """Return mean, what is kept, and spread of a month's step of the growth of a quarter."""
    h = par.pace(level)
    keep = p["keep"] ** (1 / 3)
    mean = p["growth"] + p["push"] * par.push_left(month.year + month.month / 12) * h
    return mean, keep, p["toss"] * h * np.sqrt((1 - keep**2) / (1 - p["keep"] ** 2))


def above(month: pd.Period, rise: np.ndarray, stay: np.ndarray) -> np.ndarray | float:
    """Return the log by which members stand above lasting ones in a month because of the last December."""
    if month.month != 12 and month.month > 6:
        return 0.0
    return par.left_of(rise, stay, month.month % 12)


def bumpy(month: pd.Period) -> bool:
    """Return whether counts of the month may stand above lasting members by a bump."""
    return 4 <= month.month < 12


@dataclass
class Filtered:
    """Level and growth of each particle: normal, by mean and covariance."""

    level: np.ndarray
    growth: np.ndarray
    vl: np.ndarray
    vlg: np.ndarray
    vg: np.ndarray
    mean: np.ndarray
    spread: np.ndarray

    def step(self, p: dict[str, np.ndarray], month: pd.Period, luck: Luck) -> np.ndarray:
        """Move to the end of `month`; returns what is kept of growth."""
        share, far, near = par.JUMP
        self.mean, keep, spread = pace_of(p, self.level, month)
        self.spread = spread * np.where(luck.uniform(f"growth {month} kind") < share, far, near)
        self.growth = self.mean + keep * (self.growth - self.mean)
        self.level = self.level + self.growth / 3
        vg = keep**2 * self.vg + self.spread**2
        vlg = keep * self.vlg + vg / 3
        self.vl = self.vl + 2 * keep * self.vlg / 3 + vg / 9
        self.vg, self.vlg = vg, vlg
        return keep

    def meet(self, x: np.ndarray, slope: np.ndarray | float, error: float) -> np.ndarray:
        """Take in a count that is `x` above what was expected, and return its log density."""
        total = slope**2 * self.vl + error**2
        gl, gg = slope * self.vl / total, slope * self.vlg / total
        self.level, self.growth = self.level + gl * x, self.growth + gg * x
        self.vg, vlg = self.vg - gg * slope * self.vlg, self.vlg - gl * slope * self.vlg
        self.vl = np.maximum(self.vl - gl * slope * self.vl, 1e-10)
        self.vlg = vlg
        return log_normal(x, total)

    def take(self, index: np.ndarray) -> "Filtered":
        """Return the particles of `index`."""
        return Filtered(*(v[index] for v in vars(self).values()))


@dataclass
class Winter:
    """The last campaign of each particle, and the log of the last December."""

    rise: np.ndarray
    stay: np.ndarray
    share: np.ndarray
    last: np.ndarray

    def take(self, index: np.ndarray) -> "Winter":
        """Return the particles of `index`."""
        return Winter(*(v[index] for v in vars(self).values()))


def learn_nation(known: Known, seed: int, n: int, rows: int) -> tuple[dict[str, np.ndarray], Nation, Past]:
    """Take in the nation's counts; return parameters, the state at the origin and the past of equally likely rows."""
    luck = Luck.of(seed, range(n), NATION)
    p = {k: prior.draws(luck.normal(k)) for k, prior in par.NATION.items()}
    counts = {c.month: c for c in known.of(NATION)}
    first = known.of(NATION)[0]
    months = pd.period_range(BEGIN, known.origin, freq="M")
    one = np.ones(n)
    start = (first.log - 0.1 * ((first.month - BEGIN).n + 1) / 12) * one
    f = Filtered(start, p["growth"].copy(), 0.15**2 * one, 0 * one, 0.03**2 * one, 0 * one, 0 * one)
    w = Winter(0.05 * one, 0.1 * one, 0 * one, start + 0.05)
    weight, kept, parents = np.zeros(n), [], []
    for month in months:
        f.step(p, month, luck)
        w, density = _december(f, w, p, known, month, luck)
        weight += density
        if month in counts and month.month != 12:
            count, bump = counts[month], luck.bump(f"bump {month}") if bumpy(month) else 0.0
            low = f.level - p["price"] * known.price(NATION, month)
            weight += f.meet(count.log - low - above(month, w.rise, w.stay) - bump, 1.0, _error(count))
        chosen = resampled(weight, 0.5) if effective(weight) < n / 2 or month == months[-1] else None
        kept.append((f, w))
        parents.append(chosen)
        if chosen is not None:
            f, w, weight = f.take(chosen), w.take(chosen), np.zeros(n)
            p = jittered({k: v[chosen] for k, v in p.items()}, par.NATION, luck, f"jitter {month}")
        else:
            f, w = f.take(np.arange(n)), w.take(np.arange(n))
    at = np.linspace(0, n - 1, rows).astype(int)
    p = {k: v[at] for k, v in p.items()}
    return p, *_smoothed(p, kept, parents, at, months, Luck.of(seed, range(rows), NATION + " past"))


def _error(count: Count) -> float:
    return float(np.hypot(count.error, par.LEAST_ERROR["nation"]))


def _december(
    f: Filtered, w: Winter, p: dict[str, np.ndarray], known: Known, month: pd.Period, luck: Luck
) -> tuple[Winter, np.ndarray]:
    """Return the campaign of `month` if it is a December (else that of the last), and the log density of its count."""
    none = np.zeros(len(f.level))
    if month.month != 12:
        return w, none
    price = p["price"] * known.price(NATION, month)
    drawn = Drawn.of(p, known, month.year, w.last, luck)
    count = known.count(NATION, month)
    if count is None:
        rise = drawn.rise(f.level - price)
        return Winter(rise, drawn.stay, drawn.share, f.level - price + rise), none
    low = f.level - price
    density = f.meet(count.log - low - drawn.rise(low), drawn.slope(low), _error(count))
    return Winter(drawn.rise(f.level - price), drawn.stay, drawn.share, none + count.log), density


def _smoothed(
    p: dict[str, np.ndarray],
    kept: list[tuple[Filtered, Winter]],
    parents: list[np.ndarray | None],
    at: np.ndarray,
    months: pd.PeriodIndex,
    luck: Luck,
) -> tuple[Nation, Past]:
    """Draw the path of each row backward through the states that were kept (Carter and Kohn 1994)."""
    level = np.empty((len(months), len(at)))
    years = {name: np.zeros((len(months) // 12 + 1, len(at))) for name in ("share", "rise", "stay")}
    keep, index, after = p["keep"] ** (1 / 3), at, None
    for t in range(len(months) - 1, -1, -1):
        f, w = kept[t]
        parent = parents[t]
        index = index if parent is None else parent[index]
        f = f.take(index)
        z = luck.normal(f"level {months[t]}")
        if after is None:
            level[t] = f.level + np.sqrt(f.vl) * z
        else:
            level[t] = level[t + 1] - after[0] / 3
        mean = f.growth + f.vlg / f.vl * (level[t] - f.level)
        variance = np.maximum(f.vg - f.vlg**2 / f.vl, 1e-10)
        if after is not None:  # growth' = mean' (1 - keep) + keep growth + noise
            growth, later, spread = after
            gain = keep * variance / (keep**2 * variance + spread**2)
            mean = mean + gain * (growth - later - keep * (mean - later))
            variance = variance * (1 - gain * keep)
        drawn = mean + np.sqrt(variance) * luck.normal(f"growth {months[t]}")
        if after is None:
            last = w.take(index)
            nation = Nation(level[t].copy(), drawn.copy(), last.last, last.rise, last.stay, last.share, 0 * drawn)
        after = drawn, f.mean, f.spread
        if months[t].month == 12:
            for name, values in years.items():
                values[t // 12] = getattr(w, name)[index]
    return nation, Past(level, **years)
