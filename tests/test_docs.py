"""The picture of the architecture, its page and the import contracts name the same packages."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def layers() -> list[set[str]]:
    """Packages of each layer of the import contract, highest first."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    contract = next(c for c in told if c["type"] == "layers")
    return [set(re.split(r"\s*[|:]\s*", layer)) for layer in contract["layers"]]


def test_the_picture_shows_each_layer_of_the_contract_in_its_order():
    drawn = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    rows: dict[int, set[str]] = {}
    for y, name in re.findall(r'y="(\d+)" text-anchor="middle" font-weight="600">(\w+)<', drawn):
        rows.setdefault(int(y), set()).add(name)
    assert [rows[y] for y in sorted(rows)] == layers()


def test_every_package_has_its_line_on_the_page():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = "\n".join(line for line in page.splitlines() if line.startswith("| `"))
    assert set().union(*layers()) == set(re.findall(r"`(\w+)`(?=[, |].*\|.*\|)", table.replace(".py`", ".py")))


def test_files_named_on_the_page_exist():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for line in (line for line in page.splitlines() if line.startswith("| `")):
        package = re.findall(r"`(\w+)`", line)[-1]
        for name in re.findall(r"`([\w/]+\.py)`", line.rsplit("|", 2)[1]):
            inside = ROOT / "src" / "forecast"
            assert (inside / package / name).exists() or (inside / name).exists(), name
