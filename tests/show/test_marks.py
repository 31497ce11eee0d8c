"""Numbers beside dots: each nearest to its own, and none over a mark, on a page and on a phone."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.text import Text

from forecast.checks.findings import NOTE, Finding
from forecast.data import places
from forecast.show import figures, history, marks, narrow
from forecast.show.picture import sheet, style


def gaps(label, dots):
    box = label.get_window_extent()
    low, high = np.array([box.x0, box.y0]), np.array([box.x1, box.y1])
    return [np.hypot(*np.maximum(np.maximum(low - dot, dot - high), 0)) for dot in dots]


def test_a_number_stands_nearer_to_its_own_dot_than_to_another():
    with style():
        picture, axes = sheet("", "", "", height=2.7, width=3.9)
        axes.set(xlim=(0, 48), ylim=(0, 120))
        axes.plot([0, 48], [34, 34])  # which a number above the first dot would cross
        texts = [(0, 27, "26,948"), (6, 22, "21,824")]
        marks.beside(axes, texts)
        dots = axes.transData.transform([(x, y) for x, y, _ in texts])
        for number, label in enumerate(axes.texts):
            assert int(np.argmin(gaps(label, dots))) == number, label.get_text()
        assert picture and len(axes.texts) == 2


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("phone", [False, True])
def test_no_number_of_the_saw_covers_a_mark_or_another_number(lang, phone):
    picture = history.saw_tooth(places.read_place("Việt Nam"), lang)
    picture = picture.again() if phone else picture
    (axes,) = picture.axes
    picture.draw_without_rendering()
    boxes = {label.get_text(): Text.get_window_extent(label) for label in axes.texts}
    assert len(boxes) >= 10
    marked = [line for line in axes.lines if line.get_marker() not in ("", "None")]
    dots = np.concatenate([axes.transData.transform(line.get_xydata()) for line in marked])
    for name, box in boxes.items():
        inside = (dots[:, 0] > box.x0) & (dots[:, 0] < box.x1) & (dots[:, 1] > box.y0) & (dots[:, 1] < box.y1)
        assert not inside.any(), name
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        assert min(a.x1, b.x1) - max(a.x0, b.x0) <= 1 or min(a.y1, b.y1) - max(a.y0, b.y0) <= 1, (one, other)


def test_a_number_and_its_error_stand_on_one_line():
    with narrow.drawing():
        shown = narrow.filled("Đà Bắc: chia theo dân số thì khó dễ từ 44 ± 7% đến 63 ± 7%", 0, narrow.TITLE)
    assert "\n" in shown and "44 ± 7%" in shown and "63 ± 7%" in shown


def test_what_a_page_says_of_a_lever_has_no_place_in_a_file():
    place = places.read_place("Đà Bắc")
    one = Finding("a.yaml", 0, "idle-lever", place.name, NOTE, "policy.0.Drive: x", "policy.0.Drive (ra quân): x")
    assert figures.conflicts([one], place, "vi").endswith("Ra quân: x")
    assert figures.conflicts([one], place, "en").endswith("Campaign days: x")
