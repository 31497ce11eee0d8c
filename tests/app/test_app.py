"""The scenario page: it asks what it shows, answers like the command, in both languages, and keeps its state."""

import asyncio
import base64
import re
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from forecast.answer.projection import Projection
from forecast.app import answers, charts, kernels, link, serve
from forecast.app import page as app
from forecast.app.controls import FIELDS, edited
from forecast.data import tables
from forecast.data.messages import UserError
from forecast.data.places import read_place
from forecast.desk.target import target_table
from forecast.engines.people import agents
from forecast.exchange import sample
from forecast.experiment import project
from forecast.question.levers import LEVERS, Visits
from forecast.question.scenario import read_scenario

SCENARIOS = tables.data_dir() / "scenarios"
PLAN, QUO = SCENARIOS / "da-bac-plan.yaml", SCENARIOS / "da-bac-status-quo.yaml"
VIETNAMESE = re.compile("[ạảấầẩẫậắằặếềểễệốồổộớờởợứừửữựỉịọỏụủỳỵỷỹăđĐơư]")


@pytest.fixture
def page():
    made = app.Page([PLAN, QUO], served=True)
    made.draws.value = 50
    return made


def shown(page) -> str:
    return page.texts["summary"].value + page.texts["details"].value


def control(page, key):
    return next(one for one in (*page.plan, *page.offered) if one.key == key)


def test_the_question_is_what_the_controls_show(page):
    untouched = page.scenario
    assert untouched.policy.levers == read_scenario(PLAN).policy.levers
    page.plan[0].box.value = False
    visits = control(page, "Visits")
    assert "không dùng" in visits.name.value
    visits.box.value = 4
    asked = page.scenario.policy.levers
    assert asked[:-1] == untouched.policy.levers[1:] and asked[-1] == visits.base.at(4)
    assert "mỗi tháng" in visits.name.value
    control(page, "VisitOrder/farthest").box.value = True
    assert page.scenario.policy.levers[-1].first == "farthest"


def test_a_lever_that_is_pulled_is_answered_at_once_and_a_slow_engine_waits(page):
    control(page, "Visits").box.value = 40
    first = page.answer
    assert first.chosen.policy == page.scenario.policy and "khả năng đạt 750" in shown(page)
    page.engine.value = "agents"
    control(page, "Visits").box.value = 80
    assert page.answer is first and page.ask.description == "Tính lại"


def test_the_status_quo_is_answered_once_and_as_if_it_were_asked_again(page, monkeypatch):
    page.run()
    asked, ask = [], project.project
    monkeypatch.setattr(project, "project", lambda new, *more, **how: asked.append(len(new)) or ask(new, *more, **how))
    control(page, "Visits").box.value = 30
    fresh = ask([page.answer.chosen, page.answer.quo], ["stock"], draws=50, jobs=1, progress=False).frame
    answered = page.answer.projected.frame.reset_index(drop=True)
    pd.testing.assert_frame_equal(answered, fresh.reset_index(drop=True), check_categorical=False)
    page.draws.value = 100
    page.question.value = 1
    assert asked == [1, 2, 2]


def test_another_question_brings_its_own_levers_and_target(page):
    assert len(page.plan) == 9 and page.goal.value == 750
    page.question.value = 1
    assert page.plan == [] and page.texts["own"].layout.display == "none"
    assert page.scenario.policy.levers == ()


def test_every_lever_says_its_cost_payer_months_places_and_evidence():
    page = app.Page([SCENARIOS / "ca-mau-plan.yaml", PLAN], "en")
    seen = set()
    for number in range(2):
        page.question.value = number
        for one in (*page.plan, *page.offered):
            parts = one.about.value.split("; ")
            assert re.search(r"VND|as its size says", parts[0]) and parts[1].startswith("paid by "), one.key
            assert re.search(r"\d{4} to \w+ \d{4}", parts[2]) and parts[3], one.key
            assert parts[-1] in ("evidence: studies", "evidence: judgement of the makers"), one.key
            one.more.value = True
            assert set(one.inputs) <= set(FIELDS) and "Rests on" in one.fields.children[-1].value
            seen.add(one.key.partition("/")[0])
    assert {"Visits", "Meetings", "TopUp", "Gift", "Commission"} <= seen & set(LEVERS)


