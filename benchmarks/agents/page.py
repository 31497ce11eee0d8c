"""Turn what was measured into a page of Markdown: agreement, speed and memory, growth, the whole engine, verdicts."""

from math import sqrt
from statistics import mean, median

LABELS = {
    "forecast": "this engine",
    "dense_numba_once": "numba, dense, resistances drawn once",
    "dense_numba": "numba, dense",
    "events_numba": "numba, by events, same books",
    "lives_numba": "numba, whole lives, same books",
    "plain_numpy": "numpy",
    "amber": "AMBER, columns borrowed",
    "amber_numba": "AMBER, numba over borrowed columns",
    "amber_views": "AMBER, views",
    "starsim_paired": "starsim, paired numbers on",
    "mesa_do": "mesa, `do`",
    "mesa_shuffle_do": "mesa, `shuffle_do`",
}
# How many times as fast as each of these the engine must be, at the largest size that the other one was run at.
TIMES = {
    "starsim_paired": 100,
    "amber": 75,
    "amber_views": 75,
    "mesa_do": 1_500,
    "mesa_shuffle_do": 10_000,
    "dense_numba": 5,
    "dense_numba_once": 5,
    "events_numba": 4,
}
LEAD = 4  # times the lean dense loop, at the most entries of the sweep
MILLION_PERSON_MONTHS, DRAW_SECONDS, DRAW_MB, GROWTH, CA_MAU_SECONDS = 3_000, 0.25, 300, 2.0, 10.0
FLAT_MB = 5.0  # how much memory may rise from draw 200 to the last one


def write(found: dict) -> tuple[str, bool]:
    """Return the page and whether all answers agree with the exact expectation."""
    agreement, agree = _agreement(found["methods"])
    swept, right = _sweep(found.get("sweep"))
    parts = [_head(found), *agreement, *_speed(found["methods"]), *swept, *_growth(found.get("growth"))]
    parts += [*_whole(found.get("whole")), *_verdicts(found)]
    return "\n".join(parts) + "\n", agree and right


def _head(found: dict) -> str:
    m = found["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in m["packages"].items())
    lines = [
        "# The agent engine beside others, on the same work",
        "",
        f"Measured on {found['date']} by `python benchmarks/agents/run.py`{' --quick' if found['quick'] else ''}, "
        f"in {found['minutes']} minutes; commit {m['commit'] or 'unknown'}.",
        f"Machine: {m['cpu']}, {m['cores']} cores, {m['memory_gb']} GB, {m['system']}; load {m['load_before']} at the "
        f"beginning. Python {m['python']}; {packages}.",
        "One core and one thread for each method. The work and the columns are explained in benchmarks/README.md.",
        "",
    ]
    busy = [
        LABELS[name]
        for name, one in found["methods"].items()
        for size in one.values()
        if "error" not in size and _times(size)["live"] > 1.1 * _times(size)["cpu"]
    ]
    if busy:
        lines += [f"**The machine was busy**: other work slowed down {', '.join(dict.fromkeys(busy))}.", ""]
    return "\n".join(lines)


def table(head: list[str], rows: list[list]) -> list[str]:
    """Lay out a table; columns after the first are aligned to the right."""
    lines = [head, [":--"] + ["--:"] * (len(head) - 1), *rows]
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines] + [""]


def _times(size: dict) -> dict:
    runs = size["sizes"][0]["runs"]
    return {name: median(run[name] for run in runs) for name in ("prepare", "live", "cpu")}


def _speed_of(size: dict) -> float:
    """Person-months a second."""
    one = size["sizes"][0]
    return one["people"] * one["months"] / _times(size)["live"]


def _score(size: dict) -> dict:
    """Means of all draws against the exact expectation; right within 3 standard errors or 1%.

    People are independent, so the variance of a number of people is below its expectation.
    """
    one = size["sizes"][0]
    answers = [pair for run in one["runs"] for pair in run["answers"]]
    score = {"draws": len(answers), "right": True}
    for i, name in enumerate(("entries", "members")):
        known, seen = one["expected"][i], mean(pair[i] for pair in answers)
        score[name] = (seen, known)
        score["right"] &= abs(seen - known) <= max(3 * sqrt(known / len(answers)), 0.01 * known)
    return score


