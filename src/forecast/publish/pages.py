"""The pages of a site in one language: executed notebooks dressed for Sphinx, a front page, and what ends each page.

Nothing here runs a model or knows a figure: cards, sentences and numbers are outputs of the notebooks.
"""

import copy
import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode

from forecast.data import tables
from forecast.data.tables import STATUSES, UserError
from forecast.language import words
from forecast.language.words import Text, say, term
from forecast.publish import audit, colors, drawings, foot, guides, live, pdf

NAMES = {"vi": "Tiếng Việt", "en": "English"}
TITLE = {"vi": "Dự báo BHXH tự nguyện", "en": "Voluntary social insurance forecasts"}
# The parts of the list of pages, in its order. A notebook names its own (metadata: forecast, part); one about a place
# belongs to the places.
PARTS = {
    "start": {"vi": "Bắt đầu", "en": "Start here"},
    "today": {"vi": "Hôm nay và đến năm 2030", "en": "Today, and up to 2030"},
    "questions": {"vi": "Câu hỏi của người lập kế hoạch", "en": "Planners' questions"},
    "places": {"vi": "Nghiên cứu trường hợp", "en": "Case studies"},
    "proof": {"vi": "Tin được đến đâu", "en": "How far to trust it"},
    "learn": {"vi": "Học từng bước", "en": "Tutorial"},
    "howto": {"vi": "Hướng dẫn từng việc", "en": "How-to guides"},
    "reference": {"vi": "Tra cứu", "en": "Reference"},
    "how": {"vi": "Giải thích cách tính", "en": "How it works"},
}
SCREEN = "screen-only"  # a tag: who reads on paper types no command
_HERE = "<!-- lists of pages -->"
_TO_PAGE = re.compile(r"\[([^\]]+)\]\((\w+)\.ipynb\)")


class Extras(NamedTuple):
    """Names of the pages of which there is a PDF (`pdfs`), or a table of forecasts (`forecasts`)."""

    pdfs: tuple[str, ...] = ()
    forecasts: tuple[str, ...] = ()


class Given(NamedTuple):
    """What pages have to show, by page: numbers, and hashes of drawings; and the drawings by their hash."""

    numbers: dict[str, list[str]]
    hashes: dict[str, list[str]]
    drawn: dict[str, str]

    def below(self, folder: str) -> "Given":
        """Return it with the names of pages as they are from above their folder."""
        numbers, hashes = ({folder + name: due for name, due in one.items()} for one in (self.numbers, self.hashes))
        return self._replace(numbers=numbers, hashes=hashes)


def tags(cell: NotebookNode) -> set[str]:
    """Return the tags of a cell."""
    return set(cell.metadata.get("tags", []))


def part(book: NotebookNode) -> str:
    """Return the part of the site that a notebook belongs to: a key of `PARTS`."""
    about = book.metadata.get("forecast", {})
    name = about.get("part") or ("places" if about.get("place") else "questions")
    if name not in PARTS:
        raise UserError(
            'part "{name}" of a notebook is not known; expected one of {known}', name=name, known=", ".join(PARTS)
        )
    return name


def on_paper(book: NotebookNode) -> bool:
    """Return whether a report makes a PDF of a notebook: of one about a place, of today or of a case study."""
    return bool(book.metadata.get("forecast", {}).get("place"))


def prefix(here: str, there: str, langs: tuple[str, ...]) -> str:
    """Return the way from a page of one language to the same page of another.

    >>> prefix("en", "vi", ("vi", "en")), prefix("vi", "en", ("vi", "en"))
    ('../', 'en/')
    """
    return ("" if here == langs[0] else "../") + ("" if there == langs[0] else f"{there}/")