def test_what_is_changed_of_a_lever_is_asked(page):
    visits = control(page, "Visits")
    visits.box.value = 10
    visits.more.value = True
    visits.inputs["payer"].value = "donors"
    visits.inputs["start"].value = "2020-01"
    visits.inputs["cost"].value = "40000"
    visits.inputs["where"].value = "poorest"
    visits.count.value = 3
    asked = page.scenario.policy.levers[-1]
    assert (asked.payer, asked.start, asked.unit_cost) == ("donors", "2020-01", 40000)
    assert (asked.where.order, asked.where.count) == ("poorest", 3)
    assert "nhà hảo tâm" in visits.about.value and "các xã nghèo nhất: 3" in visits.about.value
    commune = visits.listed.options[0]
    visits.inputs["where"].value = "communes"
    visits.listed.value = (commune,)
    assert page.scenario.policy.levers[-1].where.communes == (commune,)
    visits.inputs["end"].value = "2019-12"
    assert "2019-12" in visits.about.value and "Không tính được" in shown(page) and page.answer is None
    with pytest.raises(UserError, match="payer"):
        edited(Visits(count=1), {"payer": "nobody at all"})


def test_target_and_budget_are_those_that_were_typed(page):
    page.goal.value, page.by.value = 500, "2020-06"
    page.budget.value = "100 triệu"
    page.run()
    assert (page.scenario.target.value, page.scenario.target.by, page.allowed) == (500, "2020-06", 100e6)
    desk = target_table(page.answer.projected, page.answer.chosen)
    known = answers.facts(page.answer)
    assert known.chance.share == desk["probability"].iloc[0]
    paid = page.answer.projected.versus("status quo").only(group="all").frame
    paid = paid[paid["measure"].isin(["spent_outreach", "paid_province", "paid_donors"])]
    by_draw = paid.groupby("draw")["value"].sum()
    assert known.within.share == (by_draw <= 100e6).mean() and known.spent == pytest.approx(by_draw.mean())
    assert "khả năng chi không quá 100,0 triệu đồng" in shown(page)
    page.budget.value = "a lot"
    assert "Không tính được" in shown(page)
    with pytest.raises(UserError, match="expected an amount"):
        assert page.allowed
    page.budget.value, page.goal.value = "", 0
    assert page.scenario.target is None and "khả năng" not in page.texts["summary"].value


def test_a_target_that_the_engine_cannot_tell_is_told_as_that_and_the_rest_is_answered(tmp_path):
    text = PLAN.read_text(encoding="utf-8").replace("measure: members", "measure: active_9of12")
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    page = app.Page([tmp_path / "plan.yaml"], "en")
    page.draws.value = 50
    page.run()
    assert page.scenario.target.measure == "active_9of12" and "choose another one" in page.texts["summary"].value
    assert "chance of" not in page.texts["summary"].value and "members in Dec 2020" in page.texts["summary"].value


def test_the_link_holds_the_state_and_reads_as_words(page):
    page.question.value = 0
    page.plan[1].box.value = False
    visits = control(page, "Visits")
    visits.box.value = 7
    visits.edits = {"payer": "donors", "where": "poorest:2"}
    page.goal.value, page.budget.value = 600, "2 tỷ"
    assert "&plan2=0&Visits=7&Visits.payer=donors&Visits.where=poorest:2" in page.link
    other = app.Page([QUO, PLAN], "en")
    other.follow(page.link)
    assert other.link == page.link and other.lang == "vi"
    assert other.scenario.policy == page.scenario.policy and other.scenario.target == page.scenario.target
    assert other.allowed == 2e9
    page.run()
    assert f'href="{page.link.replace("&", "&amp;")}"' in page.texts["details"].value


@pytest.mark.parametrize(
    "query",
    ["?from=nowhere", "?Visits=999999999", "?draws=1e9&engine=<b>", "?plan1.where=", "a" * 99_999, "?Visits.x=1"],
)
def test_a_link_that_asks_for_what_there_is_not_leaves_the_rest_as_it_was(query):
    page = app.Page([PLAN])
    before = page.scenario
    page.follow(query)
    assert page.scenario == before


def test_what_of_a_link_was_not_read_is_told():
    page = app.Page([PLAN], "en")
    page.follow("?from=da-bac-plan&Wishes=4&Visits=3")
    assert "Wishes" in page.texts["communes"].value and control(page, "Visits").level == 3


