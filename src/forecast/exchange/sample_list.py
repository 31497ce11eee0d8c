"""A sample of a D05-TS list with invented persons who have no names, and a mark that says so: for round trips."""

import io

import openpyxl

from forecast.data.files import inert, timeless
from forecast.data.frames import rows as rows_of
from forecast.data.law import read_law
from forecast.data.places import Place
from forecast.exchange.sample import invented
from forecast.exchange.spreadsheet import MARK

HEADINGS = (
    "STT",
    "Họ và tên",
    "Mã số BHXH",
    "Địa chỉ",
    "Điểm thu",
    "Mức thu nhập tháng đóng BHXH",
    "Số tháng đóng",
    "Từ tháng/năm",
    "Số tiền phải đóng",
    "Ghi chú",
)
MODES, INCOMES, AREAS = (1, 3, 6, 12), (1_500_000, 2_000_000, 3_000_000), 4
"""Months paid at once, incomes in VND, and collectors' areas of a sample."""


def listed(place: Place, since: str, months: int = 6, seed: int = 1) -> bytes:
    """Return a list of the invented members of a place that pay in the months from `since`, as .xlsx.

    The persons are those of :func:`forecast.exchange.sample.invented`; the same seed gives the same bytes.
    """
    from forecast.data import chance  # compiles: not for a command that only reads

    rate = read_law().value("contribution_rate", since)
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Mau_D05_TS"
    sheet.append([inert(f"Danh sách người tham gia BHXH tự nguyện, {place.name}")])
    sheet.append([f"{MARK}: người trong danh sách do máy tạo ra, không có thật"])
    sheet.append(list(HEADINGS))
    number, key = 0, chance.streams(seed, [0])[0]
    for at, row in enumerate(rows_of(invented(place, since, months, seed))):
        child_key = chance.child_array(key, chance.name_number(f"{row.commune} {row.month}"))
        new, again = int(row.entries), round(0.2 * row.members)
        for person in range(new + again):
            number += 1
            luck = [float(chance.uniform_array(child_key, 2 * person + i)) for i in range(2)]
            mode, income = MODES[int(luck[0] * len(MODES))], INCOMES[int(luck[1] * len(INCOMES))]
            sheet.append(
                [
                    number,
                    f"Người mẫu {number}",
                    f"MẪU{number:06d}",
                    f"xã {row.commune}",
                    f"Cụm {at // months % AREAS + 1}",
                    income,
                    mode,
                    f"{row.month[5:]}/{row.month[:4]}",
                    round(income * rate * mode),
                    "P.Thức " + ("Tăng_mới" if person < new else "Đóng_tiếp"),
                ]
            )
    stream = io.BytesIO()
    book.save(stream)
    return timeless(stream.getvalue())
