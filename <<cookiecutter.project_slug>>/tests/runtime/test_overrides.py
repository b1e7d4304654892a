"""What an experiment set and conf/ does not have is never undone without a word."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from <<cookiecutter.package_name>>.runtime.overrides import (
    ABSENT,
    Override,
    annotate,
    differences,
    flatten_yaml,
    recorded_overrides,
    undone_overrides,
)

from ..conftest import commit, copy_repository, run

pytestmark = pytest.mark.pipeline
LEARN = "import yaml; print(yaml.safe_load(open('params.yaml'))['model']['estimator'])"
FOREST = {"model.estimator": "forest", "model.params.trees": 50}
LOGISTIC = {"model.estimator": "logistic", "model.params.C": 1.0}


@pytest.mark.parametrize(
    ("here", "now", "undone"),
    [
        ({"seed": 2}, {"seed": 1}, ["seed"]),
        ({"seed": 2}, {"seed": 2}, []),  # written into conf/
        ({"seed": 2}, {"seed": 3}, []),  # decided anew
        ({"steps": ["a"]}, {"steps": ["b"]}, ["steps"]),
        (FOREST, LOGISTIC, ["model.estimator", "model.params.C", "model.params.trees"]),
        (FOREST, FOREST, []),
        (FOREST, {**FOREST, "model.params.trees": 200}, ["model.params.trees"]),
        (FOREST, {"model.estimator": "xgboost", "model.params.trees": 9}, []),
    ],
)
def test_what_a_composition_would_undo(
    here: dict[str, Any], now: dict[str, Any], undone: list[str]
) -> None:
    before = {"seed": 1, "steps": ["b"], **LOGISTIC}
    conf = {key: value for key, value in before.items() if key.split(".")[0] in str(here)}

    assert [o.key for o in undone_overrides(differences(conf, here), now)] == undone


@pytest.mark.parametrize("value", [1, None, "a: b # c\n", ["x", {"y": 1}], 1e-9, ABSENT])
def test_the_record_is_read_as_it_was_written(value: Any) -> None:
    overrides = [Override("model.a", value, "b")]
    text = annotate("seed: 1\n", overrides)

    assert recorded_overrides(text) == overrides
    assert flatten_yaml(text) == {"seed": 1}
    assert annotate(text, []) == "seed: 1\n"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed repository whose small pipeline has taken over an experiment with a forest."""
    folder = copy_repository(tmp_path_factory.mktemp("overrides") / "origin")
    pipeline = yaml.safe_load((folder / "dvc.yaml").read_text())
    learn = {"cmd": f'python -c "{LEARN}" > learned', "params": ["model"], "outs": ["learned"]}
    pipeline["stages"] = {"compose": pipeline["stages"]["compose"], "learn": learn}
    (folder / "dvc.yaml").write_text(yaml.safe_dump(pipeline))
    with (folder / ".gitignore").open("a") as ignore:
        ignore.write("/learned\n")
    shutil.rmtree(folder / "pipelines")
    run(folder, "dvc", "repro")
    save(folder, "ran")
    options = ("-S", "model=forest", "-S", "model.params.n_estimators=50", "-S", "seed=7")
    run(folder, "dvc", "exp", "run", "--temp", "-n", "forest", *options)
    run(folder, "dvc", "exp", "apply", "forest")
    assert "up to date" in run(folder, "dvc", "status")
    save(folder, "took over the forest")
    return folder


def save(folder: Path, message: str) -> None:
    commit(folder, "add", "--all")
    commit(folder, "commit", "--quiet", "--message", message)


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Path:
    """A clone without DVC's cache, in which a file of conf/ was edited that concerns no model."""
    run(tmp_path, "git", "clone", "--quiet", str(origin), "clone")
    with (tmp_path / "clone/conf/compute/local.yaml").open("a") as file:
        file.write("# a note\n")
    return tmp_path / "clone"


def test_composing_stops_before_it_undoes_an_experiment(clone: Path, package: str) -> None:
    before = (clone / "params.yaml").read_text()
    output = run(clone, "dvc", "repro", code=255)
    checked = run(clone, "python", "-m", f"{package}.stages.compose", "--check", code=2)

    for text in (output, checked):
        assert '`model.estimator: "forest"` (conf/: "logistic")' in text
        assert "`- model: forest` into the list of conf/config.yaml" in text
        assert "`params.n_estimators: 50` into conf/model/forest.yaml" in text
        assert "`seed: 7` into conf/config.yaml" in text
        assert f"python -m {package}.stages.compose --drop" in text
    assert (clone / "params.yaml").read_text() == before


def test_what_was_written_into_conf_is_composed(clone: Path, package: str) -> None:
    for name, old, new in (
        ("config", "- model: logistic", "- model: forest"),
        ("config", "seed: 1", "seed: 7"),
        ("model/forest", "n_estimators: 200", "n_estimators: 50"),
    ):
        file = clone / f"conf/{name}.yaml"
        file.write_text(re.sub(old, new, file.read_text()))
    run(clone, "dvc", "repro")
    run(clone, "python", "-m", f"{package}.stages.compose", "--check")

    assert (clone / "learned").read_text() == "forest\n"
    assert recorded_overrides((clone / "params.yaml").read_text()) == []


def test_what_is_dropped_on_purpose_is_gone(clone: Path, package: str) -> None:
    run(clone, "python", "-m", f"{package}.stages.compose", "--drop")
    run(clone, "dvc", "repro")

    assert (clone / "learned").read_text() == "logistic\n"


def test_an_experiment_on_top_says_what_it_starts_without(clone: Path) -> None:
    output = run(clone, "dvc", "exp", "run", "--temp", "-n", "next", "-S", "model.params.C=0.5")
    run(clone, "dvc", "exp", "apply", "next")
    overrides = recorded_overrides((clone / "params.yaml").read_text())

    assert 'model.estimator: "forest"' in output
    assert overrides == [Override("model.params.C", 1.0, 0.5)]
