"""Kill the long commands at random moments, begin them again, and hold what they write against an undisturbed run.

    python benchmarks/endurance/kills.py                             # 200 kills over all commands
    python benchmarks/endurance/kills.py --kills 20 --only project   # some of them

Each command asks something small about an invented district, so that one run takes seconds. It runs in a process that
is forked from one that has everything imported, so that a kill falls into the work and not into the imports; its cache
of what was learned is its own and empty. At a moment that is drawn evenly over the time of the undisturbed run it gets
SIGKILL, at times once more while it goes on. Then:

- wrong: a file differs by a byte from that of the undisturbed run, is missing, or is left over;
- lost: the same command does not come to an end, or does work again that was kept.

It needs fork (Linux, macOS). The table goes to benchmarks/results/kills.md and kills.json.
"""

import argparse
import hashlib
import json
import os
import pkgutil
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from datetime import date
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
PLAN = """scenario: mine
place: Thử
start: 2025-12
until: 2026-12
target: {measure: members, value: 110, by: 2026-12}
policy:
- {lever: Visits, start: 2026-01, count: 50.0}
- {lever: TopUp, start: 2026-01, share: 0.2, group: poor}
assumptions: {opening_members: 94}
"""
NATION = """scenario: visits
place: Việt Nam
start: 2025-12
until: 2030-12
policy:
- {lever: Visits, start: 2026-01, count: 3.0}
"""
COMMANDS = {  # each with --jobs 1 where it does not say otherwise; _ is a space within a word
    "project": "project plan.yaml --draws 24 --learned priors",
    "project, two processes": "project plan.yaml --draws 24 --learned priors --engines agents,stock --jobs 2",
    "project, beliefs learned": "project plan.yaml --draws 8 --engines stock",
    "compare": "compare plan.yaml --draws 16 --people 8 --learned priors",
    "target": "target plan.yaml --draws 16 --engines agents --learned priors",
    "optimize": "optimize plan.yaml --draws 2 --trials 2 --budget 1e8 --learned priors",
    "allocate": "allocate plan.yaml --draws 16 --learned priors",
    "calibrate": "calibrate Thử",
    "sensitivity": "sensitivity plan.yaml --learned priors",
    "backtest": "backtest Cà_Mau --engines series,stock --draws 8 --origins 2022-12,2023-12",
    "board": "board --draws 4 --month 2025-12 --until 2030-12",
    "board, a policy": "board Cao_Bằng --draws 4 --month 2025-12 --policy nation.yaml --communes",
    "report": "report Đà_Bắc --lang vi --draws 4 --day 2026-01-01",
}
PARTS, MANIFEST, CHUNK = ".parts", "manifest.json", 4
AGAIN, MOST = 0.25, 40  # chance that the resumed run is killed too; times the undisturbed time that a run may take


class Trial(NamedTuple):
    """What came of one run that was killed."""

    command: str
    moments: list[float]  # seconds after which it was killed
    kept: int  # pieces of work that were kept when it was killed
    wrong: list[str]
    lost: list[str]


