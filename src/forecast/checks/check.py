"""Check tables, projections and scenarios, and name every conflict with its arithmetic.

:func:`check_project` checks the project's own data, :func:`check_files` any files of the same kinds. Both return
findings in file order: a ``fault`` or a ``new conflict`` means that the work is not in order, a ``known conflict`` is
one that the data already mark, and a ``note`` is arithmetic worth reading.
"""

import csv
import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from forecast.answer.projection import Projection
from forecast.beliefs.parameters import missing
from forecast.checks import conflicts, counts, plans, shares
from forecast.checks.findings import FAULT, KNOWN, NEW, NOTE, RULES, Finding, Setting, find
from forecast.checks.scenarios import like_names, scenario_findings
from forecast.data import files, tables
from forecast.data.code import code_hash
from forecast.data.doors import MOST_FAULTS, shortened
from forecast.data.messages import Message
from forecast.data.vocabulary import NOT_KEPT, OUTREACH_PAYERS, PAYERS, WORKED_OUT
from forecast.experiment import ledger
from forecast.language import words
from forecast.question.faults import ScenarioError
from forecast.question.scenario import Scenario, read_scenario

SEVERITIES = (FAULT, NEW, KNOWN, NOTE)
"""How bad a finding can be, worst first; the first two fail a check."""

RULE_MODULES = (conflicts, shares, plans, counts)
"""Where the rules of the history table are; importing them registers them."""

_SOURCED = ("history", "law", "places", "crosswalk", "parameters", "unit_costs", "ranges", "evidence")
_READABLE = ("*.csv", "*.parquet", "*.yaml", "*.yml")
Frames = dict[Path, tuple[str, pd.DataFrame]]  # what is checked: path, name of the table, table
_LEDGER = "members = previous members + entries + returns - lapses - exits"


def failed(findings: Iterable[Finding]) -> bool:
    """Return whether any finding is a fault or a new conflict.

    >>> failed([])
    False
    """
    return any(finding.severity in (FAULT, NEW) for finding in findings)


def to_frame(findings: Iterable[Finding], lang: str = "vi") -> pd.DataFrame:
    """Return findings as a table: file, row, place, rule, severity, message (in ``lang``, vi or en).

    >>> list(to_frame([]).columns)
    ['file', 'row', 'place', 'rule', 'severity', 'message']
    """
    names = ["file", "row", "place", "rule", "severity"]
    rows = [[getattr(f, n) for n in names] + [getattr(f, f"message_{lang}")] for f in findings]
    return pd.DataFrame(rows, columns=[*names, "message"])


_SAY = {  # severity: one and many in English, then Vietnamese
    FAULT: ("fault", "faults", "lỗi"),
    NEW: ("new conflict", "new conflicts", "mâu thuẫn mới"),
    KNOWN: ("known conflict", "known conflicts", "mâu thuẫn đã biết"),
    NOTE: ("note", "notes", "lưu ý"),
}


