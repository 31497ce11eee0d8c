"""A command loads what it needs: one that only reads does without the compiler, and stays small."""

import subprocess
import sys
from pathlib import Path

import pytest

MOST = 200  # MB after the imports
READS = {
    "check": "from forecast.checks import check; from forecast.publish import audit",
    "import": "from forecast.exchange import members_lists, scaffold",
    "sample": "from forecast.exchange import layouts, sample",
    "baseline": "from forecast.timeseries import baseline, effects, reconcile, saturation",
    "scenario": "from forecast.question.scenario import read_scenario",
    "run": "from forecast.experiment.project import project; from forecast.experiment.manifest import manifest",
}
LOOK = """
import sys, resource
from pathlib import Path
peak, own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, Path("/proc/self/status")
if own.exists():  # there the other number is at least that of the process that started this one
    peak = next(int(line.split()[1]) for line in own.read_text().splitlines() if line.startswith("VmHWM"))
print("numba" in sys.modules, peak / (1e6 if sys.platform == "darwin" else 1e3))
"""


@pytest.mark.parametrize("command", READS)
def test_a_command_that_only_reads_loads_no_compiler_and_stays_small(command):
    code = f"import forecast.cli\n{READS[command]}\n{LOOK}"
    compiler, size = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert compiler == "False"
    assert float(size) < MOST


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell a process's own memory")
def test_engines_leave_a_process_small_but_for_libraries_that_all_share():
    code = (
        "import forecast.desk.target, forecast.engines.people.agents, forecast.engines.people.stock\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('RssAnon')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)  # compiles, where nobody has
    own = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(own) / 1e3 < MOST


@pytest.mark.parametrize("words", ["baseline series.csv --horizon 2 --out base", "new X --population 999 --out data"])
def test_a_whole_command_that_does_not_simulate_loads_no_compiler_and_stays_small(words, tmp_path):
    (tmp_path / "series.csv").write_text("unique_id,ds,y\n" + "".join(f"a,{y},{y - 1990}\n" for y in range(2000, 2020)))
    code = f"from forecast.cli import main\nmain({words.split()!r}, standalone_mode=False)\n{LOOK}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    compiler, size = done.stdout.splitlines()[-1].split()
    assert compiler == "False"
    assert float(size) < MOST


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import forecast.cli", {"numpy", "pandas", "yaml", "rich"}),
        ("import forecast.desk.target, forecast.uncertainty.truth", {"statsmodels", "scipy.stats", "scipy.optimize"}),
        ("import forecast.show.brief, forecast.show.projection", {"nbformat", "jsonschema", "numba", "mesa", "optuna"}),
        ("import forecast.show.desk, forecast.show.allocation, forecast.show.ways", {"numba", "mesa", "optuna"}),
        ("import forecast.show.target", {"nbformat", "jsonschema"}),
    ],
)
def test_what_is_not_needed_is_not_loaded(code, unwanted):
    look = f"{code}\nimport sys\nprint(sorted({unwanted!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("command", ["project", "target"])
def test_who_asks_leaves_the_engines_to_the_workers(command, tmp_path):
    scenario = Path("data/scenarios/da-bac-plan.yaml").resolve()
    words = [command, str(scenario), "--draws", "2", "--jobs", "2", "--out", str(tmp_path / "x")]
    look = "import sys\nprint(sorted({'numba', 'mesa'} & set(sys.modules)))"
    code = f"from forecast.cli import main\nmain({words!r}, standalone_mode=False)\n{look}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
