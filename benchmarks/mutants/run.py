"""Do tests notice what is wrong? Change one thing in the code at a time and see whether a test fails.

`make mutants` runs the changes that have a name (`named.toml`) and a sample of those that cosmic-ray makes
(`modules.toml`), one process each, and writes `docs/testing.md`; `ARGS=...` passes on:
"""

import argparse
import ast
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import time
import tomllib
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "testing.md"
KEPT = ROOT / "benchmarks" / "results" / "mutants.json"
MARKS = "<!-- written by make mutants: begin -->", "<!-- written by make mutants: end -->"
SILENT_DECORATORS = ("njit", "compiled", "compiled_within", "lru_cache", "cache", "cached_property", "overload")
T = TypeVar("T")
sys.path[:0] = [str(ROOT / "src"), str(HERE)]


@dataclass(frozen=True)
class Mutant:
    """A module with one thing changed: where (line and column), what stood there and what stands there now."""

    path: str
    line: int
    column: int
    operator: str
    was: str
    now: str
    text: str


def module_name(path: str) -> str:
    """Name by which a file of src/ is imported."""
    return path.removeprefix("src/").removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def people_live(path: str) -> bool:
    """May the tests of a module ask the engines?"""
    return path.startswith(("src/forecast/engines", "src/forecast/desk", "src/forecast/calibration"))


def left_out(source: str) -> set[tuple[int, int]]:
    """Places where a change does nothing by rule: types, and decorators that only compile or keep."""
    spots: set[tuple[int, int]] = set()
    for node in ast.walk(ast.parse(source)):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        for one in getattr(node, "decorator_list", ()):
            name = one.func if isinstance(one, ast.Call) else one
            if getattr(name, "id", getattr(name, "attr", "")) in SILENT_DECORATORS:
                parts.append(one)
                spots.add((one.lineno, one.col_offset - 1))  # the sign before its name
        # A flag that only guards: lengths that are equal, records that nobody changes.
        words = [word.value for word in getattr(node, "keywords", ()) if word.arg in ("strict", "frozen")]
        for part in [*parts, *words]:
            if part is not None:
                end = part.end_lineno, part.end_col_offset
                lines = range(part.lineno, end[0] + 1)
                for line in lines:
                    first = part.col_offset if line == part.lineno else 0
                    last = end[1] if line == end[0] else 400
                    spots |= {(line, column) for column in range(first, last)}
    return spots


def places(path: str) -> dict[tuple[int, int], list[tuple[str, int]]]:
    """Places of a module that can be changed, each with the changes that cosmic-ray knows (operator, occurrence)."""
    from cosmic_ray.commands import init
    from cosmic_ray.work_db import WorkDB, use_db

    skipped = left_out((ROOT / path).read_text(encoding="utf-8"))
    found: dict[tuple[int, int], list[tuple[str, int]]] = {}
    with tempfile.TemporaryDirectory() as folder, use_db(Path(folder) / "all.sqlite", WorkDB.Mode.create) as known:
        init([ROOT / path], known, {})
        for item in known.work_items:
            (change,) = item.mutations
            if tuple(change.start_pos) not in skipped:
                found.setdefault(tuple(change.start_pos), []).append((change.operator_name, change.occurrence))
    return {place: sorted(found[place]) for place in sorted(found)}


