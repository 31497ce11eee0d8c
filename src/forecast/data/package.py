"""The folder of tables as a Data Package (specs.frictionlessdata.io, version 1): what other programs read it by.

`data/datapackage.json` is made from the schemas by which the tables are checked and from the dictionary
`data/README.md`; `make schema` renews it. It holds no sizes and no hashes of the tables, which change with each count
that is added.
"""

import csv
import json
import re
from typing import Any

import pandera.pandas as pa

from forecast.data import tables
from forecast.data.schemas import FILLED, SCHEMAS

NAME = "datapackage.json"


def descriptor() -> dict[str, Any]:
    """Return the descriptor of the tables that stand in the data folder.

    >>> fields = descriptor()["resources"][0]["schema"]["fields"]
    >>> fields[0]["name"], fields[0]["type"], fields[0]["constraints"]
    ('source', 'string', {'required': True, 'unique': True})
    """
    folder = tables.data_dir()
    meanings = _meanings((folder / "README.md").read_text(encoding="utf-8"))
    there = [name for name in SCHEMAS if (folder / f"{name}.csv").is_file()]
    return {
        "profile": "tabular-data-package",
        "name": "viet-nam-voluntary-social-insurance",
        "title": "Viet Nam's voluntary social insurance: counts, law, places, parameters and their sources",
        "licenses": [{"name": "Apache-2.0", "path": "https://www.apache.org/licenses/LICENSE-2.0"}],
        "resources": [_resource(name, meanings.get(name, {})) for name in there],
    }


def text() -> str:
    """Return what the file holds.

    >>> json.loads(text()) == descriptor()
    True
    """
    return json.dumps(descriptor(), ensure_ascii=False, indent=1) + "\n"


def _resource(table: str, meanings: dict[str, str]) -> dict[str, Any]:
    with open(tables.data_dir() / f"{table}.csv", encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    columns = SCHEMAS[table].columns
    schema: dict[str, Any] = {"fields": [_field(name, columns[name], meanings.get(name, "")) for name in header]}
    if table != "sources" and "source" in header and not _several(table):
        schema["foreignKeys"] = [{"fields": "source", "reference": {"resource": "sources", "fields": "source"}}]
    return {
        "profile": "tabular-data-resource",
        "name": table.replace("_", "-"),
        "path": f"{table}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def _several(table: str) -> bool:
    """Does a cell `source` of the table name several sources, or none?"""
    known = set(tables.read(tables.data_dir() / "sources.csv", "sources")["source"])
    return not set(tables.read(tables.data_dir() / f"{table}.csv", table)["source"]) <= known


def _field(name: str, column: pa.Column, meaning: str) -> dict[str, Any]:
    field: dict[str, Any] = {"name": name, "type": "string" if column.dtype is None else "number"}
    rules: dict[str, Any] = {}
    for check in column.checks:
        if check.name == "isin":
            rules["enum"] = list(check.statistics["allowed_values"])
        elif check.description == FILLED:
            rules["required"] = True
        elif check.description:
            rules["pattern"] = check.description
        elif "one row only" in str(check.error):
            rules["unique"] = True
    if "" in rules.get("enum", ()):  # an empty cell is no value here, and needs no leave
        rules["enum"] = [word for word in rules["enum"] if word]
    elif "enum" in rules:
        rules["required"] = True
    if meaning:
        field["description"] = meaning
    return field | ({"constraints": dict(sorted(rules.items()))} if rules else {})


def _meanings(dictionary: str) -> dict[str, dict[str, str]]:
    """Return what the dictionary says of each column, by table and column."""
    meanings: dict[str, dict[str, str]] = {}
    for section in re.split(r"^## ", dictionary, flags=re.MULTILINE)[1:]:
        name = re.match(r"(\w+)\.csv", section)
        if name:
            rows = re.findall(r"^\| *([^|]+?) *\| *(.+?) *\|$", section, flags=re.MULTILINE)
            described = [
                (cells.split(","), meaning) for cells, meaning in rows if not meaning.startswith(("-", "see above"))
            ]
            meanings[name[1]] = {cell.strip("` "): meaning for cells, meaning in described for cell in cells}
    return meanings
