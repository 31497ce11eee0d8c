"""What takes long and is kept with the data for the page: `forecast board --policy ... --back --store` writes it."""

from pathlib import Path

import pandas as pd

from forecast.data import tables
from forecast.data.tables import UserError
from forecast.desk.board.compare import files
from forecast.question.scenario import read_scenario

NAMES = ("undo", "policies", "prices", "equal", "back", "communes")


def folder() -> Path:
    """Return the folder of what is kept, made where there is none."""
    path = tables.data_dir() / "board"
    path.mkdir(exist_ok=True)
    return path


def read(name: str) -> pd.DataFrame:
    """Return a table that was kept.

    >>> NAMES
    ('undo', 'policies', 'prices', 'equal', 'back', 'communes')
    """
    path = tables.data_dir() / "board" / f"{name}.csv"
    if name not in NAMES or not path.is_file():
        raise UserError(
            "{file}: not kept; forecast board --policy data/scenarios/board --back --store makes it", file=path
        )
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def titles() -> dict[str, dict[str, str]]:
    """Return the titles of the policies that come with the data, by name and language."""
    asked = [read_scenario(path) for path in files()]
    return {one.scenario: {str(lang): title for lang, title in one.title.items()} for one in asked}
