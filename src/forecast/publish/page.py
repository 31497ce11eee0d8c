"""What a page says while it runs: its settings, and the forecasts that it publishes.

A report names a folder in the variable `FORECAST_PAGE`. It writes there what it asks of the page (a language, a number
of draws), and reads there what the page was set to and what it publishes. Without that variable, in JupyterLab or when
a notebook is tested, the settings stand as they are written and nothing is published.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from forecast.answer import stated
from forecast.answer.projection import Projection
from forecast.data import tables
from forecast.data.home import ROOT, scratch
from forecast.data.synonyms import LANGS
from forecast.experiment import ledger
from forecast.question.scenario import Scenario

FOLDER = stated.PAGE
_ASKED, _SETTINGS = "asked.json", "settings.json"


class Settings(NamedTuple):
    """What a page is set to: the language of its sentences and pictures, the draws of each scenario, the seed."""

    lang: str
    draws: int = 0
    seed: int = 0


def settings(lang: str = "", draws: int = 0, seed: int = 0) -> Settings:
    """Return the settings of a page; a report may ask for another language and number of draws.

    Without `lang` the language is that of `FORECAST_LANG`, else Vietnamese. `draws` and `seed` are 0 on a page that
    simulates nothing.

    >>> settings("en", draws=200, seed=1)
    Settings(lang='en', draws=200, seed=1)
    """
    folder = _folder()
    if folder is None:
        return Settings(lang or spoken(), draws, seed)
    asked = json.loads((folder / _ASKED).read_text(encoding="utf-8"))
    chosen = Settings(asked["lang"], (asked["draws"] or draws) if draws else 0, seed)
    tables.write_text(json.dumps({"draws": chosen.draws or None, "seed": seed or None}), folder / _SETTINGS)
    return chosen


def spoken() -> str:
    """Return the language of who reads a notebook in JupyterLab: that of `FORECAST_LANG`, else Vietnamese.

    >>> spoken() in ("vi", "en")
    True
    """
    asked = os.environ.get("FORECAST_LANG")
    return asked if asked in LANGS else LANGS[0]


def mark(lang: str) -> str:
    """Return what prose of a notebook in one language ends with, unseen: JupyterLab hides that of the other by it.

    JupyterLab does not tell its style sheets (``docs/jupyter/vi``, ``en``) how a cell is tagged.

    >>> mark("en").strip()
    '<i lang="en"></i>'
    """
    return f'\n\n<i lang="{lang}"></i>'


def kept() -> Path:
    """Return the folder in which pages keep what they asked: a question of several pages is worked out once.

    >>> kept().name
    'asked'
    """
    return scratch(ROOT / "build", "build") / "asked"


def publish(answer: Projection, scenarios: Scenario | Iterable[Scenario], *, seed: int) -> None:
    """Publish the forecasts of `answer` about `scenarios`, which is what the page was asked; `seed` is that of the run.

    They go to the ledger (:mod:`forecast.experiment.ledger`) when the report is put in place, and below the page as a
    table; their medians and intervals are figures of the page (:mod:`forecast.answer.stated`). A page publishes
    nothing else.

    >>> from forecast.data import toy
    >>> from forecast.experiment.project import project
    >>> quo = Scenario("quo", toy.place(), start="2021-12", until="2022-02", law=toy.law())
    >>> publish(project(quo, ["stock"], draws=2, jobs=1, progress=False), quo, seed=1)  # no report is made: nothing
    """
    folder = _folder()
    if folder is not None:
        entry = ledger.entry(answer, scenarios, seed=seed)
        count = sum(1 for _ in folder.glob("entry-*.json"))
        tables.write_text(json.dumps(entry.bundle()), folder / f"entry-{count:03d}.json")
        asked = [scenarios] if isinstance(scenarios, Scenario) else list(scenarios)
        names = [one.scenario for one in asked]
        stated.tell(stated.paths(answer.only(scenario=names, measure="members", group="all").frame))


def ask(folder: Path, lang: str, draws: int | None) -> None:
    """Ask, in the folder of a page, for a language and a number of draws (None: as many as the page sets)."""
    tables.write_text(json.dumps({"lang": lang, "draws": draws}), folder / _ASKED)


def record_of(folder: Path) -> dict[str, object]:
    """Return what a page left in its folder: `settings` (draws and seed, None without), `entries` and `figures`."""
    path = folder / _SETTINGS
    run_settings = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"draws": None, "seed": None}
    entries = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("entry-*.json"))]
    return {"settings": run_settings, "entries": entries, "figures": [list(one) for one in stated.read_figures(folder)]}


def _folder() -> Path | None:
    """Return the folder that a report names, None where no report is made."""
    name = os.environ.get(FOLDER)
    return Path(name) if name else None