def main() -> int:
    """Kill, compare, print, write; 1 where something was lost or wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=1e6, help="begin no run after that")
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--only", default="", help="commands, separated by semicolons")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    names = [name.strip() for name in options.only.split(";") if name.strip()] or list(COMMANDS)
    if unknown := set(names) - set(COMMANDS):
        parser.error(f"--only: no {', '.join(sorted(unknown))}; expected some of {'; '.join(COMMANDS)}")
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        top = Path(folder)
        os.environ |= {"FORECAST_LANG": "en", "NUMBA_THREADING_LAYER": "workqueue"}
        _district(top)
        _load()
        begin = time.monotonic()
        trials = kill(names, options.kills, options.seed, top, options.minutes)
        minutes = (time.monotonic() - begin) / 60
    facts = {"date": date.today().isoformat(), "seed": options.seed, "minutes": round(minutes, 1)}
    text = page(trials, facts)
    print(text)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "kills.md").write_text(text, encoding="utf-8")
    record = facts | {"trials": [trial._asdict() for trial in trials]}
    (options.out / "kills.json").write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return int(any(trial.wrong or trial.lost for trial in trials))


def kill(names: list[str], kills: int, seed: int, top: Path, minutes: float) -> list[Trial]:
    """Return what came of so many kills, the commands in turn."""
    luck, trials, whole, until = random.Random(seed), [], {}, time.monotonic() + 60 * minutes
    while sum(len(trial.moments) for trial in trials) < kills and time.monotonic() < until:
        name = names[len(trials) % len(names)]
        if name not in whole:
            whole[name] = _undisturbed(name, top)
            hashes, pieces, seconds = whole[name]
            say(f"{name}: {seconds:.1f} s undisturbed, {len(hashes)} files, {pieces.total()} pieces kept")
        trial = _killed(name, *whole[name], luck, top)
        trials.append(trial)
        if trial.wrong or trial.lost:
            say(f"{name}, killed after {trial.moments}: wrong {trial.wrong}; lost {trial.lost}")
        elif len(trials) % 10 == 0:
            say(f"{sum(len(trial.moments) for trial in trials)} kills")
    return trials


def _undisturbed(name: str, top: Path) -> tuple[dict[str, str], Counter[str], float]:
    """Return the hash of each file, how often each piece of work was kept, and the seconds of the command.

    It runs once before, which compiles, and must give the same bytes.
    """
    hashes = []
    for folder in ("warm", "whole"):
        room = _room(top / folder)
        since = time.monotonic()
        code = _ended(_start(name, room), 3600)
        if code != 0:
            raise SystemExit(f"{name} fails without a kill: {(room / 'log').read_text(encoding='utf-8')[-2000:]}")
        hashes.append(_hashes(room / "out"))
    if hashes[0] != hashes[1]:
        raise SystemExit(f"{name} gives other bytes each time: {set(hashes[0].items()) ^ set(hashes[1].items())}")
    return hashes[1], _pieces(room), time.monotonic() - since


def _pieces(room: Path) -> Counter[str]:
    return Counter((room / "kept").read_text().split())


def _killed(
    name: str, whole: dict[str, str], pieces: Counter[str], seconds: float, luck: random.Random, top: Path
) -> Trial:
    room, moments, kept, finished = _room(top / "killed"), [], 0, False
    wrong, lost = [], []
    while not moments or luck.random() < AGAIN:
        moment = luck.uniform(0, seconds)
        process = _start(name, room)
        code = _ended(process, moment)
        if code is not None:  # it was faster than the undisturbed run
            if moments or (room / "out" / MANIFEST).exists():
                finished = True
                break
            room = _room(room)
            continue
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        moments.append(round(moment, 3))
        kept = max(kept, len(list((room / "out" / PARTS).glob("[!.]*"))))
        if (
            room / "out" / MANIFEST
        ).exists() and "report" not in name:  # it was done, and says so when it is asked again
            finished = True
            break
    if not finished:
        code = _ended(_start(name, room), max(60, MOST * seconds))
        if code != 0:
            lost.append(f"exit {code}: {(room / 'log').read_text(encoding='utf-8')[-500:]}")
    again = _pieces(room) - pieces
    lost += [f"{again.total()} of {pieces.total()} pieces of work were done again"] if again else []
    found = _hashes(room / "out")
    wrong += sorted(f"{file} differs" for file in whole.keys() & found.keys() if whole[file] != found[file])
    wrong += sorted(f"{file} is missing" for file in whole.keys() - found.keys())
    wrong += sorted(f"{file} is left over" for file in found.keys() - whole.keys())
    return Trial(name, moments, kept, wrong, lost)


def _room(path: Path) -> Path:
    """Return an empty folder for a run."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    (path / "kept").write_text("")
    return path


