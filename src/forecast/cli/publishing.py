"""Commands that show the study: pages in a folder, and the scenario page in a browser."""

from pathlib import Path

import click

from forecast.cli.common import LEDGER, with_cluster, with_force, with_lang
from forecast.cli.frame import Existing, Folder, Whole, argument, command, option, places_argument
from forecast.cli.terminal import answer, typed
from forecast.data.messages import language, translate


@command()
@places_argument()
@option(
    "--lang",
    "langs",
    default=None,
    help="Languages, separated by commas; vi,en by default, and the one of the command line where places are named.",
)
@option("--draws", type=Whole(1, 1_000_000), default=None, help="Draws of each scenario in the notebooks.")
@option(
    "--out",
    type=Folder(),
    default=None,
    help="Folder of the site; site, or site-PLACE where places are named.",
)
@option("--pdf", is_flag=True, help="Make a PDF of the page of each place as well.")
@option("--day", default=None, metavar="YYYY-MM-DD", help="Day of publication; today by default.")
@option("--ledger", type=Folder(), default=None, help=LEDGER)
@option("--publish", is_flag=True, help="Add the forecasts to the ledger, so that later counts judge them.")
@with_cluster
@with_force
def report(
    *,
    places: tuple[str, ...],
    langs: str | None,
    draws: int | None,
    out: Path | None,
    pdf: bool,
    day: str | None,
    ledger: Path | None,
    publish: bool,
    force: bool,
) -> None:
    """Run the notebooks of PLACES (all by default) and make the site; nothing that is tracked changes.

    With --publish (or --ledger FOLDER) what the pages forecast is added to the ledger of published forecasts, so that
    later counts can judge it: forecast backtest --published.
    """

    from forecast.data.known import today
    from forecast.data.places import read_place
    from forecast.engines.people import first_use
    from forecast.experiment import ledger as published
    from forecast.publish import site

    if langs is None:
        langs = language() if places else "vi,en"
    chosen = tuple(part.strip() for part in langs.split(",") if part.strip())
    if not chosen or set(chosen) - {"vi", "en"}:
        raise click.BadParameter(translate("{found!r}; expected vi, en or both", found=langs), param_hint="--lang")
    if out is None:
        out = Path("-".join(["site", *(read_place(name).slug for name in places)]))
    kept = ledger or (published.ledger() if publish else None)
    first_use.get_ready_apart()  # else the kernels of notebooks wait for one of them, and nobody is told
    front = site.build(
        places=list(places) or None,
        langs=chosen,
        out=out,
        draws=draws,
        force=force,
        ledger=kept,
        day=day or today(),
        pdf=pdf,
    )
    line = translate("The pages are ready: open {front}", front=front)
    if kept:
        count = published.read(kept)["forecast"].nunique()
        line += "\n" + translate("{folder} holds {count} published forecasts.", folder=kept, count=count)
    answer(line, then=typed("check", out))


@command()
@places_argument()
@option(
    "--outputs",
    type=Existing(file_okay=False),
    default=None,
    help="Folder of notebooks that a report has run, build/notebooks: all get the outputs of their runs.",
)
def page(places: tuple[str, ...], outputs: Path | None) -> None:
    """Write the notebooks of PLACES (all that have a page by default) from their template.

    What is of one place stands in notebooks/places/, a file each. A place that has none gets one: it needs a plan and a
    status quo in the folder of scenarios. Outputs of cells that did not change are kept. With --outputs the notebooks
    (of no place too, when no PLACES are given) get those of their last run, with small pictures: what is committed.
    """
    from forecast.publish import place_pages

    paths = place_pages.write(places)
    if outputs is not None:
        from forecast.publish import committed, site

        paths = committed.renew(outputs, site.chosen(places or None))
        line = translate("{count} notebooks have the outputs of their last run.", count=len(paths))
        answer(line, out=site.NOTEBOOKS, files=[path.name for path in paths], then=typed("check"))
        return
    line = translate("{count} notebooks are as their template gives them.", count=len(paths))
    answer(line, out=paths[-1].parent, files=[path.name for path in paths], then=typed("report", *places))


@command()
@argument("scenarios", nargs=-1, type=Existing(dir_okay=False))
@option("--port", type=Whole(1024, 65535), default=8866, show_default=True, help="Port on this machine.")
@option("--no-browser", is_flag=True, help="Only print the address.")
@with_lang
def app(*, scenarios: tuple[Path, ...], port: int, no_browser: bool, lang: str) -> None:
    """Open the scenario page of SCENARIOS in a browser; those that come with the data when no file is given.

    Pull levers, ask, read the answer, download the scenario. The page is served on this machine only; Ctrl+C ends it.
    """
    from forecast.app.page import scenario_files
    from forecast.app.serve import serve

    serve(list(scenarios) or scenario_files(), lang=lang, port=port, browser=not no_browser)
