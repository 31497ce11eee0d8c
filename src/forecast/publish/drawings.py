"""Pictures as pages carry them: SVG inside the page, so that its font and its colors, light or dark, reach each letter.

A picture comes as two drawings (:data:`MIME`), one for a page and one for a phone; a style sheet shows one of them.
What stands in a page until Sphinx is done is a mark with the description alone: neither the index of words nor Sphinx's
own trees carry the drawings. Numbers at the ticks of an axis state nothing, so the audit of numbers reads the
description, and holds each drawing as a whole by its hash.
"""

import hashlib
import html
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from forecast.publish import colors

MIME = "application/vnd.forecast.drawing+json"
COLORS = "pictures.css"
_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_KEPT = {"svg", "g", "path", "use", "text", "tspan", "defs", "clipPath", "rect", "circle", "line", "polygon", "image"}
_LONG = re.compile(r"-?\d+\.\d{3,}")
MARK = re.compile(r'<svg data-drawing="([0-9a-f]{16})"[^>]*></svg>')
_DRAWN = re.compile(r'<svg class="(?:on-page|on-phone)".*?</svg>', re.DOTALL)


def cleaned(drawn: str, alt: str) -> str:
    """Return an SVG of matplotlib's without all that a page says better: fonts, white paper, colors as they are.

    Texts inherit the font; a color is a variable of the style sheet with the color itself to fall back on; names of
    parts begin with a hash of the drawing, since many drawings share a page.
    """
    root = ET.fromstring(drawn)
    mine = "d" + hashlib.sha256((alt + drawn).encode()).hexdigest()[:8]
    linked = {ref for node in root.iter() for value in node.attrib.values() for ref in re.findall(r"#([\w-]+)", value)}
    for node in list(root.iter()):
        for child in list(node):
            if child.tag.removeprefix(_SVG) not in _KEPT or not child.tag.startswith(_SVG):
                node.remove(child)
    for node in root.iter():
        name = node.attrib.pop("id", "")
        if name in linked:
            node.set("id", mine + name)
        for key, value in list(node.attrib.items()):
            if key == "style":
                value = _styled(value)
            if key == _LINK:
                del node.attrib[key]
                key = "href"
            if key == "transform" and value.startswith("rotate(-0 "):
                del node.attrib[key]
                continue
            if key != "href" or value.startswith("#"):
                value = re.sub(r"(^|url\()#(?=[\w-]+\)?$)", rf"\g<1>#{mine}", value)
                value = value if key == "style" and "var(" in value else _LONG.sub(_short, value)
            node.set(key, " ".join(value.split()) if key == "d" else value)
    for node in list(root.iter()):
        for child in [one for one in node if one.tag == f"{_SVG}g" and not len(one)]:
            node.remove(child)
    root.attrib.pop("version", None)
    _, _, wide, high = root.get("viewBox", "0 0 1 1").split()
    root.attrib |= {"width": f"{float(wide) * 4 / 3:.0f}", "height": f"{float(high) * 4 / 3:.0f}"}
    root.attrib = {"class": "on-page", "role": "img", "aria-label": alt, **root.attrib}
    ET.register_namespace("", _SVG.strip("{}"))
    text = ET.tostring(root, encoding="unicode").replace(' xmlns="http://www.w3.org/2000/svg"', "")
    return re.sub(r">\s+<", "><", text)


def _short(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _styled(style: str) -> str:
    """Return the properties of an element without its font, with a variable for each color."""
    kept = []
    for part in filter(None, (part.strip() for part in style.split(";"))):
        name, _, value = (piece.strip() for piece in part.partition(":"))
        if name not in ("font-family", "stroke-linejoin") and (name, value) != ("stroke-linecap", "butt"):
            kept.append(f"{name}:{colors.named(value)}")
    return ";".join(kept)


def both(drawing: dict[str, Any]) -> str:
    """Return the two drawings of a picture as one piece of HTML without an empty line."""
    narrow = drawing["narrow"].replace('class="on-page"', 'class="on-phone"', 1)
    kind = "drawn" if narrow else "drawn alone"
    return f'<span class="{kind}">{drawing["wide"]}{narrow}</span>'


def for_card(drawing: dict[str, Any]) -> str:
    """Return the drawing of a card, which is as narrow on a page as it is on a phone."""
    return f'<span class="drawn alone">{drawing["narrow"] or drawing["wide"]}</span>'


def mark(drawn: str, alt: str) -> str:
    """Return what stands in a page for a drawing until Sphinx is done.

    >>> mark("<svg/>", "Two lines")
    '<svg data-drawing="d4dc56669143034f" role="img" aria-label="Two lines"></svg>'
    """
    return f'<svg data-drawing="{name(drawn)}" role="img" aria-label="{html.escape(alt)}"></svg>'


def name(drawn: str) -> str:
    """Return the hash that a drawing goes by."""
    return hashlib.sha256(drawn.encode()).hexdigest()[:16]


def put(cell: NotebookNode, drawn: dict[str, str]) -> list[str]:
    """Put the mark of its drawings where a cell shows a picture, add them to `drawn`, and return their hashes.

    A picture that nobody of ours drew stays an image; its description is handed on to the page.
    """
    found: list[str] = []
    removed = "remove-cell" in cell.metadata.get("tags", [])
    for output in [] if removed else cell.get("outputs", []):
        alt = output.get("metadata", {}).get("image/png", {}).get("alt")
        if MIME in output.get("data", {}):
            drawing = both(output["data"][MIME])
            drawn[name(drawing)] = drawing
            found += hashes(drawing)
            output["data"], output["metadata"] = {"text/html": mark(drawing, alt)}, {}
        elif alt:
            cell.metadata["mystnb"] = cell.metadata.get("mystnb", {}) | {"image": {"alt": alt}}
            output["metadata"] = {}
    return found


def place(folder: Path, drawings: dict[str, str]) -> None:
    """Put `drawings` (by :func:`name`) where the marks for them stand in the pages of a folder."""
    for page in sorted(folder.glob("*.html")):
        text = page.read_text(encoding="utf-8")
        placed = MARK.sub(lambda found: drawings[found[1]], text)
        if placed != text:
            page.write_text(placed, encoding="utf-8")


def hashes(page: str) -> list[str]:
    """Return the hash of each drawing of a finished page, in order."""
    return [name(drawn) for drawn in _DRAWN.findall(page)]
