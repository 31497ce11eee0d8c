"""What each notebook answers, from the notebooks' own titles and first lines, so that the list is never out of date."""

import re
from pathlib import Path

import nbformat

from forecast.data.files import ROOT
from forecast.language import words
from forecast.language.words import Text

NOTEBOOKS = ROOT / "notebooks"
ASKS = {"vi": r"\*\*Câu hỏi:\*\*\s*(.+?)[.?](?:\s|$)", "en": r"\*\*The question:\*\*\s*(.+?)[.?](?:\s|$)"}


def pages(folder: Path | None = None) -> list[Path]:
    """Return the notebooks in order, the first page left out."""
    return sorted((folder or NOTEBOOKS).glob("[0-9]*.ipynb"))[1:]


def about(path: Path, lang: str = "vi") -> tuple[str, str]:
    """Return the title of a notebook and the question that it asks in its first cell, else that cell's first sentence.

    >>> about(NOTEBOOKS / "10_engines.ipynb", "en")[0]
    'Which engine forecasts best?'
    """
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "markdown" and cell.metadata.get("tags") == [lang]:
            title = re.match(r"# (.+)", cell.source)
            asked = re.search(ASKS[lang], cell.source, re.DOTALL)
            if not title:
                continue
            if asked:
                return title[1].strip(), " ".join(asked[1].split()) + "?"
            first_sentence = re.search(r"^[^#\s].*?\.(?=\s|$)", cell.source, re.DOTALL | re.MULTILINE)
            return title[1].strip(), " ".join(first_sentence[0].split()) if first_sentence else ""
    return path.stem, ""


def table(lang: str = "vi", folder: Path | None = None) -> Text:
    """Return the list of notebooks: the title of each, which leads to it, and what it answers."""
    lines = []
    for path in pages(folder):
        title, asked = about(path, lang)
        asked = f": {asked[:1].lower()}{asked[1:]}" if asked else ""
        lines.append(f"[**{title.rstrip('?') if asked else title}**]({path.name}){asked}")
    return words.listing(lines)
