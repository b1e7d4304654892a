"""What a bake holds, for each answer."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable

import pytest
import yaml

from .conftest import ROOT, TEMPLATE, Bake

ASKED = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
OPTIONS = {key: value for key, value in ASKED.items() if key[0] != "_" and isinstance(value, list)}
CYCLES = [  # as many as the longest option has values: the shorter ones start again
    {key: values[i % len(values)] for key, values in OPTIONS.items()}
    for i in range(max(map(len, OPTIONS.values())))
]


def expected(package: str) -> set[str]:
    """The template's files under their rendered names; licences become one."""
    files = {p.relative_to(TEMPLATE).as_posix() for p in TEMPLATE.rglob("*") if p.is_file()}
    kept = {f for f in files if not f.startswith("licenses/") and "__pycache__" not in f}
    of_tests = {f"tests/fixture/{f}" for f in kept if f.startswith("conf/")}
    named = {f.replace("<<cookiecutter.package_name>>", package) for f in kept}
    return named | of_tests - {"tests/fixture/conf/data/flights.yaml"} | {"LICENSE"}


@pytest.mark.parametrize("answers", CYCLES, ids=lambda a: "-".join(a.values()))
def test_a_bake_holds_exactly_the_files_of_its_options(
    bake: Callable[..., Bake], answers: dict[str, str]
) -> None:
    assert bake(**answers).files() == expected("flight_delays")


@pytest.mark.parametrize("answers", CYCLES, ids=lambda a: "-".join(a.values()))
def test_nothing_is_left_of_the_template(
    bake: Callable[..., Bake], answers: dict[str, str]
) -> None:
    repository = bake(**answers)
    texts = {f: repository.read(f) for f in repository.files() if not f.endswith(".parquet")}
    left = re.compile(r"cookiecutter[._]|<%|%>|<#|#>")

    assert {f for f, text in texts.items() if left.search(text)} == set()
    assert {f for f in texts if re.search(r'[<>:"|?*\\]', f)} == set()


def test_the_configuration_of_the_tests_is_the_shipped_one_but_for_the_data(
    bake: Callable[..., Bake],
) -> None:
    repository = bake()
    for file in sorted((repository.path / "conf").rglob("*.yaml")):
        name = file.relative_to(repository.path).as_posix()
        if name != "conf/data/flights.yaml":
            shipped = repository.read(name).replace("- data: flights", "- data: rides")
            assert repository.read(f"tests/fixture/{name}") == shipped


def test_the_package_is_copied_byte_for_byte(bake: Callable[..., Bake]) -> None:
    repository = bake(package_name="other")
    (package,) = TEMPLATE.glob("<<*>>")

    for file in package.rglob("*.*"):
        if file.is_file() and "__pycache__" not in file.parts:
            copy = repository.path / "other" / file.relative_to(package)
            assert copy.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("package", ["a", "a" * 60])
@pytest.mark.parametrize("command", ["ruff check", "ruff format --check"])
def test_the_style_holds_whatever_the_package_is_called(
    bake: Callable[..., Bake], package: str, command: str
) -> None:
    """Each import of the tests is written so that it fits with the longest name that is allowed."""
    path = bake(package_name=package).path
    done = subprocess.run(
        [sys.executable, "-m", *command.split(), "."], cwd=path, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("answers", CYCLES, ids=lambda a: "-".join(a.values()))
def test_workflows_are_the_same_in_every_bake(
    bake: Callable[..., Bake], answers: dict[str, str]
) -> None:
    """So what a bake's own tests say of them (schema, security audit) holds for all options."""
    repository = bake(**answers)

    for file in (TEMPLATE / ".github").rglob("*.yml"):
        assert repository.read(file.relative_to(TEMPLATE).as_posix()) == file.read_text()


@pytest.mark.parametrize(
    ("licence", "begins"),
    [
        ("MIT", "MIT License"),
        ("Apache-2.0", "Apache License"),
        ("BSD-3-Clause", "BSD 3-Clause"),
        ("Proprietary", "Copyright"),
    ],
)
def test_the_licence_is_the_chosen_one(
    bake: Callable[..., Bake], licence: str, begins: str
) -> None:
    assert bake(license=licence).read("LICENSE").lstrip().startswith(begins)


def test_the_local_remote_is_one_folder_for_all_clones_of_a_user(bake: Callable[..., Bake]) -> None:
    """Whatever folder a clone, a worktree or an experiment's copy lies in."""
    assert "    url = ~/dvc-storage/flight-delays\n" in bake().read(".dvc/config")


@pytest.mark.parametrize("kind", OPTIONS["dvc_remote"][1:])
def test_a_remote_is_configured_and_its_plugin_installed(
    bake: Callable[..., Bake], kind: str
) -> None:
    repository = bake(dvc_remote=kind)

    assert f"url = {kind}://" in repository.read(".dvc/config")
    assert f"EXTRAS ?= dev,{kind}\n" in repository.read("Makefile")


@pytest.mark.parametrize(
    "slug", ["on", "no", "y", "null", "true", "007", "1e3", "0x1f", "1", "2026-11-25", "nan"]
)
def test_an_answer_that_yaml_takes_for_something_else_stays_a_text(
    bake: Callable[..., Bake], slug: str
) -> None:
    name = "Null, d'Arc & Co (0.1)"
    repository = bake(project_slug=slug, package_name="mine", project_name=name, author_name=name)
    project = tomllib.loads(repository.read("pyproject.toml"))["project"]

    assert repository.path.name == slug
    assert yaml.safe_load(repository.read("conf/config.yaml"))["name"] == slug
    assert project["name"] == slug
    assert project["authors"] == [{"name": name}]
    assert json.loads(repository.read(".devcontainer/devcontainer.json"))["name"] == name
    assert yaml.safe_load(repository.read("CITATION.cff"))["authors"] == [{"name": name}]
