"""What ends a page: its downloads, and all that repeats its numbers."""

import html
from typing import Any

from nbformat import NotebookNode

from forecast.language import words
from forecast.language.vintage import vintage
from forecast.language.words import Text, say
from forecast.publish import downloads, live

LICENSE = "Apache-2.0"


def pdf_address(stem: str, lang: str) -> str:
    """Return where the PDF of a page lies below the site.

    >>> pdf_address("01_da_bac", "vi")
    'download/01_da_bac-vi.pdf'
    """
    return f"{downloads.FOLDER}/{stem}-{lang}.pdf"


def manifest(book: NotebookNode | None, lang: str, facts: dict[str, Any], site: str) -> Text:
    """Return what ends a page: all that repeats its numbers, and how it is cited."""
    made = made_of(book, lang, facts, "<code>{}</code>")
    sentence = say(
        lang,
        made=made,
        vi="Làm từ: {made}. Cùng đầu vào cho lại đúng những con số này.",
        en="Made of: {made}. The same inputs reproduce these numbers.",
    )
    cite = html.escape(cited(book, lang, facts, site), quote=False)
    return Text(f'<p class="manifest">{sentence}</p>\n<p class="manifest cite">{cite}</p>')


def cited(book: NotebookNode | None, lang: str, facts: dict[str, Any], site: str) -> Text:
    """Return who made a page (`book` None: the front page of `site`), how it is cited, and its license."""
    page = "" if book is None else next((c.source for c in book.cells if c.cell_type == "markdown"), "")
    title = page.partition("\n")[0].lstrip("# ").strip() or site
    made = (
        say(lang, vi=", lập ngày {d}", en=", made {d}", d=words.day(facts["made"], lang)) if facts.get("made") else ""
    )
    return say(
        lang,
        author=words.term("author", lang),
        title=title,
        version=facts["version"],
        made=made,
        license=LICENSE,
        vi="Trích dẫn: {author}, “{title}”, forecast {version}{made}. Giấy phép: {license}; số liệu đã công bố thuộc "
        "các nguồn nêu trên trang.",
        en="Cite as: {author}, “{title}”, forecast {version}{made}. License: {license}; published figures belong to "
        "the sources that the page names.",
    )


def made_of(book: NotebookNode | None, lang: str, facts: dict[str, Any], form: str = "{}") -> Text:
    """Return the settings, code, data and law behind a page (`book` None: behind the site) in a few words.

    `form` is put around each hash.
    """
    set_to = settings(book)
    run = (
        ""
        if None in set_to.values()
        else say(
            lang,
            draws=set_to["draws"],
            seed=str(set_to["seed"]),
            vi="{draws:n} lần mô phỏng, số khởi tạo ngẫu nhiên (seed) {seed}; ",
            en="{draws:n} draws, seed {seed}; ",
        )
    )
    hashes = {name: form.format(facts[name]) for name in ("code", "data", "law")}
    return say(
        lang,
        run=(f"{known}; " if (known := vintage(lang, facts)) else "") + run,
        version=facts["version"],
        **hashes,
        vi="{run}forecast {version}, mã chương trình {code}, dữ liệu {data}, luật {law}",
        en="{run}forecast {version}, code {code}, data {data}, law {law}",
    )


def settings(book: NotebookNode | None) -> dict[str, int | None]:
    """Return the draws and the seed of an executed notebook, None where it simulates nothing (or there is no book)."""
    about = {} if book is None else book.metadata.get("page", {}).get("settings", {})
    return {name: about.get(name) for name in ("draws", "seed")}


def taken(
    lang: str, up: str, stem: str = "", has_pdf: bool = False, has_forecasts: bool = False, is_live: bool = False
) -> str:
    """Return the line of downloads of a page."""
    links = [(pdf_address(stem, lang), say(lang, vi="trang này để in (PDF)", en="this page for print (PDF)"))] * has_pdf
    links += [
        (live.address(stem, lang), say(lang, vi="thanh trượt để mở trên điện thoại", en="sliders for a phone"))
    ] * is_live
    links += [
        (
            f"{downloads.FOLDER}/{stem}.csv",
            say(lang, vi="dự báo của trang này (CSV)", en="forecasts of this page (CSV)"),
        )
    ] * has_forecasts
    links += [
        (
            f"{downloads.FOLDER}/{downloads.ALL}",
            say(lang, vi="mọi bảng số liệu, kịch bản và dự báo (ZIP)", en="all tables, scenarios and forecasts (ZIP)"),
        ),
        (f"{downloads.FOLDER}/manifest.json", say(lang, vi="bản kê (JSON)", en="manifest (JSON)")),
    ]
    listed = " · ".join(f'<a href="{up}{address}" download>{name}</a>' for address, name in links)
    return f'<p class="downloads"><strong>{say(lang, vi="Tải về:", en="Download:")}</strong> {listed}</p>'
