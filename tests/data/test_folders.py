"""Two at once: a folder has one owner, who is named; half files of processes that are gone are swept."""

import os
import subprocess
import sys

import pytest

from forecast.data import files, folders
from forecast.data.folders import Taken, half_name, locked, swept

HOLD = """
import sys
from pathlib import Path
from forecast.data.folders import locked
with locked(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that has the folder until its input ends."""
    folder = tmp_path / "kết quả của tôi"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "mine\n"
    yield folder, process
    process.kill()
    process.wait()


def test_a_second_process_is_refused_at_once_and_told_who_has_the_folder(other):
    folder, process = other
    with pytest.raises(Taken, match=f"process {process.pid} on ") as told, locked(folder):
        pass
    assert "-c" in str(told.value)  # its command
    process.stdin.close()
    process.wait()
    with locked(folder):
        assert {p.name for p in folder.iterdir()} == {folders.LOCK, folders.LOCK + folders.OWNER}
    assert not list(folder.iterdir())


def test_a_killed_process_has_nothing_any_more(other):
    folder, process = other
    process.kill()
    process.wait()
    with locked(folder):
        pass


def test_a_note_that_is_damaged_changes_nothing_but_the_words(other):
    folder, _ = other
    for note in ("", "{", '{"process": []}', '"x"'):
        (folder / (folders.LOCK + folders.OWNER)).write_text(note)
        with pytest.raises(Taken, match="another process"), locked(folder):
            pass


def test_half_files_have_names_of_their_own_and_those_of_the_dead_are_swept(tmp_path):
    target = tmp_path / "phần.csv"
    mine, again = half_name(target), half_name(target)
    assert mine != again
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    left = mine.with_name(mine.name.replace(f".{os.getpid()}.", f".{int(dead.stdout)}."))
    elsewhere = left.with_name(left.name.replace(folders._machine(), "another-machine"))
    for path in (mine, left, elsewhere, target):
        path.write_text("x")
    assert swept(tmp_path) == [left]
    assert {p.name for p in tmp_path.iterdir()} == {mine.name, elsewhere.name, target.name}


def test_bytes_are_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: done.append("synced"))
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *names: (done.append("renamed"), replace(*names)))
    files.write_text("x", tmp_path / "a")
    assert done == ["synced", "renamed"]
