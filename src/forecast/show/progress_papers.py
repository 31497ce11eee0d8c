"""The month's report as papers: Word in office form, one slide, and one picture for a phone; Vietnamese first."""

import datetime
import io
import textwrap
from collections.abc import Callable
from typing import Any

import docx
import numpy as np
import pandas as pd
from docx.document import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt, RGBColor
from matplotlib.axes import Axes
from pptx import Presentation
from pptx.util import Emu, Inches
from pptx.util import Pt as SlidePt

from forecast.data.files import timeless
from forecast.exchange.progress import Progress
from forecast.exchange.spreadsheet import MARK
from forecast.language import words
from forecast.language.words import Chance, say
from forecast.show.marks import INK, MUTED
from forecast.show.picture import LOOKS, TARGET, Picture, style
from forecast.show.progress import MOST, PARTS, parts, sentences, title

_DAY = datetime.datetime(2020, 1, 1)  # the same report gives the same bytes
_COLUMNS = (  # of the table in the paper: column, Vietnamese, English
    ("commune", "Xã, phường", "Commune"),
    ("members", "Đang tham gia", "Members"),
    ("plan", "Kế hoạch", "Plan"),
    ("expected", "Dự kiến", "Expected"),
    ("last_year", "Cùng kỳ", "A year ago"),
    ("lapses", "Dừng đóng", "Stopped"),
    ("warning", "Cảnh báo", "Warning"),
    ("due", "Đến hạn", "Due"),
    ("renewed", "Đóng tiếp", "Renewed"),
    ("hours", "Giờ công", "Hours"),
    ("calls", "Gọi nhắc", "Calls"),
    ("visits", "Thăm hộ", "Visits"),
    ("meetings", "Hội nghị", "Meetings"),
    ("campaign_days", "Ra quân", "Campaign"),
)
_AREAS = (
    ("area", "Khu vực thu", "Collector's area"),
    ("persons", "Người trong danh sách", "Persons of the list"),
    ("due", "Đến hạn tháng sau", "Due next month"),
    ("renewed", "Đã đóng tiếp", "Renewed"),
)
_WARNINGS = {"low": ("thấp", "low"), "high": ("cao", "high"), "": ("", "")}
_WIDE, _LETTERS = 52, 78  # letters of a line of the phone's picture, large and small

_SLIDE_LETTERS, _SLIDE_LINES = 74, 22  # letters of a line of the slide, and lines that it holds


def paper(report: Progress, lang: str = "vi", about: str = "") -> bytes:
    """Return the report as a paper in office form (.docx): parts in sentences, a table by commune on a page across.

    `about` is its last line: when it was made, and what was known then.
    """
    at = 0 if lang == "vi" else 1
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin, section.right_margin, section.top_margin, section.bottom_margin = Cm(3), Cm(2), Cm(2), Cm(2)
    document.styles["Normal"].font.name, document.styles["Normal"].font.size = "Times New Roman", Pt(13)
    document.core_properties.created = document.core_properties.modified = _DAY
    document.core_properties.title = title(report, lang)
    _letterhead(document, report)
    for text in (("BÁO CÁO", "REPORT")[at], title(report, lang)):
        _line(document, text, bold=True, centered=True)
    if report.synthetic:
        _line(document, MARK, bold=True, centered=True, color=RGBColor(0x8C, 0x1D, 0x18))
    for number, (part, texts) in enumerate(parts(report, lang).items(), 1):
        _line(document, f"{number}. {PARTS[part][at]}", bold=True)
        for text in texts:
            _line(document, f"- {text}")
    signed = document.add_table(rows=1, cols=2).rows[0].cells
    signed[0].text = ("Nơi nhận:\n- Như trên;\n- Lưu: VT.", "To:\n- as above;\n- file.")[at]
    signed[1].text = ("GIÁM ĐỐC\n(Ký, ghi rõ họ tên)", "DIRECTOR\n(signature and name)")[at]
    signed[1].paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
    annex = document.add_section(WD_SECTION.NEW_PAGE)
    annex.orientation, annex.page_width, annex.page_height = WD_ORIENT.LANDSCAPE, Cm(29.7), Cm(21)
    annex.left_margin = annex.right_margin = Cm(1.5)
    annexed = ("từng xã, phường", "by commune") if report.by_commune else ("toàn địa bàn", "the whole place")
    _line(document, f"{('Biểu kèm theo', 'Annex')[at]}: {annexed[at]}", bold=True)
    rows = report.table.assign(warning=[_WARNINGS[kind][at] for kind in report.table["warning"]])
    _grid(document, _COLUMNS, rows, at, {"expected": report.whole[1]})
    if len(report.areas):
        _line(document, ("Theo khu vực của nhân viên thu", "By collector's area")[at], bold=True)
        _grid(document, _AREAS, report.areas, at, {})
    if about:
        _line(document, about)
    return _saved(document.save)


