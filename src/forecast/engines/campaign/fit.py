"""The posterior at an origin: NumPyro's NUTS, a few chains side by side, the same bytes for the same seed."""

import os
from dataclasses import dataclass
from functools import lru_cache

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.infer import MCMC, NUTS, init_to_value

from forecast.engines.campaign.arrays import Arrays, arrays
from forecast.engines.campaign.known import Known
from forecast.engines.campaign.model import make

jax.config.update("jax_enable_x64", True)
CHAINS, WARM, KEPT = 4, 300, 250


@dataclass(frozen=True, eq=False)
class Fit:
    """Draws of every latent of the model by name, first axis draws, beside what they were learned from."""

    known: Known
    arrays: Arrays
    draws: dict[str, np.ndarray]
    rhat: float
    divergences: int


@lru_cache(maxsize=4)
def _sampler(places: int, shapes: tuple, chains: int, warm: int, kept: int) -> MCMC:
    """Return a sampler that is compiled once for arrays of these shapes."""
    kernel = NUTS(make(places), target_accept_prob=0.85, max_tree_depth=8, init_strategy=init_to_value(values=START))
    return MCMC(kernel, num_warmup=warm, num_samples=kept, num_chains=chains, chain_method="vectorized",
                progress_bar=False, jit_model_args=True)  # fmt: skip


START = {"mu": 0.027, "phi": 0.75, "sg": 0.03, "push": 0.02, "dev_mean": -0.2, "dev_first": 0.7, "dev_still": 0.2,
         "dev_moved": 0.2, "dev_keep": 0.9, "price": 0.15, "close_mean": 0.9, "close_year": 0.3, "close_place": 0.3,
         "close_ambition": 1.0, "free": 0.5, "increment": 0.3, "stay": -2.2}  # fmt: skip


def fit(known: Known, seed: int = 1, chains: int = CHAINS, warm: int = WARM, kept: int = KEPT) -> Fit:
    """Return the posterior given `known`."""
    a = arrays(known)
    places = -(-len(a.names) // 16) * 16
    data = jax.tree.map(jnp.asarray, a.data())
    values = START | {
        "level_z": np.zeros(len(a.level[0])), "deviation_z": np.zeros(len(a.deviation[0])),
        "price_z": np.zeros(places),
    }  # fmt: skip
    sampler = _sampler(places, (len(a.log), len(a.c_year)), chains, warm, kept)
    sampler.sampler._init_strategy = init_to_value(values=values)
    sampler.run(jax.random.PRNGKey(seed), data, extra_fields=("diverging", "num_steps"))
    draws = {k: np.asarray(v) for k, v in sampler.get_samples().items()}
    extra = sampler.get_extra_fields()
    return Fit(known, a, draws, float(np.mean(extra["num_steps"])), int(np.sum(extra["diverging"])))
