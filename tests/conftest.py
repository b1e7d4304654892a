import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cookiecutter.main import cookiecutter

ROOT = Path(__file__).parents[1]
TEMPLATE = next(ROOT.glob("<<*>>"))


@dataclass(frozen=True)
class Bake:
    """A generated repository."""

    path: Path

    def files(self) -> set[str]:
        paths = (p.relative_to(self.path) for p in self.path.rglob("*") if p.is_file())
        return {p.as_posix() for p in paths if p.parts[0] != ".git"}

    def read(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    def run(self, *command: str) -> str:
        """Standard output and error of a command that must succeed, as a stranger would run it."""
        ours = ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
        env = {k: v for k, v in os.environ.items() if k not in ours}
        env["PATH"] = env["PATH"].replace(f"{ROOT}/.venv/bin:", "")
        done = subprocess.run(
            command,
            cwd=self.path,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == 0, f"{command} exited {done.returncode}:\n{done.stdout}"
        return done.stdout


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow tests first, side by side: each leaves a core idle where it waits."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session", autouse=True)
def _own_cookiecutter_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep answers of tests out of the user's replay files."""
    home = tmp_path_factory.mktemp("home")
    config = home / "config.yaml"
    config.write_text(f"replay_dir: {home}/replay\ncookiecutters_dir: {home}/cookiecutters\n")
    os.environ["COOKIECUTTER_CONFIG"] = str(config)


@pytest.fixture
def bake(tmp_path: Path) -> Callable[..., Bake]:
    def make(into: Path = tmp_path, **answers: str) -> Bake:
        repository = cookiecutter(
            str(ROOT), no_input=True, extra_context=answers, output_dir=str(into)
        )
        return Bake(Path(repository))

    return make
