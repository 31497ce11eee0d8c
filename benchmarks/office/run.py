"""How many of mixed spreadsheets are read wholly right, refused with a reason, or read wrongly; time and memory.

    python benchmarks/office/run.py --first 10000 --count 200

Seeds below 10,000 were used while the reader was written; those from 10,000 on were not.
"""

import argparse
import collections
import sys
import tempfile
import time
import traceback
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "exchange"))

import mixer

from forecast.data.tables import UserError
from forecast.exchange import spreadsheet


def verdict(made: mixer.Made, folder: Path) -> tuple[str, str]:
    """Return "right", "refused" or "wrong" for one file, and why."""
    path = folder / made.name
    path.write_bytes(made.data)
    try:
        book = spreadsheet.read(path, made.place)
    except UserError as error:
        return "refused", str(error).splitlines()[0][:300]
    except Exception:
        return "wrong", traceback.format_exc()[-600:]
    table = book.counts.assign(unit=list(book.units))
    right = made.right.set_index(["unit", "month"])
    read = table.set_index(["unit", "month"])
    if sorted(right.index) != sorted(read.index):
        return "wrong", f"{len(read)} rows, {len(right)} expected; months {sorted(set(table['month']))}"
    for measure in ("members", "entries", "lapses", "plan"):
        told = read[measure].reindex(right.index)
        if measure in right:
            if not (told == right[measure]).all():
                return "wrong", f"{measure}: {int((told != right[measure]).sum())} of {len(right)} differ"
        elif told.notna().any() and not (measure == "entries" and made.mixed["since"]):
            return "wrong", f"{measure}: read, and not in the file"
    return "right", ""


def main() -> None:
    """Run and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--only", type=int, default=None)
    asked = parser.parse_args()
    counts: collections.Counter = collections.Counter()
    seconds = []
    seeds = [asked.only] if asked.only is not None else range(asked.first, asked.first + asked.count)
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            made = mixer.make(seed)
            start = time.perf_counter()
            told, why = verdict(made, Path(folder))
            seconds.append(time.perf_counter() - start)
            counts[told] += 1
            if told != "right" or asked.verbose:
                print(f"{told}: seed {seed}: {why}\n    {made.mixed}", flush=True)
    print(f"seeds {seeds[0]} to {seeds[-1]}: " + ", ".join(f"{n} {k}" for k, n in counts.items()))
    print(f"seconds a file: median {pd.Series(seconds).median():.2f}, most {max(seconds):.2f}")


if __name__ == "__main__":
    main()
