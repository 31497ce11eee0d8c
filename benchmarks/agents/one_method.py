"""Do the work with one method in this process, and print times, answers and memory as JSON; `run.py` calls it."""

import gc
import importlib
import json
import sys
import time

import machine
from work import ENTRY_A_YEAR, expected, make_work


def main(question: dict) -> dict:
    machine.pin(question["cores"])
    method = importlib.import_module(f"methods.{question['method']}")
    _once(method, make_work(2000, months=13), seed=0)  # compiles, or loads what was compiled
    sizes = [
        make_work(s["people"], s["months"], s.get("communes"), s.get("entry_a_year", ENTRY_A_YEAR))
        for s in question["sizes"]
    ]
    machine.forget_peak()
    base, parts = machine.now_mb(), [[] for _ in sizes]
    for repeat in range(question["repeats"]):  # sizes take turns, so that a disturbance hits all of them
        for work, found in zip(sizes, parts, strict=True):
            found.append(_once(method, work, seed=question.get("seed", 1) + repeat))
            if repeat == 0:
                found[0]["peak_mb"] = machine.peak_mb()
    return {
        "base_mb": base,
        "sizes": [
            {"runs": runs, "expected": expected(work), "people": work.people, "months": work.months}
            for work, runs in zip(sizes, parts, strict=True)
        ],
    }


def _once(method, work, seed: int) -> dict:
    gc.collect()
    begin = time.perf_counter()
    people = method.prepare(work, seed)
    ready, cpu = time.perf_counter(), time.process_time()
    method.live(people)
    done, cpu = time.perf_counter(), time.process_time() - cpu
    return {"prepare": ready - begin, "live": done - ready, "cpu": cpu, "answers": method.count(people)}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
