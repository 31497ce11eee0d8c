"""The scenario page in a window: on this machine alone, for everybody, the answer always in sight, kernels ended."""

import itertools
import os
import re
import subprocess
import sys
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

import pytest

from forecast.app import charts, notes
from forecast.data import tables
from forecast.publish import colors

SCENARIOS = tables.data_dir() / "scenarios"
PLAN, QUO = SCENARIOS / "da-bac-plan.yaml", SCENARIOS / "da-bac-status-quo.yaml"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
FINGER = 44  # pixels, of what is touched on a phone
SEEN = """finger => {
  const shown = [...document.querySelectorAll(".fc-page *")].filter(e => e.checkVisibility());
  const summary = document.querySelector(".fc-sum").getBoundingClientRect();
  const moved = document.getElementById("rendered_cells");
  const touched = "button, select, textarea, input:not([type=checkbox]), .widget-label-basic, .noUi-touch-area";
  return {
    small: shown.filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())
      && parseFloat(getComputedStyle(e).fontSize) < 11).map(e => e.outerHTML.slice(0, 120)),
    out: shown.filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".fc-scroll"))
      .slice(0, 3).map(e => e.outerHTML.slice(0, 120)),
    clipped: shown.filter(e => e.matches("button, select, label") && e.scrollWidth > e.clientWidth + 1)
      .map(e => e.outerHTML.slice(0, 120)),
    tiny: shown.filter(e => innerWidth < 800 && e.matches(touched) && e.getBoundingClientRect().height < finger)
      .map(e => e.outerHTML.slice(0, 120)),
    wide: Math.max(moved.scrollWidth - moved.clientWidth, document.documentElement.scrollWidth - innerWidth),
    cut: summary.top < -1 || summary.bottom > innerHeight || summary.height > innerHeight / 3,
    above: moved.scrollTop,
  };
}"""
FAULTS = ("small", "out", "clipped", "tiny", "cut")
DRAWN = """() => {
  const color = (name, of) => getComputedStyle(document.querySelector(name))[of];
  const behind = e => getComputedStyle(e).backgroundColor == "rgba(0, 0, 0, 0)" ? behind(e.parentElement)
    : getComputedStyle(e).backgroundColor;
  return {
    "color-background-primary": [behind(document.elementFromPoint(2, innerHeight - 2)),
      color(".fc-page", "backgroundColor"), color(".fc-page select", "backgroundColor"),
      color(".fc-page input[type=text]", "backgroundColor"), color(".fc-page .mod-primary", "color")],
    "color-background-secondary": [color(".fc-sum", "backgroundColor"),
      color(".fc-more:not(.mod-active)", "backgroundColor")],
    "color-foreground-primary": [color(".fc-page h1", "color"), color(".fc-page select", "color"),
      color(".fc-page input[type=text]", "color"), color(".fc-more", "color"), color(".fc-summary p", "color"),
      color(".fc-beside td", "color")],
    "color-foreground-secondary": [color(".fc-lever > .widget-hbox .widget-html-content", "color")],
    "color-foreground-border": [color(".fc-page select", "borderTopColor"), color(".noUi-connects", "backgroundColor")],
    "color-brand-primary": [color(".noUi-handle", "backgroundColor"),
      color(".fc-page .mod-primary", "backgroundColor")],
    "color-brand-content": [color(".fc-page a", "color")],
    line: [color(".fc-plot polyline", "stroke"), color(".fc-track span", "backgroundColor"),
      color(".fc-fan .fc-key", "backgroundColor")],
  };
}"""


@pytest.fixture(scope="module")
def address():
    """The address of a page that is served, as the command prints it."""
    command = [sys.executable, "-m", "forecast", "app", str(PLAN), "--lang", "vi", "--no-browser", "--port", "18866"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}) as run:
        try:
            yield next(found[0] for line in run.stderr if (found := re.search(r"http://\S+token=\w+", line)))
        finally:
            run.terminate()


def test_the_page_is_served_on_this_machine_and_to_those_who_have_the_token(address):
    assert address.startswith("http://127.0.0.1:")
    for part in ("", "api/kernels", "static/voila.js"):  # without the token: a form that asks for it
        with urlopen(address.split("?")[0] + part) as answer:
            assert "/login" in answer.url and "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_window_that_is_closed_ends_its_kernel(address):
    cookies = CookieJar()
    browser = build_opener(HTTPCookieProcessor(cookies))
    kernel = re.search(rb'"kernelId": ?"([0-9a-f-]{36})"', browser.open(address).read())[1].decode()
    (given,) = {cookie.value for cookie in cookies if cookie.name == "_xsrf"}
    goodbye = f"{address.split('?')[0]}voila/api/shutdown/{kernel}"
    with pytest.raises(HTTPError, match="403"):  # another site cannot say so
        browser.open(goodbye, data=b"")
    assert browser.open(goodbye, data=f"_xsrf={given}".encode()).status == 204  # as the page does


