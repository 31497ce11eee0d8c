"""`forecast` offers few names and loads each when it is first used; their types stand in `public_types.py`."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import forecast as f

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


def test_nothing_is_loaded_before_it_is_used():
    code = "import sys, forecast; print(sorted({'pandas', 'numba', 'matplotlib', 'statsmodels'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"
