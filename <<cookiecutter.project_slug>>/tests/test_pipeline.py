"""The pipelines as DVC runs them, in a copy of the repository with fewer rows."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from .conftest import CANARY, copy_repository, run

pytestmark = pytest.mark.pipeline


def metrics(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "reports/metrics.json").read_text()))


def shown(folder: Path) -> dict[str, float]:
    """ROC AUC of each experiment by its name."""
    table = run(
        folder, "dvc", "exp", "show", "--csv", "--drop", ".*", "--keep", "Experiment|.*roc_auc"
    )
    lines = [line.split(",") for line in table.strip().splitlines() if "," in line]
    name, value = (
        lines[0].index("Experiment"),
        next(
            i
            for i, column in enumerate(lines[0])
            if column.endswith("metrics.json:roc_auc") or column == "roc_auc"
        ),
    )
    return {line[name]: float(line[value]) for line in lines[1:] if line[name]}


def ran(output: str) -> set[str]:
    return {line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")}


def test_every_row_is_accounted_for_and_the_model_is_better_than_guessing(repository: Path) -> None:
    counts = {
        name: pl.scan_parquet(repository / f"data/{name}.parquet").select(pl.len()).collect().item()
        for name in (
            "ingested",
            "valid",
            "quarantine",
            "split/train",
            "split/validation",
            "split/test",
        )
    }

    assert counts["ingested"] == counts["valid"] + counts["quarantine"] == 4000
    assert counts["valid"] == sum(n for name, n in counts.items() if name.startswith("split/"))
    assert metrics(repository)["better_than_dummy"]


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


def test_params_are_what_conf_composes_to(repository: Path, package: str) -> None:
    run(repository, "python", "-m", f"{package}.stages.compose", "--check")


def test_stale_params_are_refused(repository: Path, package: str) -> None:
    config = repository / "conf/config.yaml"
    before = config.read_text()
    config.write_text(before.replace("seed: 1", "seed: 2"))
    output = run(repository, "python", "-m", f"{package}.stages.compose", "--check", code=2)
    config.write_text(before)

    assert "dvc repro" in output


def test_all_stages_of_a_run_share_one_name_which_mlflow_knows(repository: Path) -> None:
    from mlflow import MlflowClient

    record = json.loads((repository / "reports/experiment.json").read_text())
    tracked = MlflowClient(f"sqlite:///{repository}/mlflow.db").get_run(record["experiment_id"])

    assert tracked.data.tags["run_id"] == record["run_id"]
    assert tracked.data.metrics["roc_auc"] == pytest.approx(metrics(repository)["roc_auc"])


def test_only_what_a_change_concerns_runs_again(repository: Path) -> None:
    level = repository / "conf/evaluate/classification.yaml"
    before = level.read_text()
    level.write_text(before.replace("level: 0.05", "level: 0.1"))
    changed = ran(run(repository, "dvc", "repro"))
    level.write_text(before)
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
def test_another_look_of_a_page_runs_the_card_alone(
    repository: Path, package: str, template: str, old: str, page: str
) -> None:
    file = repository / package / "report" / template
    before = file.read_text()
    file.write_text(before.replace(old, f"another look {old}"))
    changed = ran(run(repository, "dvc", "repro"))
    written = (repository / "reports" / page).read_text()
    file.write_text(before)
    run(repository, "dvc", "repro")

    assert changed == {"card"}
    assert "another look" in written


def test_an_experiment_in_a_copy_answers_by_its_own_configuration(repository: Path) -> None:
    before = metrics(repository)["roc_auc"]
    run(repository, "dvc", "exp", "run", "--temp", "-n", "shrunk", "-S", "model.params.C=0.0001")

    assert metrics(repository)["roc_auc"] == before
    assert shown(repository)["shrunk"] != pytest.approx(before, abs=1e-6)


def test_queued_experiments_are_honest_and_have_no_effect_outside(repository: Path) -> None:
    for name, override in (("q-dummy", "model=dummy"), ("q-seed", "seed=5")):
        run(repository, "dvc", "exp", "run", "--queue", "-n", name, "-S", override)
    run(repository, "dvc", "queue", "start", "-j", "2")
    while {"Queued", "Running"} & set(run(repository, "dvc", "queue", "status").split()):
        time.sleep(1)
    scores = shown(repository)

    assert scores["q-dummy"] == pytest.approx(0.5)
    assert scores["q-seed"] != metrics(repository)["roc_auc"]
    assert not (repository / "alerts.db").exists()
    assert not (repository / "reports/registry.json").exists()


def test_an_applied_experiment_is_a_clean_state(repository: Path) -> None:
    run(repository, "dvc", "exp", "apply", "shrunk")
    status = run(repository, "dvc", "status", "dvc.yaml")
    run(repository, "git", "checkout", "--quiet", ".")
    run(repository, "dvc", "checkout", "--force", "dvc.yaml")

    assert "up to date" in status


@pytest.mark.parametrize(
    ("override", "named"),
    [("split.tset=0.1", "tset"), ("split.test=lots", "lots"), ("model=none_such", "none_such")],
)
def test_a_wrong_override_stops_before_anything_runs(
    repository: Path, override: str, named: str
) -> None:
    output = run(repository, "dvc", "exp", "run", "-S", override, code=255)
    run(repository, "git", "checkout", "--quiet", ".")

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
        ("split", "data.target=flight", 0, "done"),
        ("split", "data.ignore=[tail_numbr]", 2, "tail_number"),
        ("train", "model.estimator=oracle", 2, "oracle"),
        ("train", "model.params.depth=3", 2, "depth"),
        ("evaluate", "evaluate.metrics=[luck]", 2, "luck"),
        ("register", "tracking=none", 2, "tracking"),
    ],
)
def test_a_stage_by_hand_ends_with_the_code_of_its_error_and_no_traceback(
    repository: Path, package: str, stage: str, override: str, code: int, named: str
) -> None:
    before = run(repository, "git", "status", "--porcelain")
    output = run(
        repository,
        "python",
        "-m",
        f"{package}.stages.{stage}",
        override,
        "hydra.run.dir=outputs/x",
        code=code,
    )
    run(repository, "dvc", "checkout", "--force", "dvc.yaml")

    assert named in output
    assert "Traceback" not in output
    assert run(repository, "git", "status", "--porcelain") == before


def test_an_unreachable_store_degrades_and_the_card_says_so(repository: Path, package: str) -> None:
    for stage in ("track", "card"):
        run(
            repository,
            "python",
            "-m",
            f"{package}.stages.{stage}",
            "tracking=server",
            "hydra.run.dir=outputs/x",
            MLFLOW_TRACKING_URI="http://127.0.0.1:9",
        )
    card = (repository / "reports/model_card.md").read_text()
    run(repository, "dvc", "checkout", "--force", "dvc.yaml")

    assert "Warning:" in card
    assert "MLflow" in card


def test_release_and_monitoring_run_on_new_flights(repository: Path, package: str) -> None:
    released = run(repository, "dvc", "repro", "pipelines/release/dvc.yaml")
    again = run(repository, "dvc", "repro", "pipelines/release/dvc.yaml")
    run(repository, "python", "-m", f"{package}.commands.arrive", "6")
    run(repository, "dvc", "repro", "pipelines/monitor/dvc.yaml")
    alerts = json.loads((repository / "reports/alerts.json").read_text())

    assert "there is no champion to beat" in released
    assert "it is the champion" in again
    assert pl.read_parquet(repository / "data/predictions.parquet").height == 1500
    assert alerts["raised"]
    assert alerts["pending"] == []


def test_two_clones_give_the_same_bytes(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    run(repository, "git", "clone", "--quiet", str(repository), str(clone))
    before = yaml.safe_load((clone / "dvc.lock").read_text())
    run(
        clone,
        "dvc",
        "repro",
        PYTHONHASHSEED="7",
        TZ="Asia/Tokyo",
        LC_ALL="C",
        OMP_NUM_THREADS="1",
        POLARS_MAX_THREADS="1",
    )
    after = yaml.safe_load((clone / "dvc.lock").read_text())

    def hashes(lock: dict[str, Any]) -> dict[str, str]:
        named = {"reports/experiment.json"}  # when and as which commit it ran
        outs = [out for stage in lock["stages"].values() for out in stage.get("outs", [])]
        return {out["path"]: out["md5"] for out in outs if out["path"] not in named}

    assert hashes(after) == hashes(before)


def test_a_secret_in_the_environment_is_written_nowhere(repository: Path) -> None:
    """The first run had it; so have all objects of git, the caches, databases and pages."""
    found = [
        path
        for folder, _, files in os.walk(repository)
        for path in (Path(folder, name) for name in files)
        if CANARY.encode() in path.read_bytes()
    ]
    objects = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch"],
        cwd=repository,
        capture_output=True,
        check=True,
    )

    assert found == []
    assert CANARY.encode() not in objects.stdout


def test_personal_values_reach_nothing_that_the_pipelines_write(
    tmp_path: Path, package: str
) -> None:
    person = " ".join(("Ada", "Canary"))  # in two parts, for this file is copied too
    folder = copy_repository(tmp_path / "personal")
    schema = folder / "schemas/flights.json"
    document = json.loads(schema.read_text())
    document["properties"]["tail_number"] = {"type": "string", "x-personal": "hash"}
    schema.write_text(json.dumps(document))
    with (folder / "conf/data/flights.yaml").open("a") as choice:
        choice.write("hash_key_env: KEY\n")
    run(folder, "python", "-m", f"{package}.commands.arrive", "6")
    for file in (*folder.glob("data/raw/*.parquet"), *folder.glob("data/incoming/*.parquet")):
        pl.read_parquet(file).with_columns(tail_number=pl.lit(person)).write_parquet(file)
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
    hashes = pl.read_parquet(folder / "data/valid.parquet")["tail_number"].unique()
    assert hashes.len() == 1
    assert hashes[0] != person
