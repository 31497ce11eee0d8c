"""What is known when something is made, and the day: the month of the last count, the law's last change."""

import datetime
import os

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


def today() -> str:
    """Return the day, as what is made today says it; that of SOURCE_DATE_EPOCH (seconds, as builds know it) where set.

    >>> len(today())
    10
    """
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    if told.isdecimal():
        return datetime.datetime.fromtimestamp(int(told), datetime.UTC).date().isoformat()
    return datetime.date.today().isoformat()


def vintage() -> dict[str, str]:
    """Return the day and what is known (:func:`known`), as a manifest holds them.

    >>> list(vintage())
    ['made', 'counts_until', 'law_until']
    """
    return {"made": today()} | known()
