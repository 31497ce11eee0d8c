"""The live controls of a page as one file of their own, which opens from a phone's storage without a network."""

import html

from nbformat import NotebookNode

from forecast.language import words
from forecast.publish import downloads
from forecast.publish.audit import from_markdown

CELL, HEADLINE = "live", "headline"  # cells of a place's notebook
_STYLE = (
    ":root{color-scheme:light dark}body{font:1.05rem/1.5 'Noto Sans','Segoe UI',sans-serif;margin:0}"
    "main{max-width:40rem;margin:auto;padding:1rem}h1{font-size:1.4rem}"
)


def address(stem: str, lang: str) -> str:
    """Return where the file of a page lies below the site.

    >>> address("01_da_bac", "vi")
    'download/01_da_bac-vi.html'
    """
    return f"{downloads.FOLDER}/{stem}-{lang}.html"


def page(book: NotebookNode, lang: str) -> str:
    """Return the file of an executed notebook: place, headline and controls; "" where it has none."""
    controls, headline = _output(book, CELL, "text/html"), _output(book, HEADLINE, "text/markdown")
    if not controls:
        return ""
    name = words.form(book.metadata.get("forecast", {}).get("place", ""), "place", lang)
    title, sentence = html.escape(name[:1].upper() + name[1:]), html.escape(" ".join(from_markdown(headline).split()))
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style>"
    )
    body = f"<main><h1>{title}</h1><p>{sentence}</p>{controls}</main>"
    return f'<!doctype html>\n<html lang="{lang}"><head>{head}</head><body>{body}</body></html>\n'


def _output(book: NotebookNode, cell: str, kind: str) -> str:
    """Return what a cell put out of a kind, "" if nothing."""
    outputs = [out for one in book.cells if one.get("id") == cell for out in one.get("outputs", [])]
    return next(("".join(out["data"][kind]) for out in outputs if kind in out.get("data", {})), "")
