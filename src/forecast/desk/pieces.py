"""Where finished pieces of the desk's work are kept: each under the hash of everything that it depends on."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from forecast.data import files
from forecast.data.code import PACKAGES, code_hash
from forecast.question.fingerprint import fingerprint
from forecast.question.scenario import Scenario


def path(
    folder: Path | None, work: str, questions: Iterable[Scenario], *more: Any, suffix: str = ".npz"
) -> Path | None:
    """Return the file in `folder` for a piece of `work` on `questions`, or None where no folder keeps any.

    Its name is a hash of the work's name, of all that the questions say, of `more` (anything that JSON can say, such as
    draws and seed), of the code of the engines and the desk, and of the tables.

    >>> path(None, "communes", [], 0, 16) is None
    True
    >>> path(Path("kept"), "communes", [], 0, 16) == path(Path("kept"), "communes", [], 16, 32)
    False
    """
    if folder is None:
        return None
    asked = [fingerprint(one) for one in questions]
    return folder / f"{files.name_of(work, asked, *more, code_hash(*PACKAGES, 'desk'))}{suffix}"
