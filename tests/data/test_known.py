"""What is made says when, up to which month it knows counts, and up to which change the law."""

import io
import json
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

from forecast.cli import common
from forecast.data import tables
from forecast.data.known import known, today, vintage
from forecast.language.vintage import sentence
from forecast.show.picture import sheet


def test_what_is_known_follows_the_tables():
    rows = tables.read(tables.data_dir() / "history.csv", "history")
    told = rows[(rows["measure"] == "members") & (rows["kind"] == "observation") & rows["value"].notna()]
    assert "2025-12" <= known()["counts_until"] <= told["month"].max()
    assert known()["law_until"] == tables.read(tables.data_dir() / "law.csv", "law")["since"].max()


def test_a_run_says_when_it_was_made_and_what_was_known(tmp_path):
    (tmp_path / common.PARTS).mkdir()
    (tmp_path / "x.csv").write_text("a\n1\n", encoding="utf-8")
    common.finish(tmp_path, {"command": "x"}, "x.csv")
    said = json.loads((tmp_path / common.MANIFEST).read_text(encoding="utf-8"))
    assert {name: said[name] for name in known()} == known() and said["command"] == "x"
    assert date.fromisoformat(said["made"]) <= date.today()


def test_a_picture_carries_what_was_known():
    picture, _ = sheet("Title", "subtitle", "source", height=3)
    with Image.open(io.BytesIO(picture.png())) as image:
        assert all(value in image.text["Source"] for value in known().values())
        size = image.size
    plain = picture.png()
    with Image.open(io.BytesIO(picture.png(foot="Made today."))) as image:
        assert image.text["Comment"].endswith("Made today.")
        assert image.size[0] == size[0] and image.size[1] > size[1]
        written = np.asarray(image.convert("L"))[size[1] :].min() < 200  # something is written below
    assert written and picture.png() == plain


def test_the_day_is_that_of_the_environment_where_it_tells_one(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert today() == "2023-11-14"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert date.fromisoformat(today()) <= date.today()


def test_every_file_for_readers_says_when_it_was_made_and_what_it_knows(tmp_path, monkeypatch, run):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.chdir(tmp_path)
    told = sentence("en", vintage())
    assert told.startswith("Made 14 Nov 2023, counts up to ")
    assert run("sample", "da-bac", "--out", "s").exit_code == 0
    assert run("import", "s/da-bac.xlsx", "--place", "da-bac", "--out", "d").exit_code == 0
    for words in (["progress", "da-bac", "--out", "p"], ["communes", "da-bac", "--out", "c"]):
        done = run(*words, "--draws", 4, "--jobs", 1, FORECAST_DATA="d")
        assert done.exit_code == 0, done.output
    scenario = str(tables.data_dir() / "scenarios" / "da-bac-plan.yaml")
    for words in (["allocate", scenario, "--out", "a"], ["board", "--out", "b"]):
        assert run(*words, "--draws", 4, "--jobs", 1).exit_code == 0
    files = [path for folder in "pcab" for path in Path(folder).iterdir()]
    seen = {path: _read(path) for path in files if path.suffix in (".docx", ".md", ".png", ".pptx", ".xlsx")}
    assert len(seen) >= 12
    day = told.partition(",")[0]
    assert [str(path) for path, text in seen.items() if day not in text or "ounts" not in text] == []


def _read(path: Path) -> str:
    """Return the text of a file for readers."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    if path.suffix == ".png":
        with Image.open(path) as image:
            return str(image.text["Comment"])
    with zipfile.ZipFile(path) as packed:
        return " ".join(packed.read(name).decode() for name in packed.namelist() if name.endswith(".xml"))
