"""Measure the whole agent engine, with teams: Hà Nội at full size, 1,000 draws in a process, 500 draws of Cà Mau."""

import json
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import machine

FULL_SIZE = 4_870_000  # eligible people of Hà Nội; data/places.csv has fewer, those who are not in another scheme
SCENARIOS = Path(__file__).parents[2] / "data" / "scenarios"


def ha_noi(question: dict) -> dict:
    """Time a draw of a Hà Nội that is scaled to 4.87 million eligible people (synthetic), 60 months."""
    from forecast import Scenario, read_place
    from forecast.engines.people.agents import AgentEngine

    place = read_place("Hà Nội", at="2021-12")
    times = FULL_SIZE / place.communes["eligible"].sum()
    communes = place.communes.assign(eligible=(place.communes["eligible"] * times).round())
    name = f"Hà Nội (synthetic: {FULL_SIZE:,} eligible)"
    synthetic = replace(place, name=name, eligible=float(communes["eligible"].sum()), communes=communes)
    full = Scenario("status quo", synthetic, start="2021-12", until="2026-12")
    engine, draws = AgentEngine(), question["draws"]
    engine.run(Scenario("warm-up", "Đà Bắc", start="2020-10", until="2022-02"), range(4), 1)
    machine.forget_peak()
    base, seconds = machine.now_mb(), []
    for repeat in range(question["repeats"]):
        begin = time.perf_counter()
        rows = engine.run(full, range(repeat * draws, (repeat + 1) * draws), 1)
        seconds.append((time.perf_counter() - begin) / draws)
    last = rows[(rows["month"] == "2026-12") & (rows["group"] == "all")]
    found = {m: float(last.loc[last["measure"] == m, "value"].mean()) for m in ("members", "entries")}
    return {
        "place": name,
        "eligible": synthetic.eligible,
        "communes": len(communes),
        "months": len(full.months) - 1,
        "draws": draws,
        "seconds_a_draw": statistics.median(seconds),
        "all_seconds": seconds,
        "base_mb": base,
        "peak_mb": machine.peak_mb(),
        "at_the_end": found,
    }


def many_draws(question: dict) -> dict:
    """Run many draws of a small place in one process, and note the memory as it goes."""
    from forecast import Scenario
    from forecast.engines.people.agents import AgentEngine

    scenario, engine, step = Scenario("status quo", "Đà Bắc", start="2020-10", until="2025-10"), AgentEngine(), 50
    curve = []
    begin = time.perf_counter()
    for first in range(0, question["draws"], step):
        engine.run(scenario, range(first, first + step), 1)
        curve.append((first + step, round(machine.now_mb(), 1)))
    return {"place": "Đà Bắc", "curve": curve, "seconds_a_draw": (time.perf_counter() - begin) / question["draws"]}


def ca_mau(question: dict) -> dict:
    """Time 500 draws of Cà Mau from end to end, with the processes that share the work and their imports."""
    begin = time.perf_counter()
    import forecast

    project = forecast.project  # `forecast` imports its parts when they are first asked for

    imported = time.perf_counter()
    scenario = forecast.read_scenario(SCENARIOS / "ca-mau-status-quo.yaml")
    how = {"engines": ["agents"], "draws": question["draws"], "jobs": question["cores"], "progress": False}
    answer = project(scenario, **how)
    cold = time.perf_counter()
    project(scenario, **how)
    warm = time.perf_counter()
    at_end = answer.at(scenario.until).quantiles([0.5])
    return {
        "draws": question["draws"],
        "cores": question["cores"],
        "months": len(scenario.months) - 1,
        "import_seconds": imported - begin,
        "seconds": cold - imported,
        "seconds_again": warm - cold,
        "rows": len(at_end),
    }


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    machine.pin(asked["cores"])
    print(json.dumps({"ha_noi": ha_noi, "many_draws": many_draws, "ca_mau": ca_mau}[asked["what"]](asked)))