def write(
    source: Path,
    theme: Path,
    lang: str,
    langs: tuple[str, ...],
    books: dict[str, NotebookNode],
    facts: dict[str, Any],
    extras: Extras,
) -> Given:
    """Write the input of Sphinx for one language and return what each page has to show.

    `theme` holds the files of the theme, `books` the executed notebooks by name, `facts` the manifest.
    """
    shutil.copytree(theme, source)
    up = prefix(lang, langs[0], langs)
    others = [
        {"language": other, "name": NAMES[other], "prefix": prefix(lang, other, langs)}
        for other in langs
        if other != lang
    ]
    labels = {
        "title": TITLE[lang],
        "language": lang,
        "languages": others,
        "language_label": say(lang, vi="Ngôn ngữ", en="Language"),
        "show_code": say(lang, vi="Xem mã lệnh", en="Show the code"),
        "hide_code": say(lang, vi="Ẩn mã lệnh", en="Hide the code"),
        "code_label": say(lang, vi="Mã lệnh", en="Code"),
        "colors": colors.theme(),
        "pdf_label": say(lang, vi="Bản in (PDF)", en="Print (PDF)"),
        "pdfs": {stem: f"{up}{foot.pdf_address(stem, lang)}" for stem in sorted(extras.pdfs)},
    }
    tables.write_text(json.dumps(labels, ensure_ascii=False), source / "site.json")
    cards: dict[str, list[str]] = {"today": [], "places": []}
    today = ""
    given, hashes, drawn = dict[str, list[str]](), dict[str, list[str]](), dict[str, str]()
    groups: dict[str, list[str]] = {name: [] for name in PARTS}
    for stem, book in copy.deepcopy(books).items():
        card = _card(stem, book, drawn, lang)
        cards["today" if part(book) == "today" else "places"] += [card] if card else []
        today = today or _today(stem, book, lang)
        groups[part(book)].append(stem)
        if alone := live.page(book, lang):
            tables.write_text(alone, source.parent / live.address(stem, lang))
        end = "\n\n".join(
            [
                foot.taken(lang, up, stem, stem in extras.pdfs, stem in extras.forecasts, bool(alone)),
                foot.manifest(book, lang, facts, TITLE[lang]),
            ]
        )
        book.cells.append(nbformat.v4.new_markdown_cell(end, id="end"))
        book.cells = _as_read(book.cells)
        for cell in book.cells:
            _tag(cell, lang)
            _link(cell, set(books))
        given[f"{stem}.html"] = audit.of_notebook(book)
        hashes[f"{stem}.html"] = [one for cell in book.cells for one in drawings.put(cell, drawn)]
        book.metadata = {
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python", "pygments_lexer": "python"},
        }
        tables.write_text(nbformat.writes(book), source / f"{stem}.ipynb")
    for stem, belongs in guides.GUIDES.items():
        end = "\n\n".join([foot.taken(lang, up), foot.manifest(None, lang, facts, TITLE[lang])])
        text = f"{_linked(guides.read(stem, lang), set(books))}\n\n{end}"
        given[f"{stem}.html"] = audit.numbers(audit.from_markdown(text))
        tables.write_text(text + "\n", source / f"{stem}.md")
        groups[belongs].append(stem)
    front = _front(lang, today, cards, up, facts)
    given["index.html"] = audit.numbers(audit.from_markdown(front))
    tables.write_text(front.replace(_HERE, _lists(groups, lang)), source / "index.md")
    hashes["index.html"] = drawings.hashes(drawings.MARK.sub(lambda found: drawn[found[1]], front))
    tables.write_text(colors.sheet(drawn.values()), source / "static" / drawings.COLORS)
    return Given(given, hashes, drawn)


def sphinx(source: Path, out: Path) -> None:
    """Build one language; whatever Sphinx warns of is an error, since it would be a hole in a page."""
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-b",
        "html",
        "-d",
        str(source / ".doctrees"),
        "-c",
        str(source),
        str(source),
        str(out),
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONUTF8": "1"}, check=False)
    if done.returncode or not (out / "index.html").exists():
        output = " ".join((done.stderr or done.stdout).split())[-2000:]
        raise UserError("the pages could not be made: {error}", error=output)
    for left in ("_sources", "jupyter_execute", ".buildinfo", "objects.inv"):  # what nobody reads
        shutil.rmtree(out / left, ignore_errors=True)
        (out / left).unlink(missing_ok=True)
    shutil.rmtree(out.parent / "jupyter_execute", ignore_errors=True)  # MyST-NB puts it beside the pages


