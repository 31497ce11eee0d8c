"""Scores of the methods and the page that tells them."""

import numpy as np
import peers
import real

from forecast.answer import score

CASES = {1: "yearly", 4: "quarterly", 12: "monthly"}
SHORTEST = (4, 6)  # points of the yearly series that are looked at apart
OURS = "this project"
DRAWN_AGAIN = 1000


def table(cases: list, answers: dict, by_family: bool) -> list[dict]:
    """Return one row for each method and group of cases: accuracy against Naive2 or naive, intervals, seconds.

    Groups are families with `by_family`, which are scored against naive, else seasons. Of real series, a group is a
    family all the same, and those of uptake alone are scored against naive.
    """
    answers = dict(answers)
    if set(peers.FOUR) <= set(answers):
        answers["mean of the four"] = [_mean([answers[name][i] for name in peers.FOUR]) for i in range(len(cases))]
    groups: dict[str, list[int]] = {}
    for i, case in enumerate(cases):
        keys = [case.family if by_family or case.family.startswith(real.SETS) else CASES[case.season]]
        if by_family and case.season == 1 and SHORTEST[0] <= len(case.past) <= SHORTEST[1]:
            keys.append("yearly, 4 to 6 points")
        for key in keys:
            groups.setdefault(key, []).append(i)
    out = []
    for group, at in groups.items():
        naive = by_family or group.startswith("uptake")
        scored = {name: _rows([cases[i] for i in at], [found[i] for i in at], naive) for name, found in answers.items()}
        ours = scored.get(OURS, (None,))[0]
        out += [
            {"group": group, "method": name, "against_naive": naive, **_means(*rows), **_apart(ours, rows[0], naive)}
            for name, rows in scored.items()
        ]
    return out


def _mean(parts: list) -> tuple:
    good = [answer for answer, _ in parts if not isinstance(answer, str)]
    seconds = sum(spent for _, spent in parts)
    return (tuple(np.mean([answer[k] for answer in good], axis=0) for k in range(2)) if good else parts[0][0]), seconds


def _rows(cases: list, found: list, against_naive: bool) -> tuple[np.ndarray, int, str]:
    """Score one method on each series; one that it failed on is scored with the naive forecast and counted."""
    rows, failed, why = [], 0, ""
    for case, (answer, seconds) in zip(cases, found, strict=True):
        unit = score.scale(case.past, season=case.season if len(case.past) > case.season else 1)
        if not unit > 0:
            continue
        plain = (peers.naive if against_naive else peers.naive2)(case.past, case.season, len(case.future))[0]
        if isinstance(answer, str):
            failed, why, answer = failed + 1, answer, peers.naive(case.past, case.season, len(case.future))
        middle, quantiles = answer
        low, low80, high80, high = quantiles.T
        held = score.covered(case.future, low, high)
        largest = max(np.abs(case.past).max(), 1e-300)
        rows.append(
            (
                score.mase(case.future, middle, unit),
                score.mase(case.future, plain, unit),
                _smape(case.future, middle),
                _smape(case.future, plain),
                held.mean(),
                score.msis(case.future, low, high, unit),
                seconds,
                score.covered(case.future, low80, high80).mean(),
                *(part.mean() if len(part) else np.nan for part in np.array_split(held, 3)),
                np.abs(quantiles).max() / largest,
            )
        )
    return np.array(rows), failed, why


def _means(rows: np.ndarray, failed: int, why: str) -> dict:
    mase, _, smape, _, held, width, seconds, held80, *thirds = np.nanmean(rows, axis=0)[:-1]
    return {
        "series": len(rows),
        "failed": failed,
        "why": why,
        "smape": smape,
        "mase": mase,
        "owa": _ratio(rows.mean(axis=0), False),
        "relative_mase": _ratio(rows.mean(axis=0), True),
        "coverage": held,
        "coverage80": held80,
        "thirds": [float(third) for third in thirds],
        "msis": width,
        "seconds": seconds,
        "largest": float(rows[:, -1].max()),
    }


def _ratio(means: np.ndarray, against_naive: bool):
    """Return OWA, or MASE over that of the naive forecast, from means (..., columns of :func:`_rows`)."""
    mase, plain_mase, smape, plain_smape = np.moveaxis(means[..., :4], -1, 0)
    return mase / plain_mase if against_naive else (mase / plain_mase + smape / plain_smape) / 2


