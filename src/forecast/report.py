"""Publish: run the notebooks in each language and make of them a site that opens from a folder, without network.

One kernel runs a notebook once for all languages, so both tell the same numbers: cells tagged `run` are not repeated.
Cells tagged with a language are shown in that language only. Executed notebooks are kept in ``build/`` under the hash
of everything they depend on, so that a second report is quick.
"""

import ast
import contextlib
import copy
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm.auto import tqdm

from forecast import experiment, places, published, tables, words
from forecast.tables import UserError
from forecast.words import LANGS, say

ROOT = Path(__file__).parents[2]
NOTEBOOKS, SITE_SOURCE, BUILD = ROOT / "notebooks", ROOT / "docs" / "site", ROOT / "build"
MARK = "site-manifest.json"  # a folder that holds it is a site of ours
NAMES = {"vi": "Tiếng Việt", "en": "English"}
TITLE = {"vi": "Dự báo BHXH tự nguyện", "en": "Voluntary social insurance forecasts"}
TIMEOUT = 1800  # seconds for one cell, on a slow and busy machine
# Run behind the last cell, and shown on no page: the forecasts that stand in the notebook, for the ledger.
OFFER = """import sys
if "forecast.experiment" in sys.modules:  # else nothing was forecast
    from forecast import published
    display(published.offer(globals()))"""


def build(places: Iterable[str] | None = None, langs: Iterable[str] = LANGS, out: str | Path = "site",
          draws: int | None = None, progress: bool = True, force: bool = False, ledger: str | Path | None = None,
          day: str = "") -> Path:
    """Run the notebooks of `places` (all when left out) and publish them in `out`; return the front page.

    `draws` replaces the number of draws that each notebook sets. The first language is at the root of the site, others
    in folders of their own. `out` is replaced as a whole when everything is ready; a folder that holds something else
    is an error unless `force`. The notebooks in the repository are not changed. With a `ledger` (a folder; see
    :mod:`forecast.published`) the forecasts of the pages are added to it under `day` (YYYY-MM-DD).
    """
    out, langs = Path(out).absolute(), tuple(dict.fromkeys(langs))
    if not langs or set(langs) - set(LANGS):
        raise UserError(f"languages {', '.join(langs) or 'none'}; expected some of {', '.join(LANGS)}")
    _may_replace(out, force)
    if ledger is not None:
        published.check_day(day)
        published.read(ledger)  # one that is not in order is told before the work
    books = chosen(places)
    with _folder_beside(out) as work:
        steps = tqdm(total=len(books) + len(langs), desc="report", unit="step", disable=not progress)
        with steps, ThreadPoolExecutor(max_workers=2) as pool:
            done = {}
            for path, pages in zip(books, pool.map(lambda b: run(b, langs, draws), books), strict=True):
                done[path.stem] = pages
                steps.update()
            said = offered(pages[langs[0]] for pages in done.values())
            made = work / "site"
            for lang in langs:
                source = work / f"source-{lang}"
                _write_pages(source, lang, langs, {stem: pages[lang] for stem, pages in done.items()})
                _sphinx(source, made if lang == langs[0] else made / lang)
                steps.update()
        facts = {"languages": langs, "pages": sorted(done), **_hashes()}
        if ledger is not None:  # before the site is there: no page says what the ledger does not know
            facts["published"] = day
            published.add(said, ledger, day)
        tables.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", made / MARK)
        _replace(made, out)
    return out / "index.html"


def chosen(names: Iterable[str] | None = None) -> list[Path]:
    """Return the notebooks of the given places and those of no place, in order; all when none are given."""
    every = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
    if names is None:
        return every
    wanted = {places.read_place(name).name for name in names}
    about = {path: nbformat.read(path, 4).metadata.get("forecast", {}).get("place") for path in every}
    missing = sorted(wanted - set(about.values()))
    if missing:
        raise UserError(f"no notebook about {', '.join(missing)}; there are ones about "
                        + ", ".join(p for p in about.values() if p))
    return [path for path, place in about.items() if place is None or place in wanted]


