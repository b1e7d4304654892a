"""What a stage declares in dvc.yaml is what it imports: no more, no less."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import ROOT

EXEMPT = {  # parameters carry the values of config/; the others change no result
    *("config", "runtime", "stages", "errors.py", "paths.py", "redaction.py", "__init__.py"),
}
DOTTED = "runtime/names.py"  # who imports it may run what stands in own/
NUMBERS = {
    *("validate", "split", "tune", "train", "baseline", "evaluate", "predict", "performance"),
    "drift",
}


def declared() -> dict[str, list[str]]:
    """Of each stage, its dependencies, of all three pipelines."""
    dependencies: dict[str, list[str]] = {}
    for file in (ROOT / "dvc.yaml", *ROOT.glob("pipelines/*/dvc.yaml")):
        pipeline: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        dependencies |= {name: stage["deps"] for name, stage in pipeline["stages"].items()}
    return dependencies


def closure(module: Path) -> set[Path]:
    """The module and all that it imports, at the top or in a function, and what those import."""
    dependencies, pending = set(), [module]
    while pending:
        file = pending.pop()
        if file not in dependencies:
            dependencies.add(file)
            pending += imports(file)
    return dependencies


def imports(file: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            start = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            if start.with_suffix(".py").exists() and not start.is_dir():
                yield start.with_suffix(".py")
                continue
            for alias in node.names:
                inner = (start / alias.name).with_suffix(".py")
                yield inner if inner.exists() else start / "__init__.py"


def reached(package: Path, name: str) -> set[str]:
    """The folders that a stage imports from, `own` where it runs dotted names."""
    modules = closure(package / f"stages/{name}.py")
    parts = {module.relative_to(package).parts[0] for module in modules} - EXEMPT
    return parts | ({"own"} if package / DOTTED in modules else set())


def difference(package: Path, name: str, deps: list[str]) -> tuple[set[str], set[str]]:
    """What a stage reaches and does not declare, and what it declares and does not reach."""
    inside = {dep.removeprefix("${pkg}/") for dep in deps if dep.startswith("${pkg}/")}
    own = f"stages/{name}.py"
    return (reached(package, name) | {own}) - inside, inside - reached(package, name) - {own}


@pytest.mark.parametrize("name", sorted(set(declared()) - {"compose"}))
def test_a_stage_declares_the_folders_that_it_imports_from(name: str, package: str) -> None:
    assert difference(ROOT / package, name, declared()[name]) == (set(), set())


def test_a_dependency_too_few_or_too_many_is_seen(package: str) -> None:
    deps = declared()["train"]

    assert difference(ROOT / package, "train", [d for d in deps if d != "${pkg}/model"]) == (
        {"model"},
        set(),
    )
    assert difference(ROOT / package, "train", [*deps, "${pkg}/report"]) == (set(), {"report"})


def test_stages_whose_numbers_a_library_can_change_depend_on_the_lock() -> None:
    assert {name for name, deps in declared().items() if "requirements.lock" in deps} == NUMBERS


def test_no_stage_imports_another(package: str) -> None:
    for file in (ROOT / package / "stages").glob("*.py"):
        inside = {module.parent.name for module in imports(file)}
        assert "stages" not in inside, file.name
