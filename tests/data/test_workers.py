"""Processes of this machine: none outlives the one that it works for, and a lost one is a sentence."""

import os
import signal
import subprocess
import sys
import time

import pytest

from dasked import fatal, nap
from forecast.cli import main
from forecast.data import folders, workers
from forecast.data.tables import UserError

LONG = """
import sys
from forecast.data import workers
from dasked import nap
if __name__ == "__main__":
    for number, (_, process) in workers.each(nap, [(0.0 if n < 4 else 60.0, n) for n in range(8)], jobs=2):
        print(process, flush=True)
"""


def test_work_is_done_by_other_processes_and_in_order():
    done = workers.every(nap, [(0.0, n) for n in range(6)], jobs=2)
    assert [number for number, _ in done] == list(range(6))
    assert os.getpid() not in {process for _, process in done}


def test_a_lost_worker_is_one_sentence():
    with pytest.raises(UserError, match="a worker process ended before its work was done") as told:
        workers.every(fatal, [(1,), (2,)], jobs=2)
    assert "\n" not in str(told.value)
    assert workers.every(abs, [(-1,), (-2,)], jobs=2) == [1, 2]  # others are there for what comes next


@pytest.mark.skipif(os.name == "nt", reason="a parent that is gone cannot be seen there")
def test_workers_end_soon_after_the_process_that_they_work_for_is_gone(tmp_path):
    (tmp_path / "long.py").write_text(LONG)
    process = subprocess.Popen([sys.executable, str(tmp_path / "long.py")], stdout=subprocess.PIPE, text=True,
                               env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})  # fmt: skip
    theirs = {int(process.stdout.readline()) for _ in range(4)}
    process.kill()
    process.wait()
    since = time.monotonic()
    while any(folders.alive(number) for number in theirs):
        assert time.monotonic() - since < 10
        time.sleep(0.1)


def test_sigterm_is_taken_as_a_stop_and_the_work_is_kept(command, tmp_path, monkeypatch):
    def terminated(*_, **__):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    monkeypatch.setattr("forecast.experiment.project.project", terminated)
    quo = "data/scenarios/da-bac-status-quo.yaml"
    before = signal.getsignal(signal.SIGTERM)
    said = command("project", quo, "--engines", "stock", "--draws", 2, "--out", tmp_path / "x", code=1)
    assert "goes on from here" in said
    assert signal.getsignal(signal.SIGTERM) is before


def test_each_command_that_computes_takes_a_cluster():
    names = set("project compare target optimize allocate calibrate backtest sensitivity board update report".split())
    takes = {name for name, made in main.commands.items() if "cluster" in {option.name for option in made.params}}
    assert names <= takes


@pytest.mark.parametrize(("module", "loaded"), [("wave", True), ("no_such_module", False)])
def test_workers_load_what_they_are_told_before_there_is_work_and_work_all_the_same(module, loaded):
    code = (
        "import sys\nfrom forecast.data import workers\n"
        f"def there(number):\n    import sys\n    return number, {module!r} in sys.modules\n"
        f"workers.get_ready([{module!r}], 2)\n"
        "found = workers.every(there, [(1,), (2,)], 2)\n"
        "print([number for number, _ in found], any(has for _, has in found))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"[1, 2] {loaded}\n"


def test_workers_that_were_started_ahead_do_the_work_though_the_engines_are_loaded_meanwhile():
    code = (
        "import os\nfrom forecast.data import workers\n"
        "def who(_):\n    import os, time\n    time.sleep(0.1)\n    return os.getpid()\n"
        "before = set(workers.every(who, [(1,)] * 8, 2))\n"
        "import forecast.engines.people.agents\n"  # mesa gives multiprocessing another method of starting
        "print(set(workers.every(who, [(1,)] * 8, 2)) <= before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
