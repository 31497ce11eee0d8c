"""The site as a reader meets it: in a browser, wide and narrow, light and dark, in both languages, from a folder.

The tests look at a small site that holds every kind of element; with `--site site` they look at the whole study. The
browser is one that is installed (chromium or Chrome); without any, these tests are skipped and say so.
"""

import io
import json
import re
import shutil
import tempfile
import tomllib
import zipfile
from copy import deepcopy
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from forecast.answer import stated
from forecast.data import places, syllables, tables
from forecast.data.home import ROOT
from forecast.data.tables import UserError
from forecast.language import words
from forecast.publish import audit, colors, foot, pages, pdf
from forecast.publish import site as report
from forecast.question.scenario import Target
from forecast.show import figures, law, projection
from forecast.show.picture import Picture
from made import answer, question

LANGS = ("vi", "en")
CA_MAU = places.read_place("Cà Mau")
ASKED = question("status quo").but(place=CA_MAU, target=Target(value=116_400, by="2023-12"))
ANSWER = answer(ASKED)
# Two ways to look at a page, so that each width and each color scheme is seen: width, height, scheme.
LOOKS = {"desktop": (1280, 900, "light"), "phone": (390, 844, "dark")}
LEVELS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# Names of programs and papers, and words that Vietnamese has borrowed as they are.
NAMES = {
    "forecast",
    "make",
    "lab",
    "pip",
    "install",
    "numba",
    "Jupyter",
    "JupyterLab",
    "mesa",
    "Mesa",
    "statsmodels",
    "Python",
    "Facebook",
    "Zalo",
    "GitHub",
    "Excel",
    "PowerPoint",
    "Word",
    "Furo",
    "JavaScript",
    "web",
    "byte",
    "Infographics",
}


def code(lang: str, name: str, *shown, tags=(), source: str = "", printed: str = ""):
    """A cell that has run: what it shows is given."""
    outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
    for one in shown:
        picture = isinstance(one, Picture)
        data, about = _shown(one) if picture else ({"text/markdown": str(one)}, {})
        outputs.append(new_output("execute_result", data=data, metadata=about, execution_count=1))
    return new_code_cell(
        source or f"show({name!r}, {lang!r})",
        id=name,
        metadata={"tags": list(tags)},
        outputs=outputs,
        execution_count=1,
    )


def _shown(picture: Picture):
    """What a picture shows of itself while a report is made."""
    with pytest.MonkeyPatch.context() as told, tempfile.TemporaryDirectory() as folder:
        told.setenv(stated.PAGE, folder)
        return picture._repr_mimebundle_()


def drawings_of(page: Path) -> list[str]:
    return re.findall(r'<svg class="on-.*?</svg>', page.read_text(encoding="utf-8"), re.DOTALL)


def book(lang: str, cells: list, **about):
    return new_notebook(
        cells=[code(lang, "settings", tags=["settings"], source='LANG = "vi"\nDRAWS = 1234\nSEED = 1'), *cells],
        metadata={"forecast": about, "page": {"settings": {"draws": 1234, "seed": 1}, "entries": []}},
    )


def later(cell, behind: str):
    """The cell, to be read behind another one that runs after it."""
    cell.metadata["forecast"] = {"after": behind}
    return cell


