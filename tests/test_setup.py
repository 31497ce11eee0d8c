"""What is installed is what is declared: pyproject.toml, environment.yml, locks and Makefile agree."""

import base64
import hashlib
import os
import re
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image

from forecast.cli import main

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
BENCH_LOCK = "benchmarks/requirements-bench.lock"
LOCKS = ("requirements.lock", "requirements-uv.lock", BENCH_LOCK)
# conda-forge calls these by another name.
CONDA_NAMES = {"pandera": "pandera-core", "playwright": "playwright-python", "typst": "typst-py"}
NOT_CONDA = {"axe-playwright-python", "cosmic-ray"}
# What the people who asked for the project want to find in their environment.
PROMISED = {"jupyterlab", "numpy", "pandas", "statsmodels", "mesa", "matplotlib", "nbval"}
SYSTEMS = {"linux": ("Linux", "posix"), "darwin": ("Darwin", "posix"), "win32": ("Windows", "nt")}


def declared() -> list[Requirement]:
    """Everything that pyproject.toml asks for: to run, on a cluster, to work on the project."""
    project = PROJECT["project"]
    extras = [line for name, lines in project["optional-dependencies"].items() if name != "viz" for line in lines]
    groups = [line for name, lines in PROJECT["dependency-groups"].items() if name != "bench" for line in lines]
    return [Requirement(line) for line in [*project["dependencies"], *extras, *groups]]


def conda() -> dict[str, Requirement]:
    """The conda packages of environment.yml by name."""
    lines = [Requirement(line) for line in CONDA["dependencies"] if isinstance(line, str)]
    return {line.name: line for line in lines}


