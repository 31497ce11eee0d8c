"""The guides: there in both languages, their commands and files are those of today, and their tutorial runs."""

import inspect
import re
import shlex
from types import ModuleType

import click
import pytest
import yaml

import forecast
from forecast.cli import api, main, reference
from forecast.data.home import ROOT
from forecast.data.messages import speaking
from forecast.publish import guides, pages
from forecast.question.levers import LEVERS
from forecast.question.scenario import read_scenario, schema

LANGS = ("vi", "en")
ALL = [(stem, lang) for stem in guides.GUIDES for lang in LANGS]
# What a guide lets its reader type in: files and folders of their own.
OWN = re.compile(r"^[\w/-]+\.(?:yaml|csv|xlsx|parquet)$")


def yaml_blocks(text):
    return re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_there_is_a_guide_for_each_part_of_diataxis_and_none_that_no_list_has():
    assert set(guides.GUIDES.values()) == {"learn", "howto", "reference", "how"} <= set(pages.PARTS)
    for lang in LANGS:
        assert {path.stem for path in (guides.FOLDER / lang).glob("*.md")} == set(guides.GUIDES)


@pytest.mark.parametrize("stem", guides.GUIDES)
def test_both_languages_have_the_same_parts_and_as_many_commands(stem):
    vi, en = (guides.read(stem, lang) for lang in LANGS)
    for sign in (r"^#+ ", r"^```", r"^\|"):
        assert len(re.findall(sign, vi, re.MULTILINE)) == len(re.findall(sign, en, re.MULTILINE)), sign
    programs = [[line.split("forecast ")[-1].split()[0] for line in guides.commands(text)] for text in (vi, en)]
    assert programs[0] == programs[1]


@pytest.mark.parametrize(("stem", "lang"), [pair for pair in ALL if pair[0] not in ("guide_commands", "guide_api")])
def test_commands_of_a_guide_have_options_that_there_are(stem, lang, tmp_path, monkeypatch):
    text = guides.read(stem, lang)
    lines = [line for line in guides.commands(text) if re.match(r"(FORECAST_DATA=\S+ )?forecast ", line)]
    typed = [[word for word in shlex.split(line) if not word.startswith("FORECAST_DATA=")][1:] for line in lines]
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    for words in typed:
        for word in words[1:]:
            if OWN.match(word) and not word.startswith("data/"):
                (tmp_path / word).parent.mkdir(exist_ok=True, parents=True)
                (tmp_path / word).touch()
        command = main.commands[words[0]]
        with click.Context(main, info_name="forecast") as above, speaking("en"):
            command.make_context(words[0], words[1:], parent=above)
    for name in re.findall(r"`((?:docs|data|notebooks)/[\w/.]+|[A-Z]+\.md)`", text):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("lang", LANGS)
def test_the_plan_of_the_tutorial_is_read_and_snippets_are_keys_of_a_scenario(lang, tmp_path):
    (plan,) = yaml_blocks(guides.read("guide_tutorial", lang))
    path = tmp_path / "plan.yaml"
    path.write_text(plan, encoding="utf-8")
    read = read_scenario(path)
    assert [type(lever).__name__ for lever in read.policy.levers] == ["Visits", "TopUp"]
    assert (read.target.measure, read.until, read.policy.levers[1].group) == ("members", "2020-12", "poor")
    for snippet in yaml_blocks(guides.read("guide_own_plan", lang)):
        path.write_text(plan + snippet, encoding="utf-8")
        assert read_scenario(path).assumptions == {"annual_lapse": 0.25}
        assert set(yaml.safe_load(snippet)) <= set(schema()["properties"])


@pytest.mark.parametrize("lang", LANGS)
def test_reference_is_made_of_the_commands_and_the_levers_of_today(lang):
    assert guides.read("guide_commands", lang) == reference.commands(lang), "make schema"
    fields = guides.read("guide_scenario", lang)
    assert fields == reference.scenario(lang), "make schema"
    for name in (*schema()["properties"], *LEVERS, *reference.SAME):
        assert f"| `{name}` |" in fields
    library = guides.read("guide_api", lang)
    assert library == api.page(lang), "make schema"
    assert re.findall(r"^## `(\w+)`$", library, re.MULTILINE) == [name for name, _ in api.names()]


def test_the_library_has_a_page_with_signature_meaning_and_example_of_each_public_name():
    sections = re.split(r"^## ", guides.read("guide_api", "en"), flags=re.MULTILINE)[1:]
    assert {section.split("`")[1] for section in sections} == set(forecast.__all__) and len(sections) > 25
    for section in sections:
        name = section.split("`")[1]
        code = re.findall(r"^```(\w+)\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        assert any(">>>" in text for kind, text in code if kind == "pycon"), name
        assert not re.search(r":\w+:`|FieldInfo|<function|<class", section), name
        if isinstance(getattr(forecast, name), ModuleType):
            continue
        kind, call = code[0]
        assert kind == "python" and call.startswith(f"{name}("), name
        for required in (
            p for p in inspect.signature(getattr(forecast, name)).parameters.values() if p.default is p.empty
        ):
            assert re.search(rf"\b{required.name}\b", call), (name, required.name)
    vi = guides.read("guide_api", "vi")
    assert vi.count('<div lang="en">') == vi.count("</div>") == len(sections)


def test_a_link_to_no_guide_is_named(tmp_path):
    (tmp_path / "vi").mkdir()
    (tmp_path / "vi" / "guide_why.md").write_text("[x](guide_nothing.md)", encoding="utf-8")
    with pytest.raises(Exception, match="links to guide_nothing"):
        guides.read("guide_why", "vi", tmp_path)
    with pytest.raises(Exception, match="there is no such file"):
        guides.read("guide_why", "en", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGS)
def test_the_tutorial_runs_from_its_first_command_to_its_last(lang, tmp_path, run, monkeypatch):
    text = guides.read("guide_tutorial", lang)
    (plan,) = yaml_blocks(text)
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    for line in guides.commands(text):
        words = shlex.split(line)
        if words[0] not in ("git", "make", "."):
            if "check" in words:
                (tmp_path / words[-1]).write_text(plan, encoding="utf-8")
            given = dict(word.split("=") for word in words if word.startswith("FORECAST_DATA="))
            done = run(*words[1 + len(given) :], FORECAST_LANG=lang, **given)
            assert done.exit_code == 0, f"{line}\n{done.output}"
