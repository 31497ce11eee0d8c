"""The model: lasting members, a December campaign that closes a share of the gap to the plan, and what stays of it.

Lasting members of the nation, log by quarter: `l' = l + g`, `g = m + f (g_before - m) + s h t5`, with
`h = (L / 1m)^-0.75` within exp(1.5) of 1m, since recruiters add persons and not percent, and `m = mu + d h` that wears
out after 2018, when the subsidy began. A place's log level is the nation's, its share of the labor force and a
deviation that returns to a mean (an Ornstein-Uhlenbeck process at the months of its counts) and is tossed more in
years in which the nation grows or shrinks fast. Prices act on both, phased over half a year.

December is `L exp(c)`. Where the plan is known, `c = clip(k, 0, 1) gap + excess` with
`gap = max(log plan - log L, 0)`: the clip bunches Decembers just above plans that can be reached, and
`k = k_m + k_w w(year) + k_s noise(place) - k_b (log(plan / last December) - 0.3)`. Where no plan is known, the nation's
is last December and an increment, and a place's c is the nation's times a log-normal factor. Of the campaign
`r^(months / 3)` is left. From April to November a count stands above L by an exponential bump. Errors of counts
are normal: with Student's t a sampler is caught in wrong modes.

Priors are in :data:`PRIORS`; `docs/decisions/0023` says what they had seen. Only the sampler is another's (NumPyro).
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax.scipy.special import log_ndtr

from forecast.engines.campaign.arrays import QUARTERS, YEARS

BUMPS = ((0.75, 0.02), (0.25, 0.12))  # share and mean of the two kinds of bumps from April to November
TIGHT = 0.05  # within so much of 0 and 1 the clip of the closing share is rounded
ROOM = 0.03  # within so much of 0 the gap is rounded
FLOOR = 0.002  # of a campaign, so that it has a logarithm
USUAL_AMBITION = 0.3  # log of plan over last December
CURVE, REACH = 0.75, 1.5  # h = (L / 1m)^-CURVE, within exp(REACH) of 1m
WEAR = 4.0  # years in which the push of the subsidy since 2018 falls to 1/e
STEADY = 3.0  # of 2018 in years since the end of 2014

PRIORS: dict[str, dist.Distribution] = {
    "mu": dist.Normal(0.027, 0.010),  # lasting growth a quarter
    "phi": dist.Beta(9, 3),  # how much of the growth above the mean is kept a quarter later
    "sg": dist.HalfNormal(0.03),
    "push": dist.Normal(0.02, 0.03),
    "dev_mean": dist.Normal(-0.2, 0.2),
    "dev_first": dist.HalfNormal(0.7),
    "dev_still": dist.HalfNormal(0.2),
    "dev_moved": dist.HalfNormal(0.4),
    "dev_keep": dist.Beta(18, 2),  # a year
    "price": dist.Normal(0.15, 0.07),
    "close_mean": dist.Normal(0.9, 0.25),
    "close_year": dist.HalfNormal(0.4),
    "close_place": dist.HalfNormal(0.4),
    "close_ambition": dist.HalfNormal(2.0),
    "free": dist.HalfNormal(0.6),
    "increment": dist.Normal(USUAL_AMBITION, 0.08),
    "stay": dist.Normal(-2.2, 0.5),
}
PRICE_OF_PLACE, INCREMENT_OF_YEAR, STAY_OF_YEAR = 0.1, 0.15, 0.7
EXCESS_NATION, EXCESS_PLACE = 0.035, 0.025
YEARLY = ("close_year_z", "increment_z", "stay_z")


def softpos(x: Any, width: float) -> Any:
    """Return max(x, 0) with its corner rounded within `width`."""
    return width * jax.nn.softplus(x / width)


def clip(k: Any) -> Any:
    """Return `k` within 0 and 1, corners rounded."""
    return 1 - softpos(1 - softpos(k, TIGHT), TIGHT)


def bumped(x: Any, sd: Any) -> Any:
    """Return the log density of a normal error plus an exponential bump of either kind."""
    parts = [np.log(w) - jnp.log(m) + sd**2 / (2 * m**2) - x / m + log_ndtr(x / sd - sd / m) for w, m in BUMPS]
    return jnp.logaddexp(*parts)


def scale_of(level: Any) -> Any:
    """Return h of a log level: how much faster, in percent, a smaller stock moves."""
    return jnp.exp(-CURVE * jnp.clip(level - np.log(1e6), -REACH, REACH))


def push_at(time: Any) -> Any:
    """Return how much is left of the push of 2018 at a time in years since the end of 2014."""
    return jnp.where(time >= STEADY - 1e-9, jnp.exp(-(time - STEADY) / WEAR), 0.0)


def between(values: Any, time: Any) -> Any:
    """Return values at the ends of quarters interpolated at times in years."""
    q = jnp.clip(jnp.floor(4 * time + 1e-6).astype(int), 0, QUARTERS - 1)
    f = 4 * time - q
    return values[q] * (1 - f) + values[q + 1] * f


def make(places: int) -> Callable[..., None]:
    """Return the model for arrays (:class:`~forecast.engines.campaign.arrays.Arrays`) of so many places."""

    def model(data: Mapping[str, Any]) -> None:
        a = {name: numpyro.sample(name, prior) for name, prior in PRIORS.items()}
        level = _nation(a, data)
        own = numpyro.sample("price_z", dist.Normal(0, 1).expand([places]))
        elasticity = a["price"] + PRICE_OF_PLACE * own * (jnp.arange(places) > 0)
        deviation = _deviations(a, data, level)
        lasting = between(level, data["time"]) + data["size"] + deviation - elasticity[data["place"]] * data["price"]
        share, rise_year = _nation_campaigns(a, data, level)
        node = data["c_node"]
        at = data["c_year"] + 1.0
        base = between(level, at) + data["size"][node] + deviation[node] - elasticity[data["c_place"]] * data["c_price"]
        rise = _campaigns(a, data, base, share, rise_year)
        stay = jax.nn.sigmoid(a["stay"] + STAY_OF_YEAR * numpyro.sample("stay_z", dist.Normal(0, 1).expand([YEARS])))
        left = jnp.where(jnp.isfinite(data["age"]), stay[data["c_year"]][data["campaign"]] ** _finite(data["age"]), 0.0)
        above = jnp.log1p(left * jnp.expm1(rise[data["campaign"]]))
        x = data["log"] - lasting - above
        fit = jnp.where(data["spring"] > 0, bumped(x, data["error"]), dist.Normal(0, data["error"]).log_prob(x))
        numpyro.factor("counts", jnp.sum(data["valid"] * fit))
        numpyro.deterministic("level", level)
        numpyro.deterministic("deviation", deviation)
        numpyro.deterministic("rise", rise)
        numpyro.deterministic("rise_year", rise_year)

    return model


def _finite(age: Any) -> Any:
    return jnp.where(jnp.isfinite(age), age, 0.0)


def _nation(a: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
    """Return the nation's log level at the ends of quarters, (QUARTERS + 1,); those not begun are of no account."""
    center, root = data["level"]
    z = numpyro.sample("level_z", dist.ImproperUniform(dist.constraints.real, (), (QUARTERS + 1,)))
    level = center + root @ z
    growth = jnp.diff(level)
    h = scale_of(level[:-1])
    mean = a["mu"] + a["push"] * push_at(jnp.arange(QUARTERS) / 4) * h
    before = jnp.concatenate([mean[:1], growth[:-1]])
    step = (growth - mean - a["phi"] * (before - mean)) / (a["sg"] * h)
    spread = jnp.where(jnp.arange(QUARTERS) == 0, 2.0, 1.0)
    log = dist.StudentT(5, 0, 1).log_prob(step / spread) - jnp.log(a["sg"] * h)
    ahead = jnp.concatenate([jnp.ones(1), data["quarters"]])  # level that has a known quarter before it
    numpyro.factor("growth", jnp.sum(data["quarters"] * log) - 0.5 * jnp.sum((1 - ahead) * z**2))
    numpyro.factor("first", dist.Normal(center[0], 0.5).log_prob(level[0]))
    return level


