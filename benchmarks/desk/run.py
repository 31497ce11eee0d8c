"""Measure the decision desk: `python benchmarks/desk/run.py`.

Three figures, each from the command line as a planner would use it, from the start of the process to its end: how long
a comparison of eight policies for Hà Nội takes, with single people followed; how long a search takes; and how far the
probability that a search promises is from the one that it finds on draws that no choice has seen. The table is printed
and, with all numbers, written to benchmarks/results/ (or --out DIR). See benchmarks/README.md.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
SCENARIOS = ROOT / "data" / "scenarios"
EIGHT = [SCENARIOS / "ha-noi-status-quo.yaml", SCENARIOS / "ha-noi-plan.yaml", *sorted(HERE.glob("policies/*.yaml"))]
SEARCHES = {  # scenario: most that may be spent (VND), probability that is wanted
    "ca-mau-plan": (1_000e9, 0.5),
    "ha-noi-plan": (200e9, 0.5),
    "da-bac-plan": (3e9, 0.5),
}
COMPARE_SECONDS, SEARCH_SECONDS, POINTS = 120, 300, 3.0  # what must be reached


def main() -> int:
    """Measure, print, write; 1 when a command fails, else 0 (a figure that was not reached is printed as such)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for the results")
    parser.add_argument("--only", default="compare," + ",".join(SEARCHES), help="parts, separated by commas")
    parser.add_argument("--quick", action="store_true", help="few draws, to see that everything runs")
    options = parser.parse_args()
    wanted = options.only.split(",")
    if unknown := set(wanted) - {"compare", *SEARCHES}:
        parser.error(f"--only: no {', '.join(sorted(unknown))}; expected some of compare, {', '.join(SEARCHES)}")
    found = {"date": date.today().isoformat(), "quick": options.quick, "machine": machine(), "searches": {}}
    with tempfile.TemporaryDirectory() as folder:
        if "compare" in wanted:
            found["compare"] = compare(Path(folder), options.quick)
        for name in (name for name in SEARCHES if name in wanted):
            found["searches"][name] = search(name, Path(folder), options.quick)
    text = page(found)
    print(text)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "desk.md").write_text(text, encoding="utf-8")
    (options.out / "desk.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def machine() -> dict:
    """Say what this machine is and how busy it is."""
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def run(*words: str) -> dict:
    """Run a command of `forecast` on two cores; return seconds on the clock (its processes are no children of ours)."""
    print("forecast", *words, file=sys.stderr, flush=True)
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "forecast", *words, "--jobs", "2"],
        check=True,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"NUMBA_THREADING_LAYER": "workqueue", "OMP_NUM_THREADS": "1"},
    )
    return {"seconds": round(time.perf_counter() - begin, 1)}


def compare(folder: Path, quick: bool) -> dict:
    """Compare eight policies of Hà Nội, 200 draws each, people followed as the command does by itself."""
    draws = 8 if quick else 200
    done = run("compare", *map(str, EIGHT), "--draws", str(draws), "--out", str(folder / "compare"))
    return done | {"policies": len(EIGHT), "draws": draws}


def search(name: str, folder: Path, quick: bool) -> dict:
    """Search the cheapest mix for a scenario; return what was promised and what new draws say."""
    budget, probability = SEARCHES[name]
    few = ["--draws", "10", "--trials", "16"] if quick else []
    done = run(
        "optimize",
        str(SCENARIOS / f"{name}.yaml"),
        "--budget",
        str(budget),
        "--probability",
        str(probability),
        *few,
        "--out",
        str(folder / name),
    )
    record = json.loads((folder / name / "optimum.json").read_text(encoding="utf-8"))
    return done | {
        key: record[key] for key in ("asked", "target", "met", "why", "promised", "verified", "optimism", "mixes_tried")
    }


def page(found: dict) -> str:
    """Return the results as a page of Markdown."""
    m = found["machine"]
    lines = [
        "# The decision desk: how long it takes, and whether it keeps its promises",
        "",
        f"Measured on {found['date']} by `python benchmarks/desk/run.py`{' --quick' if found['quick'] else ''}: "
        f"{m['cores']} cores, {m['system']}, Python {m['python']}; load {m['load_before']} at the beginning.",
        "",
        "| what | on the clock | must be below | reached |",
        "| :-- | --: | --: | :-- |",
    ]
    timed = [
        (f"{c['policies']} policies for Hà Nội, {c['draws']} draws each, people followed", c, COMPARE_SECONDS)
        for c in filter(None, [found.get("compare")])
    ]
    timed += [(f"search, {name}, {s['mixes_tried']} mixes", s, SEARCH_SECONDS) for name, s in found["searches"].items()]
    lines += [
        f"| {what} | {row['seconds']:.0f} s | {most} s | {'yes' if row['seconds'] < most else 'no'} |"
        for what, row, most in timed
    ]
    lines += [
        "",
        "| search | wanted | met | promised | on fresh draws | optimism, points | its error | within 3 |",
        "| :-- | --: | :-- | --: | --: | --: | --: | :-- |",
    ]
    for name, s in found["searches"].items():
        off = 100 * s["optimism"]
        error = 100 * (s["promised"]["standard_error"] ** 2 + s["verified"]["standard_error"] ** 2) ** 0.5
        lines.append(
            f"| {name} | {s['asked']['probability']:.0%} | {'yes' if s['met'] else 'no: ' + s['why']} | "
            f"{s['promised']['probability']:.1%} | {s['verified']['probability']:.1%} | {off:+.1f} | {error:.1f} | "
            f"{'yes' if abs(off) < POINTS else 'no'} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