@pytest.mark.parametrize(
    ("lang", "width", "scheme"), [("vi", 1280, "light"), pytest.param("en", 390, "dark", marks=pytest.mark.slow)]
)
def test_the_page_from_a_link_to_answers_side_by_side(address, browser, lang, width, scheme):
    axe = (Path(pytest.importorskip("axe_playwright_python").__file__).parent / "axe.min.js").read_text("utf-8")
    words = {
        "vi": ("khả năng đạt 600", "Giữ lại để so", "Tính theo xã", "Liên kết tới phương án này"),
        "en": ("chance of 600", "Keep beside", "By commune", "Link to this answer"),
    }[lang]
    asked = []
    window = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    window.on("request", lambda request: asked.append(request.url))
    window.goto(f"{address}&from=da-bac-plan&lang={lang}&draws=50&target=600&Visits=20", wait_until="commit")
    window.get_by_text(words[0]).wait_for(timeout=120_000)  # nothing need be pressed
    assert window.evaluate("document.documentElement.lang") == lang
    before = window.locator(".fc-summary").inner_text()
    window.locator(".fc-lever .noUi-handle").first.focus()
    window.keyboard.press("PageUp")
    window.wait_for_function("b => document.querySelector('.fc-summary').innerText != b", arg=before, timeout=60_000)
    window.get_by_role("button", name=words[1]).click()
    window.locator(".fc-beside").wait_for(timeout=60_000)
    window.locator(".fc-more").first.click()
    window.locator(".fc-fields select").first.wait_for(timeout=60_000)
    window.get_by_role("button", name=words[2]).click()
    window.get_by_text(re.compile("mô phỏng từng người \\(|by the agents \\(")).wait_for(timeout=120_000)
    window.mouse.move(0, 0)
    window.evaluate(axe)
    for wide, kind in itertools.product((1280, 390), ("dark", "light")):
        window.set_viewport_size({"width": wide, "height": 800})
        assert window.locator(".fc-whole").is_visible() == (wide < 800)  # the name that a phone cuts in its field
        window.emulate_media(color_scheme=kind)
        for place in (0, 0.3, 0.6, 1):
            window.evaluate("part => { const box = rendered_cells; box.scrollTo(0, part * box.scrollHeight); }", place)
            seen = window.evaluate(SEEN, FINGER)
            assert bool(seen["above"]) == bool(place)
            wrong = {name: seen[name] for name in FAULTS if seen[name] and (place or name != "cut")}
            assert not wrong and seen["wide"] <= 0, (wide, place, wrong, seen["wide"])
        found = window.evaluate("levels => axe.run({runOnly: levels, preload: false})", LEVELS)
        wrong = [(v["id"], v["nodes"][0]["html"][:120], v["nodes"][0]["failureSummary"]) for v in found["violations"]]
        assert wrong == [], (wide, kind)
        parts = colors.theme()[kind]
        line = colors.dark(charts.COLORS[0]) if kind == "dark" else charts.COLORS[0]
        for name, drawn in window.evaluate(DRAWN).items():
            assert set(drawn) == {rgb(parts.get(name, line))}, (wide, kind, name)
    link = window.get_by_role("link", name=words[3]).get_attribute("href")
    assert "Visits=20" in link and "target=600" in link
    answered = window.locator(".fc-summary").inner_text()
    window.goto(address.split("?")[0] + link, wait_until="commit")  # the same answer, and no token is asked for
    window.locator(".fc-summary [role=status]").wait_for(timeout=120_000)
    assert window.locator(".fc-summary").inner_text() == answered
    window.close()
    assert asked and all(url.startswith(("http://127.0.0.1:18866/", "data:", "blob:")) for url in asked)


def rgb(color: str) -> str:
    """Return a color as a browser tells it."""
    return "rgb({}, {}, {})".format(*(int(color[i : i + 2], 16) for i in (1, 3, 5)))


