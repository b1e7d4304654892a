"""Locks after a kill, where nobody may have reaped the dead."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.commands import doctor
from <<cookiecutter.package_name>>.runtime.dvc import locks

from ...conftest import commit, run

LONG_AGO = 1e9  # in 2001


@pytest.fixture
def zombie() -> Iterator[int]:
    """The number of a process that has ended and that its parent, this one, has not reaped."""
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    yield child
    os.waitpid(child, 0)


def test_the_dead_and_those_that_came_later_are_not_alive(zombie: int) -> None:
    now = time.time()

    assert locks.alive(os.getpid(), now)
    assert not locks.alive(zombie, now)
    assert not locks.alive(2**30, now)
    assert not locks.alive(os.getpid(), LONG_AGO)


def holder(pid: int) -> dict[str, object]:
    return {"pid": pid, "cmd": "dvc repro"}


@pytest.mark.parametrize("file", locks.RWLOCKS)
def test_what_the_dead_hold_is_released_and_what_the_living_hold_is_not(
    file: Path, zombie: int
) -> None:
    me = holder(os.getpid())
    dead = [holder(zombie), holder(2**30)]
    file.parent.mkdir(parents=True)
    held = {"write": {"a": dead[0], "b": me, "c": dead[1]}, "read": {"d": [*dead, me], "e": dead}}
    file.write_text(json.dumps(held))
    locks.release_stale()

    assert json.loads(file.read_text()) == {"write": {"b": me}, "read": {"d": [me]}}
    assert locks.busy() == (file == locks.RWLOCKS[0])


@pytest.mark.parametrize("file", locks.RWLOCKS)
@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"write": 3}', '{"read": {"a": [{"pid": 1}]}}']
)
def test_a_lock_file_that_dvc_cannot_read_is_removed(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(text)
    locks.release_stale()

    assert not file.exists()


def test_a_number_that_another_process_got_holds_nothing() -> None:
    file = locks.RWLOCKS[0]
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"write": {"a": holder(os.getpid())}}))
    os.utime(file, (LONG_AGO, LONG_AGO))
    locks.release_stale()

    assert not json.loads(file.read_text())["write"]


@pytest.mark.parametrize("folder", ["data/split", "models", "reports", ".", "pipelines/release"])
def test_half_written_files_of_the_dead_are_removed_wherever_they_lie(
    folder: str, zombie: int
) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    partials = [Path(folder, f".a.{pid}.partial") for pid in (zombie, 2**30, os.getpid(), 1)]
    for partial in partials:
        partial.touch()
    os.utime(partials[3], (LONG_AGO, LONG_AGO))  # before process 1 of today began
    locks.remove_partial_files()

    assert [partial for partial in partials if partial.exists()] == [partials[2]]


def test_a_pipeline_that_a_zombie_held_runs_again(
    tmp_path: Path, zombie: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "held"
    folder.mkdir()
    monkeypatch.chdir(folder)
    commit(folder, "init", "--quiet")
    run(folder, "dvc", "init", "--quiet")
    Path("dvc.yaml").write_text("stages:\n  a:\n    cmd: touch a\n    outs: [a]\n")
    held = json.dumps({"write": {str(folder / "a"): holder(zombie)}, "read": {}})
    Path(".dvc/tmp/rwlock").write_text(held)

    assert "busy" in run(folder, "dvc", "repro", code=255)
    assert doctor.run(["dvc", "repro", "--quiet"]) == 0
    assert Path("a").exists()
