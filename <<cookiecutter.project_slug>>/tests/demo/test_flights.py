import json
from pathlib import Path

import polars as pl
import yaml

from <<cookiecutter.package_name>>.commands.arrive import (
    arrive,
    label,
)
from <<cookiecutter.package_name>>.schema.row import read_schema
from <<cookiecutter.package_name>>.validate.quarantine import (
    validate,
)

from ..conftest import ROOT

ROWS = ROOT / "data/raw/flights.parquet"


def test_the_schema_holds_for_all_rows(tmp_path: Path) -> None:
    rules = read_schema(str(ROOT / "schemas/flights.json"))
    quality = validate(ROWS, rules, tmp_path / "v.parquet", tmp_path / "q.parquet")

    assert (quality.rows, quality.quarantined) == (40_000, 0)


def test_the_configuration_names_columns_of_the_schema() -> None:
    data = yaml.safe_load((ROOT / "conf/data/flights.yaml").read_text())
    columns = json.loads((ROOT / data["schema"]).read_text())["properties"]

    assert {data["target"], data["key"], data["time"], *data["ignore"]} <= set(columns)


def test_a_later_month_arrives_without_the_answer(demo: Path, monkeypatch) -> None:
    monkeypatch.chdir(demo)
    batch = pl.read_parquet(arrive(6))

    assert batch["scheduled_departure"].dt.month().unique().to_list() == [6]
    assert set(batch.columns) == set(pl.read_parquet_schema(ROWS)) - {"late"}


def test_what_came_true_of_a_later_month_arrives_by_the_key(demo: Path, monkeypatch) -> None:
    monkeypatch.chdir(demo)
    batch, labels = pl.read_parquet(arrive(6)), pl.read_csv(label(6))

    assert labels.columns == ["flight_id", "late"]
    assert labels["flight_id"].sort().to_list() == batch["flight_id"].sort().to_list()
