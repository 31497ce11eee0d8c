"""Cells that were typed for a font of the time before Unicode, in Unicode: what a whole sheet tells of each."""

import unicodedata
from typing import TYPE_CHECKING

from forecast.data.letters import best, from_tcvn3, from_vni, strange

if TYPE_CHECKING:
    from forecast.exchange.reading.cells import Grid


def converted(grid: "Grid") -> "Grid":
    """Return a sheet with cells of old fonts in Unicode; `font` says which font, if there were any."""
    fonts: dict[str, int] = {}
    grid = grid._replace(
        rows=[
            [
                unicodedata.normalize("NFC", cell) if isinstance(cell, str) and not cell.isascii() else cell
                for cell in row
            ]
            for row in grid.rows
        ]
    )
    rows = []
    for row in grid.rows:
        cells = list(row)
        for at, cell in enumerate(cells):
            if isinstance(cell, str) and not cell.isascii():
                cells[at], font = best(cell)
                if font:
                    fonts[font] = fonts.get(font, 0) + 1
        rows.append(cells)
    if not fonts:
        return grid
    font = max(fonts, key=lambda name: fonts[name])
    back = from_tcvn3 if font == "TCVN3" else from_vni
    texts = {cell for row in grid.rows for cell in row if isinstance(cell, str) and not cell.isascii()}
    # Where nearly every cell is of the font, one that could be either is as well; in a mixed sheet it stays.
    if sum(1 for cell in texts if best(cell)[1]) > 0.6 * len(texts):
        rows = [
            [
                back(cell) if isinstance(cell, str) and not cell.isascii() and not strange(back(cell)) else new
                for cell, new in zip(row, fresh, strict=True)
            ]
            for row, fresh in zip(grid.rows, rows, strict=True)
        ]
    return grid._replace(rows=rows, font=font)
