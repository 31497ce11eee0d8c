"""Sentences and tables as HTML, for a page whose every letter is at least twelve pixels high."""

from html import escape

from markdown_it import MarkdownIt

from forecast.language.words import Table

_PLAIN = MarkdownIt("commonmark", {"html": False}).enable("table")
_MARKED = MarkdownIt("commonmark", {"html": True})


def paragraphs(text: str, markup: bool = False) -> str:
    """Return Markdown as HTML; what is no Markdown is escaped, unless `markup` says that the text escaped it itself.

    >>> paragraphs("**a** <b>")
    '<p><strong>a</strong> &lt;b&gt;</p>'
    """
    return str((_MARKED if markup else _PLAIN).render(str(text))).strip()


def table(made: Table, caption: str) -> str:
    """Return a table with its caption; one that is wider than the page is moved by itself.

    >>> table(Table(["a", "b"], [["x", "1"]], [False, True]), "c").count("<th scope")
    3
    """
    heads = "".join(
        f'<th scope="col"{_side(right)}>{escape(h)}</th>' for h, right in zip(made.heads, made.right, strict=True)
    )
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td{_side(right)}>{escape(cell)}</td>" for cell, right in zip(rest, made.right[1:], strict=True))
        + "</tr>"
        for first, *rest in made.rows
    )
    return (
        f'<div class="fc-scroll" tabindex="0" role="group" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _side(right: bool) -> str:
    return ' class="fc-right"' if right else ""
