"""What a run was made with: hashes of the question, of the code and tables that its answer depends on, and versions."""

import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from forecast.data import tables
from forecast.data.code import PACKAGES, code_hash
from forecast.question.fingerprint import fingerprint
from forecast.question.scenario import Scenario


def manifest(
    scenarios: list[Scenario], engines: Iterable[str], draws: int, seed: int, *, more: Iterable[str] = ()
) -> dict[str, Any]:
    """Return all that another run needs to give the same bytes, and the versions it was made with.

    `more` names packages of the project beside :data:`PACKAGES` on which the results depend.
    """
    files = {p.name: hashlib.sha256(p.read_bytes()).hexdigest()[:16] for p in sorted(tables.data_dir().glob("*.csv"))}
    return {
        "scenarios": [
            {
                "scenario": s.scenario,
                "file": s.file,
                "place": s.place.name,
                "fingerprint": fingerprint(s)[:16],
                "learned": s.learned,
            }
            for s in scenarios
        ],
        "engines": list(engines),
        "draws": draws,
        "seed": seed,
        "code": code_hash(*PACKAGES, *more),
        "data": files,
        "versions": {
            p: version(p) for p in ("forecast", "numpy", "scipy", "pandas", "pyarrow", "numba", "mesa", "statsmodels")
        }
        | {"python": platform.python_version()},
    }
