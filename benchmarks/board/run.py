"""Measure the scale of the board: `python benchmarks/board/run.py`.

Two parts, each in a process of its own. *nation*: the whole nation commune by commune in the agent engine, teams
included, from its stock of today to December 2030, one province after the other on one core, and once more with a row
for each person. *board*: `forecast board` with four policies and 200 draws. Seconds of the nation are of the processor,
beside those of the clock, since other work shares the machine. The table is printed and written to
benchmarks/results/board.md and board.json (or --out DIR).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "agents"))
import machine  # noqa: E402  # beside the other benchmarks of the engine

TODAY, UNTIL = "2026-11", "2030-12"
POLICIES = ("top-ups", "model-communes", "visits", "due-lists")
DRAWS, SCENARIOS = 1000, 20  # of the extrapolation
PRICE = 0.05  # USD for an hour of one core of a rented machine: a common list price (judgement)
GOALS = {"seconds": 1.5, "draw_mb": 150.0, "peak_mb": 1000.0, "board_minutes": 10.0}


def main() -> int:
    """Measure the parts that are asked for, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for the results")
    parser.add_argument("--only", choices=["nation", "board"], default=None, help="one of the two parts")
    parser.add_argument("--draws", type=int, default=4, help="draws of the nation")
    parser.add_argument("--inside", default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(nation(int(options.inside))))
        return 0
    path = options.out / "board.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    here = {"date": date.today().isoformat(), "machine": machine.describe()}
    if options.only in (None, "nation"):
        found["nation"] = here | asked_nation(options.draws)
    if options.only in (None, "board"):
        found["board"] = here | board()
    options.out.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (options.out / "board.md").write_text(text := page(found), encoding="utf-8")
    print(text)
    return 0


