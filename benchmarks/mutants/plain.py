"""One test run on one mutant, in a process of its own; compiled code runs as plain Python, as it need not compile."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path
from types import CodeType

# What every test imports; loaded once, before the process is forked for a mutant.
WARM = """
    hypothesis mesa numba.core.cgutils numba.extending numpy pandas pandera.pandas pyarrow.parquet pydantic pytest
    scipy.special scipy.stats yaml openpyxl click.testing concurrent.futures.process babel.numbers _pytest.doctest
    forecast.data.chance
""".split()
LOW = ("data", "language", "timeseries", "answer", "beliefs", "question", "engines.people")  # what most tests import


class _Changed(importlib.machinery.SourceFileLoader):
    """Loads a module from another text than the one that is on the disk."""

    def __init__(self, fullname: str, path: str, text: str):
        super().__init__(fullname, path)
        self.text = text

    def get_code(self, fullname: str) -> CodeType:
        """Compile the text; nothing is read from the disk or kept there."""
        return compile(self.text, self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the changed module before the one on the disk."""

    def __init__(self, name: str, path: Path, text: str):
        self.name, self.loader = name, _Changed(name, str(path), text)

    def find_spec(self, fullname, path=None, target=None):
        """Name the loader of the changed module."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.loader.path, loader=self.loader)


class _FewExamples:
    """A pytest plugin: few examples, and one that fails need not be the simplest."""

    def pytest_sessionstart(self) -> None:
        """Run after tests/conftest.py has loaded its settings, before the tests are read."""
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants", derandomize=True, deadline=None, max_examples=25, phases=(Phase.explicit, Phase.generate)
        )
        settings.load_profile("mutants")


def warm_up() -> None:
    """Import what tests need and no mutant is in; numbers by chance stay compiled, all else that numba compiles not."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in WARM:
        importlib.import_module(name)
    from numba import config

    config.DISABLE_JIT = True


def warm_up_for(name: str) -> None:
    """Import also what of the package does not itself import the module that will change."""
    import grimp

    graph = grimp.build_graph("forecast", cache_dir=None)
    touched = {name, *graph.find_downstream_modules(name)}
    touched |= {module for module in graph.modules if any(module.startswith(f"{one}.") for one in touched)}
    if "forecast.engines.people.people" not in touched:
        as_python()
    for module in sorted(graph.modules - touched):
        if module.startswith(tuple(f"forecast.{part}" for part in LOW)):
            importlib.import_module(module)
    if name in sys.modules:
        raise RuntimeError(f"{name} is there already: a change of it would not be seen")


def as_python() -> None:
    """Give rows of people their columns as attributes, and no memory to fetch: what compiled code has by itself."""
    import numpy as np

    from forecast.engines.people import memory

    memory.fetch_soon = lambda table, row: None
    from forecast.engines.people import records

    if records.PERSON.type is np.record:
        return
    # Compiled code works on 64 bits whatever is kept.
    wide = [(name, f"{kind[0].kind}8") for name, kind in records.PERSON.fields.items()]
    records.PERSON = np.dtype((np.record, wide))


def outcome(name: str, path: Path, text: str, tests: list[str], engines: bool) -> int:
    """Run the tests on a module with this text; the exit code of pytest: 0 where nothing was noticed."""
    import pytest

    sys.dont_write_bytecode = True
    if text:
        sys.meta_path.insert(0, _Finder(name, path, text))
    try:
        if engines:
            as_python()
    except Exception:  # a mutant that cannot even be imported
        return 2
    # Asserts as they are written: pytest would read files that are named here from the disk, without the change.
    words = ["-x", "-q", "--no-header", "--tb=short", "--assert=plain", "-p", "no:cacheprovider", *tests]
    return int(pytest.main(words, plugins=[_FewExamples()]))
