"""Split a target over communes so that it is equally hard for each, beside the usual split by people.

What a commune can do is the spread of its members by the target's month, as the agent engine has it. An equally hard
share is the same quantile everywhere: each commune meets it with the same probability, and the shares add up to the
target. The usual split gives each the same share of its people. The probability of meeting a share is taken from
draws that the split has not seen.
"""

import io
import os
import re
import zipfile
from typing import NamedTuple

import joblib
import numpy as np
import openpyxl
import pandas as pd
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from tqdm.auto import tqdm

from forecast.data import history, tables
from forecast.engines.people.agents import by_commune
from forecast.language import words
from forecast.language.words import Text, say
from forecast.question.scenario import Scenario

PART = 16  # draws in one piece of work
TAIL, FAR = float(ndtri(0.95)), 30.0  # where a curve takes over from draws, and where it ends, in standard deviations
COLUMNS = {  # column: (Vietnamese heading, English heading, number format, width)
    "commune": ("Xã, phường, thị trấn", "Commune", "@", 30),
    "district": ("Huyện", "District", "@", 18),
    "people": ("Số người thuộc diện", "People eligible", "#,##0", 14),
    "opening": ("Đang tham gia đầu kỳ (mô phỏng)", "Members at the start (simulated)", "#,##0", 17),
    "expected": ("Dự kiến đến hạn (mức giữa)", "Expected by the date (median)", "#,##0", 15),
    "share_by_capacity": ("Chỉ tiêu theo khả năng (khó như nhau)", "Share by capacity (equally hard)", "#,##0", 17),
    "chance_by_capacity": ("Khả năng đạt", "Probability", "0%", 11),
    "share_by_people": ("Chỉ tiêu theo dân số", "Share by people", "#,##0", 14),
    "chance_by_people": ("Khả năng đạt", "Probability", "0%", 11),
}
RISKY = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


BASIS = {  # what stands on the last sheet
    "vi": (
        "Căn cứ của bảng phân bổ",
        "Kịch bản {name}; số đầu kỳ {opening:n} người ({status}), {month:T}; {draws:n} lần mô phỏng để chia, {draws:n} "
        "lần khác để kiểm tra; hạt giống {seed}.",
        "Chia theo khả năng: mỗi xã đạt phần của mình với cùng một xác suất ({p:c}). Chia theo dân số: theo số người "
        "thuộc diện tham gia.",
        "SỐ GIẢ LẬP: số người đang tham gia của từng xã không được công bố; ở đây do mô hình chia từ số của cả địa "
        "bàn. Số nhân viên thu từng xã cũng được chia theo dân số nếu không có số riêng.",
        "Về dân số và các tỷ lệ của địa bàn (tiếng Anh, như trong places.csv): {note}",
        "Nguồn: {names}",
    ),
    "en": (
        "What the allocation rests on",
        "Scenario {name}; opening stock {opening:n} ({status}), {month:T}; {draws:n} simulations to split, {draws:n} "
        "others to judge; seed {seed}.",
        "By capacity: each commune meets its share with the same probability ({p:c}). By people: in proportion to "
        "eligible people.",
        "SYNTHETIC: members by commune were never published; here the model spreads the count of the whole place. "
        "Collectors by commune are spread by people as well where there is no own count.",
        "On people and shares of the place (as in places.csv): {note}",
        "Sources: {names}",
    ),
}


class Allocation(NamedTuple):
    """A target split over communes; `table` has one row a commune and the columns of :data:`COLUMNS`."""

    scenario: Scenario
    table: pd.DataFrame
    level: float  # probability with which each commune meets its equally hard share, before whole persons
    place_chance: float  # probability that the place as a whole meets the target


