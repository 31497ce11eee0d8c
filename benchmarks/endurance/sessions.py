"""Let many people use the scenario page at once: `python benchmarks/endurance/sessions.py`, 20 of them for 5 minutes.

Each opens the page of a place in a session of its own, as a browser does: the page is fetched, a kernel answers it, and
what is pulled and asked goes over its channel. In each round one slider is moved, the run is asked for, and it counts
until the answer has been drawn; then there is a pause, as of somebody who reads. Memory is that of the server and all
its kernels (proportional share of what they have in common), before the first came and after the last has gone.

With `--in-turn 20` windows are opened one after the other instead, each asks once and goes, and it counts what the
server itself holds after each (its anonymous memory: what no other process can have a share in); some minutes.

It needs Linux and the app's own packages alone. The page goes to benchmarks/results/sessions.md and sessions.json,
that of windows in turn to windows.md and windows.json.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import threading
import time
import uuid
from datetime import date
from pathlib import Path

import requests
import websocket

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
GOAL, MOST_LEFT = 3.0, 50.0  # seconds of the 95th percentile; MB that may be left of memory when all have gone
MOST_EACH = 0.3  # MB that the server may keep of a window, of those that come one after the other
PATIENCE = 300.0  # seconds that a page or an answer may take before it counts as an error


def main() -> int:
    """Run, print, write; 1 where a session met an error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--in-turn", type=int, default=0, help="so many windows one after the other instead")
    parser.add_argument("--minutes", type=float, default=5.0, help="from the moment when all pages are open")
    parser.add_argument("--pause", type=float, default=10.0, help="mean seconds from an answer to the next question")
    parser.add_argument("--scenario", type=Path, default=ROOT / "data" / "scenarios" / "ca-mau-plan.yaml")
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--port", type=int, default=18867)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    command = [sys.executable, "-m", "forecast", "app", str(options.scenario), "--lang", "vi", "--no-browser"]
    with subprocess.Popen([*command, "--port", str(options.port)], stderr=subprocess.PIPE, text=True) as server:
        try:
            address = next(found[0] for line in server.stderr if (found := re.search(r"http://\S+token=\w+", line)))
            threading.Thread(target=server.stderr.read, daemon=True).start()  # or it would wait for a reader
            taken = (in_turn if options.in_turn else measure)(address, server.pid, options)
        finally:
            server.terminate()
    facts = {"date": date.today().isoformat(), **taken}
    name, text = ("windows", page_in_turn(facts)) if options.in_turn else ("sessions", page(facts))
    print(text)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"{name}.md").write_text(text, encoding="utf-8")
    (options.out / f"{name}.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return int(bool(facts["errors"]))


def measure(address: str, server: int, options: argparse.Namespace) -> dict:
    """Let the sessions come, ask and go; one comes and goes before, so that what is loaded once counts for no one."""
    warm = Session(address, random.Random(0))
    warm.ask()
    warm.close()
    before = settled(server)
    waits, errors, openings = [], [], []
    ready = threading.Barrier(options.sessions + 1, timeout=PATIENCE * 4)

    def person(number: int) -> None:
        luck = random.Random(1000 * options.seed + number)
        try:
            since = time.monotonic()
            session = Session(address, luck)
            openings.append(time.monotonic() - since)
            ready.wait()
            until = time.monotonic() + 60 * options.minutes
            time.sleep(luck.uniform(0, 2 * options.pause))
            while time.monotonic() < until:
                waits.append(session.ask())
                time.sleep(luck.uniform(0.5, 1.5) * options.pause)
            session.close()
        except Exception as error:  # whatever it is, this session has met it
            errors.append(f"session {number}: {type(error).__name__}: {error}"[:300])
            ready.abort()

    people = [threading.Thread(target=person, args=(number,)) for number in range(options.sessions)]
    for one in people:
        one.start()
    try:
        ready.wait()
    except threading.BrokenBarrierError:
        errors.append("not all pages were opened")
    time.sleep(min(30.0, 30 * options.minutes))
    during = memory(server)
    for one in people:
        one.join()
    return {
        "scenario": options.scenario.stem,
        "sessions": options.sessions,
        "minutes": options.minutes,
        "pause": options.pause,
        "seed": options.seed,
        "load_before": round(os.getloadavg()[0], 2),
        "cores": os.cpu_count(),
        "opening_seconds": sorted(openings),
        "answer_seconds": sorted(waits),
        "mb": {"before": before, "during": during, "after": settled(server)},
        "errors": errors,
    }


def in_turn(address: str, server: int, options: argparse.Namespace) -> dict:
    """Let windows come one after the other; the first of them is not counted, for it loads what is loaded once."""
    held, errors = [], []
    for number in range(options.in_turn + 1):
        try:
            session = Session(address, random.Random(1000 * options.seed + number))
            session.ask()
            session.close()
        except Exception as error:
            errors.append(f"window {number}: {type(error).__name__}: {error}"[:300])
        settled(server)
        held.append(memory(server, "Pss_Anon"))
    return {
        "scenario": options.scenario.stem,
        "windows": options.in_turn,
        "seed": options.seed,
        "load": round(os.getloadavg()[0], 2),
        "cores": os.cpu_count(),
        "mb": held,
        "errors": errors,
    }


class Session:
    """One browser's page: its kernel, its channel and its controls."""

    def __init__(self, address: str, luck: random.Random):
        self.luck, self.name = luck, uuid.uuid4().hex
        self.web = requests.Session()
        self.top = address.split("?")[0].rstrip("/")
        answer = self.web.get(address, timeout=PATIENCE)
        answer.raise_for_status()
        found = re.search(r'"kernelId"\s*:\s*"([0-9a-f-]{36})"', answer.text)
        if not found:
            raise RuntimeError(f"the page names no kernel: {answer.text[-300:]}")
        self.kernel = found[1]
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.web.cookies)
        channel = f"{self.top.replace('http', 'ws', 1)}/api/kernels/{self.kernel}/channels?session_id={self.name}"
        token = address.partition("token=")[2]
        self.channel = websocket.create_connection(
            f"{channel}&token={token}", cookie=cookies, timeout=PATIENCE, origin=self.top
        )
        self.controls = self._controls()
        self.button = next(name for name, state in self.controls.items() if state["_model_name"] == "ButtonModel")
        self.sliders = [
            name for name, state in self.controls.items() if str(state["_model_name"]).endswith("SliderModel")
        ]

    def ask(self) -> float:
        """Move a slider to another place and wait until the kernel has told the answer; return the seconds."""
        slider = self.luck.choice(self.sliders)
        state = self.controls[slider]
        key = "index" if "_options_labels" in state else "value"
        places = range(len(state["_options_labels"])) if key == "index" else range(state["min"], state["max"] + 1)
        state[key] = self.luck.choice([place for place in places if place != state[key]])
        since = time.monotonic()
        self._send("comm_msg", {"comm_id": slider, "data": {"method": "update", "state": {key: state[key]}}})
        told = self._until_answered()
        seconds = time.monotonic() - since
        if "Không tính được" in told or "Tải phương án này về" not in told:
            raise RuntimeError(f"no answer: {told[-200:]}")
        return seconds

    def _until_answered(self) -> str:
        """Return what the kernel says until its button, which works while an answer is made, rests again."""
        told, working, until = [], False, time.monotonic() + PATIENCE
        while time.monotonic() < until:
            message = _message(self.channel.recv())
            content = message["content"] if message else {}
            if message and message["header"]["msg_type"] == "error":
                raise RuntimeError(content.get("evalue", "error"))
            told.append(json.dumps(content, ensure_ascii=False))
            if content.get("comm_id") == self.button:
                resting = not content.get("data", {}).get("state", {}).get("disabled", working)
                if working and resting:
                    return "".join(told)
                working = not resting
        raise TimeoutError("the kernel does not answer")

    def close(self) -> None:
        """Go away, as a browser does that closes the page."""
        self.channel.close()
        shown = {"_xsrf": self.web.cookies.get("_xsrf", "")}
        self.web.post(f"{self.top}/voila/api/shutdown/{self.kernel}", data=shown, timeout=PATIENCE).raise_for_status()

    def _controls(self) -> dict[str, dict]:
        """Ask the kernel for the state of each control."""
        comm = uuid.uuid4().hex
        opened = {"comm_id": comm, "target_name": "jupyter.widget.control", "data": {}}
        self._send("comm_open", opened)
        asked = self._send("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
        for content in self._wait(asked):
            if content.get("data", {}).get("method") == "update_states":
                return {name: model["state"] | {"_model_name": model["model_name"]}
                        for name, model in content["data"]["states"].items()}  # fmt: skip
        raise RuntimeError("the kernel told nothing of its controls")

    def _send(self, kind: str, content: dict) -> str:
        number = uuid.uuid4().hex
        header = {"msg_id": number, "msg_type": kind, "session": self.name, "username": "", "version": "5.3"}
        about = {"version": "1.0.0"}  # of the protocol by which the kernel tells the state of its controls
        message = {"header": header, "parent_header": {}, "metadata": about, "content": content, "channel": "shell"}
        self.channel.send(json.dumps(message))
        return number

    def _wait(self, number: str) -> list[dict]:
        """Return the contents of all that the kernel says to a message, until it is idle again."""
        contents, until = [], time.monotonic() + PATIENCE
        while time.monotonic() < until:
            raw = self.channel.recv()
            message = _message(raw)
            if message is None or message["parent_header"].get("msg_id") != number:
                continue
            if message["header"]["msg_type"] == "error":
                raise RuntimeError(message["content"].get("evalue", "error"))
            contents.append(message["content"])
            if message["header"]["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return contents
        raise TimeoutError("the kernel does not answer")


def _message(raw: str | bytes) -> dict | None:
    """Read a message of the channel: text, or parts of bytes of which the first is text."""
    if isinstance(raw, bytes):
        count = int.from_bytes(raw[:4], "big")
        ends = [int.from_bytes(raw[4 * (i + 1) : 4 * (i + 2)], "big") for i in range(count)]
        raw = raw[ends[0] : ends[1] if count > 1 else None].decode()
    return json.loads(raw) if raw else None


def memory(server: int, kind: str = "Pss") -> float:
    """MB that the server and all its kernels hold: what several share counts once in all.

    `Pss_Anon` leaves out what is read from files, whose share depends on who else on the machine reads them.
    """
    total = 0
    for process in family(server):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has just ended
            continue
        total += next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))
    return round(total / 1024, 1)


