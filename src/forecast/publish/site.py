"""Publish: run the notebooks in each language and make of them a site that opens from a folder, without network.

One kernel runs a notebook once for all languages, so both show the same numbers: cells tagged `run` are not repeated.
Cells tagged with a language are shown in that language only. Executed notebooks are kept in ``build/`` under the hash
of everything they depend on, so that a second report is quick. A site is published only if each number on its pages is
one that the run gave (:mod:`forecast.publish.audit`).
"""

import contextlib
import copy
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from forecast.answer import stated
from forecast.data import places, tables
from forecast.data.code import code_hash
from forecast.data.folders import alive, exchanged
from forecast.data.home import ROOT, scratch
from forecast.data.known import known
from forecast.data.messages import Both, Message, SeveralErrors, UserError
from forecast.data.steps import steps
from forecast.experiment import ledger as ledgers
from forecast.language import words
from forecast.language.words import LANGS
from forecast.publish import audit, downloads, drawings, foot, page, pages
from forecast.publish.audit import MARK
from forecast.publish.pages import tags
from forecast.publish.pdf import write as write_pdf

NOTEBOOKS, SITE_SOURCE, BUILD = ROOT / "notebooks", ROOT / "docs" / "site", scratch(ROOT / "build", "build")
OLD = "old"  # the site that was there, in the folder where the new one is made
TIMEOUT = 1800  # seconds for one cell, on a slow and busy machine
_kernels: set[int] = set()  # processes that run notebooks
_stopped = threading.Event()


def build(
    places: Iterable[str] | None = None,
    langs: Iterable[str] = LANGS,
    out: str | Path = "site",
    *,
    draws: int | None = None,
    progress: bool = True,
    force: bool = False,
    ledger: str | Path | None = None,
    day: str = "",
    pdf: bool = False,
) -> Path:
    """Run the notebooks of `places` (all when left out) and publish them in `out`; return the front page.

    `draws` replaces the number of draws that each notebook sets. The first language is at the root of the site, others
    in folders of their own. `out` is replaced as a whole when everything is ready; a folder that holds something else
    is an error unless `force`. The notebooks in the repository are not changed. With a `ledger` (a folder; see
    :mod:`experiment.ledger`) the forecasts of the pages are added to it under `day` (YYYY-MM-DD). With `pdf` the page
    of each place is there for print as well.
    """
    out, langs = Path(out).absolute(), tuple(dict.fromkeys(langs))
    _recovered(out)
    if not langs or set(langs) - set(LANGS):
        raise UserError(
            "languages {asked}; expected some of {known}",
            asked=", ".join(langs) or Message("none"),
            known=", ".join(LANGS),
        )
    _may_replace(out, force)
    if day or ledger is not None:
        ledgers.check_day(day)
    if ledger is not None:
        ledgers.read(ledger)  # one that is not in order is told before the work
    books = chosen(places)
    with steps("notebooks", "", len(books) + 1, shown=progress) as bar:
        done = {}
        with ThreadPoolExecutor(max_workers=2) as pool, _kernels_ended():
            for path, made in zip(books, pool.map(lambda b: run(b, langs, draws), books), strict=True):
                done[path.stem] = made
                bar.update()
        forecasts = published(made[langs[0]] for made in done.values())

        def ready() -> None:
            """Keep no page that says what the ledger does not know, and no forecast of a page that was not made."""
            if ledger is not None:
                ledgers.add(forecasts, ledger, day)

        publish(
            done,
            langs,
            out,
            pdf=pdf,
            ready=ready,
            facts={"made": day} | ({"published": day} if ledger is not None else {}),
        )
        bar.update()
    return out / (f"{books[0].stem}.html" if len(books) == 1 else "index.html")