def test_what_the_server_says_itself_has_the_colors_of_the_page_and_asks_nobody_else(address, browser):
    axe = (Path(pytest.importorskip("axe_playwright_python").__file__).parent / "axe.min.js").read_text("utf-8")
    made = notes.Notes()
    window = browser.new_page(viewport={"width": 390, "height": 800})
    window.goto(address.split("?")[0])  # without the token
    window.fill("#token", "no")
    window.get_by_role("button").click()
    assert "Mã không đúng" in window.get_by_role("alert").inner_text()
    told = {"login": window.content()}
    told |= {str(code): made.get_template("any.html").render(status_code=code) for code in (403, 404, 500, 503)}
    told["open"] = made.get_template("browser-open.html").render(open_url="").replace("refresh", "")
    assert len(set(told.values())) == len(told)
    for (name, page), scheme in itertools.product(told.items(), ("light", "dark")):
        window.set_content(page)
        window.emulate_media(color_scheme=scheme)
        paper, ink = (window.evaluate(f"getComputedStyle(document.body).{of}") for of in ("backgroundColor", "color"))
        parts = colors.theme()[scheme]
        assert (paper, ink) == (rgb(parts["color-background-primary"]), rgb(parts["color-foreground-primary"])), name
        assert window.locator("[lang=en]").count() and window.evaluate("document.documentElement.scrollWidth") <= 390
        window.evaluate(axe)
        found = window.evaluate("levels => axe.run({runOnly: levels, preload: false})", LEVELS)
        assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found["violations"]] == [], (name, scheme)
        assert not re.search(r"(?:https?:)?//\w", page), name
    window.close()


def test_one_window_too_many_is_told_so_on_a_page_of_ours():
    code = (
        "import sys; from pathlib import Path; from forecast.app import kernels, serve; kernels.MOST = 0; "
        "serve.serve([Path(sys.argv[1])], port=18872, browser=False)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(QUO)], stderr=subprocess.PIPE, text=True) as run:
        try:
            address = next(found[0] for line in run.stderr if (found := re.search(r"http://\S+token=\w+", line)))
            with pytest.raises(HTTPError, match="503") as refused:
                build_opener(HTTPCookieProcessor(CookieJar())).open(address)
        finally:
            run.terminate()
    assert "không mở thêm được nữa" in refused.value.read().decode()


@pytest.mark.slow
def test_the_kernel_of_a_window_that_is_gone_ends():
    code = (
        "from pathlib import Path; from forecast.app.serve import serve; "
        f"serve([Path({str(QUO)!r})], port=18869, browser=False, gone=2)"
    )
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) as run:
        try:
            address = next(found[0] for line in run.stderr if (found := re.search(r"http://\S+token=\w+", line)))
            assert b"kernelId" in browser.open(address).read()  # opened, and never heard of again
            assert any("seconds of inactivity" in line for line in run.stderr)
        finally:
            run.terminate()


@pytest.mark.slow
def test_nothing_is_kept_of_windows_that_are_gone():
    code = """if True:
        import gc, logging, sys
        from pathlib import Path
        from forecast.app import kernels, serve

        def told():
            tidy()
            pages = sum(type(one).__name__ in ("Environment", "VoilaExporter") for one in gc.get_objects())
            print("kept", pages, len(logging.root.manager.loggerDict), file=sys.stderr, flush=True)

        tidy, kernels.tidy = kernels.tidy, told
        serve.code = lambda files, lang: "1"  # what a page shows is all one to its server
        serve.serve([Path(sys.argv[1])], port=18871, browser=False)
        """
    kept = []
    with subprocess.Popen([sys.executable, "-c", code, str(QUO)], stderr=subprocess.PIPE, text=True) as run:
        try:
            address = next(found[0] for line in run.stderr if (found := re.search(r"http://\S+token=\w+", line)))
            for _ in range(4):
                browser = build_opener(HTTPCookieProcessor(cookies := CookieJar()))
                kernel = re.search(rb'"kernelId": ?"([0-9a-f-]{36})"', browser.open(address).read())[1].decode()
                given = next(cookie.value for cookie in cookies if cookie.name == "_xsrf")
                goodbye = f"{address.split('?')[0]}voila/api/shutdown/{kernel}"
                browser.open(goodbye, data=f"_xsrf={given}".encode()).close()
                kept.append(next(line for line in run.stderr if line.startswith("kept ")))
        finally:
            run.terminate()
    assert len(set(kept[1:])) == 1, kept  # the first loads what all have in common
