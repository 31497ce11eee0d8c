"""It works anywhere: from a wheel with its data, on a path with spaces and diacritics, read-only and without a home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from forecast.data import files

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package as pip installs it from its wheel, in a folder with a difficult name."""
    top = tmp_path_factory.mktemp("wheel")
    folder = top / "nơi đặt phần mềm"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(top), str(ROOT)]
    if subprocess.run([*pip, "--version"], capture_output=True).returncode:
        pytest.skip("no pip here")
    subprocess.run([*pip, *build], check=True, capture_output=True)
    (wheel,) = top.glob("forecast-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", str(folder), str(wheel)], check=True, capture_output=True)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    top.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)


def run(folder, *words, **environment):
    """Run a command of the installed package, from somewhere else."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FORECAST", "NUMBA", "XDG"))}
    return subprocess.run(
        [sys.executable, "-B", *map(str, words)],
        env=clean | {"PYTHONPATH": str(folder)} | environment,
        cwd=folder.parent,
        capture_output=True,
        text=True,
    )


def test_what_is_installed_has_its_data_and_answers(installed, tmp_path):
    home = run(installed, "-c", "from forecast.data import files, tables; print(files.ROOT); print(tables.data_dir())")
    assert home.stdout.splitlines() == [str(installed / "forecast/project"), str(installed / "forecast/project/data")]
    quo = installed / "forecast/project/data/scenarios/da-bac-status-quo.yaml"
    out = tmp_path / "kết quả"
    done = run(
        installed, "-m", "forecast", "project", quo, "--engines", "series", "--draws", 2, "--jobs", 1, "--out", out,
        HOME="/nonexistent",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (out / "manifest.json").exists()
    pages = {"notebooks", "docs/words.csv", "docs/site/conf.py", "docs/scenario.schema.json"}
    assert all((installed / "forecast/project" / name).exists() for name in pages)


def test_a_folder_is_found_for_what_can_be_made_again(tmp_path, monkeypatch):
    own, home = tmp_path / "own", tmp_path / "home"
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    files.scratch.cache_clear()
    assert files.scratch(own, "compiled") == own
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert files.scratch(blocked / "own", "compiled") == home / "forecast" / "compiled"
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    made = files.scratch(blocked / "other", "compiled")
    assert made.is_dir() and made.stat().st_mode & 0o077 == 0  # nobody else writes what is run from there
    files._remove(os.getpid() + 1, str(made))
    assert made.exists()
    files._remove(os.getpid(), str(made))
    assert not made.exists()
    files.scratch.cache_clear()
