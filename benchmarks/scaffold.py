"""Baking the template against an empty template, and against copier rendering the same tree.

Copier gets the advantage: answers ready-made, no hook, and what we copy unrendered it copies too.
"""

import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from benchmarks.bakes import TEMPLATE, scratch, venv
from benchmarks.protocol import Check, Command, Contender, environment, race, report

ROOTS = re.compile(r"\bcookiecutter\.(?=\w)")
DELIMITERS = {
    "variable_start_string": "<<", "variable_end_string": ">>",
    "block_start_string": "<%", "block_end_string": "%>",
    "comment_start_string": "<#", "comment_end_string": "#>",
}  # fmt: skip


def main() -> int:
    """Run the comparison; return the exit code."""
    with scratch() as folder:
        unneeded = shutil.ignore_patterns(".git", ".venv", "benchmarks")
        template = shutil.copytree(TEMPLATE, folder / "template", ignore=unneeded)
        files = sum(path.is_file() for path in next(template.glob("<<*")).rglob("*"))
        copier = venv(folder / "copier-env", "copier==9.19.1")
        bake = [sys.executable, "-m", "cookiecutter", "--no-input", "--output-dir", "out"]
        commands: dict[str, Command] = {
            "ours": [*bake, template],
            "ours, no hooks": [*bake, "--accept-hooks=no", template],
            "cookiecutter, one empty file": [*bake, _empty(folder / "one", 1)],
            "cookiecutter, as many empty files": [*bake, _empty(folder / "many", files)],
            "copier, the same tree": [
                *(copier, "-m", "copier", "copy", "--quiet", "--defaults"),
                *(_as_copier(template, folder / "copied"), "out"),
            ],
        }
        timings = race([_contender(*item, folder) for item in commands.items()], rounds=7)
    ours, bare, one, many, peer = (timings[name].median for name in commands)
    checks = [
        Check("ours ÷ as many empty files", ours / many, 1.5),
        Check("ours ÷ copier", ours / peer, 1.0),
        Check("hooks, seconds", ours - bare, 0.3),
    ]
    notes = [f"{files} files in the template; ours ÷ one empty file: {ours / one:.2f}"]
    return report("scaffold", [*timings.values()], checks, notes)


def _contender(name: str, command: Command, folder: Path) -> Contender:
    cwd = folder / f"{name} made"
    cwd.mkdir()

    def clear() -> None:
        shutil.rmtree(cwd / "out", ignore_errors=True)

    return Contender(name, command, cwd, environment(), prepare=clear)


def _empty(folder: Path, files: int) -> Path:
    """A cookiecutter template of one question and so many files of one line."""
    inside = folder / "{{cookiecutter.slug}}"
    inside.mkdir(parents=True)
    (folder / "cookiecutter.json").write_text('{"slug": "nothing"}', encoding="utf-8")
    for number in range(files):
        text = "# {{cookiecutter.slug}}\n"
        (inside / f"{number}.md").write_text(text, encoding="utf-8")
    return folder


def _as_copier(template: Path, target: Path) -> Path:
    """The template in copier's form: same files, delimiters and values."""
    context = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    source = next(template.glob("<<*"))
    for path in sorted(source.rglob("*")):
        inside = path.relative_to(source).as_posix()
        name = ROOTS.sub("", inside)
        place = target / "tree" / name
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif any(fnmatch(inside, pattern) for pattern in context["_copy_without_render"]):
            shutil.copyfile(path, place)
        else:
            _render_later(path, place)
    (target / "copier.yml").write_text(json.dumps(_questions(template)), encoding="utf-8")
    return target


def _render_later(path: Path, place: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        shutil.copyfile(path, place)
    else:
        place.with_name(f"{place.name}.jinja").write_text(ROOTS.sub("", text), encoding="utf-8")


def _questions(template: Path) -> dict[str, Any]:
    """Copier's settings (JSON is YAML), with the answers that cookiecutter gives by default."""
    code = (
        "import json; from cookiecutter.generate import generate_context as g;"
        "from cookiecutter.prompt import prompt_for_config as p;"
        "print(json.dumps(p(g('cookiecutter.json'), no_input=True)))"
    )
    printed = subprocess.check_output([sys.executable, "-c", code], cwd=template, text=True)
    answers = {k: v for k, v in json.loads(printed).items() if isinstance(v, str)}
    questions = {key: {"type": "str", "default": value} for key, value in answers.items()}
    return {"_subdirectory": "tree", "_envops": DELIMITERS, **questions}


if __name__ == "__main__":
    sys.exit(main())