def _deviations(a: Mapping[str, Any], data: Mapping[str, Any], level: Any) -> Any:
    """Return the deviation of each count's place from the nation in its month, (N,); 0 for the nation itself."""
    center, root = data["deviation"]
    z = numpyro.sample("deviation_z", dist.ImproperUniform(dist.constraints.real, (), center.shape))
    value = center + root @ z
    real = (data["place"] > 0) * data["valid"]
    first = data["parent"] == jnp.arange(len(center))
    keep = a["dev_keep"] ** data["gap"]
    year = jnp.abs(level[4:] - level[:-4])
    speed = a["dev_still"] + a["dev_moved"] * jnp.concatenate([year[:1].repeat(3), year])  # (QUARTERS,) by year
    spread = jnp.sqrt(jnp.sum(data["overlap"] * a["dev_keep"] ** (2 * data["decay"]) * speed**2, axis=1) + 1e-6)
    before = value[data["parent"]]
    mean = jnp.where(first, a["dev_mean"], a["dev_mean"] + keep * (before - a["dev_mean"]))
    log = dist.Normal(mean, jnp.where(first, a["dev_first"], spread)).log_prob(value)
    numpyro.factor("deviations", jnp.sum(real * log) + jnp.sum((1 - real) * dist.Normal(0, 1).log_prob(value)))
    return value * real


