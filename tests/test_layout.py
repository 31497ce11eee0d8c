"""Modules stay short, and their layout is the formatter's."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_LINES = 400
MOST_EXEMPT = 10


def test_no_module_is_longer_than_a_reader_can_hold():
    package = ROOT / "src" / "forecast"
    lines = {
        path.relative_to(package).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in package.rglob("*.py")
    }
    assert not {name: n for name, n in lines.items() if n > MOST_LINES}


def test_few_places_are_exempt_from_the_formatter():
    marks = ("fmt: " + "skip", "fmt: " + "off")
    files = [path for folder in ("src", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    exempt = sum(path.read_text("utf-8").count(mark) for path in files for mark in marks)
    assert exempt <= MOST_EXEMPT


def test_each_package_has_its_tests_in_a_folder_of_its_name():
    package, tests = ROOT / "src" / "forecast", ROOT / "tests"
    packages = {path.parent.name for path in package.glob("*/__init__.py")}
    assert not {name for name in packages if not list((tests / name).glob("test_*.py"))}
