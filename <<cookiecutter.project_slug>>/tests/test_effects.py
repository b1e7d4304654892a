"""The pipelines that have effects: a release, and the watch over what arrives."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from .conftest import arrive, copy_repository, label, run
from .fixture import LATER_ROWS

pytestmark = pytest.mark.pipeline


def test_a_release_promotes_the_first_model_and_refuses_a_worse_one(repository: Path) -> None:
    release = ("dvc", "repro", "pipelines/release/dvc.yaml")
    first, again = run(repository, *release), run(repository, *release)
    run(repository, "dvc", "exp", "run", "-S", "model.params.C=0.0001")
    worse = run(repository, *release)
    registry = json.loads((repository / "reports/registry.json").read_text())

    assert "there is no champion to beat" in first
    assert "it is the champion" in again
    assert "it is worse than the champion (version 1)" in worse
    assert (registry["verdict"], registry["version"], registry["champion"]) == ("reject", "2", "1")
    ledger = (repository / "pipelines/release/ledger.jsonl").read_text().splitlines()
    assert [json.loads(line)["verdict"] for line in ledger] == ["promote", "hold", "reject"]
    assert json.loads(ledger[-1]) == registry
    assert all(registry["hashes"].values())


def test_what_arrives_is_answered_and_drift_and_labels_that_contradict_are_alerts(
    repository: Path,
) -> None:
    def watch() -> tuple[dict[str, Any], set[str]]:
        run(repository, "dvc", "repro", "pipelines/monitor/dvc.yaml")
        alerts = json.loads((repository / "reports/alerts.json").read_text())
        assert alerts["pending"] == []
        report = json.loads((repository / "reports/performance.json").read_text())
        return report, {alert["subject"] for alert in alerts["raised"]}

    arrive(repository)
    unlabelled, first = watch()
    label(repository, late=1 - pl.col("late"))
    labelled, second = watch()

    assert pl.read_parquet(repository / "data/predictions.parquet").height == LATER_ROWS
    assert unlabelled["verdict"] == "unknown"
    assert first
    assert labelled["verdict"] == "fell"
    assert labelled["labels"]["used"] == LATER_ROWS
    assert second == first | {"performance"}


def test_personal_values_reach_nothing_that_the_pipelines_write(tmp_path: Path) -> None:
    person = " ".join(("Ada", "Canary"))  # in two parts, for this file is copied too
    folder = copy_repository(tmp_path / "personal")
    schema = folder / "schemas/rides.json"
    document = json.loads(schema.read_text())
    document["properties"]["bike"]["x-personal"] = "hash"
    schema.write_text(json.dumps(document))
    with (folder / "conf/data/rides.yaml").open("a") as choice:
        choice.write("hash_key_env: KEY\n")
    arrive(folder)
    for file in (*folder.glob("data/raw/*.parquet"), *folder.glob("data/incoming/*.parquet")):
        pl.read_parquet(file).with_columns(bike=pl.lit(person)).write_parquet(file)
    for pipeline in ("dvc.yaml", "pipelines/monitor/dvc.yaml"):
        run(folder, "dvc", "repro", pipeline, KEY="a key of thirty-two bytes, or so")

    def told(file: Path) -> str:
        content = file.read_bytes()
        if content[:4] == b"PAR1":  # its pages are packed
            return str(pl.read_parquet(file).rows())
        return content.decode(errors="replace")

    inputs = {folder / "data/raw", folder / "data/incoming"}
    written = [f for f in folder.rglob("*") if f.is_file() and not inputs & set(f.parents)]
    assert [file for file in written if person in told(file)] == []
    hashes = pl.read_parquet(folder / "data/valid.parquet")["bike"].unique()
    assert hashes.len() == 1
    assert hashes[0] != person
