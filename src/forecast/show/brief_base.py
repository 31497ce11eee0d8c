"""What each brief answer for a terminal is made of, and that of a baseline: no engine is loaded for it."""

from typing import NamedTuple

import pandas as pd

from forecast.language import words
from forecast.language.words import Table, Text, say

ROWS = 8  # of a table in a terminal


class Brief(NamedTuple):
    """A verdict of two lines at most, and the rows that matter most."""

    lines: list[str]
    table: Table | None = None


def some(shown: int, there: int, file: str, lang: str = "vi") -> Text:
    """Say that a table has some rows of many and which file has all; "" where it has all."""
    if shown >= there:
        return Text("")
    return say(
        lang,
        n=shown,
        m=there,
        file=file,
        vi="({n:n} trong {m:n} dòng; tất cả ở {file})",
        en="({n:n} of {m:n} rows; all of them in {file})",
    )


def series(answer: pd.DataFrame, horizon: int, lang: str = "vi") -> Brief:
    """Say how many series were forecast how far, with the last step of the first ones."""
    last = answer.groupby("unique_id", sort=False).tail(1)
    line = say(
        lang,
        n=len(last),
        h=horizon,
        end=str(last["ds"].iloc[-1])[:10],
        vi="Đã dự báo {n:n} chuỗi, mỗi chuỗi {h:n} bước, đến {end}.",
        en="{n:n} series were forecast, {h:n} steps each, to {end}.",
    )
    levels = [column for column in last.columns if column[0].isdigit()]
    numbers = ["median", levels[0], *levels[1:][-1:]]
    digits = 0 if last[numbers].abs().to_numpy().max(initial=0) >= 100 else 2
    names = {"unique_id": say(lang, vi="chuỗi", en="series"), "ds": say(lang, vi="ngày", en="date")}
    names |= {level: say(lang, vi="phân vị {p}", en="{p} quantile", p=_level(level, lang)) for level in levels}
    shown = last.assign(ds=[str(day)[:10] for day in last["ds"]]).head(ROWS)
    forms = {"unique_id": "", "ds": ""} | dict.fromkeys(numbers, f"n{digits}")
    return Brief([str(line)], words.table(shown, lang, forms, names))


def _level(level: str, lang: str) -> str:
    """Return a probability that a column is named for, such as 0.025, as percent."""
    return words.percent(float(level), lang, 0 if round(float(level), 2) == float(level) else 1)