def as_dict(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain values for JSON; a number that is unknown or endless becomes None.

    >>> as_dict(Finding("a.csv", 2, "rule", "Cà Mau", NOTE, "m", "m", {"x": float("nan")}))["numbers"]
    {'x': None}
    """
    numbers = {name: value if math.isfinite(value) else None for name, value in finding.numbers.items()}
    return asdict(finding) | {"numbers": numbers}


def as_text(findings: Iterable[Finding], lang: str = "vi") -> str:
    """Return findings as lines for a terminal, worst first, and how many there are of each severity.

    Of the faults of a file the first :data:`~forecast.data.doors.MOST_FAULTS` are told; `--json` gives all.

    >>> as_text([], "en")
    'No findings.'
    """
    findings, vi = list(findings), lang == "vi"
    if not findings:
        return "Không có phát hiện nào." if vi else "No findings."
    lines, counts = [], []
    for severity in SEVERITIES:
        same = [f for f in findings if f.severity == severity]
        one, many, viet = _SAY[severity]
        listed: Counter[str] = Counter()
        for f in same:
            listed[f.file] += 1
            if severity == FAULT and listed[f.file] > MOST_FAULTS:
                continue
            where = f.file + (f":{f.row}" if f.row else "")
            lines.append("  ".join(filter(None, [viet if vi else one, where, f.place, f.rule])))
            lines.append("    " + shortened(f.message_vi if vi else f.message_en, letters=1000))
        for file, count in listed.items():
            if severity == FAULT and (more := count - MOST_FAULTS) > 0:
                lines.append(f"{file}: và {more} lỗi nữa" if vi else f"{file}: and {more} more faults")
        if same:
            counts.append(f"{len(same)} {viet if vi else one if len(same) == 1 else many}")
    return "\n".join([*lines, ", ".join(counts)])


def verdict(findings: Iterable[Finding], lang: str = "vi") -> str:
    """Return in a line whether the work is in order, and how many findings of each kind there are.

    >>> verdict([], "en")
    'In order: nothing was found.'
    """
    findings, vi = list(findings), lang == "vi"
    counts = Counter(f.severity for f in findings)
    parts = []
    for severity in SEVERITIES:
        one, many, viet = _SAY[severity]
        if n := counts[severity]:
            parts.append(f"{n} {viet if vi else one if n == 1 else many}")
    if failed(findings):
        head = "Phải sửa" if vi else "To be mended"
    else:
        head = "Không có gì phải sửa" if vi else "In order"
    return f"{head}: {', '.join(parts) or ('không phát hiện gì' if vi else 'nothing was found')}."


def check_project(keep: Path | None = None) -> list[Finding]:
    """Check all tables and scenarios of the project (see :func:`forecast.data.tables.data_dir`).

    `keep` is a folder in which the findings are kept for whoever asks again while no code and no data have changed.
    """
    path = keep / f"{files.name_of('findings', code_hash(), _read_by_checks())}.parquet" if keep else None
    rows = files.kept_table(path)
    if rows is None:
        findings = _check_project()
        files.keep(pd.DataFrame([asdict(one) | {"numbers": json.dumps(one.numbers)} for one in findings]), path)
        return findings
    return [
        Finding(**{str(name): value for name, value in row.items()} | {"numbers": json.loads(row["numbers"])})
        for row in rows.to_dict("records")
    ]


def _read_by_checks() -> str:
    """Return a hash of every file that the project's findings can depend on, beside the code."""
    digest = hashlib.sha256(words.TERMS.read_bytes())
    for folder in (tables.data_dir(), ledger.ledger()):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _check_project() -> list[Finding]:
    folder = tables.data_dir()
    names = [folder / f"{table}.csv" for table in tables.SCHEMAS if table not in NOT_KEPT]
    names = [name for name in names if name.stem not in WORKED_OUT or name.is_file()]
    names += [path for path in [ledger.ledger() / f"{ledger.TABLE}.csv"] if path.exists()]
    return check_files([*names, *sorted((folder / "scenarios").glob("*.yaml"))])


def check_files(paths: Iterable[str | Path]) -> list[Finding]:
    """Check files by kind: CSV tables by name or header, ``.parquet`` projections, ``.yaml`` scenarios.

    A folder stands for the files in it of these kinds. Sources and places are looked up in the tables that are
    checked, in those beside the file, and in the project's. A file that cannot be read is a fault, never an
    exception.
    """
    asked = [file for path in map(Path, paths) for file in _expand(path)]
    frames: Frames = {}
    scenarios: dict[Path, Scenario] = {}
    findings = [_nothing(folder) for folder in map(Path, paths) if folder.is_dir() and not _expand(folder)]
    for path in asked:
        try:
            if path.suffix.lower() == ".parquet":
                findings += _projection(path)
            elif path.suffix.lower() in (".yaml", ".yml"):
                scenarios[path] = read_scenario(path)
                findings += scenario_findings(path.name, scenarios[path])
            else:
                table = table_of(path)
                frames[path] = (table, tables.read(path, table))
        except tables.TableError as error:
            findings += [_fault(f.file, f.row, "schema", f.text("en"), f.text("vi")) for f in error.faults]
        except ScenarioError as error:
            findings += [_fault(path.name, f.line, "unreadable", f.text("en"), f.text("vi")) for f in error.faults]
        except tables.UserError as error:
            findings.append(_fault(path.name, 0, "unreadable", error.text("en"), error.text("vi")))
    for path, (table, frame) in frames.items():
        findings += _cross_check(path, table, frame, frames)
    # The ledger keeps what pages asked, under names of their own: nobody chooses among its files.
    chosen = {path: s for path, s in scenarios.items() if not (path.parent / f"{ledger.TABLE}.csv").exists()}
    findings += like_names((path.name, 0, scenario.scenario) for path, scenario in chosen.items())
    order = {path.name: position for position, path in enumerate(asked)}
    return sorted(findings, key=lambda f: (order.get(f.file, -1), f.row, SEVERITIES.index(f.severity), f.rule))


def table_of(path: Path) -> str:
    """Return which table a CSV file is, by its name or else by its header; :class:`tables.UserError` if none."""
    if path.stem in tables.SCHEMAS:
        return path.stem
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), [])
    except (OSError, ValueError, csv.Error):
        raise tables.UserError("{file}: there is no such file, or it is no CSV table", file=path) from None
    for table in tables.SCHEMAS:
        if set(header) == set(tables.columns(table)):
            return table
    raise tables.UserError(
        "{file}: not a table of this project; expected the columns of one of {known} (see data/README.md)",
        file=path,
        known=", ".join(tables.SCHEMAS),
    )