def asked_nation(draws: int) -> dict:
    """Measure the nation in a process of its own, on one core; the first time compiles and is not counted."""
    environ = os.environ | machine.ONE_THREAD | {"NUMBA_THREADING_LAYER": "workqueue"}
    command = [sys.executable, str(Path(__file__)), "--inside", str(draws)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=ROOT, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def nation(draws: int) -> dict:
    """Live all provinces, one after the other; seconds a draw by part, memory, and what a row for each person gives."""
    import numpy as np

    from forecast import Scenario, read_place
    from forecast.desk.board.outlook import provinces
    from forecast.engines.people import agents, following
    from forecast.engines.people.agents import FEWEST, AgentEngine

    machine.pin(1)
    engine, rows, communes = AgentEngine(), [], 0
    warm = Scenario("status quo", read_place("Lai Châu", at=TODAY), start=TODAY, until=UNTIL)
    engine.run(warm, range(draws), 2)
    machine.forget_peak()
    base = machine.now_mb()
    places = [read_place(name, at=TODAY) for name in provinces(TODAY)]
    questions = [Scenario("status quo", place, start=TODAY, until=UNTIL) for place in places]

    def at_last(found):
        last = found[(found["month"] == UNTIL) & (found["group"] == "all") & (found["measure"] == "members")]
        return last["value"].to_numpy()

    ends = []
    for asked in questions:
        place = asked.place
        before, begin, clock = machine.now_mb(), time.process_time(), time.perf_counter()
        following.led_by(asked, range(draws), 1)
        led, follows = time.process_time(), time.perf_counter()
        found = engine.run(asked, range(draws), 1)
        end, stop = time.process_time(), time.perf_counter()
        ends.append(at_last(found))
        rows.append(
            {
                "place": place.name,
                "persons": agents.persons_per_row(asked),
                "communes": len(place.communes),
                "members": float(ends[-1].mean()),
                "baseline": (led - begin) / draws,
                "people": (end - led) / draws,
                "clock": (stop - clock) / draws,
                "held_mb": machine.now_mb() - before,
                "baseline_clock": (follows - clock) / draws,
            }
        )
        communes += len(place.communes)
    peak = machine.peak_mb()
    agents.MOST_PERSONS = 1
    for asked, row, many in zip(questions, rows, ends, strict=True):
        begin = time.process_time()
        one = at_last(engine.run(asked, range(draws), 1))
        row["people_one"] = (time.process_time() - begin) / draws
        row["apart"] = float(np.sqrt(np.mean((many / one - 1) ** 2)))
        row["spread"] = float(one.std() / one.mean())
    most = max(rows, key=lambda row: row["members"])
    return {
        "communes": communes,
        "draws": draws,
        "provinces": rows,
        "members": sum(row["members"] for row in rows),
        "baseline": sum(row["baseline"] for row in rows),
        "people": sum(row["people"] for row in rows),
        "people_one": sum(row["people_one"] for row in rows),
        "clock": sum(row["clock"] for row in rows),
        "base_mb": base,
        "peak_mb": peak,
        "largest": most["place"],
        "held": FEWEST,
        "draw_mb": (peak - base) / FEWEST,
    }


def board() -> dict:
    """Time the command, with the policies that the goal is about, from its start to its last file."""
    files = [f"--policy={ROOT / 'data' / 'scenarios' / 'board' / name}.yaml" for name in POLICIES]
    code = "import sys; from forecast.cli import main; sys.exit(main())"
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-c", code, "board", *files, "--draws=200", "--jobs=2", f"--out={out}/board"]
        begin = time.perf_counter()  # of the clock: the processor's time of processes of a server is nobody's child's
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        clock = time.perf_counter() - begin
    return {"policies": POLICIES, "draws": 200, "cores": 2, "clock_seconds": clock}


def page(found: dict) -> str:
    """Return the results as a page."""
    lines = ["# The scale of the board", ""]
    if "nation" in found:
        one = found["nation"]
        hours = one["people"] * DRAWS * SCENARIOS / 3600
        once = one["baseline"] * one["draws"]
        lines += [
            f"## The nation, commune by commune ({one['communes']:,} communes with their teams, {TODAY} to {UNTIL})",
            "",
            f"`python benchmarks/board/run.py --only nation --draws {one['draws']}`, {one['date']}, {_on(one)}",
            "",
            "| what | measured | goal |",
            "| :-- | --: | --: |",
            f"| core seconds a draw, people and teams | {one['people']:.1f} | {GOALS['seconds']} |",
            f"| the same with a row for each person | {one['people_one']:.1f} | |",
            f"| core seconds for the baseline that they follow, once for all policies and {one['draws']} draws"
            f" | {once:.0f} | |",
            f"| seconds of the clock a draw, all together, beside other work | {one['clock']:.0f} | |",
            f"| MB for each of {one['held']} draws held at once ({one['largest']}) | {one['draw_mb']:.0f}"
            f" | {GOALS['draw_mb']:.0f} |",
            f"| MB in all, most | {one['peak_mb']:.0f} | {GOALS['peak_mb']:.0f} |",
            f"| members in {UNTIL}, mean | {one['members']:,.0f} | |",
            "",
            _verdict(one),
            "",
            f"{DRAWS:,} draws of {SCENARIOS} policies: {hours:,.0f} core hours, {hours * PRICE:,.2f} USD at {PRICE} USD"
            f" for an hour of a core (judgement); {hours / 64:,.1f} hours on 64 cores. Provinces are independent pieces"
            " of work, so that this is shared without a rest.",
            "",
            "*Apart*: by how much a draw's members then differ from those of the same draw with a row for each person"
            f" (root mean square of {one['draws']} draws); *spread*: by how much draws differ among each other"
            " (standard deviation).",
            "",
            "| province | communes | members | persons a row | core seconds a draw | a row each | apart | spread |",
            "| :-- | --: | --: | --: | --: | --: | --: | --: |",
        ]
        for row in sorted(one["provinces"], key=lambda row: -row["people"]):
            lines.append(
                f"| {row['place']} | {row['communes']} | {row['members']:,.0f} | {row['persons']} | {row['people']:.2f}"
                f" | {row['people_one']:.2f} | {row['apart']:.2%} | {row['spread']:.0%} |"
            )
        lines.append("")
    if "board" in found:
        one = found["board"]
        lines += [
            f"## The board with four policies ({', '.join(one['policies'])}), {one['draws']} draws, two cores",
            "",
            f"`python benchmarks/board/run.py --only board`, {one['date']}, {_on(one)}",
            "",
            f"{one['clock_seconds'] / 60:.1f} minutes by the clock, with what else ran (goal"
            f" {GOALS['board_minutes']:.0f}).",
            "",
        ]
    return "\n".join(lines)


def _verdict(one: dict) -> str:
    """Return which goals are missed, and by how much."""
    have = {"seconds": one["people"], "draw_mb": one["draw_mb"], "peak_mb": one["peak_mb"]}
    names = {"seconds": "seconds a draw", "draw_mb": "MB for a draw", "peak_mb": "MB in all"}
    missed = [f"{names[k]} ({v / GOALS[k]:.1f} times the goal)" for k, v in have.items() if v > GOALS[k]]
    return f"Not reached: {', '.join(missed)}." if missed else "All three goals are reached."


def _on(one: dict) -> str:
    at = one["machine"]
    return f"{at['cpu']}, {at['cores']} cores, commit {at['commit']}, load {at['load_before']} at the beginning"


if __name__ == "__main__":
    sys.exit(main())