def _agreement(methods: dict) -> tuple[list[str], bool]:
    rows, agree = [], True
    for name, one in methods.items():
        for people, size in one.items():
            if "error" in size:
                missing = size["error"].startswith("ModuleNotFoundError")
                rows.append([LABELS[name], f"{people:,}", "left out: " * missing + size["error"]])
                agree &= missing
                continue
            score, work = _score(size), size["sizes"][0]
            agree &= score["right"]
            rows.append(
                [LABELS[name], f"{work['people']:,}", work["months"], score["draws"]]
                + [f"{seen:,.1f} ({seen / known - 1:+.2%})" for seen, known in (score["entries"], score["members"])]
                + ["yes" if score["right"] else "**NO**"]
            )
    head = ["method", "people", "months", "draws", "entries (against exact)", "members (against exact)", "agrees"]
    rows = [row + [""] * (len(head) - len(row)) for row in rows]
    return ["## Do they agree?", "", *table(head, rows)], agree


def _speed(methods: dict) -> list[str]:
    ours = {n: _speed_of(s) for n, s in methods.get("forecast", {}).items() if "error" not in s}
    rows = []
    for people in sorted({n for one in methods.values() for n in one}):
        for name, one in methods.items():
            size = one.get(people)
            if size is None or "error" in size:
                continue
            times, speed, first = _times(size), _speed_of(size), size["sizes"][0]
            peak = first["runs"][0]["peak_mb"]
            rows.append(
                [LABELS[name], f"{people:,}", first["months"], len(first["runs"])]
                + [f"{times['prepare']:.3f}", f"{times['live']:.4f}", f"{speed / 1e6:,.1f}"]
                + [f"{ours[people] / speed:,.1f}" if people in ours else "", f"{peak:,.0f}"]
                + [f"{peak - size['base_mb']:,.0f}"]
            )
    head = "method|people|months|repeats|to prepare, s|to live, s|million person-months/s"
    head += "|this engine is x times as fast|peak MB|of it above imports"
    return ["## Speed and memory", "", *table(head.split("|"), rows)]


def _sweep(found: dict | None) -> tuple[list[str], bool]:
    """Say how many times as fast this engine is the more people enroll, and whether all answers are right."""
    if not found:
        return [], True
    rivals, rows, right = [name for name in found if name != "forecast"], [], True
    for rate in found["forecast"]:
        sizes = {name: found[name][rate] for name in found}
        if any("error" in size for size in sizes.values()):
            rows.append([f"{rate} times", *(size.get("error", "") for size in sizes.values())])
            right = False
            continue
        right &= all(_score(size)["right"] for size in sizes.values())
        rows.append(
            [f"{rate} times", f"{_speed_of(sizes['forecast']) / 1e6:,.0f}"]
            + [f"{_lead(found, name, rate):.1f}" for name in rivals]
        )
    head = ["entries of Hà Nội", "this engine, million person-months/s", *(LABELS[name] for name in rivals)]
    ends = [f"- {LABELS[name]}: {_end(found, name)}." for name in rivals]
    lines = [
        "## More entries: where the lead ends",
        "",
        "The last columns say how many times as fast this engine is.",
        "",
    ]
    lines += [*table(head, rows), *ends, "" if right else "\n**Not all answers agree.**"]
    return lines, right


def _lead(found: dict, rival: str, rate: object) -> float:
    return _speed_of(found["forecast"][rate]) / _speed_of(found[rival][rate])


def _end(found: dict, rival: str) -> str:
    """Say at which numbers of entries the engine is behind a rival."""
    leads = {
        rate: _lead(found, rival, rate)
        for rate in found["forecast"]
        if "error" not in found["forecast"][rate] and "error" not in found[rival][rate]
    }
    ahead = [rate for rate, lead in leads.items() if lead >= 1]
    if not ahead:
        return "this engine is behind at every rate"
    if len(ahead) == len(leads):
        return (
            f"this engine is ahead at every rate, {min(leads.values()):.1f} to {max(leads.values()):.1f} times as fast"
        )
    return f"this engine is ahead up to {ahead[-1]} times the entries, and behind after that"


def _growth(found: dict | None) -> list[str]:
    if not found or "error" in found:
        return []
    rows = []
    for size in found["sizes"]:
        entries = mean(pair[0] for run in size["runs"] for pair in run["answers"])
        rows.append([f"{size['people']:,}", f"{entries:,.0f}", f"{_growth_seconds(size):.4f}"])
    rows.append(["ratio", "", f"{_growth_ratio(found):.2f}"])
    lines = table(["people in the same 18,528 cells", "entries", "to prepare and live, s"], rows)
    return ["## Ten times the people, equal numbers of events (this engine)", "", *lines]


def _growth_seconds(size: dict) -> float:
    return median(run["prepare"] + run["live"] for run in size["runs"])


def _growth_ratio(found: dict) -> float:
    small, large = found["sizes"]
    return _growth_seconds(large) / _growth_seconds(small)


