"""What to say about a planner's spreadsheet: what it held, a few of its rows, its faults, and the commands to use."""

import io
import tempfile
from pathlib import Path

import openpyxl
import pandas as pd

from forecast.answer.projection import Projection
from forecast.engines import ENGINES
from forecast.exchange import spreadsheet
from forecast.exchange.faults import EXPECTED, SheetError, called
from forecast.exchange.spreadsheet import Book
from forecast.language import words
from forecast.language.words import Text, join, say, term
from forecast.question.scenario import Scenario


def summary(book: Book, scenario: Scenario, answer: Projection, lang: str = "vi") -> Text:
    """Say what a spreadsheet held, and what is expected from it at the end of the scenario."""
    counts = book.counts
    rows = answer.only(scenario=scenario.scenario, measure="members", group="all").at(scenario.until).frame
    engine = next(e for e in ENGINES if e in set(rows["engine"].astype(str)))
    low, middle, high = rows.loc[rows["engine"] == engine, "value"].quantile([0.05, 0.5, 0.95])
    kept = term(f"status.{'synthetic' if book.synthetic else 'stated'}", lang)
    last = counts[counts["month"] == counts["month"].max()]
    return join(
        [
            say(
                lang,
                rows=len(counts),
                communes=counts["commune"].nunique(),
                a=counts["month"].min(),
                b=counts["month"].max(),
                n=last["members"].sum(),
                kept=kept,
                vi="Bảng có {rows:n} dòng của {communes:n} xã, từ {a:t} đến {b:t}; cuối {b:T} có **{n:n}** người đang "
                "tham gia ({kept}).",
                en="The table has {rows:n} rows of {communes:n} communes, {a:t} to {b:t}; in {b:T} there are **{n:n}** "
                "members ({kept}).",
            ),
            say(
                lang,
                until=scenario.until,
                x=middle,
                low=low,
                high=high,
                vi="Nếu giữ nguyên cách làm cũ, đến {until:T} dự kiến khoảng **{x:a}** người (khoảng dự báo 90%: "
                "{low:a} – {high:a}).",
                en="If nothing changes, about **{x:a}** are expected by {until:T} (90% interval: {low:a} to {high:a}).",
            ),
        ],
        " ",
    )


def _names(lang: str) -> dict[str, str]:
    names = {column: term(f"measure.{column}", lang) for column in ("members", "entries", "lapses")}
    return names | {"commune": term("level.commune", lang), "plan": term("kind.plan", lang)}


def rows(book: Book, lang: str = "vi", most: int = 6) -> Text:
    """Return the first rows of a spreadsheet as they were understood."""
    forms = {"commune": "", "month": "t", "members": "n", "entries": "n", "lapses": "n", "plan": "n"}
    return words.table(book.counts.head(most), lang, forms, _names(lang))


def counts(book: Book, lang: str = "vi", most: int = 8) -> Text:
    """Return the sums of all communes for a few months, the last always among them."""
    sums = book.counts.groupby("month")[["members", "entries", "lapses"]].sum().reset_index()
    step = max(1, len(sums) // most)
    return words.table(
        sums.iloc[(len(sums) - 1) % step :: step],
        lang,
        {"month": "t", "members": "n", "entries": "n", "lapses": "n"},
        _names(lang),
    )


def wrong() -> bytes:
    """Return a spreadsheet that is wrong on purpose: a month that is none, a count in words, a row twice."""
    book = openpyxl.Workbook()
    for row in (
        ("Xã", "Tháng", "Đang tham gia"),
        ("Tú Lý", "13/2024", 120),
        ("Cao Sơn", "01/2024", "khoảng 80"),
        ("Đoàn Kết", "01/2024", 64),
        ("Đoàn Kết", "31/01/2024", 65),
    ):
        book.worksheets[0].append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def faults(data: bytes, lang: str = "vi") -> Text:
    """Return the faults that are found in a spreadsheet as a table: row, column, value, and what was expected."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        path.write_bytes(data)
        try:
            spreadsheet.read(path)
        except SheetError as error:
            sheet_faults = error.faults
        else:
            return say(lang, vi="Không có lỗi nào.", en="No fault.")
    rows = [
        {
            "row": f.row,
            "cell": f"{f.letter} ({called(f).text(lang)})",
            "value": f.value,
            "expected": say(lang, vi=EXPECTED[f.expected][0], en=EXPECTED[f.expected][1]),
        }
        for f in sheet_faults
    ]
    names = {
        "row": say(lang, vi="dòng", en="row"),
        "cell": say(lang, vi="cột", en="column"),
        "expected": say(lang, vi="lẽ ra phải là", en="expected"),
    }
    return words.table(pd.DataFrame(rows), lang, {"row": "n", "cell": "", "value": "", "expected": ""}, names)


def commands(lang: str = "vi") -> Text:
    """Return the commands from a sample to a forecast, and for a place that nobody knows."""
    steps = (
        (say(lang, vi="tệp mẫu", en="a sample"), "forecast sample da-bac --out results/mau"),
        (
            say(lang, vi="bảng của bạn thành số liệu và kịch bản", en="your table to tables and scenarios"),
            "forecast import BANG.xlsx --place da-bac --out results/da-bac",
        ),
        (
            say(lang, vi="dự báo", en="the forecast"),
            "FORECAST_DATA=results/da-bac forecast project \\\n    results/da-bac/scenarios/da-bac-status-quo.yaml \\\n"
            "    results/da-bac/scenarios/da-bac-plan.yaml --out results/du-bao",
        ),
        (
            say(lang, vi="nơi chưa có trong danh mục", en="a place that is in no list"),
            'forecast new "Xã Mới" --population 9000 \\\n    --commune "Thôn Một" --commune "Thôn Hai" \\\n'
            "    --out results/xa-moi",
        ),
    )
    return Text("\n\n".join(f"{what[:1].upper()}{what[1:]}:\n\n```sh\n{line}\n```" for what, line in steps))
