"""What is made says when, up to which month it knows counts, and up to which change the law."""

import io
import json
from datetime import date

from PIL import Image

from forecast.cli import common
from forecast.data import tables
from forecast.data.known import known
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
