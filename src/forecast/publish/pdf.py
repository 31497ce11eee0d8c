"""A page on paper: an executed notebook set by typst as PDF, text and tables and pictures, without the code.

The PDF is made of the notebook itself and not of the web page, so that a table breaks between rows, headings stay with
what follows, every page has its number, and no browser is needed (docs/decisions/0010).
"""

import base64
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import typst
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from nbformat import NotebookNode

from forecast.data import tables
from forecast.data.tables import UserError
from forecast.publish.audit import text_of

_LONG = 30  # lines of code that may be torn apart
_SHORT = 12  # rows of a table that is not torn apart, items of a list that is set as large as the text
# What some calls fold away; of others, the page says whether it is a table or a list.
FOLDED = {
    "source_list(": {"vi": "danh sách nguồn", "en": "the list of sources"},
    "statuses(": {"vi": "mức tin cậy của số liệu", "en": "the status of the figures"},
    'overview(cards, "parameter"': {"vi": "bảng tham số", "en": "the table of parameters"},
    'overview(cards, "lever"': {"vi": "bảng giải pháp", "en": "the table of levers"},
}
REPEATS = "figures.repeat("  # in a cell: the commands that repeat a page
_MARKDOWN = MarkdownIt("commonmark").enable("table")
# The look of all reports. Values come as JSON through `sys.inputs`, the text as code that is generated below.
_LOOK = """
#let labels = json(bytes(sys.inputs.labels))
#set document(title: labels.title, date: none)
#set page(paper: "a4", margin: (x: 19mm, top: 21mm, bottom: 20mm), header: context {
  if counter(page).get().first() > 1 { set text(8pt, luma(90)); labels.title; h(1fr); labels.site }
}, footer: context {
  set text(7pt, luma(90))
  grid(
    columns: (1fr, auto), column-gutter: 8mm,
    labels.foot.map(line => [#line]).join(linebreak()), counter(page).display("1 / 1", both: true),
  )
})
#set text(font: ("Noto Sans", "DejaVu Sans"), size: 9.5pt, lang: labels.lang)
#set par(leading: 0.62em, spacing: 0.95em)
#show heading: set block(above: 1.5em, below: 0.75em, sticky: true)
#show heading: set text(weight: 600, fill: rgb("#123f69"))
#show heading.where(level: 1): set text(17pt)
#show heading.where(level: 2): set text(12.5pt)
#show heading.where(level: 3): set text(10.5pt)
#show link: set text(fill: rgb("#1b5e9b"))
#show strong: set text(weight: 600)
#show raw: set text(font: ("DejaVu Sans Mono", "Noto Sans"), size: 8pt)
#set list(indent: 0.4em, spacing: 0.7em)
#set table(stroke: (x, y) => (bottom: 0.4pt + luma(if y == 0 { 90 } else { 205 })), inset: (x: 4pt, y: 3.2pt))
#show table: set text(8pt)
#show table: set par(leading: 0.5em)
#show table.cell.where(y: 0): set text(weight: 600)
#let quoted(body) = block(width: 100%, fill: rgb("#eef4fa"), inset: 9pt, stroke: (left: 3pt + rgb("#1b5e9b")), body)
#let picture(path, alt) = align(center, block(breakable: false, image(path, width: 13.6cm, alt: alt)))
#let code(body, torn) = block(width: 100%, breakable: torn, fill: luma(245), inset: 7pt, body)
#let small(body) = [#set text(8.2pt); #set list(spacing: 0.6em); #body]
"""


def write(book: NotebookNode, path: Path, *, lang: str, site: str, foot: Sequence[str], fonts: Path) -> Path:
    """Write the PDF of an executed notebook and return its path.

    `site` stands at the head of every page, `foot` (what repeats the run, how it is cited) at its end, a line each;
    `fonts` is a folder of font files. Commands are left out: nobody types on paper. The same notebook gives the same
    bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        blocks: list[str] = []
        pictures: list[str] = []
        for cell in _on_paper(book.cells):
            blocks += _blocks(cell, Path(folder), pictures, lang)
        title = next((c.source.split("\n")[0].lstrip("# ") for c in book.cells if c.cell_type == "markdown"), site)
        source = Path(folder) / "page.typ"
        source.write_text(_LOOK + "\n".join(blocks), encoding="utf-8")
        labels = json.dumps({"title": title, "lang": lang, "site": site, "foot": list(foot)}, ensure_ascii=False)
        try:
            pdf: bytes = typst.compile(
                str(source),
                root=folder,
                font_paths=[str(fonts), str(_dejavu())],
                ignore_system_fonts=True,
                sys_inputs={"labels": labels},
            )
        except (typst.TypstError, RuntimeError) as error:
            raise UserError("{file}: the PDF could not be made: {error}", file=path.name, error=str(error)) from None
    return tables.write_bytes(pdf, path)


def _on_paper(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Return the cells of a page without the commands that repeat it, and without the heading above them."""
    shown: list[NotebookNode] = []
    for cell in cells:
        if REPEATS not in cell.source:
            shown.append(cell)
        elif shown and shown[-1].cell_type == "markdown" and shown[-1].source.startswith("#"):
            shown.pop()
    return shown


def _dejavu() -> Path:
    """Return the folder of the fonts that come with matplotlib, for dots, arrows and code."""
    from importlib.util import find_spec

    spec = find_spec("matplotlib")
    assert spec is not None and spec.origin is not None  # a dependency of the project
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


