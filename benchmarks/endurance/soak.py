"""Ask the same questions for an hour in one process: `python benchmarks/endurance/soak.py`, or --minutes 5.

In turn: a projection by all engines, a target, a comparison with people followed, and a baseline, each small. Answers
must have the same bytes each time, and memory must not rise: the highest of the last third of the rounds may be at most
10 MB above the highest of the middle third. The page goes to benchmarks/results/soak.md.
"""

import argparse
import hashlib
import os
import sys
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
MOST_RISE = 10.0  # MB


def questions():
    """Give the name and the answer of each question, as a table, for as long as somebody asks."""
    import pandas as pd

    from forecast import read_scenario
    from forecast.desk.additionality import follow
    from forecast.desk.compare import status_quo
    from forecast.desk.target import target_table
    from forecast.experiment.project import project
    from forecast.timeseries.baseline import baseline

    plan = read_scenario(ROOT / "data" / "scenarios" / "da-bac-plan.yaml")
    series = pd.DataFrame({"unique_id": "a", "ds": range(2000, 2020), "y": [30 + 2 * n + n % 3 for n in range(20)]})
    while True:
        answer = project([plan, status_quo(plan)], ["agents", "stock", "pool"], draws=16, jobs=1, progress=False)
        yield "projection", answer.frame
        yield "target", target_table(answer, plan)
        yield "people followed", follow(status_quo(plan), [plan], draws=8, seed=1, jobs=1, progress=False)[0].frame
        yield "baseline", baseline(series, 3)


def resident() -> float:
    """MB that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> int:
    """Ask, print, write; 1 where an answer has changed or memory has risen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    until, seen, changed, curve = time.monotonic() + 60 * options.minutes, {}, set(), []
    for count, (name, table) in enumerate(questions(), 1):
        bytes_ = hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()
        if seen.setdefault(name, bytes_) != bytes_:
            changed.add(name)
        if count % 4 == 0:
            curve.append(resident())
            if time.monotonic() > until:
                break
    third = max(1, len(curve) // 3)
    rise = max(curve[-third:]) - max(curve[third : 2 * third] or curve[:1])
    marks = ", ".join(f"{curve[i * (len(curve) - 1) // 6]:,.0f}" for i in range(7))
    text = "\n".join(
        [
            "# An hour of questions in one process",
            "",
            f"Measured on {date.today().isoformat()} by `python benchmarks/endurance/soak.py --minutes "
            f"{options.minutes:g}`: {len(curve)} rounds of four questions.",
            "",
            f"- memory as it went, MB: {marks};",
            f"- last third against the middle one: {rise:+.1f} MB, "
            f"{'flat' if rise <= MOST_RISE else '**not flat**'} (at most {MOST_RISE:g});",
            f"- answers that changed: {', '.join(sorted(changed)) or 'none'}.",
        ]
    )
    print(text)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "soak.md").write_text(text + "\n", encoding="utf-8")
    return int(bool(changed) or rise > MOST_RISE)


if __name__ == "__main__":
    sys.exit(main())
