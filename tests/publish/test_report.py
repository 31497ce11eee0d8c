"""The site opens from a folder, in each language, whole or not at all; and a report that has been made is quick."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from forecast.cli import main
from forecast.data.tables import UserError
from forecast.experiment import ledger as published
from forecast.publish import audit, guides, site

PICTURE = """\
from forecast.data import places
from forecast.show import figures
place = places.read_place("Cà Mau")
figures.picture(place, LANG)"""
HEADLINE = """\
from forecast.language import words
words.say(LANG, vi="> **{p:v}**  \\n> Khả năng **{p:c}**: {n:n}", en="> **{p:v}**  \\n> Chance **{p:c}**: {n:n}",
          p=0.2, n=DRAWS)"""


SETTINGS = """\
from forecast.publish import page
LANG, DRAWS, SEED = page.settings(lang="vi", draws=1234, seed=1)"""


def notebook(path: Path, code: str = HEADLINE, **about) -> None:
    cells = [
        new_markdown_cell("# Câu hỏi cho người nghèo", id="vi", metadata={"tags": ["vi"]}),
        new_markdown_cell("# A question", id="en", metadata={"tags": ["en"]}),
        new_code_cell(SETTINGS, id="settings", metadata={"tags": ["settings"]}),
        new_code_cell("import uuid\nonce = uuid.uuid4().hex", id="run", metadata={"tags": ["run"]}),
        new_code_cell(code, id="headline", metadata={"tags": ["card"]}),
        new_code_cell(PICTURE, id="picture", metadata={"tags": ["card"]}),
        new_code_cell("print(once)", id="once"),
    ]
    nbformat.write(new_notebook(cells=cells, metadata={"forecast": about}), path)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A project with two small notebooks, its site built once, with Vietnamese at the root."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "notebooks").mkdir()
    notebook(folder / "notebooks" / "00_start.ipynb")
    notebook(folder / "notebooks" / "05_ca_mau.ipynb", place="Cà Mau")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "NOTEBOOKS", folder / "notebooks")
        patch.setattr(site, "BUILD", folder / "build")
        site.build(out=folder / "site", progress=False)
        yield folder


class Page(HTMLParser):
    """Links, pictures, and what a page loads."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loads, self.images, self.text = [], [], [], path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        of = dict(attrs)
        if tag == "a" and "href" in of:
            self.links.append(of["href"])
        if tag == "link" and of.get("rel") in ("stylesheet", "icon", "preload"):
            self.loads.append(of["href"])
        if tag in ("script", "img", "iframe") and "src" in of:
            self.loads.append(of["src"])
        if tag == "img" or of.get("role") == "img":
            self.images.append(of.get("alt") or of.get("aria-label", ""))


def pages(home):
    return {p.relative_to(home / "site").as_posix(): Page(p) for p in sorted((home / "site").rglob("*.html"))}


def test_every_notebook_has_a_page_in_each_language(home):
    assert {"index.html", "05_ca_mau.html", "en/index.html", "en/05_ca_mau.html"} <= set(pages(home))
    vi, en = pages(home)["05_ca_mau.html"].text, pages(home)["en/05_ca_mau.html"].text
    assert "Câu hỏi cho người nghèo" in vi and "A question" not in vi and "1.234" in vi and 'lang="vi"' in vi
    assert "A question" in en and "Câu hỏi" not in en and "1,234" in en and 'lang="en"' in en


def test_nothing_is_left_on_the_site_that_nobody_reads(home):
    assert {p.name for p in (home / "site").iterdir()} <= {
        "05_ca_mau.html",
        "00_start.html",
        "en",
        "index.html",
        "search.html",
        "searchindex.js",
        "_images",
        "_static",
        "download",
        *(f"{stem}.html" for stem in guides.GUIDES),
        audit.NUMBERS,
        site.MARK,
    }


def test_both_languages_tell_of_the_same_run(home):
    made = pages(home)
    vi, en = (re.search(r"\b[0-9a-f]{32}\b", made[name].text)[0] for name in ("05_ca_mau.html", "en/05_ca_mau.html"))
    assert vi == en


def test_the_front_page_has_a_card_for_each_place_with_words_dots_and_a_picture(home):
    front = pages(home)["index.html"]
    assert front.text.count('<a class="card ') == 1
    assert "●●○○○○" in front.text and "ít khả năng" in front.text and "<strong>20%</strong>" in front.text
    assert any("Cà Mau" in alt for alt in front.images)


def test_nothing_is_loaded_from_the_network_and_every_link_leads_somewhere(home):
    for name, page in pages(home).items():
        folder = (home / "site" / name).parent
        for address in page.loads:
            assert "//" not in address, f"{name} loads {address}"
            assert (folder / address.split("?")[0].split("#")[0]).exists(), f"{name} lacks {address}"
        for link in page.links:
            if "//" not in link and link.split("#")[0]:
                assert (folder / link.split("#")[0]).exists(), f"{name} links to {link}"


