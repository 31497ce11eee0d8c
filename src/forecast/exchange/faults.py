"""What stops the reading of a spreadsheet, told with the report of what was read: faults, questions, no counts."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from forecast.data.messages import Both, Message, SeveralErrors, UserError, joined
from forecast.exchange.reading.measures import ROLE_NAMES
from forecast.exchange.reading.report import QUESTION, Fault, Note

MOST_FAULTS = 20

# What a cell should have held, in Vietnamese and English.
EXPECTED = {
    "commune": ("tên một xã, phường", "the name of a commune"),
    "month": ("một tháng, như 12/2023 hoặc 31/12/2023", "a month: 12/2023 or 31/12/2023"),
    "members": ("số người đang tham gia", "a count of persons"),
    "count": (
        "một số nguyên, như 1234 hoặc 1.234",
        "a whole number of persons, with or without a sign for thousands; a "
        "count of persons has no leading zero and no decimals",
    ),
    "once": ("mỗi xã một dòng trong mỗi tháng", "each commune once a month, and another row has it already"),
    "cut": (
        "mỗi giá trị một ô: dòng này dùng dấu phân cách khác các dòng còn lại",
        "a cell for each value: this row has another separator than the others",
    ),
    "formula": (
        "số đã được tính: công thức chưa có kết quả lưu, hãy mở tệp bằng bảng tính rồi lưu lại",
        "numbers: these are formulas without a saved result, which no program has calculated; open and save",
    ),
    "people": ("không nhiều hơn dân số của xã", "no more than the people who live in the commune"),
    "rising": ("số lũy kế không giảm trong năm", "a figure since January that does not fall within the year"),
}


def called(fault: Fault) -> Message:
    """Return what the file calls the column of a fault; what it holds where the file has no name for it.

    >>> called(Fault(3, "C", "members", "?", "count", "T1", "Số người")).text("en")
    'Số người'
    >>> called(Fault(3, "C", "members", "?", "count", "T1")).text("en")
    'members'
    """
    vi, en = ROLE_NAMES[fault.column]
    return Message("{name}", name=fault.heading) if fault.heading else Both(vi=vi, en=en)


class SheetError(SeveralErrors):
    """Faults of a spreadsheet, as many as there are in `faults`; the message names the first of them."""

    def __init__(self, file: str, faults: list[Fault], notes: tuple[Note, ...] = ()):
        """Keep the faults and the report, and build the message."""
        self.faults, self.notes = faults, notes
        messages = [
            UserError(
                '{file}: sheet "{sheet}", row {row}, column {letter} ({name}): "{value}"; expected {what}',
                file=file,
                sheet=f.sheet,
                row=f.row,
                letter=f.letter,
                name=called(f),
                value=f.value,
                what=Both(vi=EXPECTED[f.expected][0], en=EXPECTED[f.expected][1]),
            )
            for f in faults[:MOST_FAULTS]
        ]
        if (more := len(faults) - MOST_FAULTS) > 0:
            messages.append(UserError("{file}: and {count} faults more", file=file, count=more))
        super().__init__(messages)


class NothingError(UserError):
    """No counts of members in a file; `notes` says what is there instead."""

    def __init__(self, text: str, notes: list[Note], /, **values: Any):
        """Keep the report beside the message."""
        self.notes = tuple(notes)
        super().__init__(text, **values)


class QuestionError(SeveralErrors):
    """Readings that are both possible, and names that match no commune; `notes` is the report so far."""

    def __init__(self, file: str, notes: list[Note], unknown: list[UserError]):
        """Keep the report and build the message."""
        self.notes = tuple(notes)
        asked = []
        for n in dict.fromkeys(notes):
            if n.kind == QUESTION:
                where = [Message('sheet "{sheet}"', sheet=n.sheet)] if n.sheet else []
                where += [Message("{where}", where=n.where)] if n.where else []
                what = Both(vi=n.vi, en=n.en)
                asked.append(UserError("{file}: {where}: {what}", file=file, where=joined(where, ", "), what=what))
        super().__init__([*unknown, *asked])


class ToldError(UserError):
    """What stops an import once its file was read; `notes` is the report of the reading."""

    def __init__(self, error: UserError, notes: Iterable[Note]):
        """Keep the report beside the error."""
        self.notes = tuple(notes)
        super().__init__("{error}", error=error)


@contextmanager
def told(notes: Iterable[Note]) -> Iterator[None]:
    """Give any error inside the report of what was read."""
    try:
        yield
    except UserError as error:
        raise ToldError(error, notes) from None
