"""A module imports only from steps below its own, and a library that churns is imported in one place only."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "forecast"

# Lowest first. "" is the package's own __init__, the front door. A new module is given its step here.
STAIRS = (
    "tables chance syllables",
    "layers",
    "law places projection",
    "plan toy facts reconcile",
    "policy",
    "choices",
    "scenario",
    "posterior",
    "behavior engines.promise",
    "engines",
    "engines.memory engines.members engines.records",
    "engines.events",
    "engines.people",
    "engines.world",
    "engines.structural engines.combination",
    "engines.pooling",
    "engines.series engines.stock engines.agents engines.yardsticks",
    "tracks",
    "likelihood",
    "emulator",
    "experiment calibration score baselines",
    "posterior_checks held_out ladder sensitivity",
    "measure",
    "doubt",
    "findings words published",
    "evidence gains",
    "conflicts plan_checks sentences marks effects questions chronicle",
    "check decide",
    "additional",
    "tally allocate policies trust",
    "judge",
    "search hours",
    "charts",
    "score_charts doubt_charts additional_charts calibration_charts desk_charts chronicle_charts policies_charts"
    " trust_charts desk_texts watch odd",
    "displayed downloads exchange",
    "printed scaffold exchange_texts contents",
    "pages",
    "validation",
    "report app",
    "cli.common",
    "cli.projections cli.desk cli.proof cli.doubt cli.series cli.publishing cli.exchange cli.replaying",
    "cli",
    "",
    "__main__",
)
STEP = {name: step for step, names in enumerate(STAIRS) for name in names.split(" ")}
ONLY_IN = {
    "mesa": "engines.agents watch",
    "statsmodels": "engines.structural engines.members effects",
    "hierarchicalforecast": "reconcile",
    "matplotlib": "charts",
    "typst": "printed",
    "voila": "app",
    "scoringrules": "score",
    "emcee": "calibration",
    "SALib": "sensitivity",
    "arviz_stats": "calibration",
    "dask": "experiment",
    "distributed": "experiment",
}


def modules(package: Path) -> dict[str, Path]:
    """Name of each module below the package ("engines.series", "" for the package itself) and its file."""
    files = {path.relative_to(package).with_suffix("").parts: path for path in package.rglob("*.py")}
    return {".".join(parts).removesuffix("__init__").rstrip("."): path for parts, path in files.items()}


def imported(name: str, path: Path) -> set[str]:
    """Full names that a file imports anywhere, in a function as well as at its top."""
    home = ["forecast", *name.split(".")] if name else ["forecast"]
    if path.stem != "__init__":
        home.pop()
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = home[: len(home) - node.level + 1] if node.level else []
            base = ".".join([*base, *filter(None, [node.module])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def faults(package: Path) -> list[str]:
    """One line for each module without a step, import that does not go down, or library out of its place."""
    known, found = modules(package), []
    for name, path in sorted(known.items()):
        if name not in STEP:
            found.append(f"{name} has no step in STAIRS")
            continue
        for target in sorted(imported(name, path)):
            library, _, inner = target.partition(".")
            if library in ONLY_IN and name not in ONLY_IN[library].split():
                found.append(f"{name or 'forecast'} imports {library}, which only {ONLY_IN[library]} may")
            if library != "forecast":
                continue
            # "from forecast.law import Law" names a thing in a module: drop what follows the module's name.
            while inner and inner not in STEP and inner not in known:
                inner = inner.rpartition(".")[0]
            if STEP.get(inner, len(STAIRS)) >= STEP[name]:
                found.append(f"{name or 'forecast'} imports {inner or 'forecast'}, which is not below it")
    return list(dict.fromkeys(found))


def test_every_import_goes_down_and_every_module_has_a_step():
    assert faults(PACKAGE) == []


@pytest.mark.parametrize(
    ("file", "line", "fault"),
    [
        ("law.py", "from forecast.policy import Policy", "law imports policy"),
        ("law.py", "def late():\n    from . import places", "law imports places"),
        ("law.py", "from forecast import read_place", "law imports forecast"),
        ("law.py", "import forecast.engines.series as s", "law imports engines.series"),
        ("engines/series.py", "from .stock import Stock", "engines.series imports engines.stock"),
        ("engines/__init__.py", "from . import agents", "engines imports engines.agents"),
        ("helpers.py", "", "helpers has no step"),
        ("engines/other.py", "", "engines.other has no step"),
        ("report.py", "from matplotlib import pyplot", "report imports matplotlib"),
        ("check.py", "import statsmodels.api as sm", "check imports statsmodels"),
        ("cli.py", "import dask.distributed", "cli imports dask"),
    ],
)
def test_a_step_up_or_a_stranger_is_named(tmp_path, file, line, fault):
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(line, encoding="utf-8")
    assert [text for text in faults(tmp_path) if text.startswith(fault)]


def test_a_step_down_is_free(tmp_path):
    (tmp_path / "engines").mkdir()
    for file, text in {
        "__init__.py": "from forecast.charts import fan\nfrom . import experiment",
        "__main__.py": "from forecast.cli import main",
        "charts.py": "import matplotlib.pyplot as plt\nfrom forecast import law, tables",
        "engines/__init__.py": "from .promise import Engine",
        "engines/agents.py": "import mesa\nfrom ..law import Law\nfrom forecast.engines import Engine",
    }.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    assert faults(tmp_path) == []