@cache
def made(lang: str) -> dict:
    """Executed notebooks with every kind of element: cards, pictures, tables, lists, code, details, links, output."""
    headline = words.say(
        lang,
        p=0.2,
        n=1234.5,
        vi="> **{p:v}**  \n> Khả năng **{p:c}**, dự kiến {n:n1} người.",
        en="> **{p:v}**  \n> Probability **{p:c}**, expected {n:n1} people.",
    )
    prose = {
        "vi": "# Cà Mau: hộ nghèo có tham gia không?\n\nCâu hỏi của **tỉnh**; chạy bằng `forecast check`.\n\n"
        "1. Trước hết là câu trả lời.\n2. Sau đó là bằng chứng về mức sàn.",
        "en": "# Cà Mau: do poor people join?\n\nA question of the **province**; run by `forecast check`.\n\n"
        "1. The answer first.\n2. Then the evidence.",
    }
    place = book(
        lang,
        [
            new_markdown_cell(prose[lang], id="question"),
            code(lang, "headline", headline, tags=["card"]),
            code(lang, "fan", projection.fan(ANSWER, [ASKED], lang=lang)),
            code(lang, "small", projection.fan(ANSWER, [ASKED], lang=lang, small=True), tags=["card", "remove-cell"]),
            code(lang, "history", figures.table(CA_MAU, lang), tags=["hide-output"]),
            code(lang, "price", law.price_table(CA_MAU, "2018-01", "2027-01", lang)),
            code(lang, "sources", words.join([figures.statuses(CA_MAU, lang), figures.source_list(CA_MAU, lang)])),
            new_markdown_cell({"vi": "## Chạy lại", "en": "## Run it again"}[lang], id="again"),
            code(
                lang,
                "repeat",
                figures.repeat(["data/scenarios/ca-mau-plan.yaml"] * 2, 200, 1, lang),
                source=f"f.show.figures.repeat(FILES, 200, 1, {lang!r})",
            ),
        ],
        place="Cà Mau",
    )
    how = {"vi": "# Cách làm\n\n## Mã lệnh\n\nMã này in ra một số.", "en": "# How it works\n\n## Code\n\nIt prints."}
    return {
        "05_ca_mau": place,
        "06_how": book(
            lang,
            [
                new_markdown_cell(how[lang], id="how"),
                later(
                    code(lang, "printed", tags=["show-input"], source="print(2 * 21)  # twice", printed="42\n"), "key"
                ),
                code(lang, "key", figures.status_key(lang)),
                code(lang, "links", "[**Cà Mau**](05_ca_mau.ipynb), [**Hà Nội**](03_ha_noi.ipynb)"),
            ],
            part="how",
        ),
    }


@pytest.fixture(scope="module")
def site(request, tmp_path_factory):
    given = request.config.getoption("--site")
    if given:
        return Path(given).absolute()
    out = tmp_path_factory.mktemp("published") / "site"
    both = {lang: made(lang) for lang in LANGS}
    report.publish({stem: {lang: both[lang][stem] for lang in LANGS} for stem in both["vi"]}, LANGS, out, pdf=True)
    return out


