"""The guides of the site: pages in Markdown of ``docs/guide``, a file each language, in the parts of Diátaxis.

A tutorial teaches, a how-to does one task, reference looks up, explanation says why. They are the same whatever a run
gave, and stand on every site with its search.
"""

import re
from pathlib import Path

from forecast.data.home import ROOT
from forecast.data.tables import UserError

FOLDER = ROOT / "docs" / "guide"
GUIDES = {
    "guide_tutorial": "learn",
    "guide_own_data": "howto",
    "guide_own_plan": "howto",
    "guide_share": "howto",
    "guide_extend": "howto",
    "guide_commands": "reference",
    "guide_scenario": "reference",
    "guide_api": "reference",
    "guide_why": "how",
}
"""Each guide and the part of the list of pages that it belongs to (`pages.PARTS`), in the order of the list."""
_TO_GUIDE = re.compile(r"\]\((guide_\w+)\.md\)")


def read(stem: str, lang: str, folder: Path = FOLDER) -> str:
    """Return the Markdown of a guide.

    >>> read("guide_why", "en").partition("\\n")[0]
    '# How to read a forecast, and why it is so'
    """
    path = folder / lang / f"{stem}.md"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError("{file}: there is no such file", file=path) from None
    unknown = [name for name in _TO_GUIDE.findall(text) if name not in GUIDES]
    if unknown:
        raise UserError("{file}: links to {name}, which is no guide", file=path, name=unknown[0])
    return text


def commands(text: str) -> list[str]:
    """Return the commands of a guide, line by line, as they are typed.

    >>> commands("Text\\n```sh\\nforecast check\\n```\\n")
    ['forecast check']
    """
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]
