"""The month's report for people: a paper in office form, one slide, and one picture for a phone; Vietnamese first."""

import datetime
import io
import textwrap
from collections.abc import Callable

import docx
import numpy as np
import pandas as pd
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt
from pptx import Presentation
from pptx.util import Emu, Inches
from pptx.util import Pt as SlidePt

from forecast.data.files import timeless
from forecast.exchange.progress import Progress
from forecast.exchange.spreadsheet import MARK
from forecast.language.words import say
from forecast.show.marks import INK, MUTED
from forecast.show.picture import Picture

_DAY = datetime.datetime(2020, 1, 1)  # the same report gives the same bytes
MOST = 8  # communes named in a sentence or drawn


def sentences(report: Progress, lang: str = "vi") -> list[str]:
    """Return the report in sentences: plan, expectation, last year, who is due, warnings, next month, chances."""
    table, month = report.table, report.month
    members, plan = table["members"].sum(), table["plan"].sum(min_count=len(table))
    said = []
    mark = f"{MARK}. " if report.synthetic else ""
    said.append(
        mark + say(lang, vi="Đến {t:T}: {n:n} người đang tham gia.", en="{t:T}: {n:n} members.", t=month, n=members)
    )
    if np.isfinite(plan):
        said.append(
            say(
                lang,
                vi="Kế hoạch năm {p:n} người: đạt {s:p1}, còn thiếu {g:n}.",
                en="The year's plan is {p:n}: {s:p1} done, {g:n} missing.",
                p=plan,
                s=members / plan,
                g=max(0.0, plan - members),
            )
        )
        said.append(
            say(
                lang,
                vi="Khả năng đạt kế hoạch năm: {c:c}.",
                en="Probability that the year's plan is met: {c:c}.",
                c=report.plan_chance,
            )
        )
    said.append(
        say(
            lang,
            vi="Khả năng tháng 3 năm sau không thấp hơn tháng này: {c:c}.",
            en="Probability that next March is not below this month: {c:c}.",
            c=report.march_chance,
        )
    )
    if table["expected"].notna().all():
        above = members - table["expected"].sum()
        said.append(
            say(
                lang,
                vi="Dự kiến từ {s:t} nếu giữ cách làm cũ: {e:n} người; thực tế "
                + ("nhiều hơn {d:n}." if above >= 0 else "ít hơn {d:n}."),
                en="Expected since {s:t} if nothing changes: {e:n}; the count is {d:n} "
                + ("above." if above >= 0 else "below."),
                s=report.since,
                e=table["expected"].sum(),
                d=abs(above),
            )
        )
    if table["last_year"].notna().all():
        said.append(
            say(lang, vi="Cùng kỳ năm trước: {n:n} người.", en="A year ago: {n:n}.", n=table["last_year"].sum())
        )
    before, lapses = table["before"].sum(min_count=1), table["lapses"].sum(min_count=1)
    if before > 0 and np.isfinite(lapses):
        said.append(
            say(
                lang,
                vi="Trong tháng có {e:n} người tăng mới, {l:n} người dừng đóng ({s:p1} số tháng trước).",
                en="In the month {e:n} joined and {l:n} stopped ({s:p1} of the members before).",
                e=table["entries"].sum(),
                l=lapses,
                s=lapses / before,
            )
        )
    if table["due"].notna().any():
        said.append(
            say(
                lang,
                vi="Tháng sau có {n:n} người đến hạn đóng; {r:n} người đã đóng tiếp.",
                en="{n:n} are due next month; {r:n} have renewed.",
                n=table["due"].sum(),
                r=table["renewed"].sum(),
            )
        )
    low = table.loc[table["warning"] == "low", "commune"]
    if len(low):
        more = " ..." if len(low) > MOST else ""
        said.append(
            say(
                lang,
                vi="Cảnh báo sớm, {n:n} xã dưới khoảng dự báo 90%: ",
                en="Early warning, {n:n} communes below their 90% interval: ",
                n=len(low),
            )
            + ", ".join(low[:MOST])
            + more
            + "."
        )
    work = table[["hours", "calls", "visits", "meetings", "campaign_days"]].sum()
    said.append(
        say(
            lang,
            vi="Tháng sau: {h:n} giờ công cho {c:n} cuộc gọi nhắc, {v:n} lượt thăm hộ, {m:n} hội nghị, {d:n} "
            "ngày ra quân (phân theo xã ở bảng kèm theo).",
            en="Next month: {h:n} hours for {c:n} calls, {v:n} visits, {m:n} meetings and {d:n} campaign days (by "
            "commune in the table).",
            h=work["hours"],
            c=work["calls"],
            v=work["visits"],
            m=work["meetings"],
            d=work["campaign_days"],
        )
    )
    return [str(text) for text in said]


def _title(report: Progress, lang: str) -> str:
    return str(
        say(
            lang,
            vi="Tiến độ phát triển người tham gia BHXH tự nguyện, {t:T}",
            en="Progress of voluntary social insurance, {t:T}",
            t=report.month,
        )
    )


_COLUMNS = (  # of the table in the paper: column, Vietnamese, English
    ("commune", "Xã, phường", "Commune"),
    ("members", "Đang tham gia", "Members"),
    ("expected", "Dự kiến", "Expected"),
    ("last_year", "Cùng kỳ", "A year ago"),
    ("plan", "Kế hoạch", "Plan"),
    ("due", "Đến hạn", "Due"),
    ("calls", "Gọi nhắc", "Calls"),
    ("visits", "Thăm hộ", "Visits"),
    ("meetings", "Hội nghị", "Meetings"),
    ("campaign_days", "Ra quân", "Campaign"),
)


