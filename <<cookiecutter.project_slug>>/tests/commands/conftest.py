"""A small DVC project of its own, for the commands that look after one."""

import shutil
from pathlib import Path

import pytest

from ..conftest import commit, run

WRITE = (
    "import pathlib,sys,time; time.sleep({wait}); pathlib.Path('{out}').write_text('{out}' * 99)"
)


def project(folder: Path, stages: int, wait: float = 0.0) -> Path:
    lines = ["stages:"]
    for i in range(stages):
        command = WRITE.format(out=f"out{i}", wait=wait)
        lines += [f"  s{i}:", f'    cmd: python -c "{command}"', f"    outs: [out{i}]"]
        lines += [f"    deps: [out{i - 1}]"] if i and wait else []
    folder.mkdir(exist_ok=True)
    commit(folder, "init", "--quiet")
    run(folder, "dvc", "init", "--quiet")
    (folder / "dvc.yaml").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of four stages after `dvc repro`, for copies."""
    folder = project(tmp_path_factory.mktemp("ran") / "small", stages=4)
    run(folder, "dvc", "repro", "--quiet")
    return folder


@pytest.fixture
def small(ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = shutil.copytree(ran, tmp_path / "small", symlinks=True)
    monkeypatch.chdir(folder)
    return folder
