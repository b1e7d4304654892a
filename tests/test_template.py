"""Rules that hold on the template as it lies here, before a bake."""

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, TEMPLATE

PACKAGE = next(TEMPLATE.glob("<<*>>"))
MODULES = sorted(PACKAGE.rglob("*.py"))
# The only Python files that are rendered: they must name the package.
RENDERED = [
    *sorted((TEMPLATE / "hydra_plugins").rglob("*.py")),
    *sorted((TEMPLATE / "tests").rglob("*.py")),
]
IMPORT = re.compile(r"^\s*(from|import) <<cookiecutter\.package_name>>[\w. ]*")


def name(path: Path) -> str:
    return path.relative_to(TEMPLATE).as_posix()


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_module_parses_and_imports_its_own_package_relatively(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    ast.parse(text)

    assert "cookiecutter" not in text


@pytest.mark.parametrize("module", RENDERED, ids=name)
def test_rendered_python_names_the_package_in_imports_only(module: Path) -> None:
    lines = module.read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if "<<cookiecutter" in line.replace("<< ", "<<")]

    assert [line for line in named if not IMPORT.match(line)] == []


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_module_is_short_and_its_functions_too(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    sizes = {f.name: (f.end_lineno or 0) - f.lineno + 1 for f in functions}

    assert len(text.splitlines()) <= 300
    assert {f: size for f, size in sizes.items() if size > 45} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "misc", "base"}

    assert [name(m) for m in MODULES if m.stem in empty] == []


LAYERS = [  # a module imports from those above its own, and from its own folder
    {"errors", "paths", "redaction"},
    {"config"},
    {"runtime"},
    {"schema"},
    {"ingest", "validate", "split"},
    {"model"},
    {"evaluate"},
    {"tune", "registry", "monitor"},
    {"report"},
    {"stages", "commands"},
]


def layer(module: str) -> int:
    return next(i for i, names in enumerate(LAYERS) if module in names)


def imported(module: Path) -> set[str]:
    """The modules of the package that a module imports, such as ``model.contract``."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            start = module.relative_to(PACKAGE).parts[: -node.level]
            parts = [*start, *(node.module or "").split(".")]
            target = [part for part in parts if part]
            for alias in node.names:
                whole = PACKAGE.joinpath(*target, alias.name)
                is_module = whole.is_dir() or whole.with_suffix(".py").exists()
                found.add(".".join([*target, alias.name] if is_module else target))
    return found


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_imports_run_one_way(module: Path) -> None:
    own = module.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own in {"own", "__init__"}:  # the owner's room may import anything, and nothing imports it
        return
    tops = {target.split(".")[0] for target in imported(module)}

    assert {top for top in tops - {own} if layer(top) >= layer(own)} == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {}
    for module in MODULES:
        key = ".".join(module.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        graph[key] = imported(module) - {key}

    graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("lock", [ROOT, TEMPLATE], ids=["template", "bake"])
def test_a_lock_names_no_index_and_no_address(lock: Path) -> None:
    text = (lock / "requirements.lock").read_text(encoding="utf-8")

    assert re.findall(r"https?:|file:|--index|--find-links", text) == []
    assert text.count("--hash=sha256:") > text.count("==")


def test_no_configuration_reads_the_environment() -> None:
    """DVC would write the value into params.yaml, and so into git."""
    reading = re.compile(r"\$\{(oc\.env|now|hydra):")
    found = [p for p in (TEMPLATE / "conf").rglob("*.yaml") if reading.search(p.read_text())]

    assert found == []


@pytest.mark.parametrize(
    "command",
    [
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
        ("zizmor", "--offline", "--persona=auditor"),
    ],
    ids=lambda command: command[0],
)
def test_the_workflow_follows_the_schema_and_the_security_audit(command: tuple[str, ...]) -> None:
    tool = Path(sys.executable).with_name(command[0])
    done = subprocess.run(
        [tool, *command[1:], ROOT / ".github/workflows/ci.yml"], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
