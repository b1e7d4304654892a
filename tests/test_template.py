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

    lines, limit = text.count("\n"), 80 if module.parent.name == "stages" else 300
    assert lines <= limit
    assert {f: size for f, size in sizes.items() if size > 40} == {}


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
    {"tune", "registry", "monitor", "alerts"},
    {"simulate"},
    {"report"},
    {"stages", "commands"},
]


def layer(module: str) -> int:
    return next(i for i, names in enumerate(LAYERS) if module in names)


def imported(module: Path) -> set[str]:
    """The modules of the package that a module imports, such as ``model.contract``."""
    imported = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            start = module.relative_to(PACKAGE).parts[: -node.level]
            parts = [*start, *(node.module or "").split(".")]
            target = [part for part in parts if part]
            for alias in node.names:
                whole = PACKAGE.joinpath(*target, alias.name)
                is_module = whole.is_dir() or whole.with_suffix(".py").exists()
                imported.add(".".join([*target, alias.name] if is_module else target))
    return imported


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_imports_run_one_way(module: Path) -> None:
    own = module.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own in {"own", "__init__"}:  # the owner's room may import anything, and nothing imports it
        return
    tops = {target.split(".")[0] for target in imported(module)}

    assert {top for top in tops - {own} if layer(top) >= layer(own)} == set()


DVC = re.compile(r"\bDVC_[A-Z]|\.dvc\b")  # its environment variables, files and folders
KNOWS_DVC = [PACKAGE / "runtime/dvc", PACKAGE / "commands/doctor.py"]
KNOWS_HYDRA = [PACKAGE / name for name in ("config", "runtime", "stages", "commands")]


def libraries(tree: ast.Module) -> set[str]:
    """The libraries that a module imports, at its top or in a function."""
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    froms = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and not n.level]
    return {name.split(".")[0] for name in names | {n.module or "" for n in froms}}


def within(module: Path, folders: list[Path]) -> bool:
    return any(module == folder or folder in module.parents for folder in folders)


@pytest.mark.parametrize("module", [m for m in MODULES if not within(m, KNOWS_DVC)], ids=name)
def test_only_its_own_folder_and_the_doctor_know_dvc(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]

    assert "dvc" not in libraries(tree)
    assert [text for text in texts if isinstance(text, str) and DVC.search(text)] == []


@pytest.mark.parametrize("module", [m for m in MODULES if not within(m, KNOWS_HYDRA)], ids=name)
def test_what_computes_does_not_know_hydra(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))

    assert libraries(tree) & {"hydra", "omegaconf"} == set()


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
    readers = [p for p in (TEMPLATE / "conf").rglob("*.yaml") if reading.search(p.read_text())]

    assert readers == []


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


@pytest.mark.parametrize(
    "command",
    ["ruff check hooks tests benchmarks", "ruff format --check hooks tests benchmarks", "mypy"],
)
def test_the_template_itself_passes_its_lint(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command.split()], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