def _start(name: str, room: Path) -> int:
    """Begin the command in a process of its own; return its number."""
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        os.setsid()
        with (room / "log").open("wb") as log:
            for stream in (1, 2):
                os.dup2(log.fileno(), stream)
        code = _command(name, room)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _command(name: str, room: Path) -> int:
    """Run the command here, as the command line does; note each piece of work that it keeps."""
    from forecast.cli import main as forecast
    from forecast.data import files
    from forecast.desk import allocation
    from forecast.experiment import project
    from forecast.uncertainty import study

    keep = files.keep

    def noted(result, path):
        keep(result, path)
        if path is not None and path.parent.name == PARTS:
            with (room / "kept").open("a") as file:
                file.write(f"{path.name}\n")

    files.keep = noted
    scratch = files.scratch
    files.scratch = lambda near, of: scratch(near if of in ("compiled", "build") else room / of, of)
    project.CHUNK = allocation.PART = CHUNK  # small questions are cut into several pieces too
    study.Plan = lambda **_: study.PLAN._replace(
        sets=4, repeats=2, draws=100, trajectories=2, base=2, strongest=2, walks=2, lucks=2
    )
    if name == "report":
        from forecast.publish import site

        del os.environ["FORECAST_DATA"]
        site.BUILD = room / "build"
    words = [word.replace("_", " ") for word in COMMANDS[name].split(" ")]
    if name != "report" and "--jobs" not in words:
        words += ["--jobs", "1"]
    os.chdir(room.parent)
    result = forecast([*words, "--out", str(room / "out")], standalone_mode=False)
    return result if isinstance(result, int) else 0


def _ended(process: int, seconds: float) -> int | None:
    """Wait so long for a process at most; return its exit code, None where it still runs."""
    until = time.monotonic() + seconds
    while True:
        number, status = os.waitpid(process, os.WNOHANG)
        if number:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            return None
        time.sleep(min(0.005, max(0.0, until - time.monotonic())))


def _hashes(folder: Path) -> dict[str, str]:
    """Return the hash of each file below a folder, but of the lock and of work that is kept until the end."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and PARTS not in path.parts and not path.name.startswith(".lock")
    }


def _district(top: Path) -> None:
    """Lay out an invented district of 3,000 people in two communes, and a plan for it."""
    from forecast.cli import main as forecast

    words = ["new", "Thử", "--population", "3000", "--commune", "A", "--commune", "B", "--out", str(top / "data")]
    process = os.fork()
    if not process:
        forecast(words, standalone_mode=False)
        os._exit(0)
    os.waitpid(process, 0)
    os.environ["FORECAST_DATA"] = str(top / "data")
    (top / "plan.yaml").write_text(PLAN, encoding="utf-8")
    (top / "nation.yaml").write_text(NATION, encoding="utf-8")


def _load() -> None:
    """Import all of the package, so that a command begins with its work."""
    import importlib

    import forecast

    for module in pkgutil.walk_packages(forecast.__path__, "forecast."):
        if module.name != "forecast.__main__":
            importlib.import_module(module.name)


def page(trials: list[Trial], facts: dict) -> str:
    """Say what came of it, a row a command."""
    lines = [
        "# Commands that were killed",
        "",
        f"Measured on {facts['date']} by `python benchmarks/endurance/kills.py`, seed {facts['seed']}, in "
        f"{facts['minutes']} minutes. What is counted stands at the head of that program.",
        "",
        "| command | runs | kills | kills that found kept work | lost | wrong |",
        "| :-- | --: | --: | --: | --: | --: |",
    ]
    for name in [*dict.fromkeys(trial.command for trial in trials), "all"]:
        some = [trial for trial in trials if name in (trial.command, "all")]
        counts = [
            len(some),
            sum(len(trial.moments) for trial in some),
            sum(trial.kept > 0 for trial in some),
            sum(bool(trial.lost) for trial in some),
            sum(bool(trial.wrong) for trial in some),
        ]
        lines.append(f"| {name} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines) + "\n"


def say(text: str) -> None:
    """Tell what is being done, beside the results."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
