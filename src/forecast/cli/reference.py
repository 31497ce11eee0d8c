"""The pages of reference: every command with its options, every field of a scenario file, and the library.

They are made of the commands and the levers themselves, and stored in ``docs/guide`` (`make schema` renews them); the
site shows them among its guides.
"""

import re
from pathlib import Path
from typing import get_args

import click

from forecast.cli import api
from forecast.cli.frame import paragraphs
from forecast.data.messages import speaking
from forecast.data.tables import write_text
from forecast.data.vocabulary import GROUPS, OUTREACH_PAYERS
from forecast.language.words import LANGS, form, say, term
from forecast.question.levers import LEVERS
from forecast.question.levers.base import Lever
from forecast.question.scenario import Target

SAME = "start end where unit_cost payer".split()  # fields of every lever


def commands(lang: str) -> str:
    """Return the page of all commands.

    >>> commands("en").startswith("# Commands")
    True
    """
    from forecast.cli import main  # which imports all commands

    with speaking(lang):
        parts = [
            say(lang, vi="# Các lệnh", en="# Commands"),
            say(
                lang,
                vi="Gõ `forecast LỆNH --help` để xem tại chỗ. Mọi lệnh có `--lang vi` hoặc `--lang en`. Lệnh thoát với "
                "`0` khi xong, `1` khi việc có lỗi, `2` khi gõ sai.",
                en="`forecast COMMAND --help` shows the same. Every command has `--lang vi` and `--lang en`. The exit "
                "code is `0` when done, `1` when the work found faults, `2` for wrong usage.",
            ),
            *(_command(name, command, lang) for name, command in main.commands.items()),
        ]
    return "\n\n".join(parts) + "\n"


def _command(name: str, command: click.Command, lang: str) -> str:
    context = click.Context(command, info_name=f"forecast {name}", color=False)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    rows = [one.get_help_record(context) for one in command.get_params(context) if isinstance(one, click.Option)]
    heads = say(lang, vi="| tùy chọn | nghĩa |", en="| option | meaning |")
    table = [
        f"| `{_cell(names)}` | {_cell(_code(text))} |" for names, text in filter(None, rows) if "--help" not in names
    ]
    return "\n\n".join(
        [
            f"## `{name}`",
            *map(_code, paragraphs(command)),
            f"```sh\n{usage}\n```",
            "\n".join([heads, "|---|---|", *table]),
        ]
    )