def paper(report: Progress, lang: str = "vi") -> bytes:
    """Return the report as a paper in office form (.docx): heading of the office, sentences, a table by commune."""
    at = 0 if lang == "vi" else 1
    document = docx.Document()
    document.styles["Normal"].font.name, document.styles["Normal"].font.size = "Times New Roman", Pt(13)
    document.core_properties.created = document.core_properties.modified = _DAY
    document.core_properties.title = _title(report, lang)
    head = document.add_table(rows=1, cols=2)
    office = f"BẢO HIỂM XÃ HỘI\n{report.place.name.split(' (')[0].upper()}"
    state = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc"
    for cell, text in zip(head.rows[0].cells, (office, state), strict=True):
        cell.text = text
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text, bold in ((("BÁO CÁO", "REPORT")[at], True), (_title(report, lang), True)):
        line = document.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        line.add_run(text).bold = bold
    for number, text in enumerate(sentences(report, lang), 1):
        document.add_paragraph(f"{number}. {text}")
    _table(document, report, at)
    signed = document.add_paragraph(("NGƯỜI LẬP BIỂU\t\t\t\t\tGIÁM ĐỐC", "PREPARED BY\t\t\t\t\tDIRECTOR")[at])
    signed.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return _saved(document.save)


def _table(document: Document, report: Progress, at: int) -> None:
    """Add the table by commune, and its sum."""
    grid = document.add_table(rows=1, cols=len(_COLUMNS))
    grid.style = "Table Grid"
    for cell, names in zip(grid.rows[0].cells, _COLUMNS, strict=True):
        cell.text = names[1 + at]
    rows = [*report.table.to_dict("records")]
    sums = report.table.select_dtypes("number").sum(min_count=1).to_dict()
    for row in [*rows, {**sums, "commune": ("Cộng", "Sum")[at]}]:
        for cell, (name, *_) in zip(grid.add_row().cells, _COLUMNS, strict=True):
            value = row[name]
            cell.text = value if isinstance(value, str) else "" if pd.isna(value) else f"{value:.0f}"
    for line in grid.rows:
        for cell in line.cells:
            for run in cell.paragraphs[0].runs:
                run.font.size = Pt(9)


def slide(report: Progress, lang: str = "vi") -> bytes:
    """Return one slide (.pptx): the title, the sentences, and the picture beside them."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    deck.core_properties.created = deck.core_properties.modified = _DAY
    page = deck.slides.add_slide(deck.slide_layouts[5])
    heading = page.shapes.title
    if heading is not None:
        heading.left, heading.top, heading.width, heading.height = Inches(0.5), Inches(0.3), Inches(12.3), Inches(0.9)
        heading.text_frame.text = f"{_title(report, lang)}: {report.place.name}"
        heading.text_frame.paragraphs[0].font.size = SlidePt(28)
    box = page.shapes.add_textbox(Inches(0.5), Inches(1.3), Inches(7.4), Inches(5.8)).text_frame
    box.word_wrap = True
    for number, text in enumerate(sentences(report, lang)):
        line = box.paragraphs[0] if number == 0 else box.add_paragraph()
        line.text = text
        line.font.size = SlidePt(18)
        line.space_after = SlidePt(8)
    drawn = phone(report, lang)
    placed = page.shapes.add_picture(io.BytesIO(drawn.png()), Inches(8.2), Inches(1.3), height=Emu(Inches(5.8)))
    placed.name = drawn.alt
    return _saved(deck.save)


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    stream = io.BytesIO()
    save(stream)
    return timeless(stream.getvalue())


def phone(report: Progress, lang: str = "vi") -> Picture:
    """Return one picture of 1080 x 1350 for a phone: the sentences, and the communes farthest from their plan."""
    picture = Picture(figsize=(7.2, 9.0), dpi=150)
    top = 0.975
    for number, text in enumerate([f"{_title(report, lang)}, {report.place.name}", *sentences(report, lang)[:6]]):
        wrapped = textwrap.fill(text, 44 if number == 0 else 62)
        picture.text(
            0.05,
            top,
            wrapped,
            fontsize=16 if number == 0 else 11.5,
            va="top",
            color=INK,
            fontweight="bold" if number == 0 else "normal",
        )
        top -= (0.034 if number == 0 else 0.0245) * (wrapped.count("\n") + 1) + 0.012
    table = report.table
    goal = table["plan"].fillna(table["expected"])
    far = table.assign(share=table["members"] / goal).dropna(subset=["share"]).sort_values("share").head(MOST)
    if len(far):
        axes = picture.add_axes((0.32, 0.06, 0.58, max(0.12, top - 0.13)))
        axes.barh(far["commune"], far["share"], color="#1b5e9b", height=0.6)
        axes.axvline(1, color="#8c1d18", linewidth=1.2)
        axes.invert_yaxis()
        for number, value in enumerate(far["share"]):
            axes.text(value, number, f" {say(lang, vi='{s:p}', en='{s:p}', s=value)}", va="center", fontsize=10)
        for side in ("top", "right", "bottom"):
            axes.spines[side].set_visible(False)
        axes.set_xticks([])
        axes.set_title(
            say(
                lang,
                vi="Các xã đạt thấp nhất so với kế hoạch (vạch: 100%)",
                en="Communes lowest on their plan (line: 100%)",
            ),
            fontsize=11,
            loc="left",
            color=MUTED,
        )
    return picture.describe(" ".join(sentences(report, lang)))