def mutants(path: str, wanted: int | None, seed: int) -> Iterator[Mutant]:
    """One mutant for each of `wanted` places of a module by chance; every change of every place where that is None."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    source, luck, known = (ROOT / path).read_text(encoding="utf-8"), random.Random(f"{seed} {path}"), places(path)
    taken = sorted(luck.sample(list(known), min(wanted, len(known)))) if wanted is not None else list(known)
    for place in taken:
        for operator, occurrence in known[place] if wanted is None else [luck.choice(known[place])]:
            text = mutate_code(source, get_operator(operator)(), occurrence)
            before, after = source.splitlines(), text.splitlines()
            at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), place[0] - 1)
            name = operator.rsplit("/", 1)[-1]
            yield Mutant(path, at + 1, place[1], name, before[at].strip(), after[at].strip(), text)


def try_out(path: str, text: str, tests: list[str], engines: bool, limit: float) -> tuple[str, float, str]:
    """Run tests on a mutant in a fork: (caught, not caught, too long or broken), seconds, and what was printed."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        child = os.fork()
        if child == 0:
            code = 70
            try:
                os.setsid()
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
                import plain

                code = plain.outcome(module_name(path), ROOT / path, text, tests, engines)
                sys.stdout.flush()
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
            finally:
                os._exit(code)
        while (status := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() - began < limit:
            time.sleep(0.02)
        if status[0] == 0:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
        said.seek(0)
        printed = said.read()
    verdict = "too long"
    if status[0]:
        code = os.waitstatus_to_exitcode(status[1])
        # A test that fails (1) or cannot be read because its module cannot (2) notices; a process that dies as well.
        verdict = {0: "not caught", 3: "broken", 4: "broken", 5: "broken", 70: "broken"}.get(code, "caught")
    return verdict, time.monotonic() - began, printed


def apart(work: Callable[[], T]) -> T:
    """Do work in a fork, so that what it imports is gone after it; its answer must be JSON."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as answer:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                json.dump(work(), answer)
                answer.flush()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(1)
        answer.seek(0)
        found: T = json.load(answer)
    return found


def checked(path: str, tests: list[str], engines: bool) -> float:
    """Run a module's tests on the code as it is, which they must pass; return the seconds that takes."""
    verdict, seconds, printed = try_out(path, "", tests, engines, 600.0)
    if verdict != "not caught":
        sys.exit(f"{path}: its tests do not pass without a change\n{printed[-3000:]}")
    return seconds


def named(only: list[str], look: bool) -> list[dict[str, object]]:
    """Try each change that has a name; one that no longer fits the code is an error, so that the list is kept."""
    rows: list[dict[str, object]] = []
    usual: dict[tuple[str, ...], float] = {}
    for one in tomllib.loads((HERE / "named.toml").read_text(encoding="utf-8"))["mutant"]:
        if only and not any(word in one["name"] + one["path"] for word in only):
            continue
        source = (ROOT / one["path"]).read_text(encoding="utf-8")
        if source.count(one["was"]) != 1:
            sys.exit(
                f"named.toml: {one['name']!r}: {one['was']!r} stands {source.count(one['was'])} times in {one['path']}"
            )
        engines = people_live(one["path"])
        tests = tuple(one["tests"])
        if tests not in usual:
            usual[tests] = checked(one["path"], one["tests"], engines)
        limit = 60 + 4 * usual[tests]
        text = source.replace(one["was"], one["now"])
        verdict, seconds, printed = try_out(one["path"], text, one["tests"], engines, limit)
        failed = [line.split(" ", 1)[1].split(" - ")[0] for line in printed.splitlines() if line.startswith("FAILED ")]
        rows.append({"name": one["name"], "path": one["path"], "verdict": verdict, "test": (failed or [""])[0]})
        print(f"{verdict:10} {seconds:6.1f} s  {one['name']}: {rows[-1]['test']}", flush=True)
        if look and verdict != "caught":
            print(printed[-2000:])
    return rows


def again(module: dict, last: dict, look: bool) -> dict[str, object]:
    """Try once more what was not caught last time, on the same code."""
    import plain

    path, tests = module["path"], module["tests"]
    if last["code"] != code_of(path):
        sys.exit(f"{path} has changed since the last run: try it without --again")
    plain.warm_up_for(module_name(path))
    usual, left = checked(path, tests, people_live(path)), []
    missed = {(one["line"], one["column"], one["operator"], one["now"]) for one in last["survivors"]}
    counts = dict(last["counts"])
    for one in mutants(path, None if last["all"] else last["sample"], last["seed"]):
        if (one.line, one.column, one.operator, one.now) in missed:
            verdict, _, printed = try_out(path, one.text, tests, people_live(path), 20 + 5 * usual)
            print(f"  {verdict}: {path}:{one.line} {one.operator}\n    - {one.was}\n    + {one.now}", flush=True)
            if look:
                print(printed[-2000:])
            if verdict == "not caught":
                left.append(without_text(one))
            else:
                counts["not caught"] -= 1
                counts[verdict] += 1
    first = last.get("first", last["counts"])
    return last | {"tests": tests, "counts": counts, "survivors": left, "first": first}


def code_of(path: str) -> str:
    """Name of a module's text."""
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()[:12]


def without_text(one: Mutant) -> dict[str, object]:
    """What is kept of a mutant that was not caught."""
    return {key: value for key, value in asdict(one).items() if key not in ("text", "path")}


def sampled(module: dict, seed: int, everything: bool, look: bool) -> dict[str, object]:
    """Try the mutants of one module."""
    import plain

    path, tests, engines = module["path"], module["tests"], people_live(module["path"])
    plain.warm_up_for(module_name(path))
    usual = checked(path, tests, engines)
    print(f"{path}: tests take {usual:.1f} s", flush=True)
    counts = {"caught": 0, "too long": 0, "not caught": 0}
    survivors = []
    for one in mutants(path, None if everything else module["sample"], seed):
        verdict, seconds, printed = try_out(path, one.text, tests, engines, 20 + 5 * usual)
        if verdict == "broken":
            sys.exit(f"{path}:{one.line}: the tests could not be run\n{printed[-3000:]}")
        counts[verdict] += 1
        if verdict != "caught":
            print(
                f"  {verdict:10} {seconds:5.1f} s  {path}:{one.line} {one.operator}\n    - {one.was}\n    + {one.now}",
                flush=True,
            )
        if verdict == "not caught":
            survivors.append(without_text(one))
        if look:
            print(f"  {verdict:10} {seconds:5.1f} s  {one.line}: {one.now}")
    known = len(places(path))
    print(f"{path}: {counts} of {known} places", flush=True)
    how = {"code": code_of(path), "places": known, "all": everything, "sample": module["sample"], "seed": seed}
    return how | {"tests": tests, "counts": counts, "survivors": survivors}


def equivalents() -> dict[tuple[str, str, str], str]:
    """Changes that change nothing that can be seen, each with the reason: by module, line before and line after."""
    known = tomllib.loads((HERE / "modules.toml").read_text(encoding="utf-8")).get("equivalent", [])
    return {(one["path"], one["was"], one["now"]): one["why"] for one in known}


def cell(text: str) -> str:
    """Text as code in a table."""
    return "`` " + text.replace("|", "\\|") + " ``"


def page(found: dict) -> str:
    """What the runs found, as the part of docs/testing.md that is written by this command."""
    same = equivalents()
    lines = ["| module | places | tried | caught at first | caught | not caught | changes nothing | share |"]
    lines += ["| :-- | --: | --: | --: | --: | --: | --: | --: |"]
    told: list[str] = []
    sums = [0, 0, 0, 0, 0, 0]
    for path, one_module in sorted(found["modules"].items()):
        counts, alike = one_module["counts"], 0
        for one in one_module["survivors"]:
            why = same.get((path, one["was"], one["now"]), "")
            alike += bool(why)
            told.append(f"| `{path}` | {cell(one['was'])} | {cell(one['now'])} | {why} |")
        caught = counts["caught"] + counts["too long"]
        missed = counts["not caught"] - alike
        first = one_module.get("first", counts)
        row = [
            one_module["places"],
            caught + missed + alike,
            first["caught"] + first["too long"],
            caught,
            missed,
            alike,
        ]
        sums = [a + b for a, b in zip(sums, row, strict=True)]
        lines.append(f"| `{path.removeprefix('src/forecast/')}` | " + " | ".join(map(str, row)) + f" | {share(row)} |")
    lines.append("| all | " + " | ".join(map(str, sums)) + f" | {share(sums)} |")
    lines += ["", "Not caught, with the reason where a change changes nothing that can be seen:", ""]
    lines += ["| module | before | after | changes nothing, because |", "| :-- | :-- | :-- | :-- |", *told]
    lines += ["", "Changes with a name, each of which must be caught:", "", "| change | module | caught by |"]
    lines += ["| :-- | :-- | :-- |"]
    for _, one in sorted(found["named"].items()):
        by = f"`{one['test']}`" if one["verdict"] == "caught" else one["verdict"]
        lines.append(f"| {one['name']} | `{one['path'].removeprefix('src/forecast/')}` | {by} |")
    return "\n".join(lines)


def share(row: list[int]) -> str:
    """Caught of those tried, and of those that change something."""
    _, tried, _, caught, _, alike = row
    return f"{caught / max(tried, 1):.0%} ({caught / max(tried - alike, 1):.0%})"


def tried(module: dict, last: dict, words: argparse.Namespace) -> dict[str, object]:
    """Try a module's mutants, or only those that were not caught last time."""
    if words.again:
        return again(module, last, words.look)
    return sampled(module, words.seed, words.all, words.look)


def kept() -> dict:
    """What earlier runs found: `named` by name, `modules` by path."""
    return json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {"named": {}, "modules": {}}


def keep(part: str, fresh: dict, dry: bool) -> None:
    """Write what was found beside what is kept, and the part of the page that tells it."""
    if dry or not fresh:
        return
    found = kept()
    found[part] |= fresh
    KEPT.write_text(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    PAGE.write_text(before + f"{MARKS[0]}\n{page(found)}\n{MARKS[1]}" + rest.partition(MARKS[1])[2], encoding="utf-8")


def main() -> int:
    """Try, tell, keep, and end with 1 where a change with a name was not noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="every change of every place, instead of the sample")
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="modules or names that contain it")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--sample", type=int, help="places a module, instead of those of modules.toml")
    parser.add_argument("--look", action="store_true", help="print each mutant and what tests said")
    parser.add_argument("--named", action="store_true", help="only the changes that have a name")
    parser.add_argument("--sampled", action="store_true", help="leave out the changes that have a name")
    parser.add_argument(
        "--again", action="store_true", help="only what was not caught last time, where code is the same"
    )
    parser.add_argument("--dry", action="store_true", help="print and keep nothing")
    words = parser.parse_args()
    os.chdir(ROOT)
    import plain

    plain.warm_up()
    now = [] if words.sampled or words.again else named(words.only, words.look)
    keep("named", {str(one["name"]): one for one in now}, words.dry)
    for module in tomllib.loads((HERE / "modules.toml").read_text(encoding="utf-8"))["module"]:
        path = module["path"]
        if words.named or words.only and not any(word in path for word in words.only):
            continue
        module["sample"] = words.sample or module["sample"]
        last = kept()["modules"].get(path)
        if words.again and last is None:
            sys.exit(f"{path} was not tried yet: nothing to try again")
        how = module, last, words
        keep("modules", {path: apart(lambda how=how: tried(*how))}, words.dry)
    return int(any(one["verdict"] != "caught" for one in now))


if __name__ == "__main__":
    sys.exit(main())
