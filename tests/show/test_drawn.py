"""What pictures draw, held against stored values, where a change would mean that somebody reads another answer.

Not pixels are compared but what was drawn: where each line goes, what each label says, how wide each band is. A pixel
test would fail with every font and let a wrong line of the same ink pass unexplained; here the difference says which
line moved from where to where, and is the same on every Python and matplotlib. `pytest tests/test_drawn.py --redraw`
writes the values anew: look at the picture before committing them.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import PathCollection, PolyCollection

from forecast.data import toy
from forecast.desk.compare import comparison
from forecast.desk.target import needed_path, target_table
from forecast.show import law, policy, projection, target
from made import answer, question

STORED = Path(__file__).with_name("drawn.json")
PLAN, QUIET = question(), question("status quo")
ANSWER = answer(PLAN, QUIET)
PICTURES = {
    "fan": lambda: projection.fan(ANSWER, [PLAN, QUIET], lang="vi"),
    "target": lambda: target.picture(target_table(ANSWER, PLAN), needed_path(ANSWER, PLAN), PLAN, "vi"),
    "versus": lambda: policy.versus(comparison(ANSWER, "status quo"), "vi"),
    "groups": lambda: policy.groups(ANSWER, PLAN, lang="vi"),
    "price": lambda: law.price(toy.place(), "2021-01", "2023-12", "vi", law=toy.law()),
}


def numbers(values) -> list:
    """Numbers to six significant digits, which no platform changes."""
    return [float(f"{value:.6g}") for value in np.asarray(values, dtype=float).ravel()]


def sketch(picture) -> list[dict]:
    """What each pair of axes of a picture holds: lines, dots, bands, and all that is written."""
    found = []
    for axes in picture.axes:
        lines = [{"look": f"{line.get_color()} {line.get_linestyle()} {line.get_marker()}",
                  "x": numbers(line.get_xdata()), "y": numbers(line.get_ydata())} for line in axes.lines]
        bands = [numbers([box.y0, box.y1]) for band in axes.collections if isinstance(band, PolyCollection)
                 for box in [band.get_datalim(axes.transData)]]
        dots = [numbers(dot.get_offsets()) for dot in axes.collections if isinstance(dot, PathCollection)]
        bars = [numbers([bar.get_x(), bar.get_y(), bar.get_width(), bar.get_height()]) for bar in axes.patches]
        found.append({"lines": lines, "bands": bands, "dots": dots, "bars": bars})
    return [*found, {"written": sorted(picture.written()), "alt": picture.alt}]


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_draws_what_it_drew(name, request):
    drawn = json.loads(json.dumps(sketch(PICTURES[name]())))
    stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    if request.config.getoption("--redraw"):
        text = json.dumps(stored | {name: drawn}, ensure_ascii=False, sort_keys=True).replace("}, {", "},\n{")
        STORED.write_text(text + "\n", encoding="utf-8")
        return
    same(drawn, stored[name], name)


def same(drawn, stored, where: str) -> None:
    """Fail at the first place where two sketches differ, and name it."""
    assert type(drawn) is type(stored), where
    if isinstance(stored, dict):
        assert drawn.keys() == stored.keys(), where
        for key in stored:
            same(drawn[key], stored[key], f"{where}, {key}")
    elif isinstance(stored, list):
        assert len(drawn) == len(stored), f"{where}: {len(drawn)} instead of {len(stored)}"
        for number, (one, other) in enumerate(zip(drawn, stored, strict=True)):
            same(one, other, f"{where} {number}")
    elif isinstance(stored, float):
        assert drawn == pytest.approx(stored, rel=1e-5, abs=1e-6), f"{where}: drawn at {drawn}, not at {stored}"
    else:
        assert drawn == stored, where


def test_a_line_that_moved_is_named():
    drawn = sketch(PICTURES["fan"]())
    moved = json.loads(json.dumps(drawn))
    moved[0]["lines"][0]["y"][3] *= 1.01
    with pytest.raises(AssertionError, match="fan 0, lines 0, y 3: drawn at"):
        same(moved, drawn, "fan")