def _blocks(cell: NotebookNode, folder: Path, pictures: list[str], lang: str) -> list[str]:
    """Return what a cell puts on paper, as code of typst; pictures are written into `folder`."""
    if cell.cell_type == "markdown":
        return [typeset(cell.source)]
    if cell.cell_type != "code" or set(cell.metadata.get("tags", [])) & {"remove-cell", "remove-output"}:
        return []
    name, blocks = folded(cell, lang), []
    if "hide-output" in cell.metadata.get("tags", []) and name in (names[lang] for names in FOLDED.values()):
        name = name.removeprefix("the ")  # on paper it is not folded, and stands under its name
        blocks.append(f"#block(sticky: true)[#strong[#{_text(name[:1].upper() + name[1:])};];];")
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "image/png" in data:
            pictures.append(f"{len(pictures)}.png")
            (folder / pictures[-1]).write_bytes(base64.b64decode(data["image/png"]))
            alt = output.metadata.get("image/png", {}).get("alt", "")
            blocks.append(f"#picture({_text(pictures[-1])}, {_text(alt)})")
        elif "text/markdown" in data:
            blocks.append(typeset("".join(data["text/markdown"])))
        elif output.output_type == "stream" and output.name == "stdout" or "text/plain" in data:
            plain = "".join(data.get("text/plain") or output.get("text", ""))
            blocks.append(_code(plain))
    return blocks


def folded(cell: NotebookNode, lang: str) -> str:
    """Return what a page folds away in a cell, in words: a table, a list, or what its call is known to make."""
    markdown = "".join(o["data"].get("text/markdown", "") for o in cell.outputs if "data" in o).lstrip()
    kinds = {"|": {"vi": "bảng số liệu", "en": "the table"}, "-": {"vi": "danh sách", "en": "the list"}}
    plain = kinds.get(markdown[:1], {"vi": "chi tiết", "en": "the details"})
    return next((names for call, names in FOLDED.items() if call in cell.source), plain)[lang]


def _code(text: str) -> str:
    torn = str(text.count("\n") >= _LONG).lower()
    return f"#code(raw({_text(text)}, block: true), {torn});\n"


def typeset(markdown: str) -> str:
    """Return Markdown as code of typst; HTML in it is left out, its text stays.

    >>> typeset("**648** trên 750")
    '#par[#strong[#"648";];#" trên 750";];\\n'
    """
    return _node(SyntaxTreeNode(_MARKDOWN.parse(markdown)))


def _text(text: str) -> str:
    """Return a text as a string of typst's, which is never read as markup."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _node(node: SyntaxTreeNode) -> str:
    """Return one node of Markdown, and all below it, as code of typst."""
    inner = "".join(_node(child) for child in node.children)
    match node.type:
        case "paragraph":
            if _leads(node):
                return f"#block(sticky: true)[#par[{inner}];];\n"
            return inner + "\n" if _tight(node) else f"#par[{inner}];\n"
        case "heading":
            return f"#heading(level: {node.tag[1:]})[{inner}];\n"
        case "fence" | "code_block":
            return _code(node.content.rstrip())
        case "blockquote":
            return f"#quoted[{inner}];\n"
        case "bullet_list" | "ordered_list":
            items = ", ".join(f"[{_node(item)}]" for item in node.children)
            listed = f"{'list' if node.type == 'bullet_list' else 'enum'}({items})"
            return f"#small({listed});\n" if len(node.children) > _SHORT else f"#{listed};\n"
        case "table":
            return _table(node)
        case "html_block":
            return f"#{_text(_bare(node.content))};\n"
    return _inline(node, inner)


def _inline(node: SyntaxTreeNode, inner: str) -> str:
    """Return one node inside a line of Markdown as code of typst; `inner` is what is below it."""
    match node.type:
        case "text":
            return f"#{_text(node.content)};" if node.content else ""
        case "softbreak":
            return '#" ";'
        case "hardbreak":
            return "#linebreak();"
        case "strong":
            return f"#strong[{inner}];"
        case "em":
            return f"#emph[{inner}];"
        case "code_inline":
            return f"#raw({_text(node.content)});"
        case "link":
            return f"#link({_text(str(node.attrs['href']))})[{inner}];"
        case "html_inline":
            return ""
    return inner


def _leads(paragraph: SyntaxTreeNode) -> bool:
    """Return whether a paragraph leads to what comes next and shares its page: it ends in a colon, or is all the text
    between a heading and what a cell shows.
    """
    if paragraph.parent is None or paragraph.parent.type != "root":
        return False
    before, text = paragraph.previous_sibling, paragraph.children[0].content if paragraph.children else ""
    alone = before is not None and before.type == "heading" and before.tag != "h1" and paragraph.next_sibling is None
    return alone or text.endswith(":")


def _tight(paragraph: SyntaxTreeNode) -> bool:
    """Return whether a paragraph is an item of a list, which stands closer to its neighbors."""
    return (
        paragraph.hidden
        or paragraph.parent is not None
        and paragraph.parent.type == "blockquote"
        and len(paragraph.parent.children) == 1
    )


def _bare(html: str) -> str:
    """Return the text of HTML on one line."""
    return " ".join(text_of(html, whole_page=False).split())


def _table(node: SyntaxTreeNode) -> str:
    """Return a table, a short one on one page, a long one with its head again on each; numbers stand to the right."""
    rows = [row.children for part in node.children for row in part.children]
    sides = ["right" if "right" in str(cell.attrs.get("style", "")) else "left" for cell in rows[0]]
    cells = [[f"[{''.join(_node(child) for child in cell.children)}]" for cell in row] for row in rows]
    body = ",\n".join(", ".join(row) for row in cells[1:])
    whole = f"table(columns: {len(sides)}, align: ({', '.join(sides)},),\ntable.header({', '.join(cells[0])}),\n{body})"
    return f"#block(breakable: {str(len(cells) > _SHORT).lower()}, {whole});\n"
