"""A folder that one process writes to at a time, and what a process that died left in it."""

import json
import os
import platform
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

LOCK, OWNER, HALF = ".lock", ".owner", ".half"


class Taken(Exception):
    """Somebody else works in the folder; the message says who."""


def half_name(path: Path) -> Path:
    """Return a name beside `path` that no other process, thread or machine writes to, and that says whose it is.

    >>> half_name(Path("a/b.csv")).name.startswith(".b.csv.")
    True
    """
    return path.with_name(f".{path.name[:120]}.{_machine()}.{os.getpid()}.{os.urandom(6).hex()}{HALF}")


def swept(folder: Path) -> list[Path]:
    """Remove half written files that processes of this machine which are gone left in `folder`; return them."""
    gone = []
    for path in folder.glob(f".*{HALF}"):
        *_, machine, process, _, _ = path.name.rsplit(".", 4)
        if machine == _machine() and process.isdecimal() and not alive(int(process)):
            with suppress(OSError):
                path.unlink()
                gone.append(path)
    return gone


def alive(process: int) -> bool:
    """Is there a process of this number on this machine?

    >>> alive(os.getpid())
    True
    """
    if os.name == "nt":  # there, signal 0 would end it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def locked(folder: Path, lock: str = LOCK) -> Iterator[None]:
    """Have a folder for oneself for as long as this lasts; :class:`Taken`, at once, while another process has it.

    The lock is the system's, so it ends with its process however that ends. `lock` is the file that carries it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, owner = folder / lock, folder / f"{lock}{OWNER}"
    held = FileLock(path, timeout=0)
    try:
        held.acquire()
        while not path.exists():  # its last owner took it away between our opening and our locking it
            held.release()
            held.acquire()
    except Timeout:
        raise Taken(_told(owner)) from None
    try:
        swept(folder)
        facts = {
            "process": os.getpid(),
            "machine": platform.node(),
            "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])[:300],
        }
        owner.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
        yield
    finally:
        for file in (owner, path):  # while the lock is held: who opens it now finds it taken, and who comes later none
            with suppress(OSError):
                file.unlink()
        held.release()


def _told(owner: Path) -> str:
    """Say who has the folder; its note may not be there yet, or be half written."""
    try:
        facts = json.loads(owner.read_text(encoding="utf-8"))
        return f"process {int(facts['process'])} on {facts['machine']!s:.60} ({facts['command']!s:.100})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _machine() -> str:
    """Return this machine's name as part of a file name."""
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in platform.node())[:40] or "here"


def exchanged(made: Path, old: Path) -> bool:
    """Have two folders of one disk change their names in one step; False where the system has no such step."""
    import ctypes

    if os.name != "posix":
        return False
    here = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(made), os.fsencode(old)
    if sys.platform == "linux" and hasattr(here, "renameat2"):
        current_folder, exchange = -100, 2
        return bool(here.renameat2(current_folder, names[0], current_folder, names[1], exchange) == 0)
    if sys.platform == "darwin" and hasattr(here, "renamex_np"):
        swap = 2
        return bool(here.renamex_np(*names, swap) == 0)
    return False