def _expand(path: Path) -> list[Path]:
    """Return the file itself, or the files of a folder that can be checked; other CSV of a run are left alone.

    So are those of the name of a table that a person types: `counts.csv` of an import is the office's table.
    """
    if not path.is_dir():
        return [path]
    inside = sorted(file for pattern in _READABLE for file in path.rglob(pattern))
    known = set(tables.SCHEMAS) - set(tables.BY_HAND)
    return [file for file in inside if file.suffix != ".csv" or file.stem in known]


def _nothing(folder: Path) -> Finding:
    """Return a note about a folder without anything to be checked: silence would pass for order."""
    what = Message("holds no scenario, no projection and none of the tables that data/README.md names")
    return Finding(folder.name, 0, "nothing-to-check", "", NOTE, what.text("en"), what.text("vi"), {})


def _fault(file: str, row: int, rule: str, text: str, vi: str = "", place: str = "", **numbers: float) -> Finding:
    """Return a finding that is a fault."""
    return Finding(file, row, rule, place, FAULT, text, vi or f"Lỗi dữ liệu: {text}", numbers)


def _known(path: Path, table: str, frames: Frames) -> pd.DataFrame:
    """Return the rows of another table that ``path`` may use, each name once, nearest first.

    They are those of a file that is checked too, of the table beside ``path``, and of the project's.
    """
    near = [frame for checked, (name, frame) in frames.items() if name == table and checked != path]
    if frames[path][0] == table:
        near.insert(0, frames[path][1])
    for folder in dict.fromkeys((path.parent, tables.data_dir())):
        if folder / f"{table}.csv" not in frames:
            try:
                near.append(tables.read(folder / f"{table}.csv", table))
            except tables.UserError:
                continue  # its own faults are named when it is checked itself
    rows = pd.concat(near, ignore_index=True) if near else pd.DataFrame(columns=tables.columns(table))
    return rows.drop_duplicates(rows.columns[0]) if table in ("sources", "places") else rows


