"""Measure `forecast baseline` beside other packages on the same series: `python benchmarks/forecasting/run.py`.

Every method sees the same invented series (invented.py), real ones (--series DIR: real.py), or those of a table that
you have (--data FILE.csv, columns unique_id, ds, y and, if wanted, season), and forecasts what was held back. Each
works on one thread; seconds are those of its processor. The page is printed and written to benchmarks/results/ (or
--out DIR).
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import answers
import invented
import numpy as np
import pandas as pd
import peers
import real
import scoring

from forecast.timeseries import baseline

RESULTS = Path(__file__).parents[1] / "results"
COUNTS = {1: 350, 4: 350, 12: 400}
ENROLLMENT = 1670
SEED = 1  # held back: nothing is chosen or learned on it (README.md says which seeds are for that)
COMMUNES, MONTHS = 600, 60
FEW_MONTHLY = 100  # monthly series; a real set of more gets half of --most, and only the methods of --monthly
REAL = """Each figure holds on the set that stands over it and on no other. Members, drift and constants were chosen on
these same sets, by their training and test parts together, so that no figure of this project below is that of a set
never seen; widths were learned on them as well, and `widths.py` prints what they hold when a set is left out. What
other methods say is out of sample. "All" is this project alone on every series of a set. Of a method that failed on a
series the naive forecast is scored; AutoCES is not asked of fewer than ten values, and AutoETS refuses six and fewer.
Methods that take long on monthly series may have been left out there (--monthly)."""
EARLIER = """All series end one horizon before: what is held back here, those who made the sets gave as known. Who is
ahead at one end of a set by less than two standard errors need not be so at another."""
sys.path.append(str(Path(__file__).parents[1] / "agents"))  # machine.py


def main() -> int:
    """Measure, print, write; 1 when this project's forecast failed for a series, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    parser.add_argument("--only", default="", help="methods, separated by commas; all by default")
    parser.add_argument("--data", type=Path, help="a long table of your own instead of the invented series")
    parser.add_argument("--horizon", type=int, help="values held back of each series of --data; that of M4 by default")
    parser.add_argument("--series", type=Path, help="folder of real series: m1, m3, tourism, uptake .parquet")
    parser.add_argument(
        "--most",
        type=int,
        default=120,
        help="series of each group of --series that all methods get; of monthly ones, which take long, half as many",
    )
    parser.add_argument("--earlier", action="store_true", help="end the series of --series one horizon before")
    parser.add_argument("--monthly", default="", help="methods that are asked of monthly series; all by default")
    parser.add_argument("--quick", action="store_true", help="few series, to see that everything runs")
    parser.add_argument("--keep", type=Path, help="folder for answers: those there are not made again")
    options = parser.parse_args()
    names = [n.strip() for n in options.only.split(",")] if options.only else list(peers.METHODS)
    if unknown := set(names) - set(peers.METHODS):
        parser.error(f"--only: no {', '.join(sorted(unknown))}; expected some of {', '.join(peers.METHODS)}")
    import machine

    begin = time.perf_counter()
    few = 10 if options.quick else 1
    if options.series:
        sets = real.read(options.series)
        sets = real.earlier(sets) if options.earlier else sets
    elif options.data:
        sets = {"own": held_back(options.data, options.horizon)}
    else:
        form = [case for season, n in COUNTS.items() for case in invented.m_form(season, n // few, SEED)]
        sets = {"m_form": form, "enrollment": invented.enrollment(ENROLLMENT // few, SEED)}
    found = {
        "date": date.today().isoformat(),
        "command": command(parser, options),
        "machine": machine.describe(),
        "sets": {},
    }
    failed = False
    for label, cases in sets.items():
        monthly = cases[0].season == 12 and options.series and len(cases) > FEW_MONTHLY
        most = options.most // few // (2 if monthly else 1) if options.series else len(cases)
        asked = [n for n in names if not monthly or not options.monthly or n in options.monthly.split(",")]
        given = {name: answers.kept(options.keep, label, name, cases[:most]) for name in asked}
        found["sets"][label] = scoring.table(cases[:most], given, by_family=label == "enrollment")
        if options.series and not options.quick and not options.earlier and scoring.OURS in names:
            alone = {scoring.OURS: answers.kept(options.keep, f"{label}, all", scoring.OURS, cases)}
            found["sets"][f"{label}, all"] = scoring.table(cases, alone, by_family=False)
        failed |= any(row["failed"] for row in found["sets"][label] if row["method"] == scoring.OURS)
    if not options.data and not options.series:
        found["communes"] = communes(COMMUNES // few)
    found["minutes"] = 0 if options.keep else round((time.perf_counter() - begin) / 60, 1)
    found["note"] = "Methods that earlier runs had finished were not run again (--keep)." if options.keep else ""
    if options.series:
        found["note"] = f"{REAL} {EARLIER if options.earlier else ''} {found['note']}"
    text = scoring.page(found)
    print(text)
    options.out.mkdir(parents=True, exist_ok=True)
    page = f"forecasting{'-earlier' * options.earlier}" if options.series else "forecasting-invented"
    (options.out / f"{page}.md").write_text(text, encoding="utf-8")
    (options.out / f"{page}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    return int(failed)


def command(parser: argparse.ArgumentParser, options: argparse.Namespace) -> str:
    """Return the command that was asked, with DIR for folders, which are no one else's."""
    words = ["python", "benchmarks/forecasting/run.py"]
    for name, value in vars(options).items():
        if value != parser.get_default(name):
            told = (value.name if value.is_file() else "DIR") if isinstance(value, Path) else str(value)
            words += [f"--{name}"] if value is True else [f"--{name}", told]
    return shlex.join(words)


def held_back(path: Path, horizon: int | None) -> list[invented.Case]:
    """Read a table and hold back the last values of each series that has enough of them."""
    cases = []
    for one in baseline.series_of(baseline.read(path), file=path.name):
        season = one.season if one.season in invented.HORIZON else 1
        h = horizon or invented.HORIZON[season]
        if len(one.values) > h + 2 and np.isfinite(one.values).all():
            cases.append(invented.Case(one.values[:-h], one.values[-h:], season, f"{season} a year"))
    return cases


def communes(count: int) -> dict:
    """Time the command on a province's communes, two processes, from its start to its end."""
    months = pd.period_range("2020-01", periods=MONTHS, freq="M").astype(str)
    cases = invented.communes(count, MONTHS, SEED)
    frame = pd.concat(
        [pd.DataFrame({"unique_id": f"{i:03d}", "ds": months, "y": case.past}) for i, case in enumerate(cases)]
    )
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(table := Path(folder) / "communes.csv", index=False)
        words = ["baseline", str(table), "--horizon", "12", "--jobs", "2", "--out", f"{folder}/out"]
        begin = time.perf_counter()  # of the clock: the command's processes are no children of ours
        subprocess.run(
            [sys.executable, "-m", "forecast", *words],
            check=True,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        seconds = time.perf_counter() - begin
    return {"series": count, "months": MONTHS, "seconds": round(seconds, 1)}


if __name__ == "__main__":
    raise SystemExit(main())