def _code(text: str) -> str:
    """Return a text in which what is typed, options and usual values, stands as code."""
    typed = (
        r"--[a-z][a-z-]*|\bforecast [a-z]+\b|(?<=\[)(?:mặc định|default): [^\]]*(?=\])"
        r"|\b\w+\.(?:csv|md|png|parquet|json)\b"
    )
    return re.sub(typed, lambda match: f"`{match[0]}`", text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def scenario(lang: str) -> str:
    """Return the page of the fields of a scenario file.

    >>> "`TopUp`" in scenario("vi")
    True
    """
    fields = [(name, _FIELDS[name][lang]) for name in _FIELDS]
    same = [(name, _SAME[name][lang]) for name in SAME]
    levers = []
    for name, kind in LEVERS.items():
        own = ", ".join(f"`{one}`" for one in kind.model_fields if one not in (*Lever.model_fields, "lever"))
        levers.append(f"| `{name}` | {term(f'lever.{name}', lang)} | {own or '–'} |")
    heads = say(lang, vi="| mục | nghĩa |", en="| field | meaning |")
    return (
        "\n\n".join(
            [
                say(lang, vi="# Tệp kịch bản", en="# The scenario file"),
                say(
                    lang,
                    vi="Một tệp YAML. Tháng viết `2021-12`, `12/2021` hoặc `hết năm 2021`; tỷ lệ viết `20%`, `0,2` "
                    "hoặc `0.2`; tiền viết `2 tỷ` hoặc số đồng. Tên nhóm, giải pháp, chỉ số, đơn vị viết bằng tiếng "
                    "Việt cũng được. Dạng đầy đủ cho máy: `docs/scenario.schema.json`.",
                    en="A YAML file. Months are written `2021-12` or `12/2021`, shares `20%` or `0.2`, money in VND. "
                    "Groups, levers, measures and units may be written in Vietnamese. The full form for machines: "
                    "`docs/scenario.schema.json`.",
                ),
                say(lang, vi="## Các mục của tệp", en="## Fields of the file"),
                "\n".join([heads, "|---|---|", *(f"| `{name}` | {text} |" for name, text in fields)]),
                say(lang, vi="## Các giải pháp", en="## Levers"),
                "\n".join(
                    [
                        say(
                            lang,
                            vi="| tên trong tệp | giải pháp | mục riêng |",
                            en="| name in the file | lever | own fields |",
                        ),
                        "|---|---|---|",
                        *levers,
                    ]
                ),
                say(lang, vi="## Mục chung của mọi giải pháp", en="## Fields of every lever"),
                "\n".join([heads, "|---|---|", *(f"| `{name}` | {text} |" for name, text in same)]),
                say(lang, vi="## Nhóm và chỉ số", en="## Groups and measures"),
                "\n".join(
                    [
                        heads,
                        "|---|---|",
                        *(f"| `{name}` | {form(name, 'group', lang)} |" for name in ("all", *GROUPS)),
                        *(f"| `{name}` | {form(name, 'measure', lang)} |" for name in _MEASURES),
                    ]
                ),
            ]
        )
        + "\n"
    )


_MEASURES: tuple[str, ...] = get_args(Target.model_fields["measure"].annotation)
_FIELDS = {
    "scenario": {"vi": "tên, mỗi kịch bản một tên", "en": "name, one for each scenario"},
    "title": {"vi": "tên cho người đọc: `vi`, `en`", "en": "name for people: `vi`, `en`"},
    "place": {"vi": "địa phương, như trong `data/places.csv`", "en": "place, as in `data/places.csv`"},
    "start": {
        "vi": "tháng mở đầu: số người đang tham gia đã biết",
        "en": "opening month: its number of members is known",
    },
    "until": {"vi": "tháng cuối", "en": "last month"},
    "target": {
        "vi": "chỉ tiêu: `measure`, `value`, `by`; `since` khi cộng dồn; `group`",
        "en": "target: `measure`, `value`, `by`; `since` for a flow; `group`",
    },
    "policy": {"vi": "danh sách giải pháp, để trống là giữ nguyên", "en": "list of levers; empty is the status quo"},
    "assumptions": {
        "vi": "tham số thay bằng giá trị của mình",
        "en": "parameters that are replaced by your own values",
    },
    "prices": {"vi": "đơn giá của mình, đồng", "en": "your own unit costs, VND"},
    "law": {
        "vi": "giá trị của luật được thay, để hỏi nếu sửa luật thì sao",
        "en": "values of the law that are replaced",
    },
    "search": {"vi": "những gì `forecast optimize` được chọn", "en": "what `forecast optimize` may choose"},
}
_PAYERS = ", ".join(f"`{payer}`" for payer in OUTREACH_PAYERS)
_SAME = {
    "start": {"vi": "tháng bắt đầu; để trống là từ đầu", "en": "first month; left out: from the beginning"},
    "end": {"vi": "tháng cuối; để trống là đến hết", "en": "last month; left out: for ever"},
    "where": {
        "vi": "`all`, hoặc `{communes: [...]}`, hoặc `{count: 5, order: poorest}`",
        "en": "`all`, or `{communes: [...]}`, or `{count: 5, order: poorest}`",
    },
    "unit_cost": {"vi": "đơn giá riêng, đồng", "en": "a price of its own, VND"},
    "payer": {
        "vi": f"ai trả: {_PAYERS}",
        "en": f"who pays: {_PAYERS}",
    },
}


def write(folder: Path) -> None:
    """Write the pages in each language below `folder`."""
    for lang in LANGS:
        write_text(commands(lang), folder / lang / "guide_commands.md")
        write_text(scenario(lang), folder / lang / "guide_scenario.md")
        write_text(api.page(lang), folder / lang / "guide_api.md")
