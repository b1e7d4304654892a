"""The pipelines as DVC runs them, in a repository of the tests' own rows and configuration."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from .conftest import CANARY, edit, metrics, run
from .fixture import ROWS

pytestmark = pytest.mark.pipeline


def ran(output: str) -> set[str]:
    return {line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")}


def test_every_row_is_accounted_for_and_the_model_is_better_than_guessing(finished: Path) -> None:
    counts = {
        name: pl.scan_parquet(finished / f"data/{name}.parquet").select(pl.len()).collect().item()
        for name in (
            "ingested",
            "valid",
            "quarantine",
            "split/train",
            "split/validation",
            "split/test",
        )
    }

    assert counts["ingested"] == counts["valid"] + counts["quarantine"] == ROWS
    assert counts["valid"] == sum(n for name, n in counts.items() if name.startswith("split/"))
    assert metrics(finished)["better_than_dummy"]


def test_a_second_run_has_nothing_to_do(repository: Path) -> None:
    assert "up to date" in run(repository, "dvc", "repro")


def test_a_folder_given_to_dvc_as_a_whole_is_pulled_and_nothing_runs_again(
    repository: Path, tmp_path: Path, cloned: Callable[[Path], Path]
) -> None:
    folder = tmp_path / "whole"
    run(tmp_path, "git", "clone", "--quiet", str(repository), str(folder))
    shutil.copytree(repository / ".dvc/cache", folder / ".dvc/cache")
    run(folder, "dvc", "checkout")
    run(folder, "git", "rm", "--quiet", "-r", "--cached", "data/raw")
    run(folder, "dvc", "add", "--quiet", "data/raw")
    clone = cloned(folder)

    assert "up to date" in run(clone, "dvc", "repro")
    assert run(clone, "git", "status", "--porcelain") == ""


def test_git_ignores_what_stages_write_and_only_that(repository: Path) -> None:
    files = [repository / "dvc.yaml", *(repository / "pipelines").glob("*/dvc.yaml")]
    stages = [s for f in files for s in yaml.safe_load(f.read_text())["stages"].values()]
    named = [o for s in stages for kind in ("outs", "metrics", "plots") for o in s.get(kind, [])]
    outputs = {next(iter(o)) if isinstance(o, dict) else o for o in named} - {"params.yaml"}

    assert set(run(repository, "git", "check-ignore", *outputs).split()) == outputs
    assert run(repository, "git", "status", "--porcelain") == ""
    first = run(repository, "git", "log", "--grep=first results", "--format=", "--name-only")
    assert set(first.split()) == {"dvc.lock", "params.yaml"}


def test_params_are_what_conf_composes_to(finished: Path, package: str) -> None:
    run(finished, "python", "-m", f"{package}.stages.compose", "--check")


def test_stale_params_are_refused(repository: Path, package: str) -> None:
    edit(repository / "conf/config.yaml", "seed: 1", "seed: 2")
    output = run(repository, "python", "-m", f"{package}.stages.compose", "--check", code=2)

    assert "dvc repro" in output


def test_all_stages_of_a_run_share_one_name_which_mlflow_knows(repository: Path) -> None:
    from mlflow import MlflowClient

    record = json.loads((repository / "reports/experiment.json").read_text())
    tracked = MlflowClient(f"sqlite:///{repository}/mlflow.db").get_run(record["experiment_id"])

    assert tracked.data.tags["run_id"] == record["run_id"]
    assert tracked.data.metrics["roc_auc"] == pytest.approx(metrics(repository)["roc_auc"])


def test_only_what_a_change_concerns_runs_again(repository: Path) -> None:
    level = repository / "conf/evaluate/binary.yaml"
    edit(level, "level: 0.05", "level: 0.1")
    changed = ran(run(repository, "dvc", "repro"))
    edit(level, "level: 0.1", "level: 0.05")
    back = ran(run(repository, "dvc", "repro"))

    assert {"ingest", "validate", "split", "train", "baseline"}.isdisjoint(changed | back)
    assert {"compose", "evaluate", "card"} <= changed


@pytest.mark.parametrize(
    ("template", "old", "page"),
    [
        ("quality.html.j2", "Columns of the valid rows", "quality.html"),
        ("page.html.j2", "</body>", "quality.html"),
        ("card.md.j2", "## The data", "model_card.md"),
    ],
)
def test_another_look_of_a_page_runs_only_what_writes_pages(
    repository: Path, package: str, template: str, old: str, page: str
) -> None:
    edit(repository / package / "report" / template, old, f"another look {old}")

    assert ran(run(repository, "dvc", "repro")) == {"validate", "card"}
    assert "another look" in (repository / "reports" / page).read_text()


def test_two_clones_give_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    run(tmp_path, "git", "clone", "--quiet", str(finished), str(clone))
    before = yaml.safe_load((clone / "dvc.lock").read_text())
    machine = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    run(clone, "dvc", "repro", **machine, OMP_NUM_THREADS="1", POLARS_MAX_THREADS="1")
    after = yaml.safe_load((clone / "dvc.lock").read_text())

    def hashes(lock: dict[str, Any]) -> dict[str, str]:
        named = {"reports/experiment.json"}  # when and as which commit it ran
        outs = [out for stage in lock["stages"].values() for out in stage.get("outs", [])]
        return {out["path"]: out["md5"] for out in outs if out["path"] not in named}

    assert hashes(after) == hashes(before)


def test_a_secret_in_the_environment_is_written_nowhere(finished: Path) -> None:
    """The first run had it; so have all objects of git, the caches, databases and pages."""
    holding = [
        path
        for folder, _, files in os.walk(finished)
        for path in (Path(folder, name) for name in files)
        if CANARY.encode() in path.read_bytes()
    ]
    objects = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch"],
        cwd=finished,
        capture_output=True,
        check=True,
    )

    assert holding == []
    assert CANARY.encode() not in objects.stdout