def family(top: int) -> list[int]:
    """Return a process and all that come from it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [top]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found


def settled(server: int) -> float:
    """Return the memory when the kernels of those who have gone have ended, at most a minute later."""
    until = time.monotonic() + 60
    while len(family(server)) > 1 and time.monotonic() < until:
        time.sleep(1)
    time.sleep(2)
    return memory(server)


def page_in_turn(facts: dict) -> str:
    """Say what windows that came one after the other have left."""
    held, errors = facts["mb"], facts["errors"]
    half = facts["windows"] // 2  # the first windows also fill what later ones use again
    each = (held[-1] - held[half]) / (facts["windows"] - half)
    shown = [n for n in (0, 1, 2, 5, 10, 20, 30, 40, 60, 80, 100) if n < facts["windows"]] + [facts["windows"]]
    lines = [
        "# Windows of the scenario page, one after the other",
        "",
        f"Measured on {facts['date']} by `python benchmarks/endurance/sessions.py --in-turn {facts['windows']}`: "
        f"windows of {facts['scenario']}, each of which asks once and is closed, seed {facts['seed']}; "
        f"{facts['cores']} cores, load {facts['load']} at the end. MB of anonymous memory of the server when the "
        "kernel of a window had ended.",
        "",
        "| what | goal | measured | reached |",
        "| :-- | --: | --: | --: |",
        f"| errors | none | {len(errors)} | {'**no**' if errors else 'yes'} |",
        f"| kept of each window of the second half | {MOST_EACH:g} MB | {each:.2f} MB "
        f"| {'yes' if each <= MOST_EACH else '**no**'} |",
        f"| kept of each window, the first ones too | | {(held[-1] - held[0]) / facts['windows']:.2f} MB | |",
        "",
        "| windows | MB |",
        "| --: | --: |",
        *(f"| {number} | {held[number]:,.1f} |" for number in shown),
        *([""] + [f"- {error}" for error in errors] if errors else []),
    ]
    return "\n".join(lines) + "\n"


def page(facts: dict) -> str:
    """Say what came of it."""
    waits, mb, errors = facts["answer_seconds"], facts["mb"], facts["errors"]
    p95 = statistics.quantiles(waits, n=20)[-1] if len(waits) > 1 else float("inf")
    left = mb["after"] - mb["before"]
    rows = [
        ("errors", "none", f"{len(errors)}", not errors),
        ("95% of the answers come within", f"{GOAL:g} s", f"{p95:.2f} s", p95 < GOAL),
        ("memory when all have gone", "as before", f"{left:+.0f} MB", left <= MOST_LEFT),
    ]
    lines = [
        "# Many people at the scenario page",
        "",
        f"Measured on {facts['date']} by `python benchmarks/endurance/sessions.py`: {facts['sessions']} sessions of "
        f"{facts['scenario']}, {facts['minutes']:g} minutes, {facts['pause']:g} s between two questions in the mean, "
        f"seed {facts['seed']}; {facts['cores']} cores, load {facts['load_before']} at the end.",
        "",
        f"{len(waits)} answers, half of them within {statistics.median(waits or [0]):.2f} s. A page opens in "
        f"{statistics.median(facts['opening_seconds'] or [0]):.1f} s while all open theirs. Server and kernels hold "
        f"{mb['before']:,.0f} MB before, {mb['during']:,.0f} MB with all sessions, {mb['after']:,.0f} MB after.",
        "",
        "| what | goal | measured | reached |",
        "| :-- | --: | --: | --: |",
        *(f"| {what} | {goal} | {got} | {'yes' if ok else '**no**'} |" for what, goal, got, ok in rows),
        *([""] + [f"- {error}" for error in errors] if errors else []),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
