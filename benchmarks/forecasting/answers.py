"""What each method said of each series, kept as JSON, so that a run that was stopped goes on."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import peers
from invented import Case
from real import key

Answer = tuple[np.ndarray, np.ndarray] | str


def kept(folder: Path | None, label: str, name: str, cases: list[Case]) -> list[tuple[Answer, float]]:
    """Return answer (or error) and processor seconds for each case, from `folder` where they are there."""
    path = folder / f"{label}--{name}.json".replace(", ", "-").replace(" ", "-") if folder else None
    known = json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else {}
    if any(key(case) not in known for case in cases):
        print(f"{label}, {name}: {len(cases)} series", file=sys.stderr, flush=True)
        peers.run(name, cases[0].past, cases[0].season, len(cases[0].future))  # imports, and what is compiled
    more = peers.beside(name, cases)
    for case in cases:
        if key(case) not in known:
            begin = time.process_time()
            answer = peers.run(name, case.past, case.season, len(case.future), **more)
            known[key(case)] = [_plain(answer), time.process_time() - begin]
    if path and folder:
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(known), encoding="utf-8")
        part.replace(path)
    return [(_answer(known[key(case)][0]), known[key(case)][1]) for case in cases]


def _plain(answer: Answer) -> str | list:
    return answer if isinstance(answer, str) else [part.tolist() for part in answer]


def _answer(plain: str | list) -> Answer:
    return plain if isinstance(plain, str) else (np.array(plain[0]), np.array(plain[1]))
