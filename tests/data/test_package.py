"""The descriptor of the tables: that of the code, in the form of the standard, and true of each cell of each table."""

import csv
import json
import re

import jsonschema
import pytest

from forecast.data import package, tables

WRITTEN = json.loads((tables.data_dir() / package.NAME).read_text(encoding="utf-8"))
NAME = {"type": "string", "pattern": "^[a-z0-9._-]+$"}
TEXT = {"type": "string", "minLength": 1}
FIELD = {
    "type": "object",
    "required": ["name", "type"],
    "additionalProperties": False,
    "properties": {
        "name": TEXT,
        "type": {"enum": ["string", "number"]},
        "description": TEXT,
        "constraints": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "required": {"type": "boolean"},
                "unique": {"type": "boolean"},
                "pattern": {"type": "string", "format": "regex"},
                "enum": {"type": "array", "minItems": 1, "uniqueItems": True, "items": TEXT},
            },
        },
    },
}
KEY = {
    "type": "object",
    "required": ["fields", "reference"],
    "properties": {"fields": TEXT, "reference": {"type": "object", "required": ["resource", "fields"]}},
}
RESOURCE = {
    "type": "object",
    "required": ["profile", "name", "path", "schema"],
    "properties": {
        "profile": {"const": "tabular-data-resource"},
        "name": NAME,
        "path": {"type": "string", "pattern": r"^[^/.][^:]*$"},  # within the folder
        "format": {"const": "csv"},
        "mediatype": {"const": "text/csv"},
        "encoding": {"const": "utf-8"},
        "schema": {
            "type": "object",
            "required": ["fields"],
            "additionalProperties": False,
            "properties": {
                "fields": {"type": "array", "minItems": 1, "items": FIELD},
                "foreignKeys": {"type": "array", "minItems": 1, "items": KEY},
            },
        },
    },
}
STANDARD = {  # what the standard (Data Package 1, Table Schema 1) asks of what is used here
    "type": "object",
    "required": ["profile", "name", "licenses", "resources"],
    "properties": {
        "profile": {"const": "tabular-data-package"},
        "name": NAME,
        "title": TEXT,
        "licenses": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["name", "path"]}},
        "resources": {"type": "array", "minItems": 1, "items": RESOURCE},
    },
}


def cells(path):
    with open(tables.data_dir() / path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refused(field, values):
    """Return the values of a column that its field does not allow, read as the standard says."""
    rules, number = field.get("constraints", {}), field["type"] == "number"
    given = [value for value in values if value != ""]
    bad = [value for value in given if number and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE]-?[0-9]+)?", value)]
    bad += [value for value in given if "pattern" in rules and not re.fullmatch(rules["pattern"], value)]
    bad += [value for value in given if "enum" in rules and value not in rules["enum"]]
    bad += [""] * (len(values) - len(given)) * rules.get("required", False)
    return bad + [value for value in set(given) if rules.get("unique") and given.count(value) > 1]


def test_the_descriptor_is_that_of_the_code():
    assert package.text() == (tables.data_dir() / package.NAME).read_text(encoding="utf-8"), "make schema"


def test_it_has_the_form_of_the_standard():
    jsonschema.Draft202012Validator(STANDARD).validate(WRITTEN)
    names = [resource["name"] for resource in WRITTEN["resources"]]
    assert len(set(names)) == len(names)
    described = {resource["path"] for resource in WRITTEN["resources"]}
    assert described == {path.name for path in tables.data_dir().glob("*.csv")}


@pytest.mark.parametrize("resource", WRITTEN["resources"], ids=lambda resource: resource["name"])
def test_it_is_true_of_each_cell(resource):
    rows, schema = cells(resource["path"]), resource["schema"]
    fields = {field["name"]: field for field in schema["fields"]}
    assert list(rows[0]) == list(fields)
    assert {name: bad for name, field in fields.items() if (bad := refused(field, [row[name] for row in rows]))} == {}
    for key in schema.get("foreignKeys", ()):
        (other,) = [one for one in WRITTEN["resources"] if one["name"] == key["reference"]["resource"]]
        known = {row[key["reference"]["fields"]] for row in cells(other["path"])}
        assert {row[key["fields"]] for row in rows} <= known


def test_a_cell_that_the_descriptor_does_not_allow_is_seen():
    rules = {"required": True, "unique": True, "pattern": "[a-z]"}
    assert refused({"type": "string", "constraints": rules}, ["a", "", "B", "a"]) == ["B", "", "a"]
    assert refused({"type": "number", "constraints": {"enum": ["1"]}}, ["1", "2", "one"]) == ["one", "2", "one"]


def test_the_tables_that_name_their_sources_point_at_them():
    pointing = {one["name"] for one in WRITTEN["resources"] if "foreignKeys" in one["schema"]}
    assert {"history", "law"} <= pointing
