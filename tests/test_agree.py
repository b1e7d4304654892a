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
        assert f"python -m ${{pkg}}.stages.{name}" in command


def test_each_stage_declares_its_own_module(made: Bake) -> None:
    files = [made.path / "dvc.yaml", *(made.path / "pipelines").glob("*/dvc.yaml")]
    for file in files:
        for name, stage in yaml.safe_load(file.read_text(encoding="utf-8"))["stages"].items():
            assert f"${{pkg}}/stages/{name}.py" in stage["deps"]


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
    targets = make_targets(made)
    called = {t for f in workflows(made) for t in re.findall(r"\bmake ([a-z]+)", f.read_text())}

    assert called
    assert called <= targets


def test_the_template_and_a_bake_have_the_same_two_verbs(made: Bake) -> None:
    assert {"demo", "test"} <= make_targets(made)
    assert {"demo", "test"} <= make_targets(Bake(ROOT))


def make_targets(made: Bake) -> set[str]:
    files = [file for file in ("Makefile", "demo.mk") if (made.path / file).exists()]
    return {t for file in files for t in re.findall(r"^([a-z-]+):", made.read(file), re.M)}


def test_what_is_called_the_demo_in_one_place_is_called_so_in_the_other(made: Bake) -> None:
    """The hook and `make clean-demo` know its files by name."""
    from hooks.post_gen_project import DEMO

    command = made.read("flight_delays/commands/clean_demo.py")
    assert f'"conf/data/{DEMO}.yaml"' in command
    assert f"- data: {DEMO}\n" in made.read("conf/config.yaml")


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
