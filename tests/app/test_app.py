"""The scenario page: it asks what it shows, answers like the command, in both languages, on this machine alone."""

import base64
import os
import re
import shutil
import subprocess
import sys
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

import pytest

from forecast.app import page as app
from forecast.data import tables
from forecast.experiment import project
from forecast.question.scenario import read_scenario

PLAN = tables.data_dir() / "scenarios" / "da-bac-plan.yaml"
QUO = tables.data_dir() / "scenarios" / "da-bac-status-quo.yaml"


@pytest.fixture
def page(monkeypatch):
    made, said = app.Page([PLAN, QUO]), []
    monkeypatch.setattr(app, "display", said.append)
    made.draws.value, made.said = 50, said
    return made


def texts(page) -> str:
    return "\n".join(str(getattr(one, "value", one)) for one in page.said)


def test_the_question_is_what_the_controls_show(page):
    untouched = page.scenario
    assert untouched.policy.levers == read_scenario(PLAN).policy.levers
    page.plan_boxes[0].value = False
    visits = next(c for c in page.controls if c.choice.lever == "Visits")
    assert "không dùng" in visits.size.value
    visits.box.value = 4
    asked = page.scenario.policy.levers
    assert asked[:-1] == untouched.policy.levers[1:] and asked[-1] == visits.choice.at(4)
    assert "mỗi tháng" in visits.size.value
    order = next(c for c in page.controls if c.choice.lever == "VisitOrder")
    order.box.value = True
    assert page.scenario.policy.levers[-1].first == "farthest"


def test_another_question_brings_its_own_levers(page):
    assert len(page.plan_boxes) == 9
    page.question.value = 1
    assert page.plan_boxes == [] and page.texts["own"].layout.display == "none"
    assert page.scenario.policy.levers == ()


def test_the_answer_is_that_of_the_file_that_can_be_downloaded(page, tmp_path):
    page.controls[1].box.value = 5
    page.run()
    link = re.search(r'download="([\w.-]+)" href="data:application/yaml;base64,([\w+/=]+)"', texts(page))
    (file := tmp_path / link[1]).write_bytes(base64.b64decode(link[2]))
    asked = read_scenario(file)
    assert asked.policy.levers == page.scenario.policy.levers
    again = project.project([asked], ["stock"], draws=50, jobs=1, progress=False).frame
    chosen, projected = page.answer.chosen, page.answer.projected
    here = projected.only(scenario=chosen.scenario).frame.reset_index(drop=True)
    assert (here["value"] == again["value"]).all() and (here["month"].astype(str) == again["month"].astype(str)).all()
    assert f"forecast project {link[1]} --engines stock --draws 50 --seed 1" in texts(page)


def test_both_languages_tell_the_same_answer(page):
    page.controls[1].box.value = 3
    page.run()
    said = texts(page)
    assert "Khả năng đạt chỉ tiêu" in said and "Phương án của bạn" in said
    page.said.clear()
    page.tongue.value = "en"
    told = texts(page)
    assert "Probability that" in told and "Your choice" in told and "Khả năng" not in told
    assert page.controls[1].level == 3 and page.ask.description == "Run"  # nothing that was pulled is lost
    assert all(
        not re.search("[ạảấầẩẫậắằặếềểễệốồổộớờởợứừửữựỉịọỏụủỳỵỷỹăđĐơư]", box.description) for box in page.plan_boxes
    )
    first = [re.search(r"\*\*([\d,.<]+(?: ± [\d,.]+)?%)\*\*", text)[1] for text in (said, told)]
    assert first[0].replace(",", ".") == first[1]


def test_what_cannot_be_answered_is_told_in_its_place(page, monkeypatch):
    def refuse(*args, **more):
        raise tables.UserError("the law has <no> such price")

    monkeypatch.setattr(project, "project", refuse)
    page.run()
    assert "Không tính được" in texts(page) and "&lt;no&gt;" in texts(page)
    assert page.answer is None and not page.ask.disabled


def test_the_cell_that_is_served_makes_the_page():
    made, (*before, last) = {}, app.code([str(PLAN)], "vi").splitlines()
    exec("\n".join(before), made)
    assert eval(last, made).children


def test_a_file_with_a_fault_ends_the_command_before_anything_is_served(tmp_path, run):
    (file := tmp_path / "wrong.yaml").write_text("scenario: x\nplace: Nowhere at all\n", encoding="utf-8")
    done = run("app", file, "--no-browser")
    assert done.exit_code == 1 and "wrong.yaml" in done.output and "Traceback" not in done.output


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
    (shown,) = {cookie.value for cookie in cookies if cookie.name == "_xsrf"}
    goodbye = f"{address.split('?')[0]}voila/api/shutdown/{kernel}"
    with pytest.raises(HTTPError, match="403"):  # another site cannot say so
        browser.open(goodbye, data=b"")
    assert browser.open(goodbye, data=f"_xsrf={shown}".encode()).status == 204  # as the page does


def test_the_page_works_in_a_browser_and_loads_nothing_from_elsewhere(address):
    sync = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.skip("no browser is installed: looked for " + ", ".join(names))
    loaded = []
    with sync.sync_playwright() as play:
        window = play.chromium.launch(executable_path=found).new_page()
        window.on("response", lambda answer: loaded.append(answer.url))
        window.goto(address, wait_until="commit", timeout=120_000)
        window.get_by_role("button", name="Tính").click(timeout=120_000)
        window.get_by_text("Tải phương án này về").wait_for(timeout=120_000)
        assert window.get_by_text("Khả năng đạt chỉ tiêu").count() == 1
        window.get_by_role("button", name="English").click()
        window.get_by_text("Download this scenario").wait_for(timeout=60_000)
        assert window.locator("img").count() == 1
    assert loaded and all(url.startswith(("http://127.0.0.1:18866/", "data:", "blob:")) for url in loaded)


def test_the_kernel_of_a_window_that_is_gone_ends():
    code = (
        "from pathlib import Path; from forecast.app.page import serve; "
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
