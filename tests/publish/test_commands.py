"""The commands at the foot of a page give its numbers, digit by digit."""

import json
import re
import shlex
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from forecast.question import menu

ROOT = Path(__file__).parents[2]
DRAWS = 3
ASKED = ("run", "headline", "standing", "desk-table", "people-text", "repeat-text")


def page_of(stem: str, patch: pytest.MonkeyPatch) -> dict:
    """Run the cells of a page that ask and say, with few draws; return its names, and what cells show by id."""
    patch.chdir(ROOT / "notebooks")
    cells = {cell.id: cell.source for cell in nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", 4).cells}
    names: dict = {"shown": {}}
    exec(cells["settings"], names)  # noqa: S102  (a page of the project)
    names |= {"DRAWS": DRAWS, "LANG": "en"}
    for name in ASKED:
        source = cells[name] if name == "run" else f"shown[{name!r}] = (\n{cells[name]}\n)"
        exec(source, names)  # noqa: S102
    return names


@pytest.mark.parametrize("stem", ["02_dong_trieu", pytest.param("04_lao_cai", marks=pytest.mark.slow)])
def test_the_commands_at_the_foot_give_the_numbers_of_the_page(stem, command, tmp_path, monkeypatch):
    """With few draws and two levers alone on both sides, so that it is quick."""
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # no processes for so few draws
    some, offered = ("Collectors", "TopUp/poor"), menu.offered
    monkeypatch.setattr(menu, "offered", lambda asked: tuple(c for c in offered(asked) if c.name in some))
    names = page_of(stem, monkeypatch)
    monkeypatch.chdir(ROOT)
    block = re.search(r"```sh\n(.*?)```", names["shown"]["repeat-text"], re.DOTALL)[1].replace("\\\n", " ")
    said = {}
    for line in block.strip().splitlines():
        words = shlex.split(line)
        assert words[0] == "forecast"
        if words[1] == "check":
            continue  # it is on every page, and a test of its own
        words[words.index("--out") + 1] = str(tmp_path / words[1])
        command(*words[1:], "--jobs", "1", "--lang", "en")
        answer = tmp_path / words[1] / "answer.md"
        said[words[1]] = answer.read_text(encoding="utf-8") if answer.exists() else ""
    summary = pd.read_csv(tmp_path / "project" / "summary.csv").sort_values(["scenario", "engine", "month", "measure"])
    mine = names["answer"].summary()
    assert len(summary) == len(mine) > 0
    keys = [c for c in mine if c in ("place", "scenario", "engine", "origin", "month", "group", "measure")]
    pair = summary.merge(mine.astype(dict.fromkeys(keys, str)), on=keys)
    assert len(pair) == len(mine)
    for name in ("median", "low", "high"):
        assert np.allclose(pair[f"{name}_x"], pair[f"{name}_y"], rtol=1e-9, atol=1e-6)
    compared = pd.read_csv(tmp_path / "compare" / "comparison.csv", keep_default_na=False)
    own = names["comparison"].query("engine == 'agents'")
    own = own[own["scenario"].isin(compared["scenario"])]
    assert np.allclose(compared["median"], own["median"], rtol=1e-9) and len(own) == len(compared)
    followed = pd.read_csv(tmp_path / "compare" / "additional.csv", keep_default_na=False)
    followed = followed[followed["scenario"] == names["plan"].scenario]
    assert np.allclose(followed["median"], names["who"]["median"], rtol=1e-9)
    found = json.loads((tmp_path / "target" / "target.json").read_text(encoding="utf-8"))
    for key, table in (("desk", names["desk"]), ("ways", names["ways"]), ("standing", names["still"])):
        assert found[key] == json.loads(table.to_json(orient="records", double_precision=6, force_ascii=False))
    assert found["effort"] == names["more"]
    for sentence in names["shown"]["headline"].split("\n\n"):
        assert sentence in said["target"]
    assert names["shown"]["people-text"] in said["compare"]