def run(path: Path, langs: tuple[str, ...], draws: int | None = None) -> dict[str, nbformat.NotebookNode]:
    """Return the executed notebook in each language, from ``build/notebooks`` if nothing it depends on has changed."""
    book = nbformat.read(path, 4)
    key = _key(book, langs, draws)
    kept = {lang: BUILD / "notebooks" / f"{path.stem}-{lang}-{key}.ipynb" for lang in langs}
    if all(file.exists() for file in kept.values()):
        return {lang: nbformat.read(file, 4) for lang, file in kept.items()}
    parts = {lang: _in_language(book, lang, draws, again=lang != langs[0]) for lang in langs}
    whole = copy.deepcopy(book)
    last = nbformat.v4.new_code_cell(OFFER, id="offer")
    whole.cells = [*(cell for cells in parts.values() for cell in cells), last]
    _execute(whole, path)
    first = {cell.id: cell for cell in parts[langs[0]]}
    pages = {}
    for lang, cells in parts.items():
        for cell in cells:
            if cell.cell_type == "code" and "run" in _tags(cell):
                cell.outputs = first[cell.id.split("--")[0]].outputs
                cell.source = first[cell.id.split("--")[0]].source
        pages[lang] = copy.deepcopy(book)
        pages[lang].cells = cells
        if lang == langs[0]:
            pages[lang].metadata["offered"] = [o["data"]["application/json"] for o in last.outputs if "data" in o]
        kept[lang].parent.mkdir(parents=True, exist_ok=True)
        tables.write_text(nbformat.writes(pages[lang]), kept[lang])
    return pages


def offered(pages: Iterable) -> published.Entry:
    """Return the forecasts that notebooks executed by :func:`run` would publish, those of all together."""
    return published.merged(published.taken(one) for page in pages for one in page.metadata.get("offered", []))


def _in_language(book, lang: str, draws: int | None, again: bool) -> list:
    """Return the cells of one language, the settings replaced; `again` leaves out what has been run already."""
    cells = []
    for cell in copy.deepcopy(book.cells):
        if _tags(cell) & (set(LANGS) - {lang}):
            continue
        if "settings" in _tags(cell):
            cell.source += f"\nLANG = {lang!r}" + (f"\nDRAWS = {draws}" if draws else "")
        if again and "run" in _tags(cell):
            cell.source = "pass"
        if again:
            cell.id = f"{cell.id}--{lang}"
        cells.append(cell)
    return cells


