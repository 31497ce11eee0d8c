"""Settings that hold for every test."""

import os
import shutil
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from hypothesis import settings

# Set before anything imports numba; the Makefile sets it too, for runs that do not start here.
os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")
# The command line speaks English in the tests that say nothing else; tests/cli/test_languages.py tries both.
os.environ["FORECAST_LANG"] = "en"

# The same examples on every run, and no deadline: the first call of a compiled function is slow.
settings.register_profile("forecast", derandomize=True, deadline=None)
settings.load_profile("forecast")


class Languages:
    """Notebooks are run in Vietnamese, as they are committed; hooks of a conftest hear of its own folder alone."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        """Set the language before a notebook's kernel starts."""
        os.environ["FORECAST_LANG"] = "vi" if item.path.suffix == ".ipynb" else "en"


def pytest_configure(config):
    """Have languages set for tests outside of this folder too."""
    config.pluginmanager.register(Languages())


def pytest_addoption(parser):
    """Let `--site FOLDER` have tests/publish/test_site.py look at a finished site, not at a small one."""
    parser.addoption("--site", default=None, metavar="FOLDER", help="site to look at in tests/publish/test_site.py")
    parser.addoption("--redraw", action="store_true", help="write what tests/test_drawn.py compares anew")


@pytest.fixture(scope="module")
def browser():
    """A Chromium for the tests of a module; they are skipped where none is installed."""
    sync = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.skip("no browser is installed: looked for " + ", ".join(names))
    with sync.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=found)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def run() -> Callable[..., Result]:
    """Return what runs `forecast WORDS...` in this process, with settings of the environment by name."""
    from forecast.cli import main

    def once(*words: object, **env: str) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words], env=env)

    return once


@pytest.fixture(scope="session")
def command(run: Callable[..., Result]) -> Callable[..., str]:
    """Return what runs `forecast WORDS...` in this process and gives what it says, which is never a traceback."""

    def told(*words: object, code: int = 0, env: dict[str, str] | None = None) -> str:
        result = run(*words, **(env or {}))
        assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result.output

    return told
