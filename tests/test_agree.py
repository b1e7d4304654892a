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
def repository(bake: Callable[..., Bake]) -> Bake:
    return bake()


def stages(repository: Bake) -> dict[str, str]:
    files = [repository.path / "dvc.yaml", *(repository.path / "pipelines").glob("*/dvc.yaml")]
    groups = [yaml.safe_load(f.read_text(encoding="utf-8"))["stages"] for f in files]
    return {name: stage["cmd"] for group in groups for name, stage in group.items()}


def test_a_stage_is_a_module_of_the_same_name(repository: Bake) -> None:
    modules = {p.stem for p in (repository.path / "flight_delays/stages").glob("*.py")} - {
        "__init__"
    }

    assert set(stages(repository)) == modules
    for name, command in stages(repository).items():
        assert f"python -m ${{pkg}}.stages.{name}" in command


def test_each_stage_declares_its_own_module(repository: Bake) -> None:
    files = [repository.path / "dvc.yaml", *(repository.path / "pipelines").glob("*/dvc.yaml")]
    for file in files:
        for name, stage in yaml.safe_load(file.read_text(encoding="utf-8"))["stages"].items():
            assert f"${{pkg}}/stages/{name}.py" in stage["deps"]


def test_the_same_pythons_everywhere(repository: Bake) -> None:
    project = tomllib.loads(repository.read("pyproject.toml"))
    low, high = re.findall(r"3\.(\d+)", project["project"]["requires-python"])
    container = json.loads(repository.read(".devcontainer/devcontainer.json"))["image"]
    used = {
        int(v)
        for f in workflows(repository)
        for v in re.findall(r"[\"']3\.(\d+)[\"']", f.read_text())
    }

    assert int(re.findall(r"3\.(\d+)", container)[0]) in range(int(low), int(high))
    assert used <= set(range(int(low), int(high)))
    assert project["tool"]["ruff"]["target-version"] == f"py3{low}"


def test_the_lock_holds_every_dependency(repository: Bake) -> None:
    project = tomllib.loads(repository.read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(w for extra in extras for w in extra)]
    names = {re.split(r"[\[<>=!;, ]", w, maxsplit=1)[0].lower() for w in wanted}
    locked = set(
        re.findall(r"^([a-z0-9._-]+)(?:\[.*\])?==", repository.read("requirements.lock"), re.M)
    )

    assert names <= locked


def test_make_targets_that_workflows_call_exist(repository: Bake) -> None:
    targets = make_targets(repository)
    called = {
        t for f in workflows(repository) for t in re.findall(r"\bmake ([a-z]+)", f.read_text())
    }

    assert called
    assert called <= targets


def test_the_template_and_a_bake_have_the_same_two_verbs(repository: Bake) -> None:
    assert {"demo", "test"} <= make_targets(repository)
    assert {"demo", "test"} <= make_targets(Bake(ROOT))


def make_targets(repository: Bake) -> set[str]:
    files = [file for file in ("Makefile", "demo.mk") if (repository.path / file).exists()]
    return {t for file in files for t in re.findall(r"^([a-z-]+):", repository.read(file), re.M)}


def test_what_is_called_the_demo_in_one_place_is_called_so_in_the_other(repository: Bake) -> None:
    """The hook and `make clean-demo` know its files by name."""
    from hooks.post_gen_project import DEMO

    command = repository.read("flight_delays/commands/clean_demo.py")
    assert f'"conf/data/{DEMO}.yaml"' in command
    assert f"- data: {DEMO}\n" in repository.read("conf/config.yaml")


def workflows(repository: Bake) -> list[Path]:
    return sorted((repository.path / ".github/workflows").glob("*.yml"))


def test_each_promise_of_the_readme_names_a_test_that_is_there(repository: Bake) -> None:
    table = repository.read("README.md").partition("## What it promises")[2]
    promises = re.findall(r"^\|[^|]+\| `([\w/]+\.py)::(\w+)` \|", table, re.MULTILINE)

    assert len(promises) == table.count("\n| ") - 1 > 20
    for file, name in promises:
        assert f"def {name}(" in repository.read(file), f"{file}::{name}"


def test_both_readmes_compare_experiments_by_the_same_command(repository: Bake) -> None:
    command = r"dvc exp show .*--keep 'Experiment\|\.\*estimator\|roc_auc'"

    assert re.search(command, repository.read("README.md"))
    assert re.search(command, (ROOT / "README.md").read_text(encoding="utf-8"))


def test_benchmarks_name_modules_of_the_package_that_are_there(repository: Bake) -> None:
    scripts = [script.read_text() for script in (ROOT / "benchmarks").glob("*.py")]
    named = {
        name.replace(".", "/")
        for script in scripts
        for name in re.findall(r'(?:ours\("|\{package\}\.)([a-z_.]+)', script)
    }

    package = repository.path / "flight_delays"
    assert "split/units" in named
    missing = [
        n for n in named if not (package / n).is_dir() and not (package / f"{n}.py").exists()
    ]
    assert not missing