def allocate(
    scenario: Scenario, *, draws: int = 200, seed: int = 1, jobs: int | None = None, progress: bool = True
) -> Allocation:
    """Split the scenario's target of members over the communes of its place; shares are whole persons and add up.

    `draws` draws make the split and as many others judge it. Where the target is beyond what nearly all draws of the
    communes show, curves go on in their place, which is as near to equally hard as can be told.
    """
    target = scenario.target
    if target is None or target.measure != "members" or target.group != "all":
        raise tables.UserError(
            f"scenario {scenario.scenario!r}: only a target of all members can be split over communes; expected "
            "target: {measure: members, value, by}"
        )
    if draws < 2:
        raise tables.UserError(f"draws: {draws}; expected at least 2")
    members = commune_members(scenario, range(2 * draws), seed, jobs=jobs, progress=progress)
    at = list(scenario.months.astype(str)).index(target.by)
    made, judged = members[:draws, at], members[draws:, at]
    goal = int(round(target.value))
    wanted, level = equally_hard(made, goal)
    communes = scenario.place.communes
    people = communes["eligible"].to_numpy(float)
    by_capacity, by_people = whole(wanted, goal), whole(people / people.sum() * goal, goal)
    table = pd.DataFrame(
        {
            "commune": communes["commune"].to_numpy(str),
            "district": communes["district"].to_numpy(str),
            "people": np.rint(people).astype(int),
            "opening": np.rint(members[:, 0].mean(axis=0)).astype(int),
            "expected": np.rint(np.median(members[:, at], axis=0)).astype(int),
            "share_by_capacity": by_capacity,
            "chance_by_capacity": (judged >= by_capacity).mean(axis=0),
            "share_by_people": by_people,
            "chance_by_people": (judged >= by_people).mean(axis=0),
        }
    )
    return Allocation(scenario, table, level, float((members[:, at].sum(axis=1) >= goal).mean()))


def commune_members(
    scenario: Scenario, draws: range, seed: int, *, jobs: int | None = None, progress: bool = True
) -> np.ndarray:
    """Return members by (draws, months, communes), worked out in pieces by `jobs` processes (all cores if left out)."""
    parts = [range(d, min(d + PART, draws.stop)) for d in range(draws.start, draws.stop, PART)]
    jobs = min(jobs or os.cpu_count() or 1, len(parts))
    work = (joblib.delayed(by_commune)(scenario, part, seed) for part in parts)
    done = joblib.Parallel(n_jobs=jobs, return_as="generator")(work)
    return np.concatenate(list(tqdm(done, total=len(parts), desc=scenario.scenario, disable=not progress)))


def equally_hard(members: np.ndarray, goal: float) -> tuple[np.ndarray, float]:
    """Return shares (communes,) that add up to `goal` and the probability with which each commune meets its own.

    `members` is (draws, communes). The shares are the communes' quantiles at one level. Beyond the 5% and 95% points,
    where few draws are left, a quantile goes on along the log-normal curve through that point and the median.

    >>> shares, chance = equally_hard(np.array([[10.0, 40.0], [20.0, 60.0], [30.0, 80.0]]), 80)
    >>> shares.round(6).tolist(), round(chance, 6)
    ([20.0, 60.0], 0.5)
    """
    low, middle, high = np.maximum(np.quantile(members, (0.05, 0.5, 0.95), axis=0), 0.5)

    def shares(z: float) -> np.ndarray:
        if abs(z) <= TAIL:
            return np.quantile(members, ndtr(z), axis=0)
        end = high if z > 0 else low
        return end * (end / middle) ** (abs(z) / TAIL - 1)

    if (high <= low).all() or not shares(-FAR).sum() < goal < shares(FAR).sum():
        return middle * goal / middle.sum(), float(goal <= middle.sum())
    z = float(brentq(lambda z: shares(z).sum() - goal, -FAR, FAR, xtol=1e-9))
    return shares(z), float(ndtr(-z))


def whole(shares: np.ndarray, total: int) -> np.ndarray:
    """Round shares to whole persons that add up to `total`: the largest remainders are rounded up, ties in order.

    >>> whole(np.array([1.4, 1.4, 1.2]), 4).tolist()
    [2, 1, 1]
    """
    shares = shares * (total / max(shares.sum(), 1e-300))
    low = np.floor(shares).astype(int)
    rest = total - int(low.sum())
    low[np.argsort(-(shares - low), kind="stable")[:rest]] += 1
    return low


def told(allocation: Allocation, lang: str = "vi") -> Text:
    """Say how hard the target is for the communes, under both splits."""
    table, target = allocation.table, allocation.scenario.target
    return say(
        lang, vi="Cả địa bàn đạt {v:n} người vào {by:t} với khả năng {p:c}. Chia theo khả năng, mỗi xã đạt phần của "
        "mình với khả năng {a:c} – {b:c}; chia theo dân số, từ {c:c} đến {d:c}.",
        en="The whole place reaches {v:n} by {by:t} with probability {p:c}. Split by capacity, each commune meets its "
        "share with probability {a:c} to {b:c}; split by population, {c:c} to {d:c}.",
        v=target.value, by=target.by, p=allocation.place_chance, a=table["chance_by_capacity"].min(),
        b=table["chance_by_capacity"].max(), c=table["chance_by_people"].min(), d=table["chance_by_people"].max(),
    )  # fmt: skip


