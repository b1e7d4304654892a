"""The pipelines as DVC runs them, in a repository of the tests' own rows and configuration."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from .conftest import CANARY, arrive, copy_repository, edit, label, run
from .fixture import LATER_ROWS, ROWS

pytestmark = pytest.mark.pipeline


def metrics(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "reports/metrics.json").read_text()))


def roc_auc_by_name(folder: Path) -> dict[str, float]:
    """ROC AUC of each experiment, and of the workspace."""
    kept = ("--drop", ".*", "--keep", "Experiment|.*roc_auc")
    table = run(folder, "dvc", "exp", "show", "--csv", *kept)
    lines = [line.split(",") for line in table.strip().splitlines() if "," in line]
    name = lines[0].index("Experiment")
    (value,) = (i for i, column in enumerate(lines[0]) if re.fullmatch("(.*:)?roc_auc", column))
    return {line[name]: float(line[value]) for line in lines[1:] if line[name]}


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


def test_an_experiment_in_a_copy_answers_by_its_own_configuration_and_is_taken_over_whole(
    repository: Path,
) -> None:
    before = metrics(repository)["roc_auc"]
    run(repository, "dvc", "exp", "run", "--temp", "-n", "shrunk", "-S", "model.params.C=0.0001")
    by_name, after = roc_auc_by_name(repository), metrics(repository)["roc_auc"]
    run(repository, "dvc", "exp", "apply", "shrunk")

    assert after == before
    assert by_name["shrunk"] != pytest.approx(before, abs=1e-6)
    assert "up to date" in run(repository, "dvc", "status", "dvc.yaml")
    assert metrics(repository)["roc_auc"] == pytest.approx(by_name["shrunk"], abs=1e-4)


def test_queued_experiments_are_honest_and_have_no_effect_outside(repository: Path) -> None:
    for name, override in (("q-dummy", "model=dummy"), ("q-seed", "seed=5")):
        run(repository, "dvc", "exp", "run", "--queue", "-n", name, "-S", override)
    run(repository, "dvc", "queue", "start", "-j", "2")
    while {"Queued", "Running"} & set(run(repository, "dvc", "queue", "status").split()):
        time.sleep(1)
    scores = roc_auc_by_name(repository)

    assert scores["q-dummy"] == pytest.approx(0.5)
    assert scores["q-seed"] != metrics(repository)["roc_auc"]
    assert not (repository / "alerts.db").exists()
    assert not (repository / "reports/registry.json").exists()


@pytest.mark.parametrize(
    ("override", "named"),
    [("split.tset=0.1", "tset"), ("split.test=lots", "lots"), ("model=none_such", "none_such")],
)
def test_a_wrong_override_stops_before_anything_runs(
    repository: Path, override: str, named: str
) -> None:
    output = run(repository, "dvc", "exp", "run", "-S", override, code=255)

    assert named in output
    assert "Running stage" not in output


@pytest.mark.parametrize(
    ("stage", "override", "code", "named"),
    [
        ("train", "split.test=2", 2, "split.test"),
        ("train", "model=none_such", 2, "none_such"),
        ("train", "seed=x", 2, "seed"),
        ("ingest", "data.sources.0.path=gone.parquet", 3, "gone.parquet"),
        ("validate", "data.schema=gone.json", 2, "gone.json"),
        ("split", "data.target=member", 0, "done"),
        ("split", "data.ignore=[bik]", 2, "bike"),
        ("train", "model.estimator=oracle", 2, "oracle"),
        ("train", "model.params.depth=3", 2, "depth"),
        ("evaluate", "evaluate.metrics=[luck]", 2, "luck"),
        ("register", "tracking=none", 2, "tracking"),
    ],
)
def test_a_stage_by_hand_ends_with_the_code_of_its_error_and_no_traceback(
    repository: Path, package: str, stage: str, override: str, code: int, named: str
) -> None:
    by_hand = ("python", "-m", f"{package}.stages.{stage}", override, "hydra.run.dir=outputs/x")
    output = run(repository, *by_hand, code=code)

    assert named in output
    assert "Traceback" not in output
    assert run(repository, "git", "status", "--porcelain") == ""


def test_an_unreachable_store_degrades_and_the_card_says_so(repository: Path, package: str) -> None:
    nowhere = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    for stage in ("track", "card"):
        by_hand = ("python", "-m", f"{package}.stages.{stage}", "tracking=server")
        run(repository, *by_hand, "hydra.run.dir=outputs/x", **nowhere)
    card = (repository / "reports/model_card.md").read_text()

    assert "Warning:" in card
    assert "MLflow" in card


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
