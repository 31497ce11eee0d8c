"""What is known when something is made: the last month of which there is a count, and the last change of the law."""

from forecast.data import tables
from forecast.data.history import counts


def known() -> dict[str, str]:
    """Return the month of the latest count and that of the latest change of the law, of the data folder.

    >>> sorted(known())
    ['counts_until', 'law_until']
    """
    counted = counts(tables.read(tables.data_dir() / "history.csv", "history"))["month"]
    since = tables.read(tables.data_dir() / "law.csv", "law")["since"]
    return {
        name: str(months.max()) if len(months) else ""
        for name, months in (("counts_until", counted), ("law_until", since))
    }
