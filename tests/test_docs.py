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


def rows_of(heading: str) -> list[str]:
    """Rows of the page's table whose first column has this heading."""
    lines = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(f"| {heading} |")) + 2
    return lines[begin : lines.index("", begin)]


def test_every_package_has_its_line_on_the_page():
    table = "\n".join(rows_of("package"))
    assert set().union(*layers()) == set(re.findall(r"`(\w+)`(?=[, |].*\|.*\|)", table.replace(".py`", ".py")))


def test_files_named_on_the_page_exist():
    for line in rows_of("package"):
        package = re.findall(r"`(\w+)`", line)[-1]
        for name in re.findall(r"`([\w/]+\.py)`", line.rsplit("|", 2)[1]):
            inside = ROOT / "src" / "forecast"
            assert (inside / package / name).exists() or (inside / name).exists(), name


def test_what_stands_beside_the_package_is_there():
    for line in rows_of("path"):
        for name in re.findall(r"`([^`]+)`", line.split("|")[1]):
            assert list(ROOT.glob(name.rstrip("/"))), name
