"""What studies found, from data/evidence.csv, and which parameter each of them supports.

How far a study is from this scheme counts 1 if it is about another scheme and 1 if it is about another country. What
the makers computed from the counts themselves (`from_counts`) supports nothing, or the counts would be used twice.
"""

import pandas as pd

from forecast.beliefs.parameters import parameters_table
from forecast.data import tables
from forecast.data.vocabulary import SCHEME

STUDY = ["study", "year", "population", "measure", "value", "status", "source", "abroad", "other_scheme"]


def studies() -> pd.DataFrame:
    """Return data/evidence.csv with `abroad`, `from_counts` and `other_scheme` as truth values."""
    table = tables.read(tables.data_dir() / "evidence.csv", "evidence")
    flags = {name: table[name] == "yes" for name in ("abroad", "from_counts")}
    return table.assign(**flags, other_scheme=table["scheme"] != SCHEME)


def supporting() -> pd.DataFrame:
    """Return the columns of STUDY and `supports`: one row for each study and parameter that it supports.

    >>> sorted(supporting().query("study.str.startswith('Thornton')")["supports"])
    ['gift_retention']
    """
    table = studies()
    table = table[~table["from_counts"]].assign(supports=table["supports"].str.split())
    table = table.explode("supports").dropna(subset="supports")
    return table.loc[table["supports"].isin(parameters_table().index), [*STUDY, "supports"]].reset_index(drop=True)
