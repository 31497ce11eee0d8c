"""The site is swapped so that a kill at any moment leaves the old one or the new one."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest

from forecast.data import folders
from forecast.publish import site

READ = "import sys, pathlib\nfor _ in range(%d):\n    assert (pathlib.Path(sys.argv[1]) / 'n').exists(), 'gone'\n"


def made(folder, text):
    folder.mkdir(parents=True)
    (folder / "n").write_text(text)
    (folder / site.MARK).write_text("{}")
    return folder


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="no swap in one step there")
def test_whoever_looks_always_finds_a_site(tmp_path):
    out, other = made(tmp_path / "site", "old"), made(tmp_path / "work" / "vi", "new")
    reader = subprocess.Popen([sys.executable, "-c", READ % 40_000, str(out)], stderr=subprocess.PIPE, text=True)
    while reader.poll() is None:
        site._replace(other, out)
    assert reader.returncode == 0, reader.stderr.read()
    assert {(out / "n").read_text(), (other / "n").read_text()} == {"old", "new"}


def killed() -> int:
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_without_such_a_step_the_next_report_puts_back_what_a_kill_took_away(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "exchanged", lambda *_: False)
    out = made(tmp_path / "site", "old")
    work = tmp_path / f".site.{killed()}"
    new = made(work / "vi", "new")
    rename = type(out).rename

    def once(self, to):
        if self == new:
            raise KeyboardInterrupt
        return rename(self, to)

    monkeypatch.setattr(type(out), "rename", once)
    with pytest.raises(KeyboardInterrupt):
        site._replace(new, out)
    monkeypatch.setattr(type(out), "rename", rename)
    assert not out.exists()
    site._recovered(out)
    assert (out / "n").read_text() == "old"
    assert not work.exists()


def test_what_a_living_process_makes_is_left_alone(tmp_path):
    mine = made(tmp_path / f".site.{os.getpid()}" / "vi", "new")
    site._recovered(tmp_path / "site")
    assert mine.exists()
    assert folders.alive(os.getpid())


def test_a_report_that_is_stopped_ends_its_kernels_and_waits_for_no_cell(tmp_path, monkeypatch):
    late = tmp_path / "late.txt"
    code = f"import time\ntime.sleep(100)\nopen({str(late)!r}, 'w').close()"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    path = tmp_path / "01_long.ipynb"
    nbformat.write(book, path)
    monkeypatch.setattr(site, "BUILD", tmp_path / "build")
    monkeypatch.setattr(site, "_hashes", lambda: {"code": "x"})
    with pytest.raises(KeyboardInterrupt), ThreadPoolExecutor(1) as pool, site._kernels_ended():
        pool.submit(site.run, path, ("vi",))
        while not site._kernels:
            time.sleep(0.1)
        raise KeyboardInterrupt
    assert not late.exists() and not any(folders.alive(kernel) for kernel in site._kernels)
