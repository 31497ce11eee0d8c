"""Long tables, each in a command of its own: `python benchmarks/endurance/tables.py`.

One series of 200,000 dates and of more than are taken, sums over 3,000 nodes, and a table of 30,000 faulty rows go
through `forecast baseline`, imports and all, on one core; each may take ten seconds of the processor.
The page goes to benchmarks/results/tables.md.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"
GOAL = 10.0  # seconds
DATES, TOO_MANY, NODES, FAULTS, DISTRICTS = 200_000, 250_000, 3_000, 30_000, 60


def long_series(days: int = DATES) -> Iterator[str]:
    """One series of as many days."""
    yield "unique_id,ds,y"
    for day in range(days):
        yield f"a,{date(1400, 1, 1) + timedelta(day)},{1000 + day % 7 + day / 500:.1f}"


def many_nodes() -> Iterator[str]:
    """Series of eight years, of all nodes that are no sums."""
    yield "unique_id,ds,y"
    for node in range(NODES - DISTRICTS - 1):
        for year in range(8):
            yield f"n{node},{2015 + year},{50 + node % 40 + 3 * year + (node * year) % 5}"


def parents() -> Iterator[str]:
    """Which node belongs to which."""
    yield "unique_id,parent"
    yield from (f"n{node},d{node % DISTRICTS}" for node in range(NODES - DISTRICTS - 1))
    yield from (f"d{district},all" for district in range(DISTRICTS))


def faulty() -> Iterator[str]:
    """Rows of which each has a fault: no date, no number, twice the same."""
    yield "unique_id,ds,y"
    for row in range(FAULTS):
        yield ("a,2021-02-30,5", f"a,{1000 + row % 900},many", "a,2020,7")[row % 3]


CASES = {
    f"one series of {DATES:,} dates": (long_series, None, 0),
    f"one series of {TOO_MANY:,} dates, refused": (partial(long_series, TOO_MANY), None, 1),
    f"sums over {NODES:,} nodes": (many_nodes, parents, 0),
    f"{FAULTS:,} faulty rows": (faulty, None, 1),
}


def measure(folder: Path, rows, above, wanted: int) -> dict:
    """Run one command; return its seconds, memory, and what is wrong with its answer."""
    (folder / "series.csv").write_text("\n".join(rows()) + "\n", encoding="utf-8")
    words = [sys.executable, "-m", "forecast", "baseline", str(folder / "series.csv"), "--horizon", "2", "--jobs", "1"]
    words += ["--out", str(folder / "out")]
    if above:
        (folder / "above.csv").write_text("\n".join(above()) + "\n", encoding="utf-8")
        words += ["--hierarchy", str(folder / "above.csv")]
    since, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    seconds, after = time.perf_counter() - since, resource.getrusage(resource.RUSAGE_CHILDREN)
    wrong = "" if done.returncode == wanted else f"exit {done.returncode}: {done.stderr[-300:]}"
    if wanted and not 1 <= len(done.stderr.splitlines()) <= 20:
        wrong = f"{len(done.stderr.splitlines())} lines of faults"
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "processor": processor, "mb": after.ru_maxrss / 1024, "wrong": wrong}


def main() -> int:
    """Measure, print, write; 1 where an answer is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    lines = [
        "# Long tables",
        "",
        f"Measured on {date.today().isoformat()} by `python benchmarks/endurance/tables.py`, whole commands with their "
        f"imports; load {os.getloadavg()[0]:.1f} at the beginning. Memory is the most of any command so far.",
        "",
        "| what | seconds of the clock | of the processor | goal | MB | reached |",
        "| :-- | --: | --: | --: | --: | --: |",
    ]
    wrong = False
    for name, (rows, above, wanted) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            got = measure(Path(folder), rows, above, wanted)
        wrong |= bool(got["wrong"])
        reached = got["wrong"] or ("yes" if got["processor"] < GOAL else "**no**")
        lines.append(
            f"| {name} | {got['seconds']:.1f} | {got['processor']:.1f} | {GOAL:g} | {got['mb']:.0f} | {reached} |"
        )
    text = "\n".join(lines) + "\n"
    print(text)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "tables.md").write_text(text, encoding="utf-8")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
