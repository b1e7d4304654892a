"""A fresh bake to measure, and the environments that it and its peers run in."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.protocol import Command, environment, say

TEMPLATE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Bake:
    """A generated repository, its package's name, and the Python that runs it."""

    path: Path
    package: str
    python: Path

    @property
    def env(self) -> dict[str, str]:
        """The environment of a command inside of the bake."""
        return environment(python=self.python)

    def run(self, *arguments: str | Path) -> None:
        """Run its Python with these arguments. Raises CalledProcessError."""
        command: Command = [self.python, *arguments]
        subprocess.run(command, cwd=self.path, env=self.env, check=True, stdout=sys.stderr)

    def output(self, *arguments: str | Path) -> str:
        """What its Python prints with these arguments. Raises CalledProcessError."""
        command: Command = [self.python, *arguments]
        return subprocess.check_output(command, cwd=self.path, env=self.env, text=True)

    def has(self, module: str) -> bool:
        """Whether its Python can import a module."""
        probe = f"import importlib.util; print(importlib.util.find_spec({module!r}) is not None)"
        return self.output("-c", probe).strip() == "True"

    def run_stages(self, *names: str) -> None:
        """Run stages of the experiment, one after the other. Raises CalledProcessError."""
        for name in names:
            choice = [] if name == "compose" else ["-cn", "pipeline"]
            self.run("-m", f"{self.package}.stages.{name}", *choice)

    def copy(self, path: Path) -> "Bake":
        """The same bake at another place, made anew when one is there."""
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.path, path, symlinks=True)
        return Bake(path, self.package, self.python)


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield Path(folder)


def bake(folder: Path) -> Bake:
    """Bake the defaults; its Python is BENCH_PYTHON, or what the bake's `make setup` makes."""
    command: Command = [sys.executable, "-m", "cookiecutter", TEMPLATE, "--no-input", "-o", folder]
    subprocess.run(command, env=environment(), check=True, stdout=sys.stderr)
    path = next(child for child in folder.iterdir() if (child / "dvc.yaml").exists())
    package = next(path.glob("*/runtime/stage.py")).parents[1].name
    given = os.environ.get("BENCH_PYTHON")
    if not given:
        say("making the bake's environment")
        subprocess.run(
            ["make", "setup"], cwd=path, env=environment(), check=True, stdout=sys.stderr
        )
    return Bake(path, package, Path(given) if given else path / ".venv" / "bin" / "python")


def venv(folder: Path, *requirements: str) -> Path:
    """The Python of a new environment that holds the requirements. Raises CalledProcessError."""
    say(f"installing {', '.join(requirements)}")
    installed = shutil.which("uv")
    uv = [installed] if installed else [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", "3.11", folder], check=True)
    python = folder / "bin" / "python"
    install = ["pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
    subprocess.run([*uv, *install, *requirements], check=True)
    return python
