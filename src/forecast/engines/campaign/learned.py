"""What was learned, in a table: each parameter before the counts and after them."""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from forecast.engines.campaign import parameters as par
from forecast.engines.campaign.beliefs import Beliefs

POINTS = {"low": 0.05, "center": 0.5, "high": 0.95}
COLUMNS = ["parameter", "scope", *(f"prior_{name}" for name in POINTS), *POINTS, "moved", "narrowed"]


def learned_table(b: Beliefs) -> pd.DataFrame:
    """Return one row for each parameter of :mod:`parameters`, nation first: :data:`COLUMNS`.

    `prior_low`, `prior_center` and `prior_high` are the 5, 50 and 95% points before any count, `low`, `center` and
    `high` those after the counts. `moved` is the shift of the center in units of half the prior's range from 5 to 95%,
    `narrowed` the share of that range that the counts took away (below zero: they widened it), both in the coordinates
    in which a parameter has no limits.
    """
    rows = []
    for scope, priors in (("nation", par.NATION), ("places", par.PLACES)):
        for name, prior in priors.items():
            before = prior.draws(ndtri(np.array(list(POINTS.values()))))
            after = np.quantile(b.parameters[name], list(POINTS.values()))
            (low, center, high), (low2, center2, high2) = prior.free(before), prior.free(after)
            moved, narrowed = 2 * (center2 - center) / (high - low), 1 - (high2 - low2) / (high - low)
            rows.append((name, scope, *before, *after, moved, narrowed))
    return pd.DataFrame(rows, columns=COLUMNS)
