"""The pipelines that have effects: a release, and the watch over what arrives."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from .conftest import arrive, copy_of, label, run
from .fixture import LATER_ROWS, PERSON

pytestmark = pytest.mark.pipeline


def test_a_release_promotes_the_first_model_and_refuses_a_worse_one(repository: Path) -> None:
    release = ("dvc", "repro", "pipelines/release/dvc.yaml")
    first, again = run(repository, *release), run(repository, *release)
    run(repository, "dvc", "exp", "run", "-S", "model.params.C=0.0001", "evaluate")
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


@pytest.fixture(scope="module")
def watched(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """A repository to which rides came, then labels that contradict; what was said of each."""
    folder = copy_of(finished, tmp_path_factory.mktemp("watched") / "a copy")
    arrive(folder)
    reports_of_runs = []
    for labels in (False, True):
        if labels:
            label(folder, late=1 - pl.col("late"))
        run(folder, "make", "--old-file=setup", "monitor")
        reports = (folder / f"reports/{name}.json" for name in ("performance", "alerts"))
        reports_of_runs.append([json.loads(report.read_text()) for report in reports])
    return folder, reports_of_runs


def test_what_arrives_is_answered_and_drift_and_labels_that_contradict_are_alerts(
    watched: tuple[Path, list[Any]],
) -> None:
    folder, ((unlabelled, first), (labelled, second)) = watched
    drifted, fallen = ({one["rule"] for one in alerts["raised"]} for alerts in (first, second))

    assert pl.read_parquet(folder / "data/predictions.parquet").height == LATER_ROWS
    assert unlabelled["verdict"] == "unknown"
    assert drifted
    assert labelled["verdict"] == "fell"
    assert labelled["labels"]["used"] == LATER_ROWS
    assert fallen == drifted | {"performance"}
    assert first["pending"] == second["pending"] == []


def test_the_watch_trains_no_model_though_data_and_configuration_changed(
    repository: Path,
) -> None:
    arrive(repository)
    (rides,) = (repository / "data/raw").glob("*.parquet")
    pl.read_parquet(rides).tail(-10).write_parquet(rides)
    config = repository / "conf/config.yaml"
    config.write_text(config.read_text().replace("name: ", "name: renamed-"))
    before = (repository / "dvc.lock").read_text()
    run(repository, "make", "--old-file=setup", "monitor")
    after = (repository / "dvc.lock").read_text()

    assert "data/raw" in run(repository, "dvc", "status", "ingest")  # what would be done anew
    assert "renamed-" in (repository / "params.yaml").read_text()  # what it goes by
    assert after.partition("  ingest:")[2] == before.partition("  ingest:")[2]
    drift = json.loads((repository / "reports/drift.json").read_text())
    assert drift["batch"]["rows"] == LATER_ROWS


def test_personal_values_reach_nothing_that_the_pipelines_write(
    watched: tuple[Path, list[Any]],
) -> None:
    folder, _ = watched

    def content(file: Path) -> str:
        if file.read_bytes()[:4] == b"PAR1":  # its pages are packed
            return str(pl.read_parquet(file).rows())
        return file.read_text(errors="replace")

    inputs = {folder / "data/raw", folder / "data/incoming"}
    written = [f for f in folder.rglob("*") if f.is_file() and not inputs & set(f.parents)]
    assert [file for file in written if PERSON in content(file)] == []
    riders = pl.read_parquet(folder / "data/raw/rides.parquet")["rider"].unique()
    assert riders.str.contains(PERSON).all()
    assert pl.read_parquet(folder / "data/valid.parquet")["rider"].n_unique() == riders.len()
