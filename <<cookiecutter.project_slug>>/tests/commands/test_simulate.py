import json
from pathlib import Path

import polars as pl
import pytest

from ..conftest import copy_of, edit, run
from ..fixture import PERSON, ROWS, later_rides
from .test_compare import state

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def ready(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository after `dvc repro`, in which no policy asks for a new model."""
    folder = copy_of(finished, tmp_path_factory.mktemp("ready") / "a copy")
    edit(folder / "params.yaml", "retrain: drift", "retrain: never")
    return folder


def test_a_year_is_played_and_nothing_else_is_written(ready: Path, package: str) -> None:
    before, written = state(ready), set(ready.rglob("*"))
    again = ("--later", "data/valid.parquet")  # rows that are there already
    printed = run(ready, "python", "-m", f"{package}.commands.simulate", *again)
    summary = json.loads((ready / "reports/simulation.json").read_text())

    assert f"By {summary['deciding']}" in printed
    assert summary["kind"] == "week"
    assert summary["first"] + summary["rows"] == ROWS
    assert [one["policy"] for one in summary["policies"]] == ["never"]
    assert len(summary["policies"][0]["periods"]) == 12
    assert "<h1>Never retraining: " in (ready / "reports/simulation.html").read_text()
    assert state(ready)[0] == before[0]
    new = {path for path in ready.rglob("*") if "__pycache__" not in path.parts} - written
    pages = {"simulation.json", "simulation.html"}
    assert {path.name for path in new} == pages | {"later_quarantine.parquet"}
    assert pl.read_parquet(ready / "data/later_quarantine.parquet").height == 0


def test_later_rows_that_break_the_schema_are_left_out_with_their_reasons(
    ready: Path, package: str, tmp_path: Path
) -> None:
    rows = later_rides().with_columns(
        wind=pl.when(pl.col("ride") % 150 == 0).then(-1.0).otherwise("wind")
    )
    rows.write_parquet(tmp_path / "later.parquet")
    command = ("python", "-m", f"{package}.commands.simulate", "--later")
    printed = run(ready, *command, str(tmp_path / "later.parquet"))
    quarantine = pl.read_parquet(ready / "data/later_quarantine.parquet")

    assert "10 of 1,500 later rows break the schema and were left out" in printed
    summary = json.loads((ready / "reports/simulation.json").read_text())
    assert summary["later"]["rules"] == {"wind: minimum": 10}
    assert summary["first"] + summary["rows"] == ROWS + 1490
    assert quarantine["wind"].to_list() == [-1.0] * 10
    assert "wind: minimum" in quarantine["reason"][0]
    assert PERSON not in str(quarantine.rows())

    later_rides().with_columns(wind=-1.0).write_parquet(tmp_path / "later.parquet")
    refused = run(ready, *command, str(tmp_path / "later.parquet"), code=3)
    assert "no row is left of 1500; most broken: wind: minimum (1500)" in refused


def test_what_cannot_be_played_is_one_clear_error(
    ready: Path, package: str, tmp_path: Path
) -> None:
    command = ("python", "-m", f"{package}.commands.simulate")
    later_rides().drop("late").write_parquet(tmp_path / "later.parquet")
    assert "with the columns of data/valid.parquet" in run(
        ready, *command, "--later", str(tmp_path / "later.parquet"), code=3
    )
    assert "above 0" in run(ready, *command, "--value", "0", code=2)

    folder = copy_of(ready, tmp_path / "a copy")
    edit(folder / "params.yaml", "definition: counts", "definition: evidently")
    assert "a year is played by 'counts' alone" in run(folder, *command, code=2)
    edit(folder / "params.yaml", "definition: evidently", "definition: counts")
    edit(folder / "params.yaml", "time: start", "time: null")
    assert "data.time is empty" in run(folder, *command, code=2)
    (folder / "data/valid.parquet").unlink()
    assert "Run `make repro`" in run(folder, *command, code=3)
