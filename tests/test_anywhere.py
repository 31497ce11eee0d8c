"""It works anywhere: from a wheel with its data, on a path with diacritics, read-only, without a home, for any user."""

import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from forecast.data import files

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SOMEBODY, ELSE = 65534, 65533  # users who have nothing here
SERIES = "unique_id,ds,y\n" + "".join(f"a,{year},{year - 1990}\n" for year in range(2000, 2020))


@pytest.fixture(scope="module")
def open_folder():
    """A folder that others can look into: those of pytest are its user's alone."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def installed(open_folder):
    """The package as pip installs it from its wheel, in a folder with a difficult name."""
    top = open_folder
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


@pytest.fixture(scope="module")
def as_user(installed, open_folder):
    """Runs `forecast` as another user, without a home; the interpreter is a copy where ours lies in somebody's home."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can be another user")
    libraries = sysconfig.get_path("purelib")
    home = Path(sys.base_prefix)
    python, env = [sys.executable], {}
    if not _others_can(sys.executable):
        copy, lib = open_folder / "python", sysconfig.get_path("stdlib")
        shutil.copytree(lib, copy / "lib" / Path(lib).name, ignore=shutil.ignore_patterns("site-packages", "test"))
        for library in (home / "lib").glob("libpython*"):
            shutil.copy(library, copy / "lib")
        (copy / "bin").mkdir()
        python = [shutil.copy(Path(sys.executable).resolve(), copy / "bin")]
        env = {"PYTHONHOME": str(copy), "LD_LIBRARY_PATH": str(copy / "lib")}
    if not _others_can(libraries):
        pytest.skip("others cannot read our libraries")
    temporary = open_folder / "tmp"
    temporary.mkdir()
    temporary.chmod(0o1777)
    env |= {"PYTHONPATH": f"{installed}{os.pathsep}{libraries}", "TMPDIR": str(temporary), "HOME": "/nonexistent"}
    env |= {"PATH": os.defpath, "FORECAST_LANG": "en", "NUMBA_THREADING_LAYER": "workqueue"}

    def run(user, umask, *words):
        command = [*python, "-B", "-m", "forecast", *map(str, words)]
        who = {"user": user, "group": user, "extra_groups": [], "umask": umask}
        done = subprocess.run(command, env=env, cwd=temporary, capture_output=True, text=True, **who)
        assert not list(temporary.iterdir())  # a temporary cache ends with its process
        return done

    return run


def _others_can(path) -> bool:
    """Can a user who has nothing here read it?"""
    look = f"import os, sys; os.setgroups([]); os.setgid({SOMEBODY}); os.setuid({SOMEBODY}); os.stat(sys.argv[1])"
    return subprocess.run([sys.executable, "-c", look, path], capture_output=True).returncode == 0


@pytest.fixture
def room():
    """A folder in which every user may make folders."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        (Path(folder) / "series.csv").write_text(SERIES)
        (Path(folder) / "series.csv").chmod(0o644)
        yield Path(folder)


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_another_user_has_results_as_the_umask_says(installed, as_user, room, umask):
    quo = installed / "forecast/project/data/scenarios/da-bac-status-quo.yaml"
    how = ["--engines", "series,stock", "--draws", 2, "--jobs", 1, "--learned", "priors"]
    done = as_user(SOMEBODY, umask, "project", quo, *how, "--out", room / "out")
    assert done.returncode == 0, done.stderr
    for path in [room / "out", *(room / "out").rglob("*")]:
        facts = path.stat()
        assert stat.S_IMODE(facts.st_mode) == (0o777 if path.is_dir() else 0o666) & ~umask, path
        assert facts.st_uid == SOMEBODY
    assert (room / "out" / "manifest.json").exists()
    assert not [path.name for path in (room / "out").iterdir() if path.name.startswith(".")]


def test_two_users_of_one_folder_get_results_or_one_message(as_user, room):
    def forecast(user, umask, *more):
        return as_user(user, umask, "baseline", room / "series.csv", "--horizon", 2, "--out", room / "out", *more)

    def refused(done, code, why):
        assert done.returncode == code
        assert why in done.stderr and "Traceback" not in done.stderr
        assert sum(not line.startswith(("Usage", "Try")) for line in done.stderr.splitlines() if line) == 1

    assert forecast(SOMEBODY, 0o022).returncode == 0
    before = {path: path.read_bytes() for path in (room / "out").iterdir()}
    refused(forecast(ELSE, 0o022, "--force"), 1, "there is no right to read or write it")
    assert {path: path.read_bytes() for path in (room / "out").iterdir()} == before
    (room / "out").chmod(0o777)
    refused(forecast(ELSE, 0o022), 2, "holds the results of an older run")
    assert forecast(ELSE, 0o022, "--force").returncode == 0
    assert {path.stat().st_uid for path in (room / "out").iterdir()} == {ELSE}
    lock = room / "out" / ".lock"  # as a process leaves it that was killed
    lock.write_text("")
    lock.chmod(0o600)
    os.chown(lock, SOMEBODY, SOMEBODY)
    refused(forecast(ELSE, 0o022, "--force"), 1, "there is no right to read or write it")