def _execute(book, path: Path) -> None:
    """Run all cells of a notebook in a kernel of this Python; a failing cell is named in the error."""
    client = NotebookClient(book, timeout=TIMEOUT, kernel_name="python3", record_timing=False,
                            extra_arguments=["--IPKernelApp.log_level=ERROR"],
                            resources={"metadata": {"path": str(path.parent)}})
    quiet = {"NUMBA_THREADING_LAYER": "workqueue", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    try:
        client.execute(env=quiet | os.environ)
    except CellExecutionError as error:
        raise UserError(f"{path.name}: a cell failed with {error.ename}: {error.evalue}") from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise UserError(f"{path.name}: {' '.join(str(error).split())}") from None
    book.metadata.pop("language_info", None)


def _tags(cell) -> set[str]:
    return set(cell.metadata.get("tags", []))


def _key(book, langs, draws) -> str:
    """Hash of all that the outputs of a notebook depend on."""
    digest = hashlib.sha256(json.dumps([langs, draws, sys.version, _hashes()]).encode())
    for cell in book.cells:
        digest.update(json.dumps([cell.cell_type, cell.source, sorted(_tags(cell))]).encode())
    return digest.hexdigest()[:16]


def _hashes() -> dict[str, str]:
    """Return short hashes of the code, of all data files, and of the law."""
    data = hashlib.sha256(words.TERMS.read_bytes())
    frozen = published.ledger()  # what was published before is no input of what is published now
    for file in sorted(p for p in tables.data_dir().rglob("*") if p.is_file() and frozen not in p.parents):
        data.update(file.relative_to(tables.data_dir()).as_posix().encode() + file.read_bytes())
    law = hashlib.sha256((tables.data_dir() / "law.csv").read_bytes())
    return {"version": experiment.version("forecast"), "code": experiment.code_hash(),
            "data": data.hexdigest()[:16], "law": law.hexdigest()[:16]}


def _write_pages(source: Path, lang: str, langs: tuple[str, ...], pages: dict) -> None:
    """Write the input of Sphinx for one language: the theme's files, the notebooks and the front page."""
    shutil.copytree(SITE_SOURCE, source)
    others = [{"language": other, "name": NAMES[other], "prefix": _prefix(lang, other, langs)}
              for other in langs if other != lang]
    said = {"title": TITLE[lang], "language": lang, "languages": others,
            "language_label": say(lang, vi="Ngôn ngữ", en="Language"),
            "show_code": say(lang, vi="Xem mã lệnh", en="Show the code"),
            "hide_code": say(lang, vi="Ẩn mã lệnh", en="Hide the code")}
    tables.write_text(json.dumps(said, ensure_ascii=False), source / "site.json")
    cards = []
    for stem, book in pages.items():
        card = _card(stem, book, source / "static" / "cards")
        cards += [card] if card else []
        book.cells.append(nbformat.v4.new_markdown_cell(_manifest(book, lang), id="manifest"))
        for cell in book.cells:
            if cell.cell_type == "code":
                _dress(cell, lang)
        book.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        tables.write_text(nbformat.writes(book), source / f"{stem}.ipynb")
    tables.write_text(_front(lang, cards, list(pages)), source / "index.md")


def _prefix(here: str, there: str, langs: tuple[str, ...]) -> str:
    """Return the way from a page of one language to the same page of another."""
    return ("" if here == langs[0] else "../") + ("" if there == langs[0] else f"{there}/")


def _dress(cell, lang: str) -> None:
    """Hide code behind a toggle, and hand each picture's description on to the page."""
    tags = _tags(cell)
    shown = ({"remove-cell"} if "settings" in tags else set() if "show-input" in tags
             else {"remove-input"} if "hide-output" in tags else {"hide-input"})
    cell.metadata["tags"] = sorted(tags | shown)
    if "hide-output" in tags:
        cell.metadata["mystnb"] = {"code_prompt_show": say(lang, vi="Xem chi tiết", en="Show details"),
                                   "code_prompt_hide": say(lang, vi="Thu gọn", en="Hide details")}
    for output in cell.get("outputs", []):
        alt = output.get("metadata", {}).get("image/png", {}).get("alt")
        if alt:
            cell.metadata["mystnb"] = cell.metadata.get("mystnb", {}) | {"image": {"alt": alt}}
            output["metadata"] = {}


def _outputs(book, tag: str) -> Iterator[dict]:
    for cell in book.cells:
        if cell.cell_type == "code" and tag in _tags(cell):
            yield from (o for o in cell.outputs if "data" in o)


def _card(stem: str, book, folder: Path) -> str:
    """Return the card of a place for the front page, made of outputs of its notebook; "" for other notebooks."""
    place = book.metadata.get("forecast", {}).get("place")
    said = next((o["data"]["text/markdown"] for o in _outputs(book, "card") if "text/markdown" in o["data"]), None)
    picture = next((o for o in _outputs(book, "card") if "image/png" in o["data"]), None)
    if not place or not said or not picture:
        return ""
    folder.mkdir(exist_ok=True, parents=True)
    (folder / f"{stem}.png").write_bytes(b64decode(picture["data"]["image/png"]))
    verdict, sentence = (line.lstrip("> ").strip() for line in "".join(said).split("\n")[:2])
    dots, text = verdict.strip("*").split(" ", 1)
    alt = html.escape(picture["metadata"]["image/png"]["alt"], quote=True)
    strong = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(sentence, quote=False))
    return (f'<a class="card chance-{dots.count("●")}" href="{stem}.html">\n<h2>{html.escape(place)}</h2>\n'
            f'<p class="verdict"><span class="dots" aria-hidden="true">{dots}</span> {html.escape(text)}</p>\n'
            f'<p>{strong}</p>\n<img src="_static/cards/{stem}.png" alt="{alt}" loading="lazy">\n</a>')