def _apart(ours: np.ndarray | None, theirs: np.ndarray, against_naive: bool) -> dict:
    """Return how much better this project is, and the standard error of that: series drawn again, in pairs."""
    if ours is None:
        return {}
    again = np.random.default_rng(1).integers(0, len(ours), (DRAWN_AGAIN, len(ours)))
    spread = _ratio(theirs[again].mean(axis=1), against_naive) - _ratio(ours[again].mean(axis=1), against_naive)
    better = _ratio(theirs.mean(axis=0), against_naive) - _ratio(ours.mean(axis=0), against_naive)
    return {"better": better, "better_se": spread.std()}


def _smape(future, mean) -> float:
    """Return the symmetric mean absolute percentage error of the M competitions, %."""
    size = np.abs(future) + np.abs(mean)
    return float(np.mean(200 * np.abs(future - mean) / np.where(size > 0, size, 1)))


def page(found: dict) -> str:
    """Return the results as Markdown."""
    m = found["machine"]
    spent = f", in {found['minutes']} minutes" if found["minutes"] else ""
    lines = [
        "# Forecasts beside others, on the same series",
        "",
        f"Measured on {found['date']} by `{found['command']}`{spent}; commit {m['commit'] or 'unknown'}.",
        f"Machine: {m['cpu']}, {m['cores']} cores, {m['system']}; load {m['load_before']} at the beginning. "
        f"Python {m['python']}. Columns are explained in benchmarks/README.md.",
        "",
    ]
    lines += [found["note"], ""] if found.get("note") else []
    for label, rows in found["sets"].items():
        lines += _set(label, rows)
    if "communes" in found:
        one = found["communes"]
        lines += [
            "## A province's communes",
            "",
            f"{one['series']} series of {one['months']} months, 12 months ahead, two processes, the command from "
            f"start to end: {one['seconds']:.0f} s on the clock.",
            "",
        ]
    return "\n".join(lines) + "\n"


def _set(label: str, rows: list[dict]) -> list[str]:
    against = label == "enrollment"
    head = [
        "method",
        "",
        "here better by",
        "sMAPE",
        "MASE",
        "95% holds",
        "80% holds",
        "95% by third",
        "MSIS",
        "s a series",
        "largest",
        "failed",
    ]
    lines = []
    for group in dict.fromkeys(row["group"] for row in rows):
        ours = [row for row in rows if row["group"] == group]
        lines += [f"## {label}: {group} ({ours[0]['series']} series)", ""]
        head[1] = "MASE / naive" if ours[0]["against_naive"] else "OWA"
        cells = [
            [
                row["method"],
                f"{row['relative_mase' if row['against_naive'] else 'owa']:.3f}",
                _told(row),
                f"{row['smape']:.2f}",
                f"{row['mase']:.3f}",
                f"{row['coverage']:.1%}",
                f"{row['coverage80']:.1%}",
                " / ".join(f"{100 * third:.0f}" for third in row["thirds"]),
                f"{row['msis']:.1f}",
                f"{row['seconds']:.3f}",
                f"{row['largest']:.1f}",
                row["why"] if row["failed"] == row["series"] else row["failed"],
            ]
            for row in ours
        ]
        lines += _markdown(head, cells)
    if against:
        lines += ["## enrollment: geometric mean over the families, MASE / naive", ""]
        families = [row for row in rows if "points" not in row["group"]]
        names = dict.fromkeys(row["method"] for row in families)
        cells = [
            [name, f"{np.exp(np.mean([np.log(r['relative_mase']) for r in families if r['method'] == name])):.3f}"]
            for name in names
        ]
        lines += _markdown(["method", "MASE / naive"], cells)
    return lines


def _told(row: dict) -> str:
    if "better" not in row or row["method"] == OURS:
        return ""
    return f"{row['better']:+.3f} ± {row['better_se']:.3f}"


def _markdown(head: list, rows: list[list]) -> list[str]:
    lines = [head, [":--"] + ["--:"] * (len(head) - 1), *rows]
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines] + [""]
