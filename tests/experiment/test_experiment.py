"""What a run promises: the same bytes on any number of cores, in any chunks, after any kill; and errors in words."""

import ast
import hashlib
import shutil
import sys
from dataclasses import replace

import pandas as pd
import pytest

from forecast.data import code, files, tables, toy, workers
from forecast.data.code import PACKAGES, TABLES, code_hash
from forecast.data.files import PACKAGE
from forecast.engines import ENGINES, silence
from forecast.engines.people.agents import AgentEngine, Team
from forecast.engines.people.stock import StockEngine
from forecast.experiment import project as experiment
from forecast.experiment.manifest import manifest
from forecast.experiment.project import Task, project
from forecast.question.fingerprint import fingerprint
from forecast.question.levers import Policy, Visits, Where
from forecast.question.scenario import Scenario

PLACE, LAW = toy.place(), toy.law()
BOTH = ("stock", "agents")
DRAWS = 5


def question(name, *levers, **more) -> Scenario:
    return Scenario(name, PLACE, start="2021-12", until="2022-03", law=LAW, policy=Policy(*levers), **more)


QUO = question("status quo")
PLAN = question("visits", Visits(count=60, where=Where(count=2)))


def run(scenarios=(QUO, PLAN), engines=BOTH, draws=DRAWS, **options):
    return project(scenarios, engines, draws=draws, **{"jobs": 1, "progress": False} | options)


