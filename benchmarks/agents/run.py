"""Measure this project's agent engine beside others on the same work: `python benchmarks/agents/run.py`.

Every method runs in processes of its own, kept to one core and one thread, with compilation and warm-up before the
clock starts. Answers are compared with the exact expectation first. The table is printed and, with all raw numbers,
written to benchmarks/results/ (or --out DIR). See benchmarks/README.md for the work and for what the columns mean.
"""

import argparse
import json
import sys
import time
from datetime import date
from pathlib import Path

import machine
import page

SMALL, MILLION, LARGE = 10_000, 1_000_000, 5_000_000
# Months and repeats (each with its own seed) by number of people. The smallest size has enough seeds to compare the
# answers well; those that would need minutes for all 60 months of a large size live fewer.
METHODS = {
    "forecast": {SMALL: (60, 40), MILLION: (60, 9), LARGE: (60, 7)},
    "dense_numba_once": {SMALL: (60, 40), MILLION: (60, 5), LARGE: (60, 3)},
    "dense_numba": {SMALL: (60, 40), MILLION: (60, 5), LARGE: (60, 3)},
    "events_numba": {SMALL: (60, 40), MILLION: (60, 5), LARGE: (60, 3)},
    "lives_numba": {SMALL: (60, 40), MILLION: (60, 5), LARGE: (60, 3)},
    "plain_numpy": {SMALL: (60, 40), MILLION: (60, 5), LARGE: (60, 3)},
    "amber": {SMALL: (60, 20), MILLION: (60, 3), LARGE: (12, 3)},
    "amber_numba": {SMALL: (60, 20), MILLION: (60, 3), LARGE: (12, 3)},
    "amber_views": {SMALL: (60, 10), MILLION: (2, 3), LARGE: (1, 1)},
    "starsim_paired": {SMALL: (60, 20), MILLION: (60, 3), LARGE: (12, 3)},
    "mesa_do": {SMALL: (60, 10), MILLION: (3, 3), LARGE: (1, 1)},
    "mesa_shuffle_do": {SMALL: (60, 10), MILLION: (1, 3), LARGE: (1, 1)},
}
RESULTS = Path(__file__).parents[1] / "results"
COMPILED = ("forecast", "dense_numba", "dense_numba_once", "events_numba", "lives_numba", "amber_numba")
SWEPT = ("forecast", "events_numba", "lives_numba", "dense_numba_once")  # those that entries cost, and the leanest
RATES = (1, 2, 4, 8, 16, 33)  # times the entries of Hà Nội; 33 times are 30% a year
PARTS = ("sweep", "whole")


