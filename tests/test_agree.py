"""Facts that stand in more than one file, in a bake."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, Bake


@pytest.fixture
def made(bake: Callable[..., Bake]) -> Bake:
    return bake()


def stages(made: Bake) -> dict[str, str]:
    files = [made.path / "dvc.yaml", *(made.path / "pipelines").glob("*/dvc.yaml")]
    found = [yaml.safe_load(f.read_text(encoding="utf-8"))["stages"] for f in files]
    return {name: stage["cmd"] for group in found for name, stage in group.items()}


def test_a_stage_is_a_module_of_the_same_name(made: Bake) -> None:
    modules = {p.stem for p in (made.path / "flight_delays/stages").glob("*.py")} - {"__init__"}

    assert set(stages(made)) == modules
    for name, command in stages(made).items():
        assert f"python -m flight_delays.stages.{name}" in command


def test_each_stage_declares_its_own_module(made: Bake) -> None:
    files = [made.path / "dvc.yaml", *(made.path / "pipelines").glob("*/dvc.yaml")]
    for file in files:
        for name, stage in yaml.safe_load(file.read_text(encoding="utf-8"))["stages"].items():
            assert f"flight_delays/stages/{name}.py" in stage["deps"]


def test_the_same_pythons_everywhere(made: Bake) -> None:
    project = tomllib.loads(made.read("pyproject.toml"))
    low, high = re.findall(r"3\.(\d+)", project["project"]["requires-python"])
    container = json.loads(made.read(".devcontainer/devcontainer.json"))["image"]
    used = {
        int(v) for f in workflows(made) for v in re.findall(r"[\"']3\.(\d+)[\"']", f.read_text())
    }

    assert int(re.findall(r"3\.(\d+)", container)[0]) in range(int(low), int(high))
    assert used <= set(range(int(low), int(high)))
    assert project["tool"]["ruff"]["target-version"] == f"py3{low}"


def test_the_lock_holds_every_dependency(made: Bake) -> None:
    project = tomllib.loads(made.read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(w for extra in extras for w in extra)]
    names = {re.split(r"[\[<>=!;, ]", w, maxsplit=1)[0].lower() for w in wanted}
    locked = set(re.findall(r"^([a-z0-9._-]+)(?:\[.*\])?==", made.read("requirements.lock"), re.M))

    assert names <= locked


def test_make_targets_that_workflows_call_exist(made: Bake) -> None:
    targets = set(re.findall(r"^([a-z]+):", made.read("Makefile"), re.M))
    called = {t for f in workflows(made) for t in re.findall(r"\bmake ([a-z]+)", f.read_text())}

    assert called
    assert called <= targets


def test_the_template_and_a_bake_have_the_same_two_verbs(made: Bake) -> None:
    root = Path(__file__).parents[1].joinpath("Makefile").read_text(encoding="utf-8")
    for makefile in (root, made.read("Makefile")):
        assert {"demo", "test"} <= set(re.findall(r"^([a-z]+):", makefile, re.M))


def workflows(made: Bake) -> list[Path]:
    return sorted((made.path / ".github/workflows").glob("*.yml"))


def test_each_promise_of_the_readme_names_a_test_that_is_there(made: Bake) -> None:
    table = made.read("README.md").partition("## What it promises")[2]
    promises = re.findall(r"^\|[^|]+\| `([\w/]+\.py)::(\w+)` \|", table, re.MULTILINE)

    assert len(promises) == table.count("\n| ") - 1 > 20
    for file, name in promises:
        assert f"def {name}(" in made.read(file), f"{file}::{name}"


def test_both_readmes_compare_experiments_by_the_same_command(made: Bake) -> None:
    command = r"dvc exp show .*--keep 'Experiment\|\.\*estimator\|roc_auc'"

    assert re.search(command, made.read("README.md"))
    assert re.search(command, (ROOT / "README.md").read_text(encoding="utf-8"))