def sha(answer, folder) -> str:
    answer.save(folder / "answer.parquet")
    return hashlib.sha256((folder / "answer.parquet").read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("answers")


@pytest.fixture(scope="module")
def whole(folder):
    """The answer that every other way to get it has to match: its SHA-256, and the answer."""
    answer = run()
    return sha(answer, folder), answer


@pytest.fixture
def counted(monkeypatch):
    """Count what the stock engine is asked: a list of ranges of draws."""
    asked, engine_run = [], StockEngine.run

    def count(self, scenario, draws, seed):
        asked.append((scenario.scenario, draws))
        return engine_run(self, scenario, draws, seed)

    monkeypatch.setattr(StockEngine, "run", count)
    return asked


@pytest.mark.parametrize("chunk", [1, 2, 1000])
def test_any_chunk_gives_the_same_bytes(chunk, whole, folder, monkeypatch):
    monkeypatch.setattr(experiment, "CHUNK", chunk)
    assert sha(run(), folder) == whole[0]


def test_two_processes_give_the_same_bytes_as_one(whole, folder, monkeypatch):
    monkeypatch.setattr(experiment, "CHUNK", 3)
    assert sha(run(jobs=2), folder) == whole[0]


def test_the_order_in_which_parts_are_done_does_not_matter(whole, folder, monkeypatch):
    def backwards(function, pieces, jobs):
        assert jobs == 3
        for number, given in reversed(pieces):
            yield number, function(*given)

    monkeypatch.setattr(experiment, "CHUNK", 2)
    monkeypatch.setattr(workers, "_by_processes", backwards)
    assert sha(run(jobs=3), folder) == whole[0]


@pytest.mark.parametrize("draws", [1, 4])
def test_fewer_draws_are_the_first_of_more(draws, whole):
    few = run(draws=draws).frame
    more = whole[1].only(draw=range(draws)).frame
    assert (few["value"].to_numpy() == more["value"].to_numpy()).all()
    for column in ("scenario", "engine", "month", "group", "measure"):
        assert (few[column].astype(str).to_numpy() == more[column].astype(str).to_numpy()).all()
    assert (few["draw"].to_numpy() == more["draw"].to_numpy()).all()


def test_what_else_is_asked_does_not_matter(whole):
    alone = run([PLAN], ["agents"]).frame["value"]
    assert (alone.to_numpy() == whole[1].only(scenario="visits", engine="agents").frame["value"].to_numpy()).all()


def test_another_seed_is_other_luck(whole):
    other = run([QUO], ["agents"], seed=2).only(measure="entries", group="all").frame["value"]
    mine = whole[1].only(scenario="status quo", engine="agents", measure="entries", group="all").frame["value"]
    assert (other.to_numpy() != mine.to_numpy()).any()


def test_a_killed_run_goes_on_where_it_was(whole, folder, tmp_path, counted, monkeypatch):
    monkeypatch.setattr(experiment, "CHUNK", 2)
    counting = StockEngine.run

    def killed(self, scenario, draws, seed):
        if len(counted) == 2:
            raise KeyboardInterrupt
        return counting(self, scenario, draws, seed)

    monkeypatch.setattr(StockEngine, "run", killed)
    with pytest.raises(KeyboardInterrupt):
        run(keep=tmp_path)
    monkeypatch.setattr(StockEngine, "run", counting)
    assert len(counted) == len(list(tmp_path.iterdir())) == 2
    assert sha(run(keep=tmp_path), folder) == whole[0]
    assert counted[2:] == [("status quo", range(4, 5)), *(("visits", range(d, min(d + 2, 5))) for d in (0, 2, 4))]


def test_only_lost_or_broken_parts_are_run_again(whole, folder, tmp_path, counted, monkeypatch):
    monkeypatch.setattr(experiment, "CHUNK", 3)
    run(keep=tmp_path)
    parts = {d: tmp_path / Task(QUO, StockEngine(), range(d, min(d + 3, 5)), 1).name for d in (0, 3)}
    parts[0].unlink()
    parts[3].write_bytes(parts[3].read_bytes()[:100])
    del counted[:]
    assert sha(run(keep=tmp_path), folder) == whole[0]
    assert counted == [("status quo", range(3)), ("status quo", range(3, 5))]
    del counted[:]
    assert sha(run(keep=tmp_path), folder) == whole[0]
    assert counted == []


@pytest.mark.parametrize("wrong", [{"draw": 9}, {"month": "2031-01"}])
def test_a_part_with_other_draws_or_months_is_done_again_and_told(wrong, tmp_path, counted, caplog):
    answer = run([QUO], ["stock"], draws=2, keep=tmp_path)
    (path,) = tmp_path.iterdir()
    files.keep(answer.frame.astype({"month": str}).assign(**wrong), path)  # sealed, and wrong all the same
    assert run([QUO], ["stock"], draws=2, keep=tmp_path).frame.equals(answer.frame)
    assert len(counted) == 2
    assert "other columns, draws or months" in caplog.text


def test_a_part_is_only_taken_for_the_same_question(tmp_path, counted):
    run([QUO], ["stock"], draws=2, keep=tmp_path)
    others = [
        {"seed": 2},
        {"draws": 3},
        {"scenarios": [question("status quo", assumptions={"campaign_rise": 0})]},
        {"scenarios": [question("status quo", Visits(count=1))]},
        {
            "scenarios": [
                Scenario("status quo", replace(PLACE, name="Toy 2"), start="2021-12", until="2022-03", law=LAW)
            ]
        },
        {"scenarios": [Scenario("status quo", PLACE, start="2021-12", until="2022-03")]},
        {"scenarios": [Scenario("status quo", toy.place(members=301), start="2021-12", until="2022-03", law=LAW)]},
    ]
    for number, other in enumerate(others, 2):
        run(**{"scenarios": [QUO], "engines": ["stock"], "draws": 2, "keep": tmp_path} | other)
        assert len(counted) == number, other
    run([question("status quo", title={"en": "A title", "vi": "Tên"})], ["stock"], draws=2, keep=tmp_path)
    assert len(counted) == len(others) + 1  # a title is no part of the question


class Idle(Team):
    """A team that stays at home."""

    def step(self):
        hours = self.ordinary(self.look())
        self.act(hours._replace(visits=hours.visits * 0))


def test_a_team_with_another_rule_never_gets_the_answer_of_ours(tmp_path):
    ours = run([QUO], ["agents"], draws=4, keep=tmp_path)
    theirs = run([QUO], [AgentEngine(team=Idle)], draws=4, keep=tmp_path)
    entries = [a.only(measure="entries", group="all").frame["value"].sum() for a in (ours, theirs)]
    assert entries[1] < 0.7 * entries[0]
    assert len(list(tmp_path.iterdir())) == 1  # there is no telling whether somebody's own rule is still the same


class Deaf:
    """An engine that hears nothing and says so."""

    name, sees = "deaf", frozenset()

    def run(self, scenario, draws, seed):
        return silence()


def test_an_engine_may_be_silent():
    answer = run(engines=[Deaf(), "stock"], draws=2)
    assert set(answer.frame["engine"]) == {"stock"}
    assert run(engines=[Deaf()], draws=2).frame.empty


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"draws": 0}, "draws: 0; expected a whole number of at least 1"),
        ({"draws": 1.5}, "draws: 1.5; expected a whole number of at least 1"),
        ({"seed": -1}, "seed: -1; expected a whole number of at least 0"),
        ({"jobs": 0}, "jobs: 0; expected a whole number of at least 1"),
        ({"engines": ["stocks"]}, "'stocks'.*agents, stock, series"),
        ({"engines": ["stock", "stock"]}, "two engines are called 'stock'"),
        ({"engines": ["agents", AgentEngine(team=Idle)]}, "two engines are called 'agents'"),
        ({"scenarios": [QUO, QUO]}, "two scenarios are called 'status quo'"),
    ],
)
def test_what_cannot_be_run_is_refused_in_words(wrong, words, counted):
    with pytest.raises(tables.UserError, match=words):
        run(**wrong)
    assert counted == []


