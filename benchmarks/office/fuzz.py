"""Damaged workbooks: each gives a table, or one message; none a traceback, a hang, or the end of the process.

    python benchmarks/office/fuzz.py --count 10000

Workbooks of the mixer are damaged by chance: bytes of the file, and texts of the parts that are packed into it. A child
process reads them, so that its end would be seen; a file that takes more than a minute of processor time is a hang.
"""

import argparse
import collections
import io
import multiprocessing
import random
import re
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "exchange"))

import mixer

from forecast.data.tables import UserError
from forecast.exchange import spreadsheet

MOST_SECONDS = 60
SPANS = (b"1", b"0", b"-1", b"999999999999", b"1E308", b"", b"A1048576", b"XFD1", b"&#0;", b"<", b'"', b"\xff", b"NaN")


def bases() -> list[mixer.Made]:
    """Return small workbooks of each format."""
    found: dict[str, list[mixer.Made]] = collections.defaultdict(list)
    for seed in range(20_000, 20_400):
        made = mixer.make(seed)
        kind = made.name.rpartition(".")[2]
        if kind in ("xlsx", "xls", "ods") and made.place in ("da-bac", "dong-trieu") and len(found[kind]) < 4:
            found[kind].append(made)
        if all(len(found[kind]) == 4 for kind in ("xlsx", "xls", "ods")):
            break
    return [*found["xlsx"], *found["xlsx"], *found["ods"], *found["xls"]]


def damaged(data: bytes, luck: random.Random) -> bytes:
    """Return a workbook with a few things changed by chance."""
    if data.startswith(b"PK") and luck.random() < 0.75:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = {item.filename: packed.read(item) for item in packed.infolist()}
        name = luck.choice([n for n in parts if n.endswith((".xml", ".rels"))])
        for _ in range(luck.choice((1, 1, 2, 5))):
            parts[name] = _text(parts[name], luck)
        if luck.random() < 0.03:
            parts.pop(luck.choice(list(parts)))
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
            for part, content in parts.items():
                packed.writestr(part, content)
        return stream.getvalue()
    changed = bytearray(data)
    for _ in range(luck.choice((1, 2, 8, 64))):
        changed[luck.randrange(len(changed))] = luck.randrange(256)
    return bytes(changed[: luck.randrange(len(changed))] if luck.random() < 0.1 else changed)


def _text(data: bytes, luck: random.Random) -> bytes:
    """Change one thing in the text of a part."""
    if not data:
        return data
    at, end = sorted(luck.randrange(len(data)) for _ in range(2))
    how = luck.randrange(5)
    if how == 0:
        return data[:at] + data[min(end, at + 200) :]
    if how == 1:
        return data[:at] + luck.choice(SPANS) + data[at:]
    if how == 2:
        return data[:at] + data[at : at + 300] + data[at:]
    spots = list(re.finditer(rb'"[^"]*"' if how == 3 else rb">[^<]+<", data))
    if not spots:
        return data
    spot = luck.choice(spots)
    return data[: spot.start() + 1] + luck.choice(SPANS) + data[spot.end() - 1 :]


def work(first: int, count: int, sent) -> None:
    """Read damaged workbooks and send what became of each."""
    files = bases()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            luck = random.Random(seed)
            made = luck.choice(files)
            path = Path(folder) / made.name
            path.write_bytes(damaged(made.data, luck))
            sent.send((seed, "begun", 0.0, ""))
            start = time.process_time()
            try:
                spreadsheet.read(path, made.place)
                told, why = "read", ""
            except UserError:
                told, why = "message", ""
            except BaseException:
                told, why = "traceback", traceback.format_exc()[-1500:]
            sent.send((seed, told, time.process_time() - start, why))
    sent.send((-1, "end", 0.0, ""))


def main() -> None:
    """Run and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=10_000)
    asked = parser.parse_args()
    counts: collections.Counter = collections.Counter()
    at, end, slowest = asked.first, asked.first + asked.count, 0.0
    while at < end:
        receive, send = multiprocessing.Pipe(duplex=False)
        child = multiprocessing.get_context("spawn").Process(target=work, args=(at, end - at, send))
        child.start()
        send.close()
        seed = at
        try:
            while receive.poll(20 * MOST_SECONDS):
                seed, told, seconds, why = receive.recv()
                if told == "begun":
                    continue
                if told == "end":
                    seed = end - 1
                    break
                told = "hang" if seconds > MOST_SECONDS else told
                counts[told] += 1
                slowest = max(slowest, seconds)
                if told in ("traceback", "hang"):
                    print(f"seed {seed}: {told}\n{why}", flush=True)
                if sum(counts.values()) % 500 == 0:
                    print(dict(counts), flush=True)
            else:
                counts["hang"] += 1
                print(f"seed {seed}: hang", flush=True)
        except EOFError:
            counts["end of the process"] += 1
            print(f"seed {seed}: the process ended", flush=True)
        child.kill()
        child.join()
        at = seed + 1
    print(f"{asked.count} damaged workbooks: " + ", ".join(f"{n} {k}" for k, n in counts.items()))
    print(f"slowest: {slowest:.1f} s of processor time")


if __name__ == "__main__":
    main()
