"""Experiments as DVC runs them: in copies, in a queue, by wrong overrides."""

import re
import time
from pathlib import Path

import pytest

from .conftest import metrics, run

pytestmark = pytest.mark.pipeline


def roc_auc_by_name(folder: Path) -> dict[str, float]:
    """ROC AUC of each experiment, and of the workspace."""
    kept = ("--drop", ".*", "--keep", "Experiment|.*roc_auc")
    table = run(folder, "dvc", "exp", "show", "--csv", *kept)
    lines = [line.split(",") for line in table.strip().splitlines() if "," in line]
    name = lines[0].index("Experiment")
    (value,) = (i for i, column in enumerate(lines[0]) if re.fullmatch("(.*:)?roc_auc", column))
    return {line[name]: float(line[value]) for line in lines[1:] if line[name]}


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
    whole, part = ("q-dummy", "-S", "model=dummy"), ("q-weak", "-S", "model.params.C=0.0001")
    run(repository, "dvc", "exp", "run", "--queue", "-n", *whole)
    run(repository, "dvc", "exp", "run", "--queue", "-n", *part, "evaluate")
    run(repository, "dvc", "queue", "start", "-j", "2")
    while {"Queued", "Running"} & set(run(repository, "dvc", "queue", "status").split()):
        time.sleep(1)
    scores = roc_auc_by_name(repository)

    assert scores["q-dummy"] == pytest.approx(0.5)
    assert scores["q-weak"] < metrics(repository)["roc_auc"]
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