def _whole(found: dict | None) -> list[str]:
    if not found:
        return []
    lines = ["## The whole engine, with teams", ""]
    if "error" not in (one := found["ha_noi"]):
        lines += [
            f"- {one['place']}, {one['communes']} communes, {one['months']} months: {one['seconds_a_draw']:.3f} s a "
            f"draw ({one['draws']} draws at once); peak {one['peak_mb']:,.0f} MB, of it "
            f"{one['peak_mb'] - one['base_mb']:,.0f} MB above imports and compiled code."
        ]
    if "error" not in (one := found["many_draws"]):
        marks = [pair for pair in one["curve"] if pair[0] % 200 == 0] or one["curve"]
        curve = ", ".join(f"{mb:,.0f} MB after {draws}" for draws, mb in marks)
        lines += [f"- {one['place']}, one process: {curve}; {one['seconds_a_draw']:.4f} s a draw."]
    if "error" not in (one := found["ca_mau"]):
        lines += [
            f"- Cà Mau, {one['draws']} draws, {one['months']} months, {one['cores']} cores, end to end: "
            f"{one['seconds']:.1f} s with the start of the processes, {one['seconds_again']:.1f} s without, "
            f"after {one['import_seconds']:.1f} s of imports."
        ]
    return [*lines, *(f"- {what}: failed, {one['error']}" for what, one in found.items() if "error" in one), ""]


def _verdicts(found: dict) -> list[str]:
    rows = [[what, goal, got, "yes" if ok else "**no**"] for what, goal, got, ok in verdicts(found)]
    return ["## Must reach", "", *table(["what", "goal", "measured", "reached"], rows)] if rows else []


def verdicts(found: dict) -> list[tuple[str, str, str, bool]]:
    """Compare with the figures that the engine must reach: (what, goal, measured, reached)."""
    rows, methods, whole = [], found["methods"], found.get("whole", {})
    ours = {n: s for n, s in methods.get("forecast", {}).items() if "error" not in s}
    if ours:
        best = _speed_of(ours[max(ours)])
        goal = f"{MILLION_PERSON_MONTHS:,} million"
        what = f"person-months a second at {max(ours):,} people, without teams"
        rows.append((what, goal, f"{best / 1e6:,.0f} million", best / 1e6 >= MILLION_PERSON_MONTHS))
        for name, times in TIMES.items():
            sizes = {n: s for n, s in methods.get(name, {}).items() if "error" not in s}
            if sizes:
                ratio = best / _speed_of(sizes[max(sizes)])
                what = f"times as fast as {LABELS[name]} ({max(sizes):,} people)"
                rows.append((what, f"{times:,}", f"{ratio:,.1f}", ratio >= times))
    if swept := found.get("sweep"):
        most = list(swept["forecast"])[-1]
        if "error" not in swept["forecast"][most] and "error" not in swept["dense_numba_once"][most]:
            ratio = _lead(swept, "dense_numba_once", most)
            what = f"times as fast as {LABELS['dense_numba_once']} at {most} times the entries"
            rows.append((what, f"{LEAD}", f"{ratio:.1f}", ratio >= LEAD))
    if (growth := found.get("growth")) and "error" not in growth:
        ratio = _growth_ratio(growth)
        rows.append(("cost of ten times the people", f"below {GROWTH:g} times", f"{ratio:.2f} times", ratio < GROWTH))
    if (one := whole.get("ha_noi")) and "error" not in one:
        seconds, peak = one["seconds_a_draw"], one["peak_mb"]
        rows.append(("Hà Nội, a draw", f"{DRAW_SECONDS} s", f"{seconds:.3f} s", seconds <= DRAW_SECONDS))
        above = peak - one["base_mb"]
        rows.append(("Hà Nội, memory above imports", f"{DRAW_MB} MB", f"{above:,.0f} MB", above <= DRAW_MB))
        rows.append(("Hà Nội, memory of the process", f"{DRAW_MB} MB", f"{peak:,.0f} MB", peak <= DRAW_MB))
    if (one := whole.get("many_draws")) and "error" not in one:
        settled = [mb for draws, mb in one["curve"] if draws >= 200] or [mb for _, mb in one["curve"]]
        rise = settled[-1] - settled[0]
        rows.append((f"memory over {one['curve'][-1][0]:,} draws", "flat", f"{rise:+.1f} MB", rise <= FLAT_MB))
    if (one := whole.get("ca_mau")) and "error" not in one:
        what = f"Cà Mau, {one['draws']} draws on {one['cores']} cores"
        rows.append((what, f"{CA_MAU_SECONDS:g} s", f"{one['seconds']:.1f} s", one["seconds"] < CA_MAU_SECONDS))
    return rows
