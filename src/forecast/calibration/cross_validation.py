"""Would the model have told counts that it had not seen? Places and last years are held back in turn.

For each fold the figures of a place, or of twelve months and all after them, are taken out of the likelihood and the
posterior is learned anew: chains through the stand-in for the engine, weighed by the engine's own likelihood (Pareto
smoothed, Vehtari and others 2024), with more runs for the stand-in where the weights are too uneven. What is predicted
for the figures held back is judged beside methods that know the same counts.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import stdtrit
from tqdm.auto import tqdm

from forecast.answer import score
from forecast.answer.projection import QUANTILES
from forecast.beliefs.posterior import PLACE_YEAR, PRIORS
from forecast.calibration.emulator import Emulator, Shape
from forecast.calibration.likelihood import DEGREES, Model
from forecast.calibration.sampler import MOST_KHAT, Fit, keyed_luck, one_thread, stand_in, weigh
from forecast.calibration.targets import Target
from forecast.data import chance, tables, workers
from forecast.data.history import counts
from forecast.data.places import read_place
from forecast.engines.series.engine import SeriesEngine
from forecast.engines.yardsticks import YARDSTICKS, Yardstick
from forecast.question.scenario import Scenario
from forecast.timeseries.methods import smooth

YEARS = 4  # last years that are held back in turn, the newest first
WALKERS, SETTLE, STEPS, ROUNDS = 64, 40, 60, 3  # chains of a fold; steps to settle, thrice; steps that count
RUNS = 600  # draws of a fold that the engine is asked about
COLUMNS = [
    "fold",
    "place",
    "month",
    "measure",
    "engine",
    "observed",
    "median",
    "low80",
    "high80",
    "low95",
    "high95",
    "wis",
    "wis_log",
    "khat",
]


@dataclass(frozen=True)
class Fold:
    """What is held back: all figures of a place, or those of the twelve months after `cut` (later ones are unknown)."""

    name: str
    place: str = ""
    cut: str = ""

    def used(self, model: Model) -> np.ndarray:
        """Which figures are learned from, (targets,)."""
        return np.array([t.place != self.place if self.place else t.month <= self.cut for t in model.targets])

    def held(self, model: Model) -> list[int]:
        """Positions of the figures that are judged; of several reports for a month the least doubtful one."""
        end = str(tables.month(self.cut) + 12) if self.cut else ""
        seen, found = set(), []
        for i, target in enumerate(model.targets):
            key = target.place, target.month, target.measure
            if not self.used(model)[i] and key not in seen and (not self.cut or target.month <= end):
                found.append(i)
            seen.add(key)
        return found


def folds(model: Model) -> list[Fold]:
    """Return the folds of a model: each of its places, and each of the last years.

    >>> from forecast.calibration import predictive_checks
    >>> [fold.name for fold in folds(predictive_checks.toy_model())][:3]
    ['Toy', 'Toy 2', 'after 2022-12']
    """
    last = tables.month(max(t.month for t in model.targets))
    cuts = [str(last - 12 * n) for n in range(1, YEARS + 1)]
    first = min(t.month for t in model.targets)
    return [Fold(place, place=place) for place in dict.fromkeys(t.place for t in model.targets)] + [
        Fold(f"after {cut}", cut=cut) for cut in cuts if cut > first
    ]


def learned_without(fit: Fit, fold: Fold, seed: int = 1) -> tuple[np.ndarray, np.ndarray, float]:
    """Return draws of the posterior without a fold: z, what the engine predicts, and the k-hat of their weights.

    Draws are resampled by weight, (RUNS, coordinates) and (RUNS, targets).
    """
    model, used = fit.model, fold.used(fit.model)
    luck, fitted = keyed_luck(seed, "held", fold.name), fit.runs
    z = fit.z[fit.draws(WALKERS)]
    own = f"effect/{fold.place}", f"opening/{fold.place}"
    free = [
        i
        for i, n in enumerate(model.coordinates)
        if n in own or (n.startswith(PLACE_YEAR) and n.split("/", 2)[2] == fold.place)
    ]
    z[:, free] = model.from_normals(luck.standard_normal(z.shape))[:, free]
    emulator = replace(fit.emulator, used=used)
    for _ in range(ROUNDS):
        for _ in range(ROUNDS):
            emulator = replace(emulator, shape=Shape.around(z[-WALKERS * SETTLE // 2 :]))
            z = stand_in(emulator, z[-WALKERS:], SETTLE, luck)[0].reshape(-1, z.shape[1])
        emulator = replace(emulator, shape=Shape.around(z[-WALKERS * SETTLE // 2 :]))
        z = stand_in(emulator, z[-WALKERS:], STEPS, luck)[0].reshape(-1, z.shape[1])
        some = z[np.linspace(0, len(z) - 1, RUNS).astype(int)]
        predicted = model.predict(some)
        rows, _, khat = weigh(emulator, some, predicted)
        if khat <= MOST_KHAT:
            break
        fitted = np.concatenate([fitted[0], some]), np.concatenate([fitted[1], predicted])
        emulator = Emulator.fit(model, emulator.shape, *fitted, used=used)
    return some[rows], predicted[rows], khat


def judged(fit: Fit, fold: Fold, seed: int = 1) -> pd.DataFrame:
    """Return COLUMNS for the figures of a fold: the model's forecasts and those of the methods beside it."""
    model = fit.model
    with one_thread():
        z, predicted, khat = learned_without(fit, fold, seed)
    keys, scale, rows = chance.streams(seed, range(len(z))), model.spread(z), []
    for i in fold.held(model):
        target = model.targets[i]
        luck = chance.uniform_array(keys, chance.name_number(f"held/{target.item}/{i}"))
        drawn = np.exp(predicted[:, i] + scale[:, i] * stdtrit(DEGREES, luck))
        rows.append(_row(fold, target, "model", drawn, khat))
    rows += [
        row
        for place in dict.fromkeys(model.targets[i].place for i in fold.held(model))
        for row in _beside(fit, fold, place, seed)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


Row = tuple[str | float, ...]


def _row(fold: Fold, target: Target, engine: str, drawn: np.ndarray, khat: float = np.nan) -> Row:
    ends = np.quantile(drawn, (0.5, 0.1, 0.9, 0.025, 0.975))
    ranked = np.maximum(np.quantile(drawn, QUANTILES), 0.5)
    worth = [score.wis(f(target.value), f(ranked), QUANTILES) for f in (np.asarray, np.log)]
    return (fold.name, target.place, target.month, target.measure, engine, target.value, *ends, *worth, khat)


class DampedEts(Yardstick):
    """Exponential smoothing with a fading trend, on logs of a monthly grid that lines fill; silent on few months."""

    name = "damped ets"

    def center(self, known: "pd.Series[float]", ahead: pd.PeriodIndex) -> np.ndarray:
        """Return the smoothed path; NaN with less than ten months from the first count to the last."""
        known = known[~known.index.duplicated(keep="last")]
        every = known.reindex(pd.period_range(known.index[0], known.index[-1], freq="M"))
        grid = pd.Series(np.log(every)).interpolate()
        if len(grid) < 10 or len(known) < 3:
            return np.full(len(ahead), np.nan)
        steps = np.array([(month - known.index[-1]).n for month in ahead])
        return np.asarray(np.exp(smooth(grid.to_numpy(), int(steps.max())).values[steps - 1]))


def _beside(fit: Fit, fold: Fold, place: str, seed: int) -> list[Row]:
    """Forecasts of the place's members by the yardsticks and by `series`, which know what the model was told."""
    model = fit.model
    rows: list[Row] = []
    track = model.tracks.get(place)
    held = [model.targets[i] for i in fold.held(model) if model.targets[i].place == place]
    held = [t for t in held if t.measure == "members"]
    if track is None or not held:
        return rows
    last = fold.cut or track.scenario.start
    history = tables.read(tables.data_dir() / "history.csv", "history")
    known = history[(history["month"] <= last) | ((history["place"] != place) & (fold.cut == ""))]
    own = read_place(place) if place in set(history["place"]) else track.scenario.place
    own = replace(own, history=known[known["place"] == place].reset_index(drop=True))
    counted = counts(own.history)
    if counted.empty:
        return rows
    start = counted["month"].max()
    question = Scenario("held out", own, start=start, until=max(t.month for t in held), law=model.law, learned=PRIORS)
    for engine in (SeriesEngine(known), *(kind(known) for kind in (*YARDSTICKS.values(), DampedEts))):
        frame = engine.run(question, range(400), seed)
        for target in held:
            drawn = frame.loc[(frame["month"].astype(str) == target.month) & (frame["measure"] == "members"), "value"]
            if len(drawn) and target.month > start:
                rows.append(_row(fold, target, engine.name, drawn.to_numpy(float)))
    return rows


def _path(keep: Path | None, seed: int, fold: Fold) -> Path | None:
    return keep / f"held-{seed}-{fold.name.replace('/', ' ')}.parquet" if keep else None


def held_out(
    fit: Fit, seed: int = 1, jobs: int | None = None, keep: Path | None = None, progress: bool = True
) -> pd.DataFrame:
    """Return :func:`judged` of all folds; `keep` is a folder in which finished folds are kept."""
    asked = folds(fit.model)
    with tqdm(total=len(asked), desc="held out", disable=not progress) as bar:
        parts = [pd.DataFrame()] * len(asked)
        paths = [_path(keep, seed, fold) for fold in asked]
        for number, part in workers.each(judged, [(fit, fold, seed) for fold in asked], jobs, paths=paths):
            parts[number] = part
            bar.update()
    return pd.concat(parts, ignore_index=True)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return `engine, counts, covered80, covered95, wis, wis_log, model_wis, model_wis_log` of members held back.

    Every method is judged on the counts that it answered; `model_...` is the model's mean score on the same counts.
    """
    members = table[table["measure"] == "members"]
    key = ["fold", "place", "month"]
    model, rows = members[members["engine"] == "model"].set_index(key), []
    for engine, part in members.groupby("engine", sort=False):
        part = part.set_index(key)
        inside = [part["observed"].between(part[f"low{x}"], part[f"high{x}"]).mean() for x in (80, 95)]
        same = model.loc[part.index]
        scores = [frame[name].mean() for frame in (part, same) for name in ("wis", "wis_log")]
        rows.append((engine, len(part), *inside, *scores))
    names = ["engine", "counts", "covered80", "covered95", "wis", "wis_log", "model_wis", "model_wis_log"]
    return pd.DataFrame(rows, columns=names)
