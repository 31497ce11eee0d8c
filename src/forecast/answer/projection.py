"""The answer: one long table of projected values, with the few verbs that a reader needs.

Columns are `place, scenario, engine, origin, month, group, measure, draw, value`; a row is one value of one draw.
Stocks are persons on the last day of the month, flows are persons in the month, money is VND in the month.
Draws are paired: draw 7 of two scenarios is the same people with the same luck.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forecast.answer import hub, keys, layers
from forecast.data import files, shown, tables, typed
from forecast.data.messages import Message
from forecast.data.vocabulary import GROUPS, MEASURES

COLUMNS, _TEXT = keys.COLUMNS, keys.TEXT
_SERIES = ["place", "scenario", "engine", "origin", "group", "measure"]
_WORDS: dict[str, tuple[str, ...]] = {"measure": tuple(MEASURES), "group": ("all", *GROUPS)}
STOCKS = ("members", "lasting_members", "active_9of12")  # persons on the last day of a month: no sum of theirs is one
FLOWS_IN, FLOWS_OUT = ["entries", "returns"], ["lapses", "exits_compulsory", "exits_other"]
QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)


class Projection:
    """A projection: a long table and the questions asked of it; no verb changes it.

    One row a place, scenario, engine, origin, month, group, measure and draw (:data:`COLUMNS`); `value` is persons, VND
    or hours, as its measure is (docs/words.csv). A wrong table, or a question that the table has no rows for, raises
    :class:`~forecast.data.tables.UserError`. What the measures mean stands in docs/model.md.

    >>> rows = [("Toy", "a", "stock", "2024-01", "2024-02", "all", "members", d, 100.0 + d) for d in range(5)]
    >>> answer = Projection(pd.DataFrame(rows, columns=COLUMNS))
    >>> float(answer.probability("members", at_least=102, by="2024-02")["probability"].iloc[0])
    0.6
    """

    def __init__(self, frame: pd.DataFrame):
        """Wrap `frame`; text becomes categories (months in their order), rows keep their order.

        A missing column, a key that is there twice, a value or name that is not there, a part of a draw, and a month
        that is not written YYYY-MM raise :class:`~forecast.data.tables.UserError`.
        """
        missing = [c for c in COLUMNS if c not in frame.columns]
        if missing:
            raise tables.UserError(
                "a projection needs the columns {columns}; missing: {missing}",
                columns=", ".join(COLUMNS),
                missing=", ".join(missing),
            )
        types = {c: "category" for c in _TEXT if not isinstance(frame[c].dtype, pd.CategoricalDtype)}
        rows = frame[COLUMNS].astype(types)
        keys.refuse_faults(rows)
        self.frame = rows.astype({"draw": np.int32, "value": float}).reset_index(drop=True)
        months = self.frame["month"].cat.categories
        if not months.is_monotonic_increasing:  # put together from scenarios with other first months
            self.frame["month"] = self.frame["month"].cat.reorder_categories(months.sort_values())

    @classmethod
    def _part(cls, frame: pd.DataFrame) -> "Projection":
        """Wrap rows of a projection that was checked."""
        part = cls.__new__(cls)
        part.frame = frame.reset_index(drop=True)
        return part

    def __repr__(self) -> str:
        f = self.frame
        names = {c: list(f[c].unique()) for c in ("place", "scenario", "engine")}
        return f"Projection({len(f):,} rows, {f['draw'].nunique()} draws, {names})"

    _repr_html_ = shown.html

    def only(self, **columns: Any) -> "Projection":
        """Keep the rows whose columns equal the given value, or are in the given list.

        An empty answer is allowed: an engine that is deaf to a policy says nothing about it. A measure or a group that
        nobody knows is an error.
        """
        keep = np.ones(len(self.frame), bool)
        for column, wanted in columns.items():
            if column not in COLUMNS:
                raise tables.UserError(
                    "a projection has no column {column!r}; it has {columns}", column=column, columns=", ".join(COLUMNS)
                )
            wanted = [wanted] if pd.api.types.is_scalar(wanted) else list(wanted)
            for name in wanted:
                if column in _WORDS and name not in _WORDS[column]:
                    raise tables.UserError(
                        "{column}: {found!r}; expected one of {known}",
                        column=column,
                        found=name,
                        known=", ".join(_WORDS[column]),
                    )
            keep &= self.frame[column].isin(wanted).to_numpy()
        return Projection._part(self.frame[keep])

    def at(self, month: str) -> "Projection":
        """Keep one month, `YYYY-MM`; an unknown month is an error that names the months there are."""
        month = str(tables.month(str(typed.month(month))))
        known = self.frame["month"].unique()
        if month not in set(known):
            if not len(known):
                raise tables.UserError("month {month} is not in the projection, which is empty", month=month)
            raise tables.UserError(
                "month {month} is not in the projection, which runs {first} to {last}",
                month=month,
                first=min(known),
                last=max(known),
            )
        return self.only(month=month)

    def quantiles(self, probabilities: Sequence[float] = QUANTILES) -> pd.DataFrame:
        """Return `..., month, quantile, value`: one row for each series, month and probability."""
        wide = self._wide()
        values = _quantile(wide, probabilities).T
        result = pd.DataFrame(values, index=wide.index, columns=pd.Index(probabilities, name="quantile"))
        tall = cast("pd.Series[float]", result.stack())  # one level of columns, so a series
        return tall.rename("value").reset_index()

    def summary(self) -> pd.DataFrame:
        """Return `..., month, mean, low, median, high`: low and high hold 90% of the draws between them."""
        wide = self._wide()
        low, median, high = _quantile(wide, (0.05, 0.5, 0.95))
        columns = {"mean": wide.mean(axis=1), "low": low, "median": median, "high": high}
        return pd.DataFrame(columns, index=wide.index).reset_index()

    def _wide(self) -> pd.DataFrame:
        """One row for each series and month in order of first appearance, one column for each draw."""
        grouped = self.frame.set_index([*_SERIES, "month", "draw"])["value"]
        wide = grouped.unstack("draw", sort=False)
        return wide.dropna(axis=1, how="all") if len(wide) else wide

    def versus(self, scenario: str) -> "Projection":
        """Return the paired differences from `scenario`, draw by draw: what a policy adds.

        Rows without a partner (another engine, another month) are left out; the base itself is left out.
        """
        base = self.frame[self.frame["scenario"] == scenario]
        if base.empty:
            known = ", ".join(map(repr, self.frame["scenario"].unique()))
            raise tables.UserError(
                "no scenario {scenario!r} to compare with; there are {known}", scenario=scenario, known=known
            )
        other = self.frame[self.frame["scenario"] != scenario]
        number = keys.numbered(self.frame, [c for c in _TEXT if c != "scenario"])
        partner = pd.Index(number[base.index]).get_indexer(number[other.index])
        rows, there = other[partner >= 0], partner[partner >= 0]
        return Projection(rows.assign(value=rows["value"].to_numpy() - base["value"].to_numpy()[there]))

    def probability(
        self, measure: str = "members", *, at_least: float, by: str, group: str = "all", since: str | None = None
    ) -> pd.DataFrame:
        """Return the probability that `measure` is at least `at_least` at month `by`, by scenario, engine and origin.

        With `since`, the measure is a flow and is added up over the months `since` to `by`; a stock (:data:`STOCKS`)
        is not added up, and raises :class:`~forecast.data.tables.UserError`. Columns: place, scenario, engine, origin,
        probability, standard_error (of the simulation: sqrt(p(1-p)/draws)), draws, median, gap
        (median minus the wanted value, same unit).
        """
        if since is not None and measure in STOCKS:
            raise tables.UserError("{measure} is a stock: leave since out", measure=measure)
        known = self.frame["measure"].unique()
        if measure not in known:
            raise tables.UserError(
                "no {measure!r} in the projection; it has {known}", measure=measure, known=", ".join(map(str, known))
            )
        by, since = str(typed.month(by)), None if since is None else str(typed.month(since))
        given: object = at_least
        if not isinstance(given, int | float | np.number):
            raise tables.UserError("at_least: {found!r}; expected a number, such as 116_400", found=given)
        rows = self.only(measure=measure, group=group)
        months = set(rows.frame["month"].unique())
        if by not in months:
            raise tables.UserError(
                "no {measure} of group {group} at {by} in the projection", measure=measure, group=group, by=by
            )
        if since is not None and (since not in months or since > by):  # part of a sum would pass for the whole
            raise tables.UserError(
                "no {measure} of group {group} from {since} to {by} in the projection, which has them from "
                "{first} to {last}",
                measure=measure,
                group=group,
                since=since,
                by=by,
                first=min(months),
                last=max(months),
            )
        by_draw = ["place", "scenario", "engine", "origin", "draw"]
        span = rows.only(month=[m for m in months if (m == by if since is None else since <= m <= by)]).frame
        total = span.groupby(by_draw, observed=True, sort=False)["value"].sum().reset_index()
        return (
            total.groupby(by_draw[:-1], observed=True, sort=False)["value"]
            .apply(lambda v: _chance_of(v.to_numpy(), at_least))
            .unstack()
            .reset_index()
            .astype({"draws": int})
        )

    def pooled(self, weights: Mapping[str, float] | None = None) -> "Projection":
        """Return the linear pool of the engines as engine `pool`: every draw of each, with equal weights.

        A linear pool keeps what engines disagree about as spread (Stone 1961). With unequal `weights` (by engine) an
        engine gives its first draws only, as many as its weight allows. A draw has the same number in every scenario,
        so that the pool's scenarios stay paired; an engine that is silent about one is left out there.
        """
        given = layers.weights_of(list(self.frame["engine"].unique()), weights)
        most, parts = max(given.values()), []
        for number, (engine, weight) in enumerate(given.items()):
            rows = self.frame[self.frame["engine"] == engine]
            known = np.sort(rows["draw"].unique())
            keep = known[: round(len(known) * weight / most)]
            rows = rows[rows["draw"].isin(keep)]
            parts.append(rows.assign(draw=rows["draw"] * len(given) + number))
        return Projection(concat(parts).frame.assign(engine="pool"))

    def ladder(
        self,
        measure: str = "members",
        *,
        by: str,
        design: Mapping[str, Any],
        group: str = "all",
        since: str | None = None,
        weights: Mapping[str, float] | None = None,
        log: bool = True,
    ) -> pd.DataFrame:
        """Split the width of the interval by source: the uncertainty ladder, for each place and scenario.

        `design` says how draws are nested: sizes by source, the outermost first, such as `{"parameters": 50,
        "chance": 4}` (draws 0 to 3 share their parameters, and so on), or such a mapping for each engine. With
        several engines the source `model` is what they disagree about (`layers.split`). Variances are of the
        logarithm unless `log` is false: a stock's doubts multiply. They add up and widths do not, so the width of the
        pool's 90% interval is shared out in proportion to them.

        Columns: place, scenario, source, variance (unbiased, so a small one may be below zero), share (of those above
        zero), width (persons), low, median, high (of the pool). With `since` a flow is added up, as in `probability`.
        """
        rows, result = self.only(measure=measure, group=group), []
        months = [m for m in rows.frame["month"].unique() if (since or by) <= m <= by]
        if by not in months or (since and since not in months):
            raise tables.UserError(
                "no {measure} of group {group} at {since} to {by} in the projection",
                measure=measure,
                group=group,
                since=since or by,
                by=by,
            )
        rows = rows.only(month=months)
        for (place, scenario), part in rows.frame.groupby(["place", "scenario"], observed=True, sort=False):
            values: dict[str, tuple[np.ndarray, tuple[str, ...]]] = {}
            for engine in part["engine"].unique():
                total = part[part["engine"] == engine].groupby("draw")["value"].sum().sort_index().to_numpy()
                sizes = design.get(engine, design)
                if len(total) != np.prod(list(sizes.values())):
                    shown = " x ".join(f"{size} {name}" for name, size in sizes.items())
                    raise tables.UserError(
                        "{scenario}, {engine}: {count} draws; expected {shown}",
                        scenario=scenario,
                        engine=engine,
                        count=len(total),
                        shown=shown,
                    )
                values[engine] = total.reshape(tuple(sizes.values())), tuple(sizes)
            pool = Projection(part).pooled(weights).frame.groupby("draw")["value"].sum()
            low, median, high = np.quantile(pool, (0.05, 0.5, 0.95))
            if log:
                if pool.min() <= 0:
                    raise tables.UserError(
                        "{scenario}: {measure} of {least:g}; expected above 0, or log=False",
                        scenario=scenario,
                        measure=measure,
                        least=pool.min(),
                    )
                values = {engine: (np.log(array), names) for engine, (array, names) in values.items()}
            variance = layers.split(values, weights)
            share = variance.clip(lower=0) / max(variance.clip(lower=0).sum(), 1e-300)
            table = {"place": place, "scenario": scenario, "source": variance.index, "variance": variance.to_numpy()}
            table |= {"share": share.to_numpy(), "width": share.to_numpy() * (high - low)}
            result.append(pd.DataFrame(table | {"low": low, "median": median, "high": high}))
        return pd.concat(result, ignore_index=True)

    def ledger_faults(self, tolerance: float = 1e-6) -> pd.DataFrame:
        """Return the rows where members differ from previous members + entries + returns - all exits.

        One row for each draw, group and month at fault, with `difference` in persons; empty when the ledger balances.
        """
        wanted = ["members", *FLOWS_IN, *FLOWS_OUT]
        rows = self.only(measure=wanted).frame
        of = ["place", "scenario", "engine", "origin", "group", "draw"]
        wide = rows.pivot(index=[*of, "month"], columns="measure", values="value").sort_index()
        missing = [m for m in wanted if m not in wide.columns]
        if missing:  # an engine that knows the stock only has no ledger to check
            return pd.DataFrame(columns=[*of, "month", "difference"])
        previous = wide.groupby(level=of, observed=True)["members"].shift()
        difference = wide["members"] - previous - wide[FLOWS_IN].sum(axis=1) + wide[FLOWS_OUT].sum(axis=1)
        has_flows = wide[FLOWS_IN].notna().all(axis=1)
        size = tolerance * np.maximum(1.0, wide["members"].abs())
        bad = difference[(difference.abs() > size) & has_flows]
        return bad.rename("difference").reset_index()

    def save(self, path: str | Path) -> None:
        """Write Parquet, or CSV where `path` ends in .csv, or a workbook where it ends in .xlsx; whole or not at all.

        The same projection gives the same Parquet and CSV, byte for byte. What is no kind of file of these, and more
        rows than a sheet holds, raise :class:`~forecast.data.tables.UserError`.
        """
        kind = Path(path).suffix.lower()
        if kind == ".csv":
            tables.write(self.frame, path)
            return
        if kind == ".xlsx":
            tables.write_bytes(tables.xlsx_bytes(self.frame), path)
            return
        if kind != ".parquet":
            raise tables.UserError("{file}: expected a name that ends in .parquet, .csv or .xlsx", file=path)
        used = self.frame.assign(**{c: self.frame[c].cat.remove_unused_categories() for c in _TEXT})
        table = pa.Table.from_pandas(used, preserve_index=False).replace_schema_metadata(None)
        with files.replacing(path) as half:
            pq.write_table(table, half, compression="zstd")

    @classmethod
    def read(cls, path: str | Path) -> "Projection":
        """Read what `save` wrote; a file that is no projection is named in the error."""
        wanted = Message("expected the projection.parquet of a run")
        if not Path(path).is_file():
            raise tables.UserError("{file}: no such file; {wanted}", file=path, wanted=wanted)
        try:
            return cls(pq.read_table(path).to_pandas())
        except pa.ArrowInvalid:
            raise tables.UserError("{file}: not a Parquet file; {wanted}", file=path, wanted=wanted) from None
        except (tables.UserError, TypeError, ValueError, OSError) as error:
            raise tables.UserError("{file}: {error}; {wanted}", file=path, error=error, wanted=wanted) from None

    def to_hub(self, quantiles: Sequence[float] | None = QUANTILES) -> pd.DataFrame:
        """Return the forecast hubs' model-output table (hubverse): quantile rows, or samples when `quantiles` is None.

        Columns: location, scenario_id, model_id, origin_date, target_end_date, target, output_type, output_type_id,
        value. Dates are last days of months, all of them after their origin; the target is `measure` or
        `measure:group`. A sample is a draw. :mod:`forecast.answer.hub` holds it against a hub's rules and writes it.
        """
        return hub.table(self, quantiles)


def _quantile(wide: pd.DataFrame, probabilities: Sequence[float]) -> np.ndarray:
    """Quantiles over draws, (probabilities, rows); a series that has fewer draws than others is judged by its own."""
    values = wide.to_numpy(float)
    if not len(values):
        return np.empty((len(probabilities), 0))
    result: np.ndarray = (np.nanquantile if np.isnan(values).any() else np.quantile)(values, probabilities, axis=1)
    return result


def _chance_of(values: np.ndarray, at_least: float) -> pd.Series:
    p = float(np.mean(values >= at_least))
    median = float(np.median(values))
    return pd.Series(
        {
            "probability": p,
            "standard_error": (p * (1 - p) / len(values)) ** 0.5,
            "draws": len(values),
            "median": median,
            "gap": median - at_least,
        }
    )


def concat(parts: Iterable[Projection | pd.DataFrame]) -> Projection:
    """Put several frames or projections under one another, in the order given.

    >>> len(concat([]).frame)
    0
    """
    frames = [p.frame if isinstance(p, Projection) else p for p in parts]
    frames = [f for f in frames if len(f)]
    if not frames:
        return Projection(pd.DataFrame(columns=COLUMNS))
    from pandas.api.types import union_categoricals

    joined: dict[str, Any] = {}
    for column in COLUMNS:
        parts_of = [f[column] for f in frames]
        if column in _TEXT:
            joined[column] = union_categoricals([p.astype("category") for p in parts_of])
        else:
            joined[column] = np.concatenate([p.to_numpy() for p in parts_of])
    return Projection(pd.DataFrame(joined))
