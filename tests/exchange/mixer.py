"""Spreadsheets as offices make them, from a seed: layouts, headings, names and number formats mixed at random.

Each comes with the table that a right reading gives. The kinds are those of reports seen in offices; no two seeds mix
them alike. Counts are invented, and the file says so nowhere: it stands for a real one.
"""

import csv
import datetime
import io
import random
import unicodedata
from typing import NamedTuple

import openpyxl
import pandas as pd
from openpyxl.utils import get_column_letter

from forecast.data import letters
from forecast.data.places import Place, read_place
from forecast.exchange.reading.names import Names

PLACES = (("da-bac", "2023"), ("dong-trieu", "2022"), ("lao-cai", "2022"), ("ca-mau", "2023"), ("lao-cai", "2025b"))
COMMUNE = (
    "Xã",
    "Xã, phường",
    "Đơn vị",
    "Tên xã",
    "Địa bàn",
    "Xã/Phường/Thị trấn",
    "Tên đơn vị",
    "Xã, thị trấn",
    "Địa phương",
)
MONTH = ("Tháng", "Tháng báo cáo", "Kỳ báo cáo", "Tháng/năm", "Thời điểm", "Kỳ")
MEMBERS = (
    "Đang tham gia",
    "Số người đang tham gia",
    "Số người tham gia BHXH tự nguyện",
    "Số người tham gia cuối kỳ",
    "Lũy kế số người đang tham gia",
    "Số người hiện có",
    "Số người đang đóng",
    "Tổng số người đang tham gia BHXH TN",
)
ENTRIES = ("Tăng mới", "Tham gia mới", "Phát triển mới", "Tăng trong tháng", "Số người tham gia mới", "Tăng")
LAPSES = ("Giảm", "Dừng đóng", "Ngừng đóng", "Giảm trong tháng", "Số người dừng tham gia", "Thôi đóng")
PLAN = ("Kế hoạch năm", "Kế hoạch giao", "Chỉ tiêu năm", "KH năm", "Chỉ tiêu giao", "Kế hoạch")
DECOYS = (  # a heading, and a function of the row that makes its value
    ("Tỷ lệ % so KH", lambda r: round(100 * r["members"] / max(r["plan"], 1), 1)),
    ("Số người tham gia BHXH bắt buộc", lambda r: 300 + r["members"] % 17),
    ("BHYT hộ gia đình", lambda r: 40 * r["members"] + 7),
    ("Tăng, giảm so với cùng kỳ", lambda r: r["entries"] - 3),
    ("Số thu (triệu đồng)", lambda r: round(0.31 * r["members"], 2)),
    ("Số người tham gia đầu kỳ", lambda r: r["members"] - r["entries"] + r["lapses"]),
    ("Phát triển mới lũy kế từ đầu năm", lambda r: r["since"]),
    ("Trong đó: nữ", lambda r: r["members"] // 2),
    ("Còn thiếu so với kế hoạch", lambda r: max(0, r["plan"] - r["members"])),
    ("Cùng kỳ năm trước", lambda r: max(0, r["members"] - 9)),
    ("Ghi chú", lambda r: None),
    ("Số đến hạn đóng", lambda r: r["members"] // 6),
)
LAYOUTS = ("long", "title", "sheets", "across", "across_measures", "merged", "groups", "two_tables", "months_by_group")


class Made(NamedTuple):
    """A file: its name, bytes, place, the right table (unit, month, measures), and what was mixed in it."""

    name: str
    data: bytes
    place: str
    right: pd.DataFrame
    mixed: dict


def make(seed: int) -> Made:
    """Return the spreadsheet of a seed."""
    luck = random.Random(seed)
    key, year = luck.choice(PLACES)
    start = f"{year[:4]}-0{luck.choice((1, 2, 3))}" if year != "2025b" else "2025-08"
    place = read_place(key, at=start)
    if len(place.communes) > 60 and luck.random() < 0.7:
        key, start = "da-bac", "2023-01"
        place = read_place(key, at=start)
    months = [str(pd.Period(start) + i) for i in range(luck.choice((1, 2, 3, 4)))]
    layout = luck.choice(LAYOUTS)
    if layout == "title":
        months = months[:1]
    if layout in ("sheets", "across", "across_measures") and len(months) == 1:
        months = [months[0], str(pd.Period(months[0]) + 1)]
    rows = _counts(place, months, luck)
    style = _style(luck, place)
    builder = _Builder(luck, place, months, rows, layout, style)
    sheets = builder.sheets()
    form = _format(luck, layout, sheets)
    name = {"title": "bao cao", "sheets": "BC thang"}.get(layout, f"so lieu {seed}") + "." + form.split("-")[0]
    right = builder.rows[["unit", "month", *builder.kept()]]
    return Made(
        name,
        _written(sheets, form, builder, luck),
        key,
        right,
        {"seed": seed, "layout": layout, "form": form}
        | {k: v for k, v in style.items() if isinstance(v, str | bool)}
        | {"measures": builder.kept(), "since": any("lũy kế từ" in d[0] for d in builder.decoys)},
    )


def _counts(place: Place, months: list[str], luck: random.Random) -> pd.DataFrame:
    """Return invented counts whose flows make their stocks."""
    names, rows = Names(place), []
    for commune in place.communes.itertuples():
        members = max(1, int(commune.eligible * luck.uniform(0.005, 0.06)))
        if luck.random() < 0.08:
            members = min(int(commune.eligible * 0.9), 1000 + luck.randrange(900))
        since, plan = 0, int(members * 1.25) + 3
        for number, month in enumerate(months):
            entries, lapses = luck.randrange(0, 7), luck.randrange(0, min(4, members + 1))
            members += entries - lapses if number else 0
            since = entries + (0 if month.endswith("-01") else since)
            rows.append(
                {
                    "unit": commune.commune,
                    "name": names.short(commune.commune).rpartition("/")[2],
                    "district": commune.district,
                    "month": month,
                    "members": members,
                    "entries": entries,
                    "lapses": lapses,
                    "plan": plan,
                    "since": since,
                }
            )
    return pd.DataFrame(rows)


def _style(luck: random.Random, place: Place) -> dict:
    """Return the habits of an office."""
    plain_is_one = len({names.short(u) for names in [Names(place)] for u in names.units}) == len(
        place.communes
    ) and len({letters.unicodedata.normalize("NFD", u) for u in place.communes["commune"]}) == len(place.communes)
    same = pd.Series([u.rpartition("/")[2] for u in place.communes["commune"]])
    from forecast.exchange.reading.names import parted
    from forecast.exchange.reading.texts import fold, spelled

    bare = [parted(u).name for u in same]
    unique = pd.Series([spelled(u) for u in bare]).is_unique
    folded = pd.Series([fold(u) for u in bare]).is_unique
    names = ["exact", "exact", "upper", "kind", "short_kind", "nfd", "tone"]
    names += ["plain"] if folded else []
    return {
        "unique": unique,
        "plain_is_one": plain_is_one,
        "names": luck.choice(names),
        "numbers": luck.choice(("number", "number", "number", "text", "text_dot", "float", "dash", "dot_number")),
        "months": luck.choice(("mm/yyyy", "date", "thang", "iso", "t", "day", "serial", "yyyymm", "short")),
        "order": luck.random() < 0.8,
        "numbering": luck.random() < 0.2,
        "total": luck.random() < 0.6,
        "notes": luck.random() < 0.4,
        "repeated": luck.random() < 0.15,
        "font": "TCVN3" if luck.random() < 0.06 else "",
    }


class _Builder:
    """Writes the rows of each sheet."""

    def __init__(self, luck, place, months, rows, layout, style):
        self.luck, self.place, self.months, self.rows, self.layout, self.style = (
            luck,
            place,
            months,
            rows,
            layout,
            style,
        )
        self.heads = {
            "commune": luck.choice(COMMUNE),
            "month": luck.choice(MONTH),
            "members": luck.choice(MEMBERS),
            "entries": luck.choice(ENTRIES),
            "lapses": luck.choice(LAPSES),
            "plan": luck.choice(PLAN),
        }
        if layout == "two_tables":  # the second is about another scheme under the same heading
            self.heads["members"] = luck.choice(("Số người tham gia", "Đang tham gia", "Số người hiện có"))
        more = [m for m in ("entries", "lapses", "plan") if luck.random() < 0.6]
        self.measures = ["members"] if layout == "across" else luck.sample(["members", *more], 1 + len(more))
        if layout == "across_measures":
            self.measures = luck.sample(["members", "entries", "lapses"], 3)
        self.decoys = luck.sample(DECOYS, luck.randrange(0, 4)) if not layout.startswith("across") else []
        names = [d[0] for d in self.decoys]
        if "entries" in self.measures and any("lũy kế từ đầu năm" in n for n in names):
            self.decoys = [d for d in self.decoys if "lũy kế từ đầu năm" not in d[0]]
        self.district = (not style["unique"]) or (len(set(rows["district"])) > 1 and luck.random() < 0.4)
        self.group_districts = self.district and layout in ("groups", "title") and len(set(rows["district"])) > 1
        self.two_rows = layout in ("title", "sheets", "long") and luck.random() < 0.5
        self.merges: dict[str, list] = {}

    def kept(self):
        kept = list(self.measures)
        if any("lũy kế từ đầu năm" in d[0] for d in self.decoys):
            kept.append("entries*")
        return [k for k in kept if k != "entries*"]

    def name(self, row):
        text, how = row["name"], self.style["names"]
        if how == "upper":
            return text.upper()
        if how == "kind" and not text.casefold().startswith(("phường", "xã", "thị trấn")) and "(" not in text:
            return f"{'Phường' if row['unit'].startswith('Đông') else 'Xã'} {text}"
        if how == "short_kind" and not text.casefold().startswith(("phường", "xã", "thị trấn")) and "(" not in text:
            return f"X. {text}"
        if how == "nfd":
            return unicodedata.normalize("NFD", text)
        if how == "tone":
            return text.replace("òa", "oà").replace("óa", "oá").replace("ùy", "uỳ").replace("ủy", "uỷ")
        if how == "plain":
            from forecast.exchange.reading.texts import fold

            if all(one.isalpha() or one == " " for one in text):
                return fold(text).title()
        return text

    def number(self, value, measure="members"):
        how = self.style["numbers"]
        if value is None:
            return None
        if how == "text":
            return str(value)
        if how == "text_dot":
            return f"{value:,}".replace(",", ".")
        if how == "float":
            return float(value)
        if how == "dash" and value == 0:
            return "-"
        if how == "dot_number" and value >= 1000:
            return value / 1000
        return value

    def month(self, month):
        year, number = int(month[:4]), int(month[5:])
        form = self.style["months"]
        day = datetime.date(year, number, 28)
        return {
            "mm/yyyy": f"{number:02d}/{year}",
            "date": day,
            "thang": f"Tháng {number:02d}/{year}",
            "iso": str(day),
            "t": f"T{number}/{year}",
            "day": f"28/{number:02d}/{year}",
            "serial": (day - datetime.date(1899, 12, 30)).days,
            "yyyymm": 100 * year + number,
            "short": f"{number:02d}/{year % 100}",
        }[form]

    def title(self, month=None):
        place = self.place.name.split(" (")[0]
        year = self.months[0][:4]
        top = self.luck.choice(
            ([f"BẢO HIỂM XÃ HỘI {place.upper()}"], [f"BHXH HUYỆN {place.upper()}", "BỘ PHẬN THU"], [])
        )
        about = self.luck.choice(
            (
                "BÁO CÁO TÌNH HÌNH THAM GIA BHXH TỰ NGUYỆN",
                "BÁO CÁO SỐ NGƯỜI THAM GIA BHXH TỰ NGUYỆN",
                "TỔNG HỢP NGƯỜI THAM GIA BHXH TỰ NGUYỆN",
            )
        )
        if self.layout == "across":
            about = "SỐ NGƯỜI THAM GIA BHXH TỰ NGUYỆN CÁC THÁNG"
        if month:
            about += self.luck.choice((f" THÁNG {month[5:]} NĂM {month[:4]}", f" THÁNG {int(month[5:])}/{month[:4]}"))
        else:
            about += f" NĂM {year}"
        lines = [[text] for text in [*top, about]]
        if self.luck.random() < 0.5:
            lines.append([None] * self.luck.choice((0, 3)) + ["ĐVT: người"])
        if self.luck.random() < 0.3:
            lines.append([])
        return lines

    def sheets(self):
        """Return (name, rows, merged) of each sheet."""
        build = getattr(self, f"_{self.layout}")
        sheets = build()
        if self.luck.random() < 0.15:
            sheets.insert(0, ("Bìa", [["BÁO CÁO"], [f"NĂM {self.months[0][:4]}"]], []))
        return sheets

    def _table(self, rows, keys, top, groups=True):
        """Return rows of a table below its title, and merged areas; keys are columns before the measures."""
        cells = [list(line) for line in top]
        merged = []
        columns = [
            *(["order"] if self.style["order"] else []),
            *(["district"] if self.district and not self.group_districts else []),
            *keys,
        ]
        values = [(m, self.heads[m], None) for m in self.measures] + [(d[0], d[0], d[1]) for d in self.decoys]
        order = values if self.luck.random() < 0.5 else self.luck.sample(values, len(values))
        names = {"order": self.luck.choice(("STT", "TT")), "district": "Huyện", **{k: self.heads[k] for k in keys}}
        first = len(cells)
        upper = None
        if self.two_rows and {"entries", "lapses"} <= set(self.measures):
            order.sort(key=lambda v: v[0] not in ("entries", "lapses"))
            at = len(columns)
            upper = [names[c] for c in columns] + ["Thực hiện trong tháng", None] + [v[1] for v in order[2:]]
            lower = [None] * len(columns) + [v[1] for v in order[:2]] + [None] * (len(order) - 2)
            cells += [upper, lower]
            merged.append((first, at, first, at + 1))
            merged += [(first, x, first + 1, x) for x in [*range(at), *range(at + 2, len(upper))]]
        else:
            cells.append([names[c] for c in columns] + [v[1] for v in order])
        head = cells[-1] if upper is None else None
        if self.style["numbering"]:
            cells.append([f"({i + 1})" for i in range(len(columns) + len(order))])
        label_at = columns.index("commune") if self.luck.random() < 0.7 or not columns.index("commune") else 0
        totals = dict.fromkeys([v[0] for v in order], 0)
        last_district, number = None, 0
        half = len(rows) // 2
        for place, (_, row) in enumerate(rows.iterrows()):
            if self.group_districts and row["district"] != last_district:
                last_district = row["district"]
                line = [None] * (len(columns) + len(order))
                line[columns.index("commune")] = f"Huyện {last_district}"
                if "order" in columns:
                    line[0] = "I"
                cells.append(line)
            elif self.layout == "groups" and groups and not self.group_districts and place in (0, half):
                line = [None] * (len(columns) + len(order))
                line[columns.index("commune")] = f"KHU VỰC {'I' if place == 0 else 'II'}"
                if "order" in columns:
                    line[0] = "I" if place == 0 else "II"
                cells.append(line)
            if (
                self.style["repeated"]
                and head
                and place == half
                and len(rows) > 20
                and self.layout in ("long", "merged")
            ):
                cells.append(list(head))
            number += 1
            line = []
            for c in columns:
                line.append(
                    {
                        "order": number,
                        "district": row["district"],
                        "commune": self.name(row),
                        "month": self.month(row["month"]),
                    }[c]
                )
            for key, _, made in order:
                value = row[key] if made is None else made(row)
                totals[key] += value or 0
                line.append(self.number(int(value)) if made is None else value)
            cells.append(line)
        if self.style["total"] and rows["month"].nunique() == 1:
            line = [None] * (len(columns) + len(order))
            line[label_at] = self.luck.choice(("Tổng cộng", "Cộng", "TỔNG SỐ", "Tổng cộng toàn huyện", "Cộng (I+II)"))
            for x, (key, _, made) in enumerate(order, len(columns)):
                line[x] = totals[key] if made is None else None
            cells.append(line)
        if self.style["notes"]:
            cells += [
                [],
                ["Ghi chú: số liệu do cán bộ thu tổng hợp"],
                [None, "NGƯỜI LẬP BIỂU", None, "GIÁM ĐỐC"],
                [None, None, None, f"{self.place.name.split(' (')[0]}, ngày 05 tháng 12 năm 2024"],
            ]
        self.last = (columns, order)
        return cells, merged

    def _long(self):
        rows = self.rows if self.luck.random() < 0.5 else self.rows.sort_values("month", kind="stable")
        keys = ["commune", "month"] if self.luck.random() < 0.8 else ["month", "commune"]
        cells, merged = self._table(rows, keys, self.title() if self.luck.random() < 0.7 else [])
        return [("Báo cáo", cells, merged)]

    def _title(self):
        cells, merged = self._table(self.rows, ["commune"], self.title(self.months[0]))
        return [("Sheet1", cells, merged)]

    def _sheets(self):
        form = self.luck.choice(("T{:02d}", "Tháng {:02d}", "T{}", "Thang {}"))
        titled = self.luck.random() < 0.6
        state = self.luck.getstate()
        out = []
        for month in self.months:
            self.luck.setstate(state)
            cells, merged = self._table(
                self.rows[self.rows["month"] == month], ["commune"], self.title(month) if titled else self.title()
            )
            out.append((form.format(int(month[5:])), cells, merged))
        return out

    def _across(self):
        form = self.luck.choice(("T{n}", "Tháng {n}", "{n:02d}/{y}", "Tháng {n:02d}/{y}", "date"))
        heads = [
            datetime.date(int(m[:4]), int(m[5:]), 1) if form == "date" else form.format(n=int(m[5:]), y=m[:4])
            for m in self.months
        ]
        return [("Báo cáo", *self._wide(heads, None))]

    def _across_measures(self):
        form = self.luck.choice(("Tháng {n:02d}/{y}", "Tháng {n}", "T{n}/{y}"))
        heads = [form.format(n=int(m[5:]), y=m[:4]) for m in self.months]
        return [("Báo cáo", *self._wide(heads, [self.heads[m] for m in self.measures]))]

    def _wide(self, heads, measures):
        cells, merged = [list(line) for line in self.title()], []
        keys = [*(["STT"] if self.style["order"] else []), *(["Huyện"] if self.district else []), self.heads["commune"]]
        first = len(cells)
        if measures is None:
            cells.append([*keys, *heads])
        else:
            cells.append([*keys, *[h if i == 0 else None for h in heads for i in range(len(measures))]])
            cells.append([None] * len(keys) + measures * len(heads))
            merged += [(first, x, first + 1, x) for x in range(len(keys))]
            merged += [
                (first, len(keys) + len(measures) * i, first, len(keys) + len(measures) * (i + 1) - 1)
                for i in range(len(heads))
            ]
        sums: dict[int, int] = {}
        for number, (_, part) in enumerate(self.rows.groupby("unit", sort=False), 1):
            row = part.iloc[0]
            line = [
                *([number] if self.style["order"] else []),
                *([row["district"]] if self.district else []),
                self.name(row),
            ]
            for _, one in part.iterrows():
                for measure in self.measures:
                    sums[len(line)] = sums.get(len(line), 0) + one[measure]
                    line.append(self.number(int(one[measure])))
            cells.append(line)
        if self.style["total"]:
            line = [None] * (len(keys) - 1) + ["Tổng cộng"]
            cells.append(line + [int(sums[x]) for x in sorted(sums)])
        return cells, merged

    def _merged(self):
        self.style["order"] = False
        rows = self.rows
        cells, merged = self._table(rows, ["commune", "month"], self.title())
        at = self.last[0].index("commune")
        span, start, name = [], None, object()
        for y, line in enumerate(cells):
            own = line[at] if at < len(line) else None
            data = at + 1 < len(line) and line[at + 1] is not None and own is not None and own != self.heads["commune"]
            if data and own == name and y == start[1] + 1:
                start[1] = y
                line[at] = None
            else:
                if start and start[1] > start[0]:
                    span.append((start[0], at, start[1], at))
                start, name = ([y, y], own) if data else (None, object())
        if start and start[1] > start[0]:
            span.append((start[0], at, start[1], at))
        return [("Báo cáo", cells, [*merged, *span])]

    def _groups(self):
        if len(self.months) > 1 and self.group_districts:
            self.months = self.months[:1]
            self.rows = self.rows[self.rows["month"] == self.months[0]]
        cells, merged = self._table(self.rows, ["commune", "month"], self.title())
        return [("Báo cáo", cells, merged)]

    def _two_tables(self):
        cells, merged = self._table(self.rows, ["commune", "month"], [["A. BHXH TỰ NGUYỆN"]])
        other = self.rows.assign(members=self.rows["members"] * 30 + 1, plan=self.rows["plan"] * 30)
        more, _ = self._table(other, ["commune", "month"], [[], ["B. BHYT HỘ GIA ĐÌNH"]])
        return [("Báo cáo", [*cells, *more], merged)]

    def _months_by_group(self):
        cells, merged = [], []
        self.decoys = []
        top, state = self.title(), self.luck.getstate()
        for number, month in enumerate(self.months):
            self.luck.setstate(state)
            part, areas = self._table(self.rows[self.rows["month"] == month], ["commune"], top if number == 0 else [])
            if number == 0:
                head = next(y for y, line in enumerate(part) if self.heads["commune"] in line)
                below = head + (2 if any(a[0] == head for a in areas) else 1) + bool(self.style["numbering"])
                cells, merged = part[:below], areas
                rest = part[below:]
            else:
                start = next(y for y, line in enumerate(part) if self.heads["commune"] in line)
                rest = part[start + (2 if any(a[0] == start for a in areas) else 1) + bool(self.style["numbering"]) :]
            notes = next((y for y, line in enumerate(rest) if line and str(line[0]).startswith("Ghi chú")), len(rest))
            line = [None] * 3
            line[0] = f"Tháng {int(month[5:])}/{month[:4]}"
            cells += [line, *(rest if month == self.months[-1] else rest[:notes])]
        return [("Báo cáo", cells, merged)]


def _format(luck: random.Random, layout: str, sheets: list) -> str:
    if len(sheets) > 1 or layout in ("across_measures",):
        return luck.choice(("xlsx", "xlsx", "xlsx", "xls", "ods"))
    return luck.choice(("xlsx", "xlsx", "xlsx", "xlsx", "xls", "ods", "csv-;", "csv-,", "csv-utf16", "csv-bom"))


def _written(sheets: list, form: str, builder: _Builder, luck: random.Random) -> bytes:
    font = builder.style["font"] if form == "xlsx" and builder.style["names"] in ("exact", "kind") else ""
    builder.style["font"] = font
    if form.startswith("csv"):
        return _csv(sheets[-1][1], form)
    if font:
        sheets = [
            (name, [[letters.to_tcvn3(v) if isinstance(v, str) else v for v in row] for row in rows], merged)
            for name, rows, merged in sheets
        ]
    return {"xlsx": _xlsx, "xls": _xls, "ods": _ods}[form](sheets)


def _xlsx(sheets) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows, merged in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([int(v) if hasattr(v, "item") and not isinstance(v, float) else v for v in row])
        for top, left, bottom, right in merged:
            sheet.merge_cells(f"{get_column_letter(left + 1)}{top + 1}:{get_column_letter(right + 1)}{bottom + 1}")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _xls(sheets) -> bytes:
    import xlwt

    book = xlwt.Workbook()
    day = xlwt.easyxf(num_format_str="mm/yyyy")
    for name, rows, merged in sheets:
        sheet = book.add_sheet(name)
        areas = {(a[0], a[1]): a for a in merged}
        inside = {(y, x) for a in merged for y in range(a[0], a[2] + 1) for x in range(a[1], a[3] + 1)} - set(areas)
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                if (y, x) in inside or value is None:
                    continue
                value = value.item() if hasattr(value, "item") else value
                style = (day,) if isinstance(value, datetime.date) else ()
                if (y, x) in areas:
                    top, left, bottom, right = areas[(y, x)]
                    sheet.write_merge(top, bottom, left, right, value, *style)
                else:
                    sheet.write(y, x, value, *style)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _ods(sheets) -> bytes:
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import CoveredTableCell, Table, TableCell, TableRow
    from odf.text import P

    book = OpenDocumentSpreadsheet()
    for name, rows, merged in sheets:
        table = Table(name=name)
        areas = {(a[0], a[1]): a for a in merged}
        inside = {(y, x) for a in merged for y in range(a[0], a[2] + 1) for x in range(a[1], a[3] + 1)} - set(areas)
        for y, row in enumerate(rows):
            line = TableRow()
            for x, value in enumerate(row):
                value = value.item() if hasattr(value, "item") else value
                if (y, x) in inside:
                    line.addElement(CoveredTableCell())
                    continue
                more = {}
                if (y, x) in areas:
                    top, left, bottom, right = areas[(y, x)]
                    more = {"numberrowsspanned": bottom - top + 1, "numbercolumnsspanned": right - left + 1}
                if value is None:
                    cell = TableCell(**more)
                elif isinstance(value, datetime.date):
                    cell = TableCell(valuetype="date", datevalue=value.isoformat(), **more)
                elif isinstance(value, int | float):
                    cell = TableCell(valuetype="float", value=value, **more)
                else:
                    cell = TableCell(valuetype="string", **more)
                    cell.addElement(P(text=str(value)))
                line.addElement(cell)
            table.addElement(line)
        book.spreadsheet.addElement(table)
    stream = io.BytesIO()
    book.write(stream)
    return stream.getvalue()


def _csv(rows, form: str) -> bytes:
    text = io.StringIO(newline="")
    mark = {"csv-;": ";", "csv-bom": ";", "csv-utf16": "\t", "csv-,": ","}[form]
    writer = csv.writer(text, delimiter=mark, lineterminator="\r\n")
    for row in rows:
        cells = [f"{v:%d/%m/%Y}" if isinstance(v, datetime.date) else "" if v is None else v for v in row]
        # A program with Vietnamese settings writes 1.5 as 1,5; with a comma between cells it is quoted.
        writer.writerow(
            [f"{v:.3f}".rstrip("0").rstrip(".").replace(".", ",") if isinstance(v, float) else v for v in cells]
        )
    told = text.getvalue()
    return {"csv-bom": b"\xef\xbb\xbf" + told.encode(), "csv-utf16": told.encode("utf-16")}.get(form, told.encode())