class Words(HTMLParser):
    """What a page says in its own language: text, and what is said of pictures, buttons and fields."""

    def __init__(self, text: str):
        super().__init__()
        self.lang, self.open, self.said = "", [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        of = dict(attrs)
        self.lang = of.get("lang", self.lang) if tag == "html" else self.lang
        other = of.get("lang", self.lang) != self.lang and tag != "html"
        silent = tag in ("script", "style", "code", "pre", "svg") or other
        if tag not in ("meta", "link", "img", "input", "br", "hr", "wbr", "path", "line", "circle", "rect", "polyline"):
            self.open.append((tag, silent))
        if not other and not any(quiet for _, quiet in self.open):
            self.said += [of[name] for name in ("alt", "title", "aria-label", "placeholder") if of.get(name)]

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if data.strip() and not any(quiet for _, quiet in self.open):
            self.said.append(data)


def htmls(site: Path, lang: str) -> list[Path]:
    first = json.loads((site / report.MARK).read_text(encoding="utf-8"))["languages"][0]
    return sorted((site if lang == first else site / lang).glob("*.html"))


def known() -> set[str]:
    """Names that a Vietnamese page may hold: those above, provinces, publishers, and words of the field."""
    publishers = tables.read(tables.data_dir() / "sources.csv", "sources")["publisher"]
    places = tables.read(tables.data_dir() / "places.csv", "places").query("level == 'province'")["place"]
    words = {word for name in [*publishers, *places] for word in re.findall(r"\w+", name)}
    return NAMES | {"seed", "notebook", "log", "logit", "lôgarit"} | words


def test_no_english_leaks_into_a_vietnamese_page(site):
    leaks = {
        page.name: found
        for page in htmls(site, "vi")
        if page.name != "guide_commands.html"  # names of options and columns are those of programs
        if (found := syllables.foreign("\n".join(Words(page.read_text(encoding="utf-8")).said), known()))
    }
    assert not leaks


def test_no_vietnamese_sentence_stands_on_an_english_page(site):
    sentence = re.compile(r"\b(người|của|được|và|các|không|là)\b", re.IGNORECASE)
    for page in htmls(site, "en"):
        found = [text for text in Words(page.read_text(encoding="utf-8")).said if sentence.search(text)]
        assert not found, page.name


def test_pictures_on_a_vietnamese_page_hold_no_english_word(site):
    found = {page.name: drawings_of(page) for page in htmls(site, "vi")}
    assert found["index.html"] and sum(map(len, found.values())) > 2
    for name, drawn in found.items():
        said = "\n".join(
            text for one in drawn for text in (*re.findall(r">([^<>]+)</text>", one), one.split('aria-label="')[1])
        )
        assert not syllables.foreign(said.split('" ')[0], known()), name


@pytest.mark.parametrize(
    ("lang", "wrong"),
    [("vi", r"(?<![\d.,])[1-9]\d{0,2}(?:,\d{3})+(?![\d,])"), ("en", r"(?<![\d.,])[1-9]\d{0,2}(?:\.\d{3})+(?![\d.])")],
)
def test_numbers_are_written_as_the_language_writes_them(site, lang, wrong):
    for page in htmls(site, lang):
        found = re.findall(wrong, "\n".join(Words(page.read_text(encoding="utf-8")).said))
        assert not found, page.name


def test_every_number_on_the_site_is_one_that_its_run_gave(site):
    assert audit.verify(site) == []


def test_a_changed_number_is_named_with_its_page(site, tmp_path):
    copy = shutil.copytree(site, tmp_path / "site")
    page = htmls(copy, "vi")[1]
    text = page.read_text(encoding="utf-8")
    start = text.index("<article")
    number = re.search(r"(?<=[\s>])\d+(?=[\s<%,])", text[start:])
    at = start + number.start()
    page.write_text(text[:at] + f"9{number[0]}" + text[at + len(number[0]) :], encoding="utf-8")
    (wrong,) = audit.verify(copy)
    assert wrong.page == page.name and f"9{number[0]}" in wrong.shown.split() and number[0] in wrong.due.split()
    download = copy / "download" / "data" / "law.csv"
    download.write_bytes(download.read_bytes() + b"x")
    assert [w.kind for w in audit.verify(copy)] == ["changed", "number"]
    page.unlink()
    assert {w.text("vi") for w in audit.verify(copy)} == {"tệp này đã bị sửa", "tệp này không còn"}


def test_a_changed_letter_of_a_picture_is_found(site, tmp_path):
    copy = shutil.copytree(site, tmp_path / "site")
    page = copy / "05_ca_mau.html"
    text = page.read_text(encoding="utf-8")
    at = text.index("</text>", text.index('<svg class="on-phone"'))
    page.write_text(text[:at] + "0" + text[at:], encoding="utf-8")
    assert [(w.page, w.kind) for w in audit.verify(copy)] == [("05_ca_mau.html", "drawn")]


def test_a_number_that_somebody_wrote_is_not_published(tmp_path):
    book = deepcopy(made("vi")["06_how"])
    book.cells.append(new_markdown_cell("Có 648 người; lệnh `--draws 200` thì được.", id="prose"))
    with pytest.raises(UserError, match="06_how.ipynb: the prose of cell prose holds 648, which no run gives"):
        report.publish({"06_how": {"vi": book}}, ("vi",), tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_page_that_lost_a_number_on_its_way_is_not_published(site, tmp_path, monkeypatch):
    if not (site / "06_how.html").exists():
        pytest.skip("this needs the small site that is made here, not one of --site")

    def loses(source, out):
        shutil.copytree(site, out, ignore=shutil.ignore_patterns("en", "download", "*.json"))
        page = out / "06_how.html"
        page.write_text(page.read_text(encoding="utf-8").replace(">42\n", ">43\n"), encoding="utf-8")

    monkeypatch.setattr(pages, "sphinx", loses)
    with pytest.raises(UserError, match=r"06_how.html: shows 43 where the run gave 42"):
        report.publish({stem: {"vi": one} for stem, one in made("vi").items()}, ("vi",), tmp_path / "site")
    assert list(tmp_path.iterdir()) == []


def test_a_page_links_to_pages_that_are_there_and_shows_what_is_asked_for_after_the_answer(site):
    if not (site / "06_how.html").exists():
        pytest.skip("this needs the small site that is made here, not one of --site")
    for lang, folder in (("vi", site), ("en", site / "en")):
        article = (folder / "06_how.html").read_text(encoding="utf-8").partition("<article")[2]
        assert 'href="05_ca_mau.html"' in article and "03_ha_noi" not in article and "<strong>Hà Nội" in article
        assert article.index(words.term("status.stated.meaning", lang)) < article.index("twice")


def test_each_page_ends_with_downloads_and_the_manifest(site):
    facts = json.loads((site / report.MARK).read_text(encoding="utf-8"))
    for lang in LANGS:
        for page in htmls(site, lang):
            text = page.read_text(encoding="utf-8")
            if page.name != "search.html":
                end = text[text.index('class="downloads"') :]
                assert all(facts[name] in end for name in ("code", "data", "law", "version")), page


def test_downloads_are_the_tables_themselves_and_run_no_formula(site):
    folder = site / "download"
    for name in ("history", "law", "sources"):
        assert (folder / "data" / f"{name}.csv").read_bytes().startswith(b"\xef\xbb\xbf")  # for spreadsheets
        there, ours = (tables.read(base / f"{name}.csv", name) for base in (folder / "data", tables.data_dir()))
        assert there.equals(ours)
    formula = re.compile(r'(^|,)"?(=|@|[-+][^\d"])', re.MULTILINE)
    for path in folder.rglob("*.csv"):
        assert not formula.search(path.read_text(encoding="utf-8-sig")), path
    with zipfile.ZipFile(folder / "forecast-data.zip") as packed:
        held = set(packed.namelist())
    assert {"manifest.json", "data/history.csv", "scenarios/ca-mau-plan.yaml"} <= held
    assert held == {
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.suffix not in (".zip", ".pdf")
    } | {n for n in held if n.endswith(".pdf")}


def test_each_place_can_be_printed_in_each_language(site, request):
    stems = [p.stem for p in htmls(site, "vi") if (site / "download" / f"{p.stem}-vi.pdf").exists()]
    if not stems and request.config.getoption("--site"):
        pytest.skip("this site was made without PDFs")
    assert "05_ca_mau" in stems
    for stem in stems:
        for lang in LANGS:
            assert (site / "download" / f"{stem}-{lang}.pdf").read_bytes().startswith(b"%PDF-")
            page = next(p for p in htmls(site, lang) if p.stem == stem)
            assert f'href="{"" if lang == "vi" else "../"}download/{stem}-{lang}.pdf"' in page.read_text("utf-8")


@pytest.fixture
def tab(browser):
    """A function that opens a page of the site at a width and hands back the page and the list of what went wrong."""
    contexts = []

    def opened(look: str):
        width, height, scheme = LOOKS[look]
        contexts.append(
            browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, offline=True)
        )
        page, faults = contexts[-1].new_page(), []
        page.on("console", lambda said: faults.append(f"console: {said.text}") if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on("requestfailed", lambda request: faults.append(f"not loaded: {request.url}"))
        return page, faults

    yield opened
    for context in contexts:
        context.close()


IN_PAGE = """() => ({
  lang: document.documentElement.lang,
  links: [...document.querySelectorAll("a[href]")].map(a => a.href),
  dead: [...document.querySelectorAll("a[href^='#']")].map(a => decodeURIComponent(a.getAttribute("href").slice(1)))
    .filter(id => id && id != "top" && !document.getElementById(id)),
  silent: [...document.images].filter(i => !i.alt.trim()).map(i => i.src),
  broken: [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src),
  mute: [...document.querySelectorAll(".drawn svg")].filter(s => s.getAttribute("role") != "img"
    || !(s.getAttribute("aria-label") || "").trim()).length,
  twice: [...document.querySelectorAll(".drawn")].filter(d => d.checkVisibility()
    && [...d.children].filter(s => s.checkVisibility()).length != 1).length,
  small: [...document.querySelectorAll(".drawn svg text")].filter(t => t.checkVisibility()
    && t.ownerSVGElement.getBoundingClientRect().width
    && parseFloat(getComputedStyle(t).fontSize) * Math.hypot(t.getScreenCTM().a, t.getScreenCTM().b) < 11)
    .slice(0, 3).map(t => t.textContent),
  cut: [...document.querySelectorAll(".drawn svg text")].filter(t => t.checkVisibility()).filter(t => {
    const box = t.getBoundingClientRect(), whole = t.ownerSVGElement.getBoundingClientRect();
    return box.width && (box.left < whole.left - 2 || box.right > whole.right + 2);
  }).slice(0, 3).map(t => t.textContent),
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  out: [...document.querySelectorAll("article *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest(".table-wrapper, pre, .output, .highlight, .wide")).slice(0, 3).map(e => e.outerHTML.slice(0, 120)),
})"""


KINDS = ("dead", "silent", "broken", "out", "mute", "twice", "small", "cut")


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_reached_and_works_for_everybody(site, tab, look, request):
    axe = (Path(pytest.importorskip("axe_playwright_python").__file__).parent / "axe.min.js").read_text("utf-8")
    page, faults = tab(look)
    todo, seen, wrong = [(site / "index.html").as_uri()], set(), []
    todo += [(site / folder / "search.html").as_uri() for folder in ("", "en")]  # reached by asking, not by a link
    while todo:
        address = todo.pop(0)
        if address in seen:
            continue
        seen.add(address)
        name = Path(unquote(urlsplit(address).path)).relative_to(site).as_posix()
        page.goto(address, wait_until="load")
        page.evaluate("document.querySelectorAll('img[loading=lazy]').forEach(i => i.loading = 'eager')")
        page.wait_for_function("[...document.images].every(i => i.complete)")
        state = page.evaluate(IN_PAGE)
        wrong += [f"{name}: {kind} {state[kind]}" for kind in KINDS if state[kind]]
        wrong += [f"{name}: {state['wide']} pixels too wide"] if state["wide"] > 0 else []
        wrong += [f"{name}: {fault}" for fault in faults]
        faults.clear()
        # axe takes most of the time: of the small site each look has one language, of a whole one both.
        if request.config.getoption("--site") or (state["lang"] == "vi") == (look == "desktop"):
            page.evaluate(axe)
            found = page.evaluate("levels => axe.run({runOnly: levels, preload: false})", LEVELS)
            first = [(v["id"], v["nodes"][0]) for v in found["violations"]]
            wrong += [f"{name}: {rule}: {node['target']} {node['html'][:120]}" for rule, node in first]
        for link in state["links"]:
            parts = urlsplit(link)
            if parts.scheme != "file":
                assert parts.scheme in ("http", "https"), link
                continue
            path = Path(unquote(parts.path))
            if not path.is_file():
                wrong.append(f"{name}: links to {link}, which is not there")
            elif path.suffix == ".html":
                todo.append(path.as_uri())
    assert wrong == []
    reached = {Path(unquote(urlsplit(address).path)) for address in seen}
    alone = set((site / "download").glob("*.html"))  # the sliders of a page
    assert reached == {path for lang in LANGS for path in htmls(site, lang)} | alone


@pytest.mark.parametrize("look", LOOKS)
def test_the_language_is_switched_on_the_same_page(site, tab, look):
    page, faults = tab(look)
    page.goto((site / "05_ca_mau.html").as_uri())
    page.get_by_role("link", name="English").click()
    assert page.url.endswith("/en/05_ca_mau.html") and page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("link", name="Tiếng Việt").click()
    assert page.url == (site / "05_ca_mau.html").as_uri()
    assert page.locator("html").get_attribute("lang") == "vi" and faults == []


@pytest.mark.parametrize(
    ("look", "folder", "asked"),
    [("desktop", "", "Cà Mau"), ("desktop", "en", "cà mau"), ("phone", "en", "Ca Mau"), ("phone", "", "ngheo")],
)
def test_search_finds_pages_with_and_without_diacritics(site, tab, look, folder, asked):
    page, faults = tab(look)
    page.goto((site / folder / "index.html").as_uri())
    if look == "phone":
        page.locator("label[for=__navigation]:visible").first.click()
    page.locator("input.sidebar-search").fill(asked)
    page.locator("input.sidebar-search").press("Enter")
    page.wait_for_selector("#search-results li a[href*='05_ca_mau']")  # results come one by one
    page.wait_for_function("document.querySelector('#search-results h2').textContent.length > 0")
    if not folder:
        said = page.locator("#search-results").inner_text()
        assert not syllables.foreign(said, known() | {"make"})
    page.locator("#search-results li a[href*='05_ca_mau']").first.click()
    assert "Cà Mau" in page.locator("h1").first.inner_text() and faults == []


@pytest.mark.parametrize(
    ("asked", "name"),
    [("2027", "05_ca_mau"), ("sàn", "05_ca_mau"), ("2027 sàn", "05_ca_mau"), ("backtest", "guide_api")],
)
def test_search_finds_years_and_short_words(site, tab, asked, name):
    page, faults = tab("desktop")
    page.goto((site / "index.html").as_uri())
    page.locator("input.sidebar-search").fill(asked)
    page.locator("input.sidebar-search").press("Enter")
    page.wait_for_selector(f"#search-results li a[href*='{name}']")  # results come one by one
    assert faults == []


def test_a_picture_has_the_font_and_the_paper_of_the_page_and_is_drawn_for_a_phone(site, tab):
    seen = {}
    for look in LOOKS:
        page, _ = tab(look)
        page.goto((site / "05_ca_mau.html").as_uri())
        shown = page.locator("article .cell_output .drawn").first
        text = shown.locator("svg:visible text").first
        assert text.evaluate("t => getComputedStyle(t).fontFamily == getComputedStyle(document.body).fontFamily")
        with Image.open(io.BytesIO(shown.screenshot())) as image:
            paper = image.convert("L").getpixel((3, 3))
        ink = text.evaluate("t => getComputedStyle(t).fill").removeprefix("rgb(").removesuffix(")").split(",")
        seen[look] = (shown.locator("svg:visible").get_attribute("class"), paper, max(map(int, ink)))
        for name, color in colors.theme()[LOOKS[look][2]].items():  # which the scenario page has too
            assert page.evaluate("n => getComputedStyle(document.body).getPropertyValue(n)", f"--{name}") == color
        assert not page.locator("article .cell_output.wide").count()  # nothing to move sideways
    name, paper, ink = seen["desktop"]
    assert name == "on-page" and paper > 245 and ink < 130
    name, paper, ink = seen["phone"]  # in the dark
    assert name == "on-phone" and paper < 60 and ink > 150
    page.emulate_media(media="print")
    assert shown.locator("svg:visible").get_attribute("class") == "on-page"
    assert shown.locator("svg:visible text").first.evaluate("t => getComputedStyle(t).fill") == "rgb(91, 102, 114)"


def test_who_is_cited_and_the_licence_are_those_of_the_project(site):
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert words.term("author", "en") == told["authors"][0]["name"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert foot.LICENSE == told["license"] == project["license"]
    for lang in LANGS:
        for page in htmls(site, lang):
            text = page.read_text(encoding="utf-8")
            assert page.name == "search.html" or (foot.LICENSE in text and words.term("author", lang) in text), page


def test_a_print_ends_in_sources_and_not_in_commands():
    for book_of in (made(lang)["05_ca_mau"] for lang in LANGS):
        kept = pdf._on_paper(book_of.cells)
        assert len(kept) == len(book_of.cells) - 2 and kept[-1].id == "sources"


def test_on_paper_nothing_but_the_report_is_left(site, tab):
    page, _ = tab("desktop")
    page.goto((site / "05_ca_mau.html").as_uri())
    page.emulate_media(media="print")
    for gone in (".sidebar-drawer", ".toc-drawer", ".ways", ".sidebar-search"):
        assert not page.locator(gone).first.is_visible(), gone
    for left in ("article h1", ".manifest:not(.cite)", ".cite"):
        assert page.locator(left).is_visible(), left
    commands = page.get_by_text("forecast project", exact=False)
    assert commands.count() and not any(one.is_visible() for one in commands.all())  # nobody types on paper
    assert not page.locator(".downloads").is_visible()
    assert not page.get_by_role("heading", name="Chạy lại").is_visible()