def _front(lang: str, cards: list[str], stems: list[str]) -> str:
    """Return the front page: a card for each place, how to read it, and the list of pages."""
    steps = [words.verdict(p, lang) for p in (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0)]
    return "\n\n".join([
        f"# {TITLE[lang]}",
        say(lang, vi="Mỗi thẻ trả lời một câu hỏi: kế hoạch của địa phương có đạt chỉ tiêu đúng hạn không? Bấm vào "
                  "thẻ để xem phải làm gì để đạt, kế hoạch thật sự đem lại thêm bao nhiêu, và các con số đã công bố "
                  "nói gì với nhau.",
            en="Each card answers one question: will the plan of this place meet its target in time? Open it to see "
            "what would be needed, what the plan really adds, and what the published figures say to one another."),
        '<div class="cards">\n' + "\n".join(cards) + "\n</div>",
        say(lang, vi="## Cách đọc\n\nKhả năng là tỷ lệ các lần mô phỏng đạt chỉ tiêu, viết bằng số, bằng lời và "
                  "bằng chấm:",
            en="## How to read this\n\nA probability is the share of simulations that meet the target, in numbers, "
            "words and dots:"),
        words.listing(steps),
        say(lang, vi="Mô phỏng chỉ biết những gì đã công bố đến tháng bắt đầu. Con số nào chưa kiểm chứng, con số "
                  "nào mâu thuẫn với nguồn khác đều được ghi rõ ở cuối mỗi trang.",
            en="A simulation knows only what was published up to its first month. Every page says at its end which "
            "figures were not verified and which contradict one another."),
        "```{toctree}\n:hidden:\n\n" + "\n".join(stems) + "\n```", ""])


def _manifest(book, lang: str) -> str:
    """Return the end of a page: all that repeats it."""
    set_to = {"draws": None, "seed": None}
    for cell in book.cells:
        if "settings" in _tags(cell):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                    set_to[node.targets[0].id.lower()] = node.value.value
    said = say(lang, **_hashes(), draws=words.number(set_to["draws"], lang), seed=set_to["seed"],
               vi="Trang này làm từ: {draws} lần mô phỏng, hạt giống {seed}; forecast {version}, mã chương trình "
               "<code>{code}</code>, dữ liệu <code>{data}</code>, luật <code>{law}</code>. Cùng những thứ ấy cho "
               "lại đúng những con số này.",
               en="This page is made of: {draws} draws, seed {seed}; forecast {version}, code <code>{code}</code>, "
               "data <code>{data}</code>, law <code>{law}</code>. The same give the same numbers again.")
    return f'<p class="manifest">{said}</p>'


def _sphinx(source: Path, out: Path) -> None:
    """Build one language; whatever Sphinx warns of is an error, since it would be a hole in a page."""
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-d", str(source / ".doctrees"), "-c", str(source),
               str(source), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONUTF8": "1"}, check=False)
    if done.returncode or not (out / "index.html").exists():
        raise UserError("the pages could not be made: " + " ".join((done.stderr or done.stdout).split())[-2000:])
    for left in ("_sources", "jupyter_execute", ".buildinfo", "objects.inv"):  # what nobody reads
        shutil.rmtree(out / left, ignore_errors=True)
        (out / left).unlink(missing_ok=True)
    shutil.rmtree(out.parent / "jupyter_execute", ignore_errors=True)  # MyST-NB puts it beside the pages


@contextlib.contextmanager
def _folder_beside(out: Path) -> Iterator[Path]:
    """Give a folder on the same disk as `out`, and leave nothing of it behind."""
    work = out.parent / f".{out.name}.{os.getpid()}"
    try:
        work.mkdir(parents=True)
        yield work
    except OSError as error:
        raise UserError(f"{out}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _may_replace(out: Path, force: bool) -> None:
    """Raise an error if `out` is something other than nothing, an empty folder, or a site of ours."""
    if out.is_dir() and (not any(out.iterdir()) or (out / MARK).exists()) or not out.exists():
        return
    if out.is_dir() and force and out not in (ROOT, *ROOT.parents, Path.home()):
        return
    raise UserError(f"{out} exists and is no site of forecast; choose another folder"
                    + (", or force it to be replaced" if out.is_dir() else ""))


def _replace(made: Path, out: Path) -> None:
    """Put the new site where the old one is: two renames, so that there is never half a site."""
    old = made.parent / "old"
    if out.exists():
        out.rename(old)
    made.rename(out)
