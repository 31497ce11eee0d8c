"""Processes of this machine: none outlives the one that it works for, and a lost one is a sentence."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

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


def printed(code: str, folder) -> str:
    """What a script prints that has no guard against being run again, as beginners write it."""
    script = folder / "script.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=60, cwd=folder
    )
    assert done.stderr == ""
    return done.stdout


UNGUARDED = """
import os, sys
from forecast.data import workers
{before}
os.environ["ASKED"] = "yes"
print("once")
class Mine:
    def __init__(self, number): self.number, self.made_by = number, os.getpid()
def work(mine):
    from forecast.data.steps import steps
    with steps("projection", "draw", 1, shown=False) as bar:
        bar.update(1)
    return mine.number, os.getpid() != mine.made_by, os.environ["ASKED"], os.environ.get("OMP_NUM_THREADS")
found = workers.every(work, [(Mine(n),) for n in range(4)], 2)
print(found == [(n, True, "yes", None) for n in range(4)])
print(os.environ.get("OMP_NUM_THREADS"), sys.modules["__main__"].Mine is Mine)
"""


@pytest.mark.parametrize("before", ["", "workers._served = lambda _: 'spawn'", "os.environ['TMPDIR'] = os.getcwd()"])
def test_a_script_without_a_guard_runs_once_and_what_it_defines_goes_along(before, tmp_path):
    """With a server of processes, on a system that has none, and where the name of its socket would be too long."""
    folder = tmp_path / ("long" * 40 if "TMPDIR" in before else "short")
    folder.mkdir()
    assert printed(UNGUARDED.format(before=before), folder) == "once\nTrue\nNone True\n"


def test_processes_that_nobody_gives_work_to_end(monkeypatch):
    monkeypatch.setattr(workers, "IDLE", 0.2)
    theirs = {process for _, process in workers.every(nap, [(0.0, n) for n in range(4)], jobs=2)}
    since = time.monotonic()
    while any(folders.alive(number) for number in theirs):
        assert time.monotonic() - since < 10
        time.sleep(0.05)
    assert len(workers.every(nap, [(0.0, n) for n in range(4)], jobs=2)) == 4


def test_a_process_that_was_killed_while_it_had_no_work_is_none_of_anybodys_business():
    for _, process in workers.every(nap, [(0.0, n) for n in range(4)], jobs=2):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    time.sleep(0.5)
    assert len(workers.every(nap, [(0.0, n) for n in range(4)], jobs=2)) == 4


def test_what_cannot_be_sent_is_an_error_and_no_end_of_work():
    with pytest.raises(TypeError, match="pickle"):
        workers.every(abs, [(threading.Lock(),), (2,)], jobs=2)
    assert workers.every(abs, [(-1,), (-2,)], jobs=2) == [1, 2]


def test_work_that_nobody_waits_for_any_more_is_left():
    started = time.monotonic()
    for _, (_, process) in workers.each(nap, [(0.0, 0), (60.0, 1), (60.0, 2)], jobs=2):
        assert process != os.getpid()
        break
    assert time.monotonic() - started < 30
    assert len(workers.every(nap, [(0.0, n) for n in range(3)], jobs=2)) == 3


def test_who_reads_a_command_that_fails_at_once_need_not_wait_for_the_server(tmp_path):
    (tmp_path / "sleeps.py").write_text("import time\ntime.sleep(60)\n")
    code = "from forecast.data import workers\nworkers.get_ready(['sleeps'], 2)\nraise SystemExit(1)"
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        timeout=30,
        check=False,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert done.returncode == 1
