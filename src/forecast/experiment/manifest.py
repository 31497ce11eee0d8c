"""What a run was made with: hashes of the question, of the code and tables that its answer depends on, and versions."""

import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from forecast.data import doors, tables
from forecast.data.code import PACKAGES, code_hash
from forecast.question.fingerprint import fingerprint
from forecast.question.scenario import Scenario

ANSWER = "projection.parquet"
MOST_DRAWS = 1_000_000  # of a run


class Asked(BaseModel):
    """A scenario in a manifest."""

    scenario: str
    file: str = Field(max_length=4000, pattern=r"^[^\x00]*$")
    fingerprint: str
    learned: str = "counts"


class Manifest(BaseModel):
    """What a replay needs of a manifest; other keys are left alone."""

    scenarios: list[Asked] = Field(max_length=100)
    engines: list[str] = Field(max_length=20)
    draws: int = Field(ge=1, le=MOST_DRAWS)
    seed: int = Field(ge=0, lt=2**63)
    code: str
    data: dict[str, str]
    versions: dict[str, str]
    sha256: dict[str, str]


def read(path: Path) -> Manifest:
    """Read the manifest of a projection; one that is damaged, or of another command, gets one message."""
    try:
        asked = Manifest.model_validate(doors.read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = f" ({'.'.join(map(str, first['loc']))}: {first['msg']})"
        raise tables.UserError(
            "{file}: not the manifest of a run of forecast project{where}", file=path, where=where
        ) from None
    if ANSWER not in asked.sha256 or not asked.scenarios:
        raise tables.UserError(
            "{file}: holds no {answer}; only runs of forecast project can be repeated", file=path, answer=ANSWER
        )
    return asked


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
