"""The command line speaks one language at a time: help, frame, errors and answers, from a catalog that is whole."""

import io
import re
from pathlib import Path

import click
import pytest
from babel.messages import pofile
from babel.messages.mofile import write_mo

from forecast.cli import main, terminal
from forecast.cli.frame import _paragraphs, asked_language
from forecast.data import messages
from forecast.data.steps import steps
from forecast.language.words import Table

PO = messages.LOCALE / "vi" / "LC_MESSAGES" / "forecast.po"
FIELD = re.compile(r"\{(\w*)[^}]*\}")
SOURCE = Path(messages.__file__).parents[1]


@pytest.fixture(scope="module")
def catalog():
    with PO.open("rb") as file:
        return pofile.read_po(file, locale="vi")


def helps():
    """Every text of the help: of the program, its commands and their options."""
    for command in (main, *main.commands.values()):
        yield from _paragraphs(command.help)
        yield from (one.help for one in command.params if isinstance(one, click.Option) and one.help)


def test_the_compiled_catalog_is_that_of_the_text(catalog, tmp_path):
    with (tmp_path / "again.mo").open("wb") as file:
        write_mo(file, catalog)
    compiled = PO.with_suffix(".mo").read_bytes()
    assert compiled == (tmp_path / "again.mo").read_bytes(), "the catalog has changed: make messages"


def test_every_help_text_is_in_the_catalog(catalog):
    assert not [text for text in helps() if not (catalog.get(text) and catalog[text].string)]


def test_a_message_has_the_same_fields_in_both_languages(catalog):
    for message in catalog:
        if isinstance(message.id, str) and message.id:
            assert set(FIELD.findall(message.string)) == set(FIELD.findall(message.id)), message.id


@pytest.mark.parametrize("command", ["", *main.commands])
def test_help_has_one_language_and_no_summary_is_cut(command, run):
    vi, en = (run(*command.split(), "--help", FORECAST_LANG=lang).output for lang in ("vi", "en"))
    assert vi.startswith("Cách dùng:") and "Tùy chọn:" in vi and "In hướng dẫn này rồi thoát." in vi
    assert en.startswith("Usage:") and "Options:" in en and "Show this message and exit." in en
    for word in ("Usage", "Options", "Show this", "INTEGER", "DIRECTORY", "default:"):
        assert word not in vi
    if not command:
        assert all(f"  {name} " in vi for name in main.commands)
        assert "..." not in "".join(line for line in (vi + en).splitlines() if "[" not in line)


@pytest.mark.parametrize(
    ("words", "env", "lang"),
    [
        ([], "", "vi"),
        ([], "en", "en"),
        (["target", "x.yaml", "--lang", "en"], "vi", "en"),
        (["report", "--lang=vi,en"], "en", "vi"),
        (["--lang", "fr"], "en", "en"),
    ],
)
def test_the_language_is_that_of_the_words_or_of_the_environment(words, env, lang, monkeypatch):
    monkeypatch.setenv("FORECAST_LANG", env)
    assert asked_language(words) == lang


def test_another_language_is_refused_in_ours(run):
    done = run("check", FORECAST_LANG="fr")
    assert done.exit_code == 2 and "FORECAST_LANG: 'fr'" in done.output


def test_an_error_can_be_told_again_in_another_language():
    inner = messages.UserError('"{value}" is no month: expected one such as 2021-12 or 12/2021', value="2021-13")
    with messages.speaking("vi"):
        assert messages.language() == "vi"
        assert str(messages.UserError("{file}: no target; expected target: {{measure, value, by}}", file="a")) == (
            "a: chưa có chỉ tiêu; cần dòng target: {measure, value, by}"
        )
    assert messages.language() == "en"
    assert messages.SeveralErrors([inner, inner]).text("en").count("2021-13") == 2


def test_a_bar_is_one_line_on_a_terminal_and_nothing_in_a_log(monkeypatch):
    for terminal_there in (False, True):
        log = io.StringIO()
        log.isatty = lambda there=terminal_there: there
        monkeypatch.setattr("sys.stderr", log)
        with messages.speaking("vi"), steps("projection", "draw", 3) as bar:
            for _ in range(3):
                bar.update()
                bar.refresh()
        assert ("mô phỏng" in log.getvalue()) == terminal_there
        assert "\n" not in log.getvalue()


def test_an_answer_in_a_pipe_is_plain_text(capsys, tmp_path):
    table = Table(["Name", "Value"], [["**a**", "1"], ["b", "1,000"]], [False, True])
    terminal.answer("> **Yes**  ", "", table=table, out=tmp_path, files=["a.csv"], then=terminal.typed("check", "a b"))
    said = capsys.readouterr().out
    assert said.startswith("Yes\n")
    assert "a         1\nb     1,000\n" in said and " \n" not in said
    assert f"Files: {tmp_path}: a.csv\nNext: forecast check 'a b'\n" in said
    assert not set(said) & set("|*─│┃\x1b")
    assert max(map(len, said.splitlines()[:5])) <= terminal.WIDTH