def _as_read(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Return cells in the order in which a page shows them: what must run before the answer may be read after it.

    Such a cell names the one that it stands behind (metadata: forecast, after).
    """
    later = [cell for cell in cells if "after" in cell.metadata.get("forecast", {})]
    shown = [cell for cell in cells if cell not in later]
    for cell in reversed(later):
        names = [one.get("id", "").split("--")[0] for one in shown]
        shown.insert(names.index(cell.metadata["forecast"]["after"]) + 1, cell)
    return shown


def _tag(cell: NotebookNode, lang: str) -> None:
    """Say what of a cell is shown: code behind a toggle, long lists too."""
    if cell.cell_type != "code":
        return
    cell_tags = tags(cell)
    shown = (
        {"remove-cell"}
        if "settings" in cell_tags
        else set()
        if "show-input" in cell_tags
        else {"remove-input"}
        if "hide-output" in cell_tags
        else {"hide-input"}
    )
    screen = {SCREEN} if pdf.REPEATS in cell.source else set()
    cell.metadata["tags"] = sorted(cell_tags | shown | screen)
    if "hide-output" in cell_tags:
        what = pdf.folded(cell, lang)
        cell.metadata["mystnb"] = {
            "code_prompt_show": say(lang, vi="Xem {what}", en="Show {what}", what=what),
            "code_prompt_hide": say(lang, vi="Thu gọn {what}", en="Hide {what}", what=what),
        }


def _link(cell: NotebookNode, there: set[str]) -> None:
    """Let a cell link to pages of this site alone."""
    if cell.cell_type == "markdown":
        cell.source = _linked(cell.source, there)
    for data in (output["data"] for output in cell.get("outputs", []) if "data" in output):
        if "text/markdown" in data:
            data["text/markdown"] = _linked("".join(data["text/markdown"]), there)


def _linked(text: str, there: set[str]) -> str:
    """Turn a link to a notebook that is no page of this site into its words; Sphinx follows the others."""
    return _TO_PAGE.sub(lambda link: str(link[0] if link[2] in there else link[1]), text)


def _outputs(book: NotebookNode, tag: str) -> Iterator[NotebookNode]:
    for cell in book.cells:
        if cell.cell_type == "code" and tag in tags(cell):
            yield from (o for o in cell.outputs if "data" in o)


def _card(stem: str, book: NotebookNode, drawn: dict[str, str], lang: str) -> str:
    """Return the card of a place for the front page, made of outputs of its notebook; "" for other notebooks.

    Its drawing is added to `drawn`.
    """
    place = book.metadata.get("forecast", {}).get("place")
    markdown = next((o["data"]["text/markdown"] for o in _outputs(book, "card") if "text/markdown" in o["data"]), None)
    picture = next((o for o in _outputs(book, "card") if drawings.MIME in o["data"]), None)
    if not place or not markdown or not picture:
        return ""
    name = words.form(place, "place", lang)
    name = name[:1].upper() + name[1:]
    drawing = drawings.for_card(picture["data"][drawings.MIME])
    drawn[drawings.name(drawing)] = drawing
    verdict, sentence = (line.lstrip("> ").strip() for line in "".join(markdown).split("\n")[:2])
    dots, text = verdict.strip("*").split(" ", 1)
    strong = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(sentence, quote=False))
    return (
        f'<a class="card chance-{dots.count("●")}" href="{stem}.html">\n<h2>{html.escape(name)}</h2>\n'
        f'<p class="verdict"><span class="dots" aria-hidden="true">{dots}</span> {html.escape(text)}</p>\n'
        f"<p>{strong}</p>\n{drawings.mark(drawing, picture['metadata']['image/png']['alt'])}\n</a>"
    )


def _key(lang: str) -> str:
    """Return how to read a card, which stands among them as the last."""
    steps = [words.verdict(p, lang).split(" ", 1) for p in (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0)]
    rows = "\n".join(f'<li><span class="dots" aria-hidden="true">{dots}</span> {text}</li>' for dots, text in steps)
    head = say(lang, vi="Cách đọc", en="How to read this")
    explanation = say(
        lang,
        vi="Khả năng là tỷ lệ các lần mô phỏng đạt chỉ tiêu, viết bằng số, bằng lời và bằng chấm:",
        en="A probability is the share of simulations that meet the target, in numbers, words and dots:",
    )
    band = say(
        lang,
        vi="Trong hình: đường liền là mức giữa khi làm theo kế hoạch, dải đậm chứa một nửa số lần mô "
        "phỏng, dải nhạt là khoảng dự báo 90%; đường đứt là khi giữ nguyên cách làm cũ; chấm đặc là số biết "
        "khi bắt đầu, chấm rỗng là số công bố về sau.",
        en="In the pictures, the solid line is the median under the plan; the dark band holds half of the "
        "simulations, the light one is the 90% interval; the dashed line is what comes if nothing changes; a filled "
        "dot was known at the start, a hollow one was published later.",
    )
    return f'<div class="card key">\n<h2>{head}</h2>\n<p>{explanation}</p>\n<ul>\n{rows}\n</ul>\n<p>{band}</p>\n</div>'


def _today(stem: str, book: NotebookNode, lang: str) -> str:
    """Return today's answers for the front page: what the cell tagged `today` says, and the way to its page."""
    sentences = [o["data"]["text/markdown"] for o in _outputs(book, "today") if "text/markdown" in o.get("data", {})]
    if not sentences:
        return ""
    head = say(lang, vi="## Hôm nay", en="## Today")
    more = say(
        lang,
        vi="Từng tỉnh, kế hoạch nào đạt được, khoản hỗ trợ bù mức sàn, các chính sách cạnh nhau: "
        '<a href="{stem}.html">bảng của cả nước và từng tỉnh</a>.',
        en="Every province, which plan can be met, the top-up that undoes the floor, policies side by side: "
        '<a href="{stem}.html">the nation and every province</a>.',
        stem=stem,
    )
    return "\n\n".join([head, *("".join(text) for text in sentences), more])


def _front(lang: str, today: str, cards: dict[str, list[str]], up: str, made: dict[str, Any]) -> str:
    """Return the front page without its lists of pages: today, its places, a card for each case, how to read it."""
    cases = say(lang, vi="## Nghiên cứu trường hợp", en="## Case studies")
    return "\n\n".join(
        [
            f"# {TITLE[lang]}",
            *([today] if today else []),
            *(['<div class="cards">\n' + "\n".join(cards["today"]) + "\n</div>"] if cards["today"] else []),
            *([cases] if today or cards["today"] else []),
            say(
                lang,
                vi="Mỗi thẻ trả lời một câu hỏi: kế hoạch của địa phương có đạt chỉ tiêu đúng hạn không? Bấm vào "
                "thẻ để xem phải làm gì để đạt, kế hoạch thật sự đem lại thêm bao nhiêu, và các số liệu đã công bố có "
                "khớp nhau không.",
                en="Each card answers one question: will the plan of this place meet its target in time? Open it to "
                "see "
                "what would be needed, what the plan really adds, and whether the published figures agree.",
            ),
            '<div class="cards">\n' + "\n".join([*cards["places"], _key(lang)]) + "\n</div>",
            _HERE,
            say(
                lang,
                vi="## Nguồn và mức tin cậy\n\nMô phỏng chỉ biết những gì đã công bố đến tháng bắt đầu. Cuối mỗi "
                "trang có danh sách nguồn, và ghi rõ con số nào chỉ là nhớ lại hay giả định, con số nào mâu thuẫn "
                "với nguồn khác. Cả bảng số liệu có:",
                en="## Sources and how far to trust them\n\nA simulation knows only what was published up to its first "
                "month. Every page ends with its sources, and says which figures were only recalled or invented, and "
                "which contradict one another. The tables hold:",
            ),
            _statuses(lang),
            foot.taken(lang, up),
            foot.manifest(None, lang, made, TITLE[lang]),
            "",
        ]
    )


def _statuses(lang: str) -> Text:
    """Return how many rows of figures and of the law have each status."""
    figures, law = (
        tables.read(tables.data_dir() / f"{name}.csv", name)["status"].value_counts() for name in ("history", "law")
    )
    return words.listing(
        f"{term(f'status.{s}', lang)}: "
        + words.join(
            [
                say(lang, n=figures[s], vi="{n:n} số liệu", en="{n:n} figures") if s in figures else "",
                say(lang, n=law[s], vi="{n:n} dòng luật", en="{n:n} rows of the law") if s in law else "",
            ],
            ", ",
        )
        for s in STATUSES
        if s in figures or s in law
    )


def _lists(groups: dict[str, list[str]], lang: str) -> str:
    """Return the lists of pages, by part, that the theme shows beside every page; places have their cards."""
    return (
        "\n\n".join(
            "\n".join(
                [
                    "```{toctree}",
                    ":hidden:" if name in ("today", "places") else ":titlesonly:",
                    f":caption: {PARTS[name][lang]}",
                    "",
                    *stems,
                    "```",
                ]
            )
            for name, stems in groups.items()
            if stems
        )
        + "\n"
    )
