"""Model output of hubs: forecasts alone, levels that are told apart, a hub's own rules, and its names of files."""

import json

import pandas as pd
import pytest

from forecast.answer import hub
from forecast.answer.projection import COLUMNS, Projection
from forecast.data.tables import UserError

ANSWER = Projection(
    pd.DataFrame(
        [
            ("Toy", "plan", engine, "2024-01", month, "all", "members", draw, 100.0 + draw)
            for engine in ("agents", "seasonal naive")
            for month in ("2024-01", "2024-02", "2024-03")
            for draw in range(5)
        ],
        columns=COLUMNS,
    )
)
RULES = {
    "rounds": [
        {
            "model_tasks": [
                {
                    "task_ids": {
                        "location": {"required": ["Toy"], "optional": None},
                        "target": {"required": None, "optional": ["members"]},
                        "target_end_date": {"required": None, "optional": ["2024-02-29", "2024-03-31"]},
                    },
                    "output_type": {
                        "quantile": {
                            "output_type_id": {"required": [0.25, 0.5, 0.75]},
                            "value": {"type": "double", "minimum": 0},
                        },
                        "sample": {
                            "output_type_id_params": {"min_samples_per_task": 5, "max_samples_per_task": 5},
                            "value": {"type": "double", "minimum": 0},
                        },
                    },
                }
            ]
        }
    ]
}


def test_months_up_to_the_origin_are_no_forecasts_and_levels_are_told_apart():
    rows = ANSWER.to_hub((0.1 + 0.2, 0.5))
    assert set(rows["target_end_date"]) == {"2024-02-29", "2024-03-31"}
    assert set(rows["output_type_id"]) == {0.3, 0.5}  # not 0.30000000000000004
    for levels in ((0.3, 0.1 + 0.2), (0.0, 0.5), (0.5, 1.0)):
        with pytest.raises(UserError, match="expected levels between 0 and 1, each once"):
            ANSWER.to_hub(levels)


def test_what_a_hub_wants_it_takes():
    assert hub.faults(ANSWER.to_hub((0.25, 0.5, 0.75)), RULES) == []
    assert hub.faults(ANSWER.to_hub(None), RULES) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ANSWER.to_hub((0.25, 0.5)), "quantile 0.75: the hub wants it"),
        (ANSWER.to_hub((0.25, 0.5, 0.75, 0.9)), "quantile 0.9: the hub does not take it"),
        (ANSWER.only(draw=[0, 1]).to_hub(None), "2 samples of members: expected from 5 to 5"),
        (ANSWER.to_hub(None).assign(location="Elsewhere"), "location Elsewhere: expected one of Toy"),
        (ANSWER.to_hub(None).assign(target_end_date="2024-04-30"), "target_end_date 2024-04-30: expected one of"),
        (ANSWER.to_hub(None).assign(target="money"), "target money: no task of the hub asks for it"),
        (ANSWER.to_hub(None).assign(value=-1.0), "value -1: expected from 0 to inf"),
        (ANSWER.to_hub(None).assign(output_type="mean"), "output_type mean: the hub does not take it"),
        (ANSWER.to_hub(None).drop(columns="location"), "column location: the hub wants it"),
    ],
)
def test_what_a_hub_does_not_take_is_named(rows, said):
    assert any(said in str(fault) for fault in hub.faults(rows, RULES))


def test_rules_without_tasks_are_no_rules():
    with pytest.raises(UserError, match="name no tasks"):
        hub.faults(ANSWER.to_hub(), {"rounds": []})


def test_the_command_writes_a_file_a_model_and_origin_and_nothing_that_the_hub_refuses(tmp_path, run):
    ANSWER.save(tmp_path / "projection.parquet")
    asked = ["export", tmp_path / "projection.parquet", "--lang", "en", "--out", tmp_path / "x"]
    (tmp_path / "tasks.json").write_text(json.dumps(RULES), encoding="utf-8")
    refused = run(*asked, "--hub", "--rules", tmp_path / "tasks.json")
    assert refused.exit_code == 1 and "quantile 0.025: the hub does not take it" in refused.output
    assert not (tmp_path / "x").exists()
    assert "say --hub" in run(*asked).output
    assert run(*asked, "--hub", "--samples", "--rules", tmp_path / "tasks.json").exit_code == 0
    assert run(*asked, "--hub", "--team", "vss", "--force").exit_code == 0
    folder = tmp_path / "x" / hub.FOLDER
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.csv")) == [
        "vss-agents/2024-01-31-vss-agents.csv",
        "vss-seasonal_naive/2024-01-31-vss-seasonal_naive.csv",
    ]
    rows = pd.read_csv(folder / "vss-agents" / "2024-01-31-vss-agents.csv")
    assert list(rows.columns) == [*(c for c in hub.COLUMNS if c != "model_id"), *hub.VALUES]
    assert not rows.duplicated([c for c in rows.columns if c != "value"]).any()
    assert "letters, digits" in run(*asked, "--hub", "--team", "a b", "--force").output