def test_a_level_of_a_link_ends_where_the_lever_does():
    state = link.read("?Visits=9999", frozenset())
    page = app.Page([PLAN])
    page.follow("?Visits=9999")
    assert state.levels == {"Visits": 9999} and control(page, "Visits").level == control(page, "Visits").most


def test_answers_stand_side_by_side_with_what_differs_between_them(page):
    page.run()
    page.hold()
    control(page, "Visits").box.value = 50
    page.hold()
    page.plan[0].box.value = False
    text = page.texts["details"].value
    table = text[text.index("Các phương án cạnh nhau") :]
    heads = re.findall(r'<th scope="col">(.*?)</th>', table[: table.index("</thead>")])
    assert heads == ["đang xem", "A", "B"]
    differ = re.search(r"giải pháp khác nhau</th>(.*?)</tr>", table)[1]
    cells = re.findall(r"<td>(.*?)</td>", differ)
    assert [cell.count("thăm hộ gia đình") for cell in cells] == [1, 0, 1] and "số nhân viên thu" in cells[1]
    assert text.count("<polyline") == 4  # this one, the status quo, and both that were kept
    for _ in range(6):
        page.hold()
    assert len(page.kept) == app.MOST_KEPT and len({one.name for one in page.kept}) == app.MOST_KEPT
    page.forget()
    assert "cạnh nhau" not in page.texts["details"].value


def test_groups_and_communes_are_drawn_with_the_numbers_of_the_answer(page):
    control(page, "Visits").box.value = 50
    added = page.answer.projected.versus("status quo").only(measure="members", month="2020-12", group="poor").frame
    value = answers.words.about(added["value"].median(), "vi")
    assert re.search(rf"hộ nghèo</span><span class=\"fc-number\">{re.escape(value)} \(", page.texts["details"].value)
    page.communes()
    text = page.texts["communes"].value
    assert text.count("<li>") == len(page.answer.chosen.place.communes) and "mô phỏng từng người" in text


def test_the_status_quo_by_commune_is_simulated_once_and_as_if_it_were_asked_again(page, monkeypatch):
    asked, by_commune = [], agents.by_commune
    monkeypatch.setattr(agents, "by_commune", lambda one, *rest: asked.append(one.scenario) or by_commune(one, *rest))
    monkeypatch.setattr(answers, "_USUAL", {})
    control(page, "Visits").box.value = 50
    page.communes()
    page.communes()
    assert asked == [page.answer.chosen.scenario, page.answer.quo.scenario, page.answer.chosen.scenario]
    text = page.texts["communes"].value
    answers._USUAL.clear()
    page.communes()
    assert page.texts["communes"].value == text
    page.goal.value = 800  # another target is another question
    page.communes()
    assert asked[5:] == [page.answer.chosen.scenario, page.answer.quo.scenario]


def test_the_path_is_drawn_to_its_scale():
    frame = read_scenario(PLAN)
    drawn = charts.fan([charts.Line("x", np.full(len(frame.months), 375.0))], frame, "en")
    assert "target: <b>750</b>" in drawn
    top = float(re.search(r'fc-top">([\d,.]+)<', drawn)[1].replace(",", ""))
    height = float(re.search(r'points="0.0,([\d.]+) ', drawn)[1])
    assert height == pytest.approx(400 * (1 - 375 / top), abs=0.06)


def test_the_answer_is_that_of_the_file_that_can_be_downloaded(page, tmp_path):
    page.offered[1].box.value = 5
    linked = re.search(r'download="([\w.-]+)" href="data:application/yaml;base64,([\w+/=]+)"', shown(page))
    (file := tmp_path / linked[1]).write_bytes(base64.b64decode(linked[2]))
    asked = read_scenario(file)
    assert asked.policy.levers == page.scenario.policy.levers
    again = project.project([asked], ["stock"], draws=50, jobs=1, progress=False).frame
    chosen, projected = page.answer.chosen, page.answer.projected
    here = projected.only(scenario=chosen.scenario).frame.reset_index(drop=True)
    assert (here["value"] == again["value"]).all() and (here["month"].astype(str) == again["month"].astype(str)).all()
    assert f"forecast project {linked[1]} --engines stock --draws 50 --seed 1" in shown(page)