def _letterhead(document: Document, report: Progress) -> None:
    """Add the head of an office's paper; number and day are left for the office to fill in."""
    head = document.add_table(rows=2, cols=2)
    office = f"BẢO HIỂM XÃ HỘI\n{report.place.name.split(' (')[0].upper()}"
    state = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc"
    day = "......, ngày ... tháng ... năm ....."
    texts = (office, state, "Số: ....../BC-BHXH", day)
    for cell, text in zip([*head.rows[0].cells, *head.rows[1].cells], texts, strict=True):
        cell.text = text
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        for run in cell.paragraphs[0].runs:
            run.bold, run.italic, run.font.size = text in (office, state), text == day, Pt(12)
    for row in head.rows:
        row.cells[0].width, row.cells[1].width = Cm(6), Cm(10)


def _line(
    document: Document, text: str, *, bold: bool = False, centered: bool = False, color: RGBColor | None = None
) -> None:
    line = document.add_paragraph()
    line.paragraph_format.space_after = Pt(4)
    if centered:
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = line.add_run(text)
    run.bold = bold
    if color is not None:
        run.font.color.rgb = color


def _grid(
    document: Document,
    columns: tuple[tuple[str, str, str], ...],
    rows: pd.DataFrame,
    at: int,
    place_totals: dict[str, float],
) -> None:
    """Add a table of counts with its sum; `place_totals` has what is the place's own and no sum."""
    columns = tuple(one for one in columns if one[0] not in rows or rows[one[0]].notna().any())  # what nobody counted
    grid = document.add_table(rows=1, cols=len(columns))
    grid.style = "Table Grid"
    for cell, names in zip(grid.rows[0].cells, columns, strict=True):
        cell.text = names[1 + at]
    name, lang = columns[0][0], ("vi", "en")[at]
    sums: dict[Any, Any] = dict(rows.select_dtypes("number").sum(min_count=1)) | place_totals
    sums[name] = ("Cộng", "Sum")[at]
    for row in [*rows.to_dict("records"), sums]:
        for cell, (column, *_) in zip(grid.add_row().cells, columns, strict=True):
            value = row.get(column, "")
            cell.text = value if isinstance(value, str) else "" if pd.isna(value) else words.number(value, lang)
            if column != name:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for number, line in enumerate(grid.rows):
        for cell in line.cells:
            for run in cell.paragraphs[0].runs:
                run.font.size, run.bold = Pt(9), number in (0, len(grid.rows) - 1)