def entries(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Each package of a lock with its hashes."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    parts = [re.split(r"\s+--hash=", line.strip()) for line in text.splitlines() if line.strip()]
    return [(Requirement(first), hashes) for first, *hashes in parts]


def marker_values(python: str, system: str) -> dict[str, str]:
    """What an environment marker sees on a Python ("3.12") and a system ("linux")."""
    platform_system, os_name = SYSTEMS[system]
    return {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": system,
        "platform_system": platform_system,
        "os_name": os_name,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def test_environment_yml_says_what_pyproject_says():
    ours = {CONDA_NAMES.get(line.name, line.name): line.specifier for line in declared()}
    theirs = {name: line.specifier for name, line in conda().items() if name not in ("python", "pip")}
    ((*others, project),) = [line["pip"] for line in CONDA["dependencies"] if isinstance(line, dict)]
    by_pip = {line.name: line.specifier for line in map(Requirement, others)}
    assert project == "-e ." and set(by_pip) == NOT_CONDA
    theirs |= by_pip
    assert theirs == ours
    assert CONDA["channels"][0] == "conda-forge"
    assert PROMISED <= set(theirs)


def test_environment_yml_takes_a_python_that_the_project_takes():
    ours, theirs = Requirement("python" + PROJECT["project"]["requires-python"]), conda()["python"]
    accepted = [minor for minor in range(30) if theirs.specifier.contains(f"3.{minor}.5")]
    assert accepted == [12, 13, 14]
    assert all(ours.specifier.contains(f"3.{minor}.5") for minor in [11, *accepted])


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_the_lock_holds_one_fitting_version_of_everything_declared(python, system):
    values = marker_values(python, system)
    pins: dict[str, list[str]] = {}
    for entry, _ in entries("requirements.lock"):
        if entry.marker is None or entry.marker.evaluate(values):
            pins.setdefault(canonicalize_name(entry.name), []).append(str(entry.specifier).removeprefix("=="))
    assert [name for name, versions in pins.items() if len(versions) > 1] == []
    for line in declared():
        (version,) = pins.get(canonicalize_name(line.name), ["missing"])
        assert version != "missing" and line.specifier.contains(version), f"{line} is locked as {version}"


@pytest.mark.parametrize("lock", LOCKS)
def test_each_entry_of_a_lock_is_exact_and_hashed(lock):
    assert entries(lock)
    for entry, hashes in entries(lock):
        assert re.fullmatch(r"==[\w.+!]+", str(entry.specifier)), str(entry)
        assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", text) for text in hashes), str(entry)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|index-url|find-links|trusted-host|\s@\s", text)


def test_the_lock_of_the_benchmarks_adds_to_the_large_one_and_contradicts_it_nowhere():
    bench = {canonicalize_name(entry.name): entry for entry, _ in entries(BENCH_LOCK)}
    for line in map(Requirement, PROJECT["dependency-groups"]["bench"]):
        assert line.specifier.contains(str(bench[canonicalize_name(line.name)].specifier).removeprefix("=="))
    ours: dict[str, set[str]] = {}
    for entry, _ in entries("requirements.lock"):
        ours.setdefault(entry.name, set()).add(str(entry.specifier))
    assert [e for e, _ in entries(BENCH_LOCK) if e.name in ours and str(e.specifier) not in ours[e.name]] == []


def test_the_small_lock_holds_only_uv():
    assert [entry.name for entry, _ in entries("requirements-uv.lock")] == ["uv"]


def test_make_help_and_the_page_of_commands_list_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^make (\w+) +\S", listed, re.MULTILINE) == targets
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [name for name in targets if f"`make {name}`" not in page] == []


def test_the_page_of_commands_tells_of_every_command():
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [name for name in main.commands if f"`forecast {name}" not in page] == []


def test_the_lines_of_python_in_the_readme_run(monkeypatch):
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(ROOT)
    said: dict = {}
    few = block.replace("draws=200", 'engines="stock", draws=2, jobs=1, progress=False').replace(
        "answer.prob", "said = answer.prob"
    )
    exec(few, said)
    assert few != block and 0 <= said["said"]["probability"].iloc[0] <= 1


def test_the_picture_of_the_readme_is_cut_from_that_of_the_committed_board():
    with Image.open(ROOT / "docs" / "answer.png") as picture:
        name, digest = picture.info["Source"].split()
    pictures = [
        base64.b64decode(output["data"]["image/png"])
        for cell in nbformat.read(ROOT / "notebooks" / name, 4).cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert digest in {hashlib.sha256(png).hexdigest() for png in pictures}


def test_the_machine_that_checks_runs_what_people_run():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").rstrip().endswith("\nmake test")


def test_changes_with_a_name_are_still_of_this_code():
    """Whoever changes such a line says what the mistake would look like now: `make mutants` runs too seldom to tell."""
    named = tomllib.loads((ROOT / "benchmarks" / "mutants" / "named.toml").read_text(encoding="utf-8"))["mutant"]
    times = {one["name"]: (ROOT / one["path"]).read_text(encoding="utf-8").count(one["was"]) for one in named}
    assert len(times) > 5 and {name: count for name, count in times.items() if count != 1} == {}


def test_jupyterlab_opens_the_start_page_and_asks_no_other_host_for_news(monkeypatch):
    config = pytest.importorskip("jupyterlab_server.config")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lab = re.search(r"^lab:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)[1]
    folder = ROOT / re.search(r"JUPYTER_CONFIG_PATH=([\w/]+)", lab)[1]
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(folder))
    asked_off = config.get_page_config([])["disabledExtensions"]
    assert "@jupyterlab/apputils-extension:announcements" in asked_off
    for lang, other in (("vi", "en"), ("en", "vi")):
        monkeypatch.setenv("FORECAST_LANG", lang)
        read = (
            pytest.importorskip("traitlets.config")
            .PyFileConfigLoader("jupyter_lab_config.py", str(folder))
            .load_config()
        )
        assert (ROOT / read.LabApp.default_url.removeprefix("/lab/tree/")).exists()
        assert read.ServerApp.ip == "127.0.0.1" and read.LabApp.custom_css
        (styles,) = read.ServerApp.tornado_settings["static_custom_path"]
        style = (Path(styles) / "custom.css").read_text(encoding="utf-8")
        assert f'[lang="{other}"]' in style and f'[lang="{lang}"]' not in style  # prose in the other one is hidden


def test_the_makefile_names_files_that_are_there():
    named = set(
        re.findall(
            r"\b(?:tests|benchmarks|docs|notebooks)/[\w/.-]+\.\w+", (ROOT / "Makefile").read_text(encoding="utf-8")
        )
    )
    assert named and not {name for name in named if not (ROOT / name).exists()}