def workbook(allocation: Allocation, draws: int, seed: int) -> bytes:
    """Return the allocation as a spreadsheet that an office can send out: Vietnamese, English, and what it rests on.

    Everything is a value and nothing a formula; text that a spreadsheet would run stands as text. The same allocation
    gives the same bytes.
    """
    book = openpyxl.Workbook()
    for lang, title in (("vi", "Phân bổ chỉ tiêu"), ("en", "Allocation")):
        sheet = book.active if lang == "vi" else book.create_sheet()
        sheet.title = title
        _sheet(sheet, allocation, lang)
    notes = book.create_sheet("Nguồn - Sources")
    notes.column_dimensions["A"].width = 120
    for line in (*_basis(allocation, draws, seed, "vi"), "", *_basis(allocation, draws, seed, "en")):
        notes.append([inert(line)])
        notes.cell(notes.max_row, 1).alignment = Alignment(wrap_text=True, vertical="top")
    stream = io.BytesIO()
    book.save(stream)
    return timeless(stream.getvalue())


def _sheet(sheet, allocation: Allocation, lang: str) -> None:
    """Fill one sheet: title, headings, a row for each commune, the sum."""
    target, place = allocation.scenario.target, allocation.scenario.place
    here = ("vi", "en").index(lang)
    sheet.append([inert(say(
        lang, vi="{place}: phân bổ chỉ tiêu {v:n} người tham gia BHXH tự nguyện đến {by:T}",
        en="{place}: a target of {v:n} members by {by:T}, split over communes", place=place.name, v=target.value,
        by=target.by))])  # fmt: skip
    sheet.append([inert(say(
        lang, vi="Cả địa bàn đạt chỉ tiêu với khả năng {p:c}. Dự thảo từ mô phỏng, không phải số liệu thống kê.",
        en="The whole place meets the target with probability {p:c}. A draft from simulations, not a count.",
        p=allocation.place_chance))])  # fmt: skip
    sheet.append([heads[here] for heads in COLUMNS.values()])
    for row in allocation.table[list(COLUMNS)].itertuples(index=False):
        name, district, *numbers = row
        sheet.append([inert(name.rpartition("/")[2]), inert(district), *numbers])
    counts = [name for name in COLUMNS if name in ("people", "opening", "share_by_capacity", "share_by_people")]
    total = {name: int(allocation.table[name].sum()) for name in counts}
    sheet.append([say(lang, vi="Cộng", en="Sum"), "", *(total.get(name) for name in list(COLUMNS)[2:])])
    first, last = 3, sheet.max_row
    for column, (*_, form, width) in enumerate(COLUMNS.values(), 1):
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = width
        for row in range(first + 1, last + 1):
            sheet.cell(row, column).number_format = form
        head = sheet.cell(first, column)
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="DFE3E8")
        head.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
        sheet.cell(last, column).font = Font(bold=True)
    sheet["A1"].font = Font(bold=True, size=13)
    sheet.freeze_panes = sheet.cell(first + 1, 2)
    sheet.auto_filter.ref = f"A{first}:{get_column_letter(len(COLUMNS))}{last - 1}"
    sheet.print_title_rows = f"{first}:{first}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.center.text = "&P / &N"


def _basis(allocation: Allocation, draws: int, seed: int, lang: str) -> list[str]:
    """Lines that say what the numbers rest on, and which of them nobody has checked."""
    place, scenario = allocation.scenario.place, allocation.scenario
    known = {"name": scenario.scenario, "opening": scenario.opening[0], "month": scenario.opening[1], "draws": draws,
             "status": words.form(scenario.opening[2], "status", lang), "seed": str(seed), "p": allocation.level,
             "note": place.note or "-", "names": "; ".join(history.publishers(place)) or "-"}  # fmt: skip
    lines = [say(lang, vi=vi, en=en, **known) for vi, en in zip(BASIS["vi"], BASIS["en"], strict=True)]
    return [str(line) for line in lines]


def inert(text: str) -> str:
    """Return text that no spreadsheet runs: an apostrophe stands before what looks like a formula.

    >>> inert("=1+1"), inert("An Xuyên")
    ("'=1+1", 'An Xuyên')
    """
    text = str(text)
    return "'" + text if text.startswith(RISKY) else text


def timeless(data: bytes) -> bytes:
    """Return the same workbook without the clock: openpyxl writes the time of saving into it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in sorted(old.infolist(), key=lambda i: i.filename != "[Content_Types].xml"):
            content = old.read(item)
            if item.filename == "docProps/core.xml":
                content = re.sub(rb"<dcterms:(created|modified)\b[^>]*>[^<]*</dcterms:\1>", b"", content)
            new.writestr(zipfile.ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