def slide(report: Progress, lang: str = "vi", about: str = "") -> bytes:
    """Return one slide (.pptx): the title, the sentences, beside them communes lowest on their plan; `about` below."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    deck.core_properties.created = deck.core_properties.modified = _DAY
    page = deck.slides.add_slide(deck.slide_layouts[5])
    heading = page.shapes.title
    if heading is not None:
        heading.left, heading.top, heading.width, heading.height = Inches(0.5), Inches(0.3), Inches(12.3), Inches(0.9)
        heading.text_frame.text = f"{title(report, lang)}: {words.form(report.place.name, 'place', lang)}"
        heading.text_frame.paragraphs[0].font.size = SlidePt(28)
    box = page.shapes.add_textbox(Inches(0.5), Inches(1.25), Inches(7.4), Inches(6.0)).text_frame
    box.word_wrap = True
    told = sum(
        len(textwrap.wrap(text, _SLIDE_LETTERS)) + 0.2 for texts in parts(report, lang).values() for text in texts
    )
    size = 14.0 if told + len(parts(report, lang)) <= _SLIDE_LINES else 12.0
    for number, (part, texts) in enumerate(parts(report, lang).items()):
        line = box.paragraphs[0] if number == 0 else box.add_paragraph()
        line.text, line.font.bold, line.font.size = PARTS[part][0 if lang == "vi" else 1], True, SlidePt(size + 1)
        for text in texts:
            line = box.add_paragraph()
            line.text, line.font.size, line.space_after = text, SlidePt(size), SlidePt(3)
    if (drawn := bars(report, lang)) is not None:
        placed = page.shapes.add_picture(io.BytesIO(drawn.png()), Inches(8.1), Inches(1.35), width=Emu(Inches(4.9)))
        placed.name = drawn.alt
    if about:
        below = page.shapes.add_textbox(Inches(0.5), Inches(7.05), Inches(12.3), Inches(0.35)).text_frame.paragraphs[0]
        below.text, below.font.size = about, SlidePt(11)
    return _saved(deck.save)


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    stream = io.BytesIO()
    save(stream)
    return timeless(stream.getvalue())


def bars(report: Progress, lang: str = "vi") -> Picture | None:
    """Draw the communes that are lowest on their plan (or expectation) alone; None where there is neither."""
    lowest = _lowest(report)
    if lowest.empty:
        return None
    with style():
        picture = Picture(figsize=(4.9, 5.4))
        _bars(picture.add_axes((0.33, 0.03, 0.57, 0.85)), lowest, report, lang)
    return picture.describe(_bars_title(report, lang))


def phone(report: Progress, lang: str = "vi", about: str = "") -> Picture:
    """Return one picture of 1080 x 1350 for a phone: three figures, sentences, communes lowest on their plan.

    `about` stands at its foot. Where no commune was counted it ends below the last sentence.
    """
    lowest = _lowest(report)
    with style():
        picture = Picture(figsize=(7.2, 9.0), dpi=150)
        named = f"{title(report, lang)}, {words.form(report.place.name, 'place', lang)}"
        top = _block(picture, 0.975, named, 16, 42, bold=True) - 0.012
        if report.synthetic:
            top = _block(picture, top, MARK, 12, _WIDE, bold=True, color=TARGET) - 0.016
        for number, (value, what) in enumerate(_figures(report, lang)):
            left = 0.05 + 0.31 * number
            picture.text(left, top, value, fontsize=25, fontweight="bold", color=LOOKS[0][0], va="top")
            picture.text(left, top - 0.054, what, fontsize=10, color=MUTED, va="top")
        top -= 0.090
        least = 0.06 + 0.030 * len(lowest) if len(lowest) else 0.0
        by_part = parts(report, lang)
        due = by_part.get("due", [])
        planned = int(np.isfinite(report.plan_chance))  # what the figures say already is not said again
        shown = [
            *by_part["done"][1 + planned :],
            *due[:1],
            *by_part.get("warning", []),
            *by_part["next"][1:],
            *due[1:2],
        ]
        for number, text in enumerate(shown):
            size = 0.0226 * len(textwrap.wrap(text, _LETTERS)) + 0.007
            if top - size < least + 0.075 and number:
                break
            top = _block(picture, top, text, 10.5, _LETTERS) - 0.007
        if len(lowest):
            _bars(picture.add_axes((0.32, 0.05, 0.58, max(least, top - 0.115))), lowest, report, lang)
            picture.text(0.05, 0.012, about, fontsize=9, color=MUTED, va="bottom")
        else:
            top = _block(picture, top, about, 9, _LETTERS, color=MUTED)
            kept = min(1.0, 1 - top + 0.03)  # of the height
            picture.set_figheight(kept * picture.get_figheight())
            for written in picture.texts:
                written.set_y(1 - (1 - written.get_position()[1]) / kept)
    return picture.describe(" ".join(sentences(report, lang)))


def _figures(report: Progress, lang: str) -> list[tuple[str, str]]:
    """Return the figures that are read first, each with what it is: members, the plan, its chance or that of March."""
    members, plan = report.table["members"].sum(), report.table["plan"].sum(min_count=len(report.table))
    draws = report.draws
    figures = [(words.number(members, lang), str(say(lang, vi="người đang tham gia", en="members")))]
    if np.isfinite(plan):
        share = str(say(lang, vi="kế hoạch năm ({p:n} người)", en="of the year's plan ({p:n})", p=plan))
        figures.append((words.percent(members / plan, lang), share))
    if np.isfinite(plan) and not report.decided:
        chance = str(say(lang, vi="khả năng đạt kế hoạch", en="probability of the plan"))
        figures.append((words.chance(Chance(report.plan_chance, draws), lang), chance))
    else:
        march = str(say(lang, vi="khả năng tháng 3 không giảm", en="probability of no fall by March"))
        figures.append((words.chance(Chance(report.march_chance, draws), lang), march))
    return figures


def _block(
    picture: Picture, top: float, text: str, size: float, wide: int, bold: bool = False, color: str = INK
) -> float:
    """Write wrapped text from `top` down, as a share of the height; return where it ends."""
    for line in textwrap.wrap(text, wide):
        picture.text(0.05, top, line, fontsize=size, va="top", color=color, fontweight="bold" if bold else "normal")
        top -= 0.00215 * size
    return top


def _lowest(report: Progress) -> pd.DataFrame:
    """Return the communes lowest on their plan (or expectation), none where no commune was counted."""
    table = report.table if report.by_commune else report.table.iloc[:0]
    share = table["members"] / table["plan"].fillna(table["expected"])
    return table.assign(share=share).dropna(subset=["share"]).sort_values("share", kind="stable").head(MOST)


def _bars_title(report: Progress, lang: str) -> str:
    planned = report.table["plan"].notna().any()
    return str(
        say(
            lang,
            vi="Các xã đạt thấp nhất so với " + ("kế hoạch" if planned else "dự kiến") + " (vạch: 100%)",
            en="Communes lowest on their " + ("plan" if planned else "expectation") + " (line: 100%)",
        )
    )


def _bars(axes: Axes, lowest: pd.DataFrame, report: Progress, lang: str) -> None:
    """Draw a bar for each commune, one that is below its interval in the color of what is to be seen."""
    colors = [TARGET if kind == "low" else LOOKS[0][0] for kind in lowest["warning"]]
    axes.barh(lowest["commune"], lowest["share"], color=colors, height=0.6)
    axes.axvline(1, color=TARGET, linewidth=1.2)
    axes.invert_yaxis()
    for number, value in enumerate(lowest["share"]):
        axes.text(value, number, f" {words.percent(value, lang)}", va="center", fontsize=10)
    axes.spines["bottom"].set_visible(False)
    axes.grid(False)
    axes.set_xticks([])
    axes.set_xlim(0, max(1.05, 1.12 * float(lowest["share"].max())))
    axes.text(-0.45, 1.03, _bars_title(report, lang), transform=axes.transAxes, fontsize=10.5, color=MUTED)
