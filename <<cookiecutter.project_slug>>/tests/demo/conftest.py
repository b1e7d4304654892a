"""Tests of the demo; `make clean-demo` takes them away with it."""

import shutil
from pathlib import Path

import pytest

from ..conftest import ROOT, commit, edit, listed
from ..fixture import CONF

SHIPPED = ("conf/data/flights.yaml", "schemas/flights.json", "data/raw/flights.parquet")


@pytest.fixture(autouse=True)
def _complete() -> None:
    """Skip where the demo was taken away by hand."""
    if absent := [name for name in SHIPPED if not (ROOT / name).is_file()]:
        pytest.skip(f"the demo is not whole: {', '.join(absent)}")


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """This repository with the configuration of the demo, committed."""
    to = tmp_path / "a copy"
    for name in listed():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, to / name)
    shutil.rmtree(to / "conf")
    shutil.copytree(CONF, to / "conf", ignore=shutil.ignore_patterns("rides.yaml"))
    shutil.copy(ROOT / SHIPPED[0], to / "conf/data")
    edit(to / "conf/config.yaml", "- data: rides", "- data: flights")
    commit(to, "init", "--quiet", "--initial-branch=main")
    commit(to, "add", "--all")
    commit(to, "commit", "--quiet", "--message", "start")
    return to