def test_each_page_leads_to_itself_in_the_other_language(home):
    assert "en/05_ca_mau.html" in pages(home)["05_ca_mau.html"].links
    assert "../05_ca_mau.html" in pages(home)["en/05_ca_mau.html"].links


def test_every_picture_is_described_and_code_is_behind_a_toggle(home):
    for name, page in pages(home).items():
        assert all(len(alt) > 40 for alt in page.images), name
    assert "Xem mã lệnh" in pages(home)["05_ca_mau.html"].text


def test_the_frame_of_a_vietnamese_page_is_in_vietnamese(home):
    english = re.compile(r"\b(the|this|toggle|search|next|previous|show|hide|mode|contents|menu)\b", re.I)
    for name, page in pages(home).items():
        said = re.findall(r'(?:aria-label|title|placeholder)="([^"]*)"|<title>([^<]*)</title>', page.text)
        found = [text for pair in said for text in pair if english.search(text)]
        assert name.startswith("en/") or not found, f"{name}: {found}"


def test_every_page_ends_with_what_repeats_it(home):
    said = pages(home)["05_ca_mau.html"].text
    facts = json.loads((home / "site" / site.MARK).read_text(encoding="utf-8"))
    assert all(facts[key] in said for key in ("code", "data", "law", "version"))
    assert "số khởi tạo ngẫu nhiên (seed) 1" in said


def test_search_finds_words_without_their_diacritics(home):
    index = (home / "site" / "searchindex.js").read_text(encoding="utf-8")
    assert '"ngheo"' in index or "ngheo:" in index
    assert "normalize(" in (home / "site" / "_static" / "language_data.js").read_text(encoding="utf-8")


def test_a_second_report_does_not_run_the_notebooks_again(home, monkeypatch):
    monkeypatch.setattr(site, "_execute", lambda *a: pytest.fail("a notebook ran again"))
    assert site.run(home / "notebooks" / "05_ca_mau.ipynb", ("vi", "en"))


def test_a_failing_notebook_is_named_and_the_old_site_stays(home, monkeypatch, tmp_path):
    monkeypatch.setattr(site, "NOTEBOOKS", tmp_path / "notebooks")
    (tmp_path / "notebooks").mkdir()
    notebook(tmp_path / "notebooks" / "06_bad.ipynb", "1 / 0")
    before = (home / "site" / "index.html").read_bytes()
    with pytest.raises(UserError, match=r"06_bad.ipynb: cell headline failed \(vi\) with ZeroDivisionError"):
        site.build(out=home / "site", progress=False)
    assert (home / "site" / "index.html").read_bytes() == before
    assert sorted(p.name for p in home.iterdir()) == ["build", "notebooks", "site"]


def test_a_folder_of_something_else_is_never_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    (tmp_path / "file").write_text("x")
    for name in ("mine", "file"):
        with pytest.raises(UserError, match="no site of forecast"):
            site.build(out=tmp_path / name, progress=False)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_places_choose_notebooks_and_a_place_without_one_is_named(home):
    assert [p.stem for p in site.chosen(["ca-mau"])] == ["05_ca_mau"]
    with pytest.raises(UserError, match="no notebook about Lào Cai; there are ones about Cà Mau"):
        site.chosen(["Lào Cai"])
    with pytest.raises(UserError, match="languages fr"):
        site.build(langs=["fr"])


def test_a_report_publishes_only_when_it_is_asked_to(monkeypatch, tmp_path):
    """Without --publish the ledger, which is tracked, is not even named."""
    asked = []

    def build(**how):
        asked.append(how["ledger"])
        return tmp_path / "index.html"

    monkeypatch.setattr(site, "build", build)
    for options in ([], ["--publish"]):
        done = CliRunner().invoke(main, ["report", *options, "--out", str(tmp_path / "site")])
        assert done.exit_code == 0, done.output
    assert asked == [None, published.ledger()] and published.ledger().name == "published"


@pytest.mark.parametrize(
    ("words", "langs"),
    [([], ("vi", "en")), (["Cà Mau"], ("en",)), (["Cà Mau", "--lang", "vi"], ("vi",)), (["--lang", "en"], ("en",))],
)
def test_the_page_of_a_place_is_in_the_language_of_the_command_line_unless_others_are_asked_for(
    words, langs, monkeypatch, tmp_path
):
    asked = []
    monkeypatch.setenv("FORECAST_LANG", "en")
    monkeypatch.setattr(site, "build", lambda **how: asked.append(how["langs"]) or tmp_path / "index.html")
    done = CliRunner().invoke(main, ["report", *words, "--out", str(tmp_path / "site")])
    assert done.exit_code == 0, done.output
    assert asked == [langs]