def main() -> int:
    """Measure, print, write; 1 when an answer is wrong, else 0 (a figure that was not reached is printed as such)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    parser.add_argument(
        "--only", default="", help="methods, separated by commas, and 'sweep' and 'whole' for the other parts"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes and few repeats, to see that everything runs")
    options = parser.parse_args()
    unknown = set(options.only.split(",")) - {"", *PARTS, *METHODS}
    if unknown:
        parser.error(f"--only: no {', '.join(sorted(unknown))}; expected some of {', '.join([*METHODS, *PARTS])}")
    wanted = options.only.split(",") if options.only else [*METHODS, *PARTS]
    begin = time.perf_counter()
    found = {"date": date.today().isoformat(), "machine": machine.describe(), "quick": options.quick}
    methods = [m for m in METHODS if m in wanted]
    found["methods"] = {}
    for method in methods:
        found["methods"][method] = measure(method, options.quick)
        if "forecast" in methods and method != "forecast":
            measure_again(found["methods"]["forecast"], options.quick)
    if "forecast" in methods:
        say("growth: 5 and 50 million people in the same cells, with equal numbers of events")
        found["growth"] = growth(options.quick)
    if "sweep" in wanted:
        found["sweep"] = sweep(options.quick)
    if "whole" in wanted:
        found["whole"] = whole(options.quick)
    found["minutes"] = round((time.perf_counter() - begin) / 60, 1)
    text, agree = page.write(found)
    print(text)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "agents.md").write_text(text, encoding="utf-8")
    (options.out / "agents.json").write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    say(f"written: {options.out / 'agents.md'} and agents.json, after {found['minutes']} minutes")
    return 0 if agree else 1


def say(text: str) -> None:
    """Tell what is being done, beside the results."""
    print(text, file=sys.stderr, flush=True)


def measure(method: str, quick: bool) -> dict:
    """Run each size in a process of its own; how far they agree with what is exact is seen in all of them."""
    if method in COMPILED:  # into numba's cache, so that the memory of compiling is not counted
        machine.ask("one_method.py", {"method": method, "sizes": [{"people": 1000, "months": 1}], "repeats": 1})
    sizes = {}
    for people, (months, repeats) in METHODS[method].items():
        if quick:
            people, months, repeats = people // 10, min(months, 12), min(repeats, 3)
        say(f"{method}: {people:,} people, {months} months, {repeats} times")
        question = {"method": method, "sizes": [{"people": people, "months": months}], "repeats": repeats}
        sizes[people] = machine.ask("one_method.py", question)
        if "error" in sizes[people]:
            say(f"  failed: {sizes[people]['error']}")
            break
    return sizes


def measure_again(sizes: dict, quick: bool) -> None:
    """Let this engine live the largest size thrice more: a machine changes its speed by the minute."""
    people, done = next(reversed(sizes.items()))
    if "error" in done:
        return
    runs = done["sizes"][0]["runs"]
    size = {"people": people, "months": METHODS["forecast"][LARGE][0] if not quick else 12}
    again = machine.ask("one_method.py", {"method": "forecast", "sizes": [size], "repeats": 3, "seed": 1 + len(runs)})
    runs += again["sizes"][0]["runs"] if "error" not in again else []


def growth(quick: bool) -> dict:
    """This engine with ten times the people in the same cells and a tenth of the hazard, so that events are equal."""
    from work import ENTRY_A_YEAR

    people = LARGE // (10 if quick else 1)
    sizes = [{"people": people * k, "months": 60, "communes": 579, "entry_a_year": ENTRY_A_YEAR / k} for k in (1, 10)]
    return machine.ask("one_method.py", {"method": "forecast", "sizes": sizes, "repeats": 3 if quick else 7})


def sweep(quick: bool) -> dict:
    """More entries, up to 33 times as many: methods take turns at each rate, so that a disturbance hits all of them."""
    from work import ENTRY_A_YEAR

    people, answers = LARGE // (100 if quick else 1), {}
    for method in SWEPT:
        machine.ask("one_method.py", {"method": method, "sizes": [{"people": 1000, "months": 1}], "repeats": 1})
    for rate in RATES:
        for method in SWEPT:
            say(f"sweep: {method}, {rate} times the entries")
            size = {"people": people, "months": 60, "communes": 579, "entry_a_year": ENTRY_A_YEAR * rate}
            asked = {"method": method, "sizes": [size], "repeats": 2 if quick else 5}
            answers.setdefault(method, {})[rate] = machine.ask("one_method.py", asked)
            if "error" in answers[method][rate]:
                say(f"  failed: {answers[method][rate]['error']}")
    return answers


def whole(quick: bool) -> dict:
    """The whole engine, with teams."""
    parts = {
        "ha_noi": {"draws": 16, "repeats": 1 if quick else 3},
        "many_draws": {"draws": 100 if quick else 1000},
        "ca_mau": {"draws": 50 if quick else 500, "cores": 2},
    }
    machine.ask("whole.py", {"what": "many_draws", "draws": 50})  # compiles
    answers = {}
    for what, question in parts.items():
        say(f"whole engine: {what}, {question['draws']} draws")
        answers[what] = machine.ask("whole.py", {"what": what} | question, cores=question.get("cores", 1))
        if "error" in answers[what]:
            say(f"  failed: {answers[what]['error']}")
    return answers


if __name__ == "__main__":
    sys.exit(main())
