"""A run is repeated bit for bit from its manifest, or the input that changed is named and nothing is run."""

import json
import shutil

import pytest

from forecast.data import tables

SCENARIO = """scenario: quiet
place: Đà Bắc
start: 2019-06
until: 2019-09
policy: []
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory, run):
    """A finished run of one scenario with a data folder of its own."""
    home = tmp_path_factory.mktemp("replay")
    shutil.copytree(tables.data_dir(), home / "data", ignore=shutil.ignore_patterns("published", "scenarios"))
    (home / "quiet.yaml").write_text(SCENARIO, encoding="utf-8")
    env = {"FORECAST_DATA": str(home / "data")}
    done = run(
        "project", home / "quiet.yaml", "--draws", 3, "--jobs", 1, "--engines", "stock", "--out", home / "run", **env
    )
    assert done.exit_code == 0, done.output
    return home, env


def manifest(home, name="manifest.json", **changes):
    text = json.loads((home / "run" / "manifest.json").read_text(encoding="utf-8"))
    path = home / "run" / name
    path.write_text(json.dumps(text | changes), encoding="utf-8")
    return path


def test_a_run_comes_out_the_same(made, run):
    home, env = made
    done = run("replay", home / "run" / "manifest.json", "--jobs", 1, **env)
    assert done.exit_code == 0, done.output
    assert "The same, bit for bit" in done.output


def test_what_changed_is_named_and_nothing_is_run(made, run):
    home, env = made
    law, quiet = home / "data" / "law.csv", home / "quiet.yaml"
    for path, more, said in (
        (law, "\n", "law law.csv: "),
        (quiet, "assumptions: {campaign_rise: 0.9}\n", "scenario quiet: "),
    ):
        kept = path.read_bytes()
        path.write_bytes(kept + more.encode())
        done = run("replay", home / "run" / "manifest.json", **env)
        path.write_bytes(kept)
        assert done.exit_code == 1
        assert said in done.output
        assert len(done.output.strip().splitlines()) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"code": "0123456789abcdef"}, "code: 0123456789abcdef then"),
        ({"versions": {"numpy": "1.0"}}, "numpy: 1.0 then"),
        ({"scenarios": [{"scenario": "quiet", "file": "gone.yaml", "fingerprint": "0"}]}, "there is no file gone.yaml"),
        ({"seed": "one"}, "not the manifest of a run of forecast project (seed"),
        ({"sha256": {"comparison.csv": "0"}}, "holds no projection.parquet"),
        ({"seed": 2}, "all inputs are the same, yet projection.parquet is not"),
    ],
)
def test_another_version_a_lost_file_or_a_damaged_manifest_is_told_in_one_message(made, changes, said, run):
    home, env = made
    done = run("replay", manifest(home, "other.json", **changes), "--jobs", 1, **env)
    assert done.exit_code == 1
    assert said in done.output
    assert "Traceback" not in done.output


def test_a_manifest_that_is_no_json_is_told(made, run):
    home, env = made
    path = home / "broken.json"
    path.write_text("{", encoding="utf-8")
    done = run("replay", path, **env)
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert "broken.json, line 1: not readable as JSON" in done.output
