"""What the texts above a table say of it: what its numbers are, and which scheme they are about."""

from forecast.exchange.reading import headings, months
from forecast.exchange.reading.headings import Meaning
from forecast.exchange.reading.tables import Table
from forecast.exchange.reading.texts import fold


def title_meaning(context: tuple[str, ...]) -> Meaning:
    """Return what a table's title says that its numbers are, the nearest line first.

    >>> title_meaning(("BHXH HUYỆN ĐÀ BẮC", "SỐ NGƯỜI THAM GIA BHXH TỰ NGUYỆN CÁC THÁNG NĂM 2023")).role
    'members'
    """
    for text in reversed(context):
        if headings.key_role(text) or months.signed(text) or fold(text).startswith(("dvt", "don vi")):
            continue
        meaning = headings.meaning((text,))
        if meaning.why == "any_scheme":  # said of the whole table (`schemes.asked`)
            meaning = headings.if_voluntary((text,))
        if meaning.role in ("members", "lapses", "returns", "plan") or (
            meaning.role == "entries" and any(word in fold(text) for word in ("tang moi", "gia moi", "trien moi"))
        ):
            return meaning
    return Meaning("unknown", "unknown")


def scheme_above(table: Table) -> str:
    """Return the scheme that a table is about by its title, or by the name of its sheet; "" where neither says."""
    for text in reversed(table.context):
        if scheme := headings.scheme_of(text):
            return scheme
    return headings.scheme_of(table.grid.sheet)
