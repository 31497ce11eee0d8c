"""The first use on a machine: one process compiles for all, all that is needed, and says so once."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from forecast.data import code, workers
from forecast.data.messages import UserError, speaking
from forecast.engines.people import first_use

VI, EN = "phải chuẩn bị mô hình", "prepares the model"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine on which nothing is compiled yet; what it compiles is counted, and takes no time."""
    compiled = []
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "compiled"))
    monkeypatch.setattr(first_use, "_begun", False)
    monkeypatch.setattr(first_use, "_looked", False)
    monkeypatch.setattr(workers._worker, "at_home", False, raising=False)  # another test may have worked for somebody
    monkeypatch.setattr(first_use, "_call_all", lambda: compiled.append(os.getpid()))
    return compiled


def test_all_is_compiled_once_and_a_mark_says_so(machine, monkeypatch):
    assert first_use.missing()
    first_use.get_ready()
    assert not first_use.missing()
    monkeypatch.setattr(first_use, "_begun", False)  # as in the next process
    first_use.get_ready()
    assert len(machine) == 1


def test_whoever_comes_while_another_compiles_waits_and_does_not_compile(machine, monkeypatch):
    with ThreadPoolExecutor(1) as pool:
        with first_use._alone(first_use.mark().with_suffix(".lock")):
            waiting = pool.submit(first_use.get_ready)
            assert not machine
            first_use.mark().touch()  # the other one is done
        waiting.result()
    assert not machine


@pytest.mark.parametrize("other", ["source", "library"])
def test_the_mark_is_another_one_where_numba_compiles_anew(machine, other, tmp_path, monkeypatch):
    source = tmp_path / "kernel.py"
    source.write_text("import numba")
    monkeypatch.setattr(code, "compiled_sources", lambda: [source])
    before = first_use.mark()
    if other == "source":
        os.utime(source, (1, 1))
    else:
        monkeypatch.setattr(first_use, "version", lambda name: "0.0")
    assert first_use.mark() != before


def test_faulty_tables_are_left_to_the_question(machine, monkeypatch):
    def faulty():
        raise UserError("a fault")

    monkeypatch.setattr(first_use, "_call_all", faulty)
    first_use.get_ready()
    assert first_use.missing()


@pytest.mark.parametrize(("lang", "told"), [("vi", VI), ("en", EN)])
def test_a_command_says_once_and_beside_the_answer_that_the_model_is_prepared(machine, capsys, lang, told):
    with speaking(lang):
        assert workers.every(abs, [(-1,)], jobs=1) == [1]
        workers.every(abs, [(-1,)], jobs=1)
    out, err = capsys.readouterr()
    assert err.count(told) == 1
    assert err.count("\n") == 1
    assert not out


def test_nothing_is_said_where_all_is_compiled(machine, capsys):
    first_use.get_ready()
    with speaking("vi"):
        workers.every(abs, [(-1,)], jobs=1)
    assert capsys.readouterr() == ("", "")


def test_neither_the_library_in_a_notebook_nor_a_worker_says_anything(machine, capsys, monkeypatch):
    workers.every(abs, [(-1,)], jobs=1)  # no command, and no terminal
    with speaking("vi"):
        monkeypatch.setattr(workers._worker, "at_home", True, raising=False)
        workers.every(abs, [(-1,)], jobs=1)
    assert capsys.readouterr() == ("", "")


def test_what_is_compiled_at_first_is_all_that_a_plan_needs():
    """In a process of its own: other tests call the same functions with what no plan has."""
    script = """
import sys
from numba.core.dispatcher import Dispatcher
from forecast.engines.people import first_use

def there():
    loaded = [value for name, module in sorted(sys.modules.items()) if name.startswith("forecast.")
              for value in vars(module).values() if isinstance(value, Dispatcher)]
    return {(f"{f.__module__}.{f.__name__}", str(types)) for f in loaded for types in f.signatures}

first_use._begun = True
first_use._call_all()
before = there()
import forecast as f
from forecast.data import files
files.remembered = lambda room, asked, make: make()  # another process may have left what leads the status quo
plan = f.read_scenario("data/scenarios/ca-mau-plan.yaml")
f.project([f.status_quo(plan), plan], ["stock", "agents"], draws=2, jobs=1, progress=False)
print(len(before), sorted(there() - before))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    count, more = done.stdout.split(maxsplit=1)
    assert int(count) > 30
    assert more == "[]\n"