def _cross_check(path: Path, table: str, frame: pd.DataFrame, frames: Frames) -> list[Finding]:
    """Check one valid table against the others."""
    findings = []
    if table in _SOURCED:
        known = set(_known(path, "sources", frames)["source"])
        for row, source in enumerate(frame["source"], start=2):
            if source and source not in known:
                findings.append(
                    _fault(
                        path.name,
                        row,
                        "unknown-source",
                        f'source "{source}" is not in sources.csv',
                        f'nguồn "{source}" không có trong sources.csv',
                    )
                )
    if table == "parameters" and path.parent == tables.data_dir():
        lost = missing(frame["parameter"])
        findings += [_fault(path.name, 0, "parameter", fault.text("en"), fault.text("vi")) for fault in lost]
    if table == "places":
        findings += like_names((path.name, row, name) for row, name in enumerate(frame["place"], start=2))
        names = set(_known(path, "places", frames)["place"])
        for row, (place, parent) in enumerate(zip(frame["place"], frame["parent"], strict=True), start=2):
            if parent and parent not in names:
                findings.append(
                    _fault(
                        path.name,
                        row,
                        "unknown-place",
                        f'parent "{parent}" has no row of its own',
                        f'đơn vị cấp trên "{parent}" chưa có dòng riêng',
                        place,
                    )
                )
    if table == "history":
        places = _known(path, "places", frames)
        levels = dict(zip(places["place"], places["level"], strict=True))
        for row, (place, level) in enumerate(zip(frame["place"], frame["level"], strict=True), start=2):
            if levels and levels.get(place) != level:
                expected = levels.get(place)
                text = f'level "{expected}"' if expected else "a place of places.csv"
                findings.append(
                    _fault(
                        path.name,
                        row,
                        "unknown-place",
                        f'expected {text}, found "{place}" as {level}',
                        f'cần {text}, nhưng ghi "{place}" là {level}',
                        place,
                    )
                )
        findings += find(frame, Setting(places, _annual_lapse(path, frames)), path.name)
    if table == ledger.TABLE:
        findings += [
            _fault(path.name, row, "published-changed", text.text("en"), text.text("vi"), place)
            for row, place, text in ledger.changed(frame, path.parent)
        ]
    return findings


def _annual_lapse(path: Path, frames: Frames) -> float:
    """Return the center of the model's yearly lapse, for places whose own outflow is unknown."""
    rows = _known(path, "parameters", frames)
    rows = rows[rows["parameter"] == "annual_lapse"]
    return float(rows["value"].iloc[0]) if len(rows) else Setting.annual_lapse


def _projection(path: Path) -> list[Finding]:
    """Check a projection: its schema, its ledger, and that groups add up to all."""
    answer = Projection.read(path)
    faults = tables.check(answer.frame, "projection", path.name)
    if faults:
        return [_fault(path.name, fault.row, "schema", fault.text("en"), fault.text("vi")) for fault in faults]
    findings = []
    for rule, bad, en, vi in (
        ("ledger", answer.ledger_faults(), _LEDGER, "sổ cái không cân: " + _LEDGER),
        ("groups", group_faults(answer.frame), "groups add up to all", "các nhóm không cộng thành tổng số"),
    ):
        if len(bad):
            worst = bad.iloc[int(bad["difference"].abs().to_numpy().argmax())]
            where = ", ".join(f"{name} {worst[name]}" for name in bad.columns if name != "difference")
            findings.append(
                _fault(
                    path.name,
                    0,
                    rule,
                    f"{len(bad)} rows break the rule that {en}; the worst by {worst['difference']:.6g}: {where}",
                    f"{len(bad)} dòng sai: {vi}; lệch nhất {worst['difference']:.6g}: {where}",
                    str(worst["place"]),
                    rows=float(len(bad)),
                    worst=float(worst["difference"]),
                )
            )
    return findings


def group_faults(frame: pd.DataFrame, tolerance: float = 1e-6) -> pd.DataFrame:
    """Return where the four groups do not add up to ``all``: keys, measure and `difference`.

    Measures that an engine gives for ``all`` only are left out. Outreach has no group, so the money of a payer who may
    carry some of it can be more than that of the groups together, never less.
    """
    keys = ["place", "scenario", "engine", "origin", "month", "measure", "draw"]
    parts = frame[frame["group"] != "all"].groupby(keys, observed=True, sort=False)["value"].agg(["sum", "size"])
    total = frame[frame["group"] == "all"].set_index(keys)["value"]
    joined = parts[parts["size"] == len(tables.GROUPS)].join(total.rename("all"), how="inner")
    joined["difference"] = joined["sum"] - joined["all"]
    measures = joined.index.get_level_values("measure").astype(str)
    outreach = measures.isin([PAYERS[payer] for payer in OUTREACH_PAYERS])
    joined.loc[outreach, "difference"] = joined.loc[outreach, "difference"].clip(lower=0.0)
    bad = joined[joined["difference"].abs() > tolerance * joined["all"].abs().clip(lower=1.0)]
    return bad["difference"].reset_index()


__all__ = [
    "RULES",
    "SEVERITIES",
    "Finding",
    "as_dict",
    "as_text",
    "check_files",
    "check_project",
    "failed",
    "table_of",
    "to_frame",
]
