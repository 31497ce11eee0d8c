"""A board is not asked about what is none of its rows: one message with the present name, and nothing is written."""

import pytest
from click.testing import CliRunner

from forecast.cli import main


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Atlantis", 'there is no place "Atlantis"; nearest: '),
        ("Hà Giang", "Hà Giang ended in 2025-06, before 2026-11; its people are since counted in Tuyên Quang (2025)"),
        ("Đà Bắc", "Đà Bắc ended in 2025-06, before 2026-11; its people are since counted in Phú Thọ (2025)/Đà Bắc"),
        (
            "Phú Thọ (2025)/Đà Bắc",
            "is a commune; the board holds the nation and its provinces: it is counted in Phú Thọ",
        ),
        ("Phú Thọ (2025)/Đà Bắc cũ", "is a group of communes; the board holds the nation and its provinces"),
    ],
)
def test_an_unknown_an_old_and_a_small_place_are_told_by_their_present_name(tmp_path, name, said):
    done = CliRunner().invoke(main, ["board", name, "--month", "2026-11", "--out", str(tmp_path / "x")])
    assert done.exit_code == 1 and not (tmp_path / "x").exists()
    (line,) = done.stderr.strip().splitlines()
    assert said in line


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "Nghệ An,2030-12,5,percent,,",
            "Nghệ An, 2030-12: a target of 5% does not say of what; expected a denominator",
        ),
        ("Nghệ An,2030-12,5,percent,adults,", 'found "adults", expected one of'),
        ("Nghệ An,2030-12,5,percent,households,", "a target of 5% is a share of households; expected a denominator"),
        ("Hòa Bình,2030-12,900,persons,,", "its people are since counted in Phú Thọ (2025)"),
    ],
)
def test_a_target_of_ones_own_is_told_by_file_and_row(tmp_path, row, said):
    path = tmp_path / "mine.csv"
    path.write_text("place,month,value,unit,denominator,source\n" + row + "\n", encoding="utf-8")
    asked = ["board", "--month", "2026-11", "--targets", str(path), "--out", str(tmp_path / "x")]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 1 and "mine.csv" in done.stderr and said in done.stderr
    assert "Traceback" not in done.output and not (tmp_path / "x").exists()


def test_communes_need_a_province(tmp_path):
    done = CliRunner().invoke(main, ["board", "--communes", "--month", "2026-11", "--out", str(tmp_path / "x")])
    assert done.exit_code == 2 and "name at least one province" in done.stderr


@pytest.mark.parametrize(("month", "until"), [("2026-11", "2028-12"), ("2031-01", "2035-12")])
def test_a_board_that_does_not_come_to_the_goal_is_refused_before_the_work(tmp_path, month, until):
    done = CliRunner().invoke(main, ["board", "--month", month, "--until", until, "--out", str(tmp_path / "x")])
    assert done.exit_code == 1 and not (tmp_path / "x").exists()
    (line,) = done.stderr.strip().splitlines()
    assert f"{month} to {until}: expected months around 2030-12" in line