def publish(
    done: dict[str, dict[str, NotebookNode]],
    langs: tuple[str, ...],
    out: Path,
    pdf: bool = False,
    ready: Callable[[], None] = lambda: None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Make a site of executed notebooks (by name, then language) and put it where `out` is.

    `ready` is called when all is made and nothing is replaced yet. A number in prose that somebody wrote, one on a
    finished page that the run did not give, and two pages with different values for one question are errors, and `out`
    stays as it was.
    """
    faults = [
        UserError(
            "{file}.ipynb: the prose of cell {cell} holds {number}, which no run gives; let a cell say it",
            file=stem,
            cell=cell,
            number=number,
        )
        for stem, made in done.items()
        for lang in made
        for cell, number in audit.by_hand(made[lang])
    ]
    figures = {stem: _stated(made[langs[0]]) for stem, made in done.items()}
    faults += stated.conflicts(figures)
    if faults:
        raise SeveralErrors({fault.message: fault for fault in faults}.values())
    facts = {"languages": langs, "pages": sorted(done), **_hashes(), **known()} | (facts or {})
    facts["settings"] = {stem: foot.settings(made[langs[0]]) for stem, made in done.items()}
    on_paper = [stem for stem, made in done.items() if pdf and pages.on_paper(made[langs[0]])]
    forecasts = {stem: published([made[langs[0]]]) for stem, made in done.items()}
    with_forecasts = [stem for stem, entry in forecasts.items() if len(entry.rows)]
    with _folder_beside(out) as work:
        site = work / langs[0]

        def one(lang: str) -> pages.Given:
            books, source = {stem: made[lang] for stem, made in done.items()}, work / f"source-{lang}"
            given = pages.write(
                source, SITE_SOURCE, lang, langs, books, facts, pages.Extras(tuple(on_paper), tuple(with_forecasts))
            )
            for stem in on_paper:
                write_pdf(
                    books[stem],
                    work / foot.pdf_address(stem, lang),
                    lang=lang,
                    site=pages.TITLE[lang],
                    foot=[
                        foot.made_of(books[stem], lang, facts),
                        foot.cited(books[stem], lang, facts, pages.TITLE[lang]),
                    ],
                    fonts=SITE_SOURCE / "static" / "fonts",
                )
            apart = work / f"apart-{lang}" / lang  # MyST-NB keeps pictures beside the pages until they are copied
            pages.sphinx(source, apart)
            drawings.place(apart, given.drawn)
            apart.rename(work / lang)
            return given.below("" if lang == langs[0] else f"{lang}/")

        with ThreadPoolExecutor(max_workers=len(langs)) as pool:
            given = list(pool.map(one, langs))
        for lang in langs[1:]:
            (work / lang).rename(site / lang)
        if (work / downloads.FOLDER).exists():
            (work / downloads.FOLDER).rename(site / downloads.FOLDER)
        downloads.write(site, forecasts, stated.register(figures), facts)
        drawn = {name: due for one in given for name, due in one.hashes.items() if due}
        audit.seal(
            site, {name: due for one in given for name, due in one.numbers.items()}, facts | {audit.DRAWINGS: drawn}
        )
        wrong = audit.verify(site)
        if wrong:
            raise SeveralErrors(
                UserError("{file}: {what}", file=one.page, what=Both(vi=one.text("vi"), en=one.text("en")))
                for one in wrong
            )
        ready()
        _replace(site, out)


@contextlib.contextmanager
def _kernels_ended() -> Iterator[None]:
    """End the kernels when the report is stopped: it would wait for the notebooks that they run.

    A kernel that starts after that ends before its first cell, since what was stopped stays so until the next report.
    """
    _stopped.clear()
    try:
        yield
    except KeyboardInterrupt:
        _stopped.set()
        for kernel in list(_kernels):
            with contextlib.suppress(OSError):
                os.kill(kernel, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        raise


def chosen(names: Iterable[str] | None = None) -> list[Path]:
    """Return the notebooks of the given places alone, in order; all, of no place too, when none are given."""
    every = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
    if names is None:
        return every
    wanted = {places.read_place(name).name for name in names}
    about = {path: nbformat.read(path, 4).metadata.get("forecast", {}).get("place") for path in every}
    missing = sorted(wanted - set(about.values()))
    if missing:
        raise UserError(
            "no notebook about {missing}; there are ones about {there}",
            missing=", ".join(missing),
            there=", ".join(dict.fromkeys(place for place in about.values() if place)),
        )
    return [path for path, place in about.items() if place in wanted]


def run(path: Path, langs: tuple[str, ...], draws: int | None = None) -> dict[str, NotebookNode]:
    """Return the executed notebook in each language, from ``build/notebooks`` if nothing it depends on has changed.

    What the page left while it ran (:func:`forecast.publish.page.record_of`) is in the metadata `page`.
    """
    book = nbformat.read(path, 4)
    key = _key(book, langs, draws)
    kept = {lang: BUILD / "notebooks" / f"{path.stem}-{lang}-{key}.ipynb" for lang in langs}
    if all(file.exists() for file in kept.values()):
        there = {lang: nbformat.read(file, 4) for lang, file in kept.items()}
        for made in there.values():  # the place and the part of the site are no input of the outputs
            made.metadata["forecast"] = book.metadata.get("forecast", {})
        return there
    made = {lang: _in_language(book, lang) for lang in langs}
    with tempfile.TemporaryDirectory(prefix="forecast-page-") as folder:
        _execute(made, path, Path(folder), draws)
        record = page.record_of(Path(folder))
    for lang, executed in made.items():
        executed.metadata["page"] = record
        kept[lang].parent.mkdir(parents=True, exist_ok=True)
        tables.write_text(nbformat.writes(executed), kept[lang])
    return made


def published(books: Iterable[NotebookNode]) -> ledgers.Entry:
    """Return the forecasts that notebooks executed by :func:`run` publish, those of all together."""
    return ledgers.merged(
        ledgers.unbundled(entry) for book in books for entry in book.metadata.get("page", {}).get("entries", [])
    )


def _stated(book: NotebookNode) -> list[stated.Figure]:
    """Return the figures that an executed notebook told."""
    return [stated.Figure(*one) for one in book.metadata.get("page", {}).get("figures", [])]


def _in_language(book: NotebookNode, lang: str) -> NotebookNode:
    """Return a copy of a notebook without the cells of other languages, and without the mark of its own."""
    made = copy.deepcopy(book)
    made.cells = [cell for cell in made.cells if not tags(cell) & (set(LANGS) - {lang})]
    for cell in made.cells:
        cell.source = cell.source.removesuffix(page.mark(lang))
    return made


def _execute(made: dict[str, NotebookNode], path: Path, folder: Path, draws: int | None) -> None:
    """Run a notebook (`made`: by language) in one kernel of this Python; a failing cell is named in the error.

    Cells tagged `run` are run in the first language, and their outputs are those of the others too. `folder` is where
    the page reads what is asked of it and writes what it says.
    """
    whole = NotebookNode(next(iter(made.values())))
    whole.cells = [cell for book in made.values() for cell in book.cells]
    client = NotebookClient(
        whole,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    quiet = {"NUMBA_THREADING_LAYER": "workqueue", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    try:
        client.reset_execution_trackers()
        with client.setup_kernel(env=quiet | os.environ | {page.FOLDER: str(folder)}):
            manager: Any = client.km
            kernel = manager.provisioner.pid
            _kernels.add(kernel)
            try:
                _cells(client, made, path, folder, draws)
            finally:
                _kernels.discard(kernel)  # its number may soon be another process's
    except (CellTimeoutError, DeadKernelError) as error:
        raise UserError("{file}: {error}", file=path.name, error=" ".join(str(error).split())) from None
    for book in made.values():
        book.metadata.pop("language_info", None)


def _cells(client: NotebookClient, made: dict[str, NotebookNode], path: Path, folder: Path, draws: int | None) -> None:
    """Run the cells of every language, one language after the other, those tagged `run` once."""
    index, once = 0, dict[str, list[NotebookNode]]()
    for lang, book in made.items():
        if _stopped.is_set():
            raise UserError("{file}: the report was stopped", file=path.name)
        page.ask(folder, lang, draws)
        for cell in book.cells:
            if cell.id in once:
                cell.outputs = copy.deepcopy(once[cell.id])
            else:
                try:
                    client.execute_cell(cell, index)
                except CellExecutionError as error:
                    raise UserError(
                        "{file}: cell {cell} failed ({lang}) with {kind}: {error}",
                        file=path.name,
                        cell=cell.id,
                        lang=lang,
                        kind=error.ename,
                        error=error.evalue,
                    ) from None
            if cell.cell_type == "code" and "run" in tags(cell):
                once[cell.id] = cell.outputs
            index += 1


def _key(book: NotebookNode, langs: tuple[str, ...], draws: int | None) -> str:
    """Hash of all that the outputs of a notebook depend on."""
    digest = hashlib.sha256(json.dumps([langs, draws, sys.version, _hashes()]).encode())
    for cell in book.cells:
        digest.update(json.dumps([cell.cell_type, cell.source, sorted(tags(cell))]).encode())
    return digest.hexdigest()[:16]


def _hashes() -> dict[str, str]:
    """Return short hashes of the code, of all data files, and of the law."""
    data = hashlib.sha256(words.TERMS.read_bytes())
    frozen = ledgers.ledger()  # what was published before is no input of what is published now
    for file in sorted(p for p in tables.data_dir().rglob("*") if p.is_file() and frozen not in p.parents):
        data.update(file.relative_to(tables.data_dir()).as_posix().encode() + file.read_bytes())
    law = hashlib.sha256((tables.data_dir() / "law.csv").read_bytes())
    return {
        "version": version("forecast"),
        "code": code_hash(),
        "data": data.hexdigest()[:16],
        "law": law.hexdigest()[:16],
    }


@contextlib.contextmanager
def _folder_beside(out: Path) -> Iterator[Path]:
    """Give a folder on the same disk as `out`, and leave nothing of it behind."""
    work = out.parent / f".{out.name}.{os.getpid()}"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _recovered(out)
        work.mkdir()
        yield work
    except OSError as error:
        raise UserError("{out}: {error}", out=out, error=str(error.strerror or error)) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _may_replace(out: Path, force: bool) -> None:
    """Raise an error if `out` is something other than nothing, an empty folder, or a site of ours."""
    if out.is_dir() and (not any(out.iterdir()) or (out / MARK).exists()) or not out.exists():
        return
    if out.is_dir() and force and out not in (ROOT, *ROOT.parents, Path.home()):
        return
    file = "{out} exists and is no site of forecast; choose another folder"
    folder = "{out} exists and is no site of forecast; choose another folder, or force it to be replaced"
    raise UserError(folder if out.is_dir() else file, out=out)


def _replace(made: Path, out: Path) -> None:
    """Put the new site where the old one is, in one step: whoever looks, and whatever ends us, finds one of them.

    Where a system has no such step there are two, and what is lost between them the next report puts back.
    """
    if not out.exists():
        made.rename(out)
    elif not exchanged(made, out):
        out.rename(made.parent / OLD)
        made.rename(out)


def _recovered(out: Path) -> None:
    """Remove what reports that were killed left beside `out`; a site that one took away is put back first."""
    for work in out.parent.glob(f".{out.name}.*"):
        number = work.name.rsplit(".", 1)[-1]
        if work.is_dir() and number.isdecimal() and not alive(int(number)):
            if (work / OLD / MARK).exists() and not out.exists():
                (work / OLD).rename(out)
            shutil.rmtree(work, ignore_errors=True)
