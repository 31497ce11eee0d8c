"""`forecast` offers few names and loads each when it is first used; their types stand in `public_types.py`."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import forecast as f
from forecast.question.levers import LEVERS

PACKAGE = Path(f.__file__).parent


def offered(package: Path) -> list[str]:
    """Names that the stub of a package offers."""
    tree = ast.parse((package / "__init__.pyi").read_text(encoding="utf-8"))
    return sorted(alias.asname for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names)


def test_at_most_thirty_names_are_public_and_dir_shows_those_alone():
    assert dir(f) == f.__all__ == offered(PACKAGE)
    assert len(dir(f)) <= 30
    with pytest.raises(AttributeError):
        _ = f.charts


def test_every_module_of_pictures_and_sentences_is_offered():
    modules = sorted(path.stem for path in (PACKAGE / "show").glob("[a-z]*.py"))
    assert dir(f.show) == offered(PACKAGE / "show") == modules


@pytest.mark.parametrize("name", dir(f))
def test_each_public_name_says_what_it_is_for_and_shows_an_example(name):
    text = inspect.getdoc(getattr(f, name)) or ""
    assert text.partition("\n")[0].endswith((".", ":", "?"))
    assert ">>> " in text, f"{name} has no example"
    assert re.search("[Rr]aise|[Rr]efuse", text), f"{name} does not say what it refuses"
    assert re.search("data/|docs/", text), f"{name} does not say where its figures or formulas come from"
    assert re.search("VND|persons|people|hours|share|months|unit", text), f"{name} has no units"


@pytest.mark.parametrize("lever", LEVERS.values(), ids=list(LEVERS))
def test_a_lever_names_what_its_effect_and_its_cost_rest_on(lever):
    text = inspect.getdoc(lever)
    for name in (*lever.evidence, *lever.columns, *filter(None, [lever.cost])):
        assert f"`{name}`" in text, f"{lever.__name__} does not tell of {name}"


def test_nothing_is_loaded_before_it_is_used():
    code = "import sys, forecast; print(sorted({'pandas', 'numba', 'matplotlib', 'statsmodels'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"
