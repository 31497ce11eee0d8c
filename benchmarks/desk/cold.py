"""Measure three commands from a cold start: `python benchmarks/desk/cold.py`, or with `--against CHECKOUT`.

`project`, `target` and `compare` on Cà Mau's plan as a planner would ask, each from the start of its process to its
end, with nothing kept of an earlier question (code stays compiled: that is done once a machine). With
another checkout of the project both are asked in turn, the first of them changing from round to round, and the ratio of
each pair is what a machine whose speed drifts can say. Both run in the environment of this command.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from run import ROOT, machine

QUESTIONS = {  # the words of each command, and the seconds that it may take on two quiet cores
    "project": (["project", "ca-mau-plan", "--draws", "200"], 6),
    "target": (["target", "ca-mau-plan"], 6),
    "compare": (["compare", "ca-mau-status-quo", "ca-mau-plan"], 8),
}


def main() -> int:
    """Measure, print, write; 1 when a command fails, else 0 (a figure that was not reached is printed as such)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for the results")
    parser.add_argument("--against", type=Path, help="another checkout of the project")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    codes = {"this": ROOT} | ({"other": options.against.resolve()} if options.against else {})
    found = {"date": date.today().isoformat(), "machine": machine(), "rounds": options.rounds}
    found |= {"other": _commit(options.against)} if options.against else {}
    found["seconds"] = {name: {code: [] for code in codes} for name in QUESTIONS}
    for name in QUESTIONS:  # code is compiled before anything is timed
        for code in codes.values():
            _seconds(code, name)
    for number in range(options.rounds):
        for name in QUESTIONS:
            for code in list(codes)[:: 1 if number % 2 else -1]:
                found["seconds"][name][code].append(_seconds(codes[code], name))
    text = page(found)
    print(text)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "cold.md").write_text(text, encoding="utf-8")
    (options.out / "cold.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def _commit(folder: Path) -> str:
    """Return the short name of the commit that a checkout stands at."""
    done = subprocess.run(["git", "-C", folder, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or "no commit"


def _seconds(code: Path, name: str) -> float:
    """Return how long a command takes on the clock; one that fails is an error."""
    words, _ = QUESTIONS[name]
    words = [str(code / "data" / "scenarios" / f"{word}.yaml") if word.startswith("ca-") else word for word in words]
    for kept in (code / "src" / "forecast" / "__pycache__").glob(
        "*/*.npz"
    ):  # what earlier processes left for later ones
        kept.unlink()
    with tempfile.TemporaryDirectory() as folder:
        print(code.name, *words, file=sys.stderr, flush=True)
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "forecast", *words, "--jobs", "2", "--out", str(Path(folder) / "out")],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(code / "src"), "NUMBA_THREADING_LAYER": "workqueue"},
        )
        return round(time.perf_counter() - begin, 2)


def page(found: dict) -> str:
    """Return the results as a page of Markdown."""
    m, other = found["machine"], found.get("other")
    lines = [
        "# Three commands from a cold start",
        "",
        f"Measured on {found['date']} by `python benchmarks/desk/cold.py`, {found['rounds']} rounds: {m['cores']} "
        f"cores, {m['system']}, Python {m['python']}; load {m['load_before']} before. Medians on the clock; "
        "code was compiled.",
        "",
        "| command, on Cà Mau's plan | this code | must be below |" + (f" {other} | ratio of pairs |" if other else ""),
        "| :-- | --: | --: |" + (" --: | --: |" if other else ""),
    ]
    for name, (words, most) in QUESTIONS.items():
        taken = found["seconds"][name]
        line = f"| `{' '.join(words)}` | {statistics.median(taken['this']):.1f} s | {most} s |"
        if other:
            ratios = [a / b for a, b in zip(taken["this"], taken["other"], strict=True)]
            line += f" {statistics.median(taken['other']):.1f} s | {statistics.median(ratios):.2f} |"
        lines.append(line)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