def _nation_campaigns(a: Mapping[str, Any], data: Mapping[str, Any], level: Any) -> tuple[Any, Any]:
    """Return the share of its gap that each year closes and the nation's log rise of each December, both (YEARS,)."""
    share = numpyro.sample("close_year_z", dist.Normal(0, 1).expand([YEARS])) * a["close_year"] + a["close_mean"]
    step = numpyro.sample("increment_z", dist.Normal(0, 1).expand([YEARS])) * INCREMENT_OF_YEAR + a["increment"]
    excess = numpyro.sample("excess_year", dist.Exponential(1.0).expand([YEARS])) * EXCESS_NATION + FLOOR
    base = between(level, jnp.arange(YEARS) + 1.0) - a["price"] * data["y_price"]

    def december(last: Any, year: tuple[Any, ...]) -> tuple[Any, Any]:
        low, k, known, plan, step, more, count = year
        plan = jnp.where(known > 0, plan, last + step)
        rise = clip(k - a["close_ambition"] * (plan - last - USUAL_AMBITION)) * softpos(plan - low, ROOM) + more
        return jnp.where(jnp.isfinite(count), jnp.where(jnp.isfinite(count), count, 0.0), low + rise), rise

    years = (base, share, data["y_known"], data["y_plan"], step, excess, data["y_count"])
    return share, jax.lax.scan(december, base[0], years)[1]


def _campaigns(a: Mapping[str, Any], data: Mapping[str, Any], base: Any, share: Any, rise_year: Any) -> Any:
    """Return the log rise of each campaign (place and year), (P,)."""
    count = len(data["c_year"])
    z = numpyro.sample("close_place_z", dist.Normal(0, 1).expand([count]))
    excess = numpyro.sample("excess_place", dist.Exponential(1.0).expand([count]))
    national = rise_year[data["c_year"]]
    ambition = data["c_plan"] - data["c_last"] - USUAL_AMBITION  # not a number where last December was not counted
    missed = jnp.where(jnp.isfinite(ambition), a["close_ambition"] * jnp.where(jnp.isfinite(ambition), ambition, 0), 0)
    close = clip(share[data["c_year"]] + a["close_place"] * z - missed)
    planned = close * softpos(data["c_plan"] - base, ROOM) + EXCESS_PLACE * excess + FLOOR
    free = jnp.exp(jnp.clip(jnp.log(national) + a["free"] * z, -7.0, 0.9))
    return jnp.where(data["c_place"] == 0, national, jnp.where(data["c_known"] > 0, planned, free))