def test_one_scenario_and_one_engine_need_no_list(whole):
    one = project(QUO, "stock", draws=3, jobs=1, progress=False).frame["value"].to_numpy()
    assert (one == whole[1].only(scenario="status quo", engine="stock", draw=range(3)).frame["value"].to_numpy()).all()


def test_scenarios_are_not_changed_by_a_run():
    before = fingerprint(QUO), QUO.plan.collectors.copy(), PLACE.communes.copy()
    run(draws=2)
    assert fingerprint(QUO) == before[0]
    assert (QUO.plan.collectors == before[1]).all()
    pd.testing.assert_frame_equal(PLACE.communes, before[2])


def test_the_progress_bar_counts_draws(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)  # in a log nothing is shown
    run(draws=3, progress=True)
    assert "0/12" in capsys.readouterr().err  # two scenarios, two engines, three draws


def test_the_manifest_holds_all_that_a_repetition_needs():
    facts = manifest([QUO, PLAN], BOTH, 20, 7)
    assert (facts["engines"], facts["draws"], facts["seed"]) == (["stock", "agents"], 20, 7)
    assert [s["scenario"] for s in facts["scenarios"]] == ["status quo", "visits"]
    assert facts["scenarios"][0]["fingerprint"] != facts["scenarios"][1]["fingerprint"]
    for name in ("history.csv", "law.csv", "places.csv", "evidence.csv", "sources.csv"):
        data = (tables.data_dir() / name).read_bytes()
        assert hashlib.sha256(data).hexdigest().startswith(facts["data"][name])
        assert len(facts["data"][name]) >= 16
    assert {"python", "forecast", "numpy", "scipy", "pandas", "pyarrow", "numba", "mesa", "statsmodels"} <= set(
        facts["versions"]
    )
    assert all(facts["versions"].values())


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the program and of its tables, which hashes are taken of."""
    shutil.copytree(PACKAGE, tmp_path / "forecast", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "data").mkdir()
    for path in tables.data_dir().glob("*.csv"):
        shutil.copy(path, tmp_path / "data")
    monkeypatch.setattr("forecast.data.code.PACKAGE", tmp_path / "forecast")
    monkeypatch.setattr(tables, "data_dir", lambda: tmp_path / "data")
    return tmp_path


def name(task: Task) -> str:
    code._hash.cache_clear()  # of code a process knows what it was when it began
    return task.name


@pytest.mark.parametrize(
    ("file", "moves"),
    [
        ("forecast/show/sentences.py", False),
        ("forecast/language/words.py", False),
        ("forecast/desk/target.py", False),
        ("forecast/calibration/ranks.py", False),
        ("forecast/engines/people/stock.py", True),
        ("forecast/data/law.py", True),
        ("forecast/timeseries/methods.py", True),
        ("forecast/question/plan.py", True),
        ("forecast/beliefs/sets.py", True),
        ("data/history.csv", True),
        ("data/law.csv", True),
    ],
)
def test_kept_work_is_named_by_what_engines_read_and_by_nothing_else(copied, file, moves):
    """A changed label throws no work away; a changed engine, and each table that one reads, does."""
    task = Task(QUO, StockEngine(), range(2), 1)
    before, whole_before = name(task), code_hash()
    with (copied / file).open("ab") as end:
        end.write(b"\n# one more line\n")
    assert (name(task) != before) == moves
    assert code_hash() != whole_before  # pages show all of it


def test_a_process_that_comes_to_know_other_tables_names_its_work_anew(copied):
    before = code_hash(*PACKAGES)
    with (copied / "data" / "history.csv").open("ab") as end:
        end.write(b"\n")
    assert code_hash(*PACKAGES) != before


def imported(module: str, seen: set[str]) -> set[str]:
    """Names of all modules of the project that a module imports, wherever in its text, and those that they import."""
    path = PACKAGE.parent / (module.replace(".", "/") + ".py")
    path = path if path.is_file() else PACKAGE.parent / module.replace(".", "/") / "__init__.py"
    if module in seen or not path.is_file():
        return seen
    seen.add(module)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("forecast"):
            for one in [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]:
                imported(one, seen)
    return seen


def test_everything_that_an_engine_imports_is_in_its_hash():
    found: set[str] = set()
    for home in [
        *(kind.location for kind in ENGINES.values()),
        "forecast.experiment.project:",
        "forecast.experiment.backtest:",
    ]:
        imported(home.split(":")[0], found)
    packages = {module.split(".")[1] for module in found if "." in module}
    # Words that people wrote are read before there is a question, whose own hash holds what was read.
    assert packages - {"language"} == set(PACKAGES)


def test_the_engines_answer_with_those_tables_alone(copied):
    for path in (copied / "data").glob("*.csv"):
        if path.stem not in TABLES:
            path.unlink()
    asked = Scenario("quo", "Cà Mau", start="2021-12", until="2022-02")
    assert set(run(asked, list(ENGINES), draws=1).frame["engine"]) == set(ENGINES)