def test_both_languages_tell_the_same_answer(page):
    page.offered[1].box.value = 3
    page.offered[1].more.value = True
    vi = shown(page)
    assert "khả năng đạt" in vi and "Phương án của bạn" in vi
    page.tongue.value = "en"
    en = shown(page)
    assert "chance of" in en and "Your choice" in en and "khả năng" not in en
    assert page.offered[1].level == 3 and page.ask.description == "Run"  # nothing that was pulled is lost
    for one in page.plan:
        assert not VIETNAMESE.search(one.box.description) and not VIETNAMESE.search(one.about.value)
    assert not VIETNAMESE.search(page.offered[1].inputs["payer"].description)
    first = [re.search(r"<strong>([\d,.<]+(?: ± [\d,.]+)?%)</strong>", text)[1] for text in (vi, en)]
    assert first[0].replace(",", ".") == first[1]


def test_what_cannot_be_answered_is_told_in_its_place(page, monkeypatch):
    def refuse(*args, **more):
        raise tables.UserError("the law has <no> such price")

    monkeypatch.setattr(project, "project", refuse)
    page.run()
    assert "Không tính được" in shown(page) and "&lt;no&gt;" in shown(page)
    assert page.answer is None and not page.ask.disabled


def test_a_place_of_ones_own_is_read_on_the_page(page, monkeypatch):
    monkeypatch.setenv("FORECAST_DATA", str(tables.data_dir()))
    before = len(page.questions)
    own = page.own_place
    own.take()
    assert "tên của địa phương" in own.told.value and len(page.questions) == before
    content = sample.sample(read_place("Đà Bắc"), "2019-01", 12)
    own.file.value = (
        {
            "name": "own.xlsx",
            "type": "",
            "size": len(content),
            "content": content,
            "last_modified": datetime(2020, 1, 1),
        },
    )
    own.place.value = "Đà Bắc"
    own.take()
    assert "Đã đọc xong" in own.told.value and len(page.questions) > before
    assert page.answer.chosen.place.name == "Đà Bắc" and isinstance(page.answer.projected, Projection)
    assert page.answer.chosen.start == page.questions[before].start != read_scenario(PLAN).start


def test_the_cells_that_are_served_make_the_page(monkeypatch):
    monkeypatch.setenv("QUERY_STRING", "from=da-bac-plan&lang=en&Visits=5")
    made, (*before, last) = {}, serve.code([str(PLAN)], "vi").splitlines()
    exec("\n".join(before), made)
    view = eval(last, made)
    assert any('role="status"' in str(w.value) for w in view.children[2].children[0].children if hasattr(w, "value"))
    assert view.children and any(
        "Try a policy" in str(w.value) for w in view.children[0].children if hasattr(w, "value")
    )


def test_windows_are_capped(monkeypatch):
    manager = kernels.Capped()
    monkeypatch.setattr(manager, "list_kernel_ids", lambda: [f"{i}" for i in range(kernels.MOST)])
    with pytest.raises(Exception, match=f"{kernels.MOST} windows are open") as refused:
        asyncio.run(manager.start_kernel())
    assert refused.value.status_code == 503


def test_windows_that_are_opened_at_once_are_capped_too_and_counted_once(monkeypatch):
    """A kernel that starts is in the list before it has started, as in jupyter_server."""
    listed = []

    async def slow(self, kernel_id, **options):
        await asyncio.sleep(0)
        listed.append(kernel_id)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return kernel_id

    async def many():
        asked = []
        for _ in range(kernels.MOST + 3):
            asked.append(asyncio.create_task(manager.start_kernel()))
            await asyncio.sleep(0)
        return await asyncio.gather(*asked, return_exceptions=True)

    monkeypatch.setattr(kernels.AsyncMappingKernelManager, "start_kernel", slow)
    manager = kernels.Capped()
    monkeypatch.setattr(manager, "list_kernel_ids", lambda: listed)
    answers = asyncio.run(many())
    assert answers[: kernels.MOST] == listed and len(set(listed)) == kernels.MOST
    assert [one.status_code for one in answers[kernels.MOST :]] == [503] * 3
    assert asyncio.run(manager.start_kernel(kernel_id=listed[0])) == listed[0]


def test_a_file_with_a_fault_ends_the_command_before_anything_is_served(tmp_path, run):
    (file := tmp_path / "wrong.yaml").write_text("scenario: x\nplace: Nowhere at all\n", encoding="utf-8")
    done = run("app", file, "--no-browser")
    assert done.exit_code == 1 and "wrong.yaml" in done.output and "Traceback" not in done.output
