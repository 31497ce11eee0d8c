"""What a reader can take away from a site: its forecasts, the tables and scenarios that they stand on, the manifest.

Everything lies in the folder ``download/`` of the site and opens from a disk without a network. Tables are CSV that a
double click opens in a spreadsheet with Vietnamese letters right (UTF-8 with its mark), and whose texts no spreadsheet
runs as formulas; `forecast check` reads them as they are.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from forecast.data import tables
from forecast.experiment import ledger

FOLDER = "download"
ALL = "forecast-data.zip"
TABLES = ("history", "law", "places", "crosswalk", "parameters", "unit_costs", "ranges", "evidence", "sources")
_MARK = b"\xef\xbb\xbf"  # tells a spreadsheet that the file is UTF-8
_THEN = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: the same content gives the same bytes


def write(site: Path, forecasts: dict[str, ledger.Entry], figures: pd.DataFrame, facts: dict[str, Any]) -> Path:
    """Write the folder of downloads into `site` and return it.

    `forecasts` are those of each page (its name); a page without any gets no file. `figures` is
    the register of all published figures (:func:`forecast.answer.stated.register`), `facts` are the manifest.
    """
    folder = site / FOLDER
    for name in TABLES:
        _table(tables.read(tables.data_dir() / f"{name}.csv", name), folder / "data" / f"{name}.csv")
    for path in sorted((tables.data_dir() / "scenarios").glob("*.yaml")):
        tables.write_bytes(path.read_bytes(), folder / "scenarios" / path.name)
    for stem, entry in forecasts.items():
        if len(entry.rows):
            _table(entry.rows, folder / f"{stem}.csv")
    _table(figures, folder / "figures.csv")
    tables.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", folder / "manifest.json")
    with zipfile.ZipFile(folder / ALL, "w") as packed:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != ALL):
            member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _THEN)
            member.external_attr = 0o644 << 16
            packed.writestr(member, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return folder


def _table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV that a spreadsheet opens with its letters right."""
    tables.write(frame, path)
    tables.write_bytes(_MARK + path.read_bytes(), path)
