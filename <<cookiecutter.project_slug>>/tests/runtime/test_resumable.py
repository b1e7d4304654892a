"""A folder is taken over only if it is what its record says, of the same inputs."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from <<cookiecutter.package_name>>.runtime.dvc.locks import (
    remove_partial_files,
)
from <<cookiecutter.package_name>>.runtime.resumable import (
    code_digest,
    keep_only,
    resume,
)

from ..conftest import ROOT, run

FOLDER = Path("data/a")


def make(folder: Path) -> dict[str, Any]:
    (folder / "x").write_text("x")
    return {"rows": 1}


def die(folder: Path) -> dict[str, Any]:
    make(folder)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def refuse(_: Path) -> dict[str, Any]:
    raise AssertionError("it is made again")


def test_what_is_unchanged_is_taken_over_with_its_facts() -> None:
    first, reused = resume(FOLDER, "s", make)
    assert (first.facts, reused) == ({"rows": 1}, False)
    assert resume(FOLDER, "s", refuse) == (first, True)


@pytest.mark.parametrize(
    "change",
    [
        lambda: (FOLDER / "x").write_text("y"),
        (FOLDER / "x").unlink,
        (FOLDER / "more").touch,
        (FOLDER / "record.json").unlink,
        lambda: (FOLDER / "record.json").write_text("[]"),
        lambda: (FOLDER / "record.json").write_text('{"signature": "s"'),
        lambda: (FOLDER / "record.json").write_text('{"signature": "s", "more": 1}'),
    ],
)
def test_what_is_not_as_it_was_written_is_made_again(change: Callable[[], object]) -> None:
    resume(FOLDER, "s", make)
    change()
    with pytest.raises(AssertionError, match="made again"):
        resume(FOLDER, "s", refuse)
    assert resume(FOLDER, "s", make)[1] is False
    assert {path.name for path in FOLDER.iterdir()} == {"x", "record.json"}


@pytest.mark.parametrize("signature", ["another", None])
def test_what_other_inputs_made_or_nobody_knows_is_made_again(signature: str | None) -> None:
    resume(FOLDER, signature, make)
    with pytest.raises(AssertionError, match="made again"):
        resume(FOLDER, None if signature is None else "s", refuse)


def test_a_maker_that_fails_leaves_what_was_there_and_nothing_half_written() -> None:
    record, _ = resume(FOLDER, "s", make)
    with pytest.raises(AssertionError):
        resume(FOLDER, "t", refuse)
    assert resume(FOLDER, "s", refuse) == (record, True)
    assert [path.name for path in FOLDER.parent.iterdir()] == ["a"]


def test_a_killed_maker_leaves_the_finished_ones_and_the_doctor_takes_its_half_away() -> None:
    resume(FOLDER, "s", make)
    code = f"from {__name__} import *; resume(FOLDER.with_name('b'), 's', die)"
    run(Path(), sys.executable, "-c", code, code=-signal.SIGKILL, PYTHONPATH=str(ROOT))
    assert len(list(FOLDER.parent.glob(".b.*.partial"))) == 1
    remove_partial_files()

    assert [path.name for path in FOLDER.parent.iterdir()] == ["a"]
    assert resume(FOLDER, "s", refuse)[1] is True


def test_other_folders_are_taken_away_but_not_what_is_being_written() -> None:
    for name in ("a", "b", ".c.7.partial"):
        Path("data", name).mkdir(parents=True)
    keep_only(Path("data"), ["a"])
    keep_only(Path("absent"), ["a"])
    assert {path.name for path in Path("data").iterdir()} == {"a", ".c.7.partial"}


def test_the_digest_of_code_changes_with_a_line_and_not_with_other_files() -> None:
    folder = Path("code").resolve()
    folder.mkdir()
    digests = []
    for name, text in (("a.py", "1"), ("a.txt", "1"), ("a.py", "2")):
        (folder / name).write_text(text)
        code_digest.cache_clear()
        digests.append(code_digest(folder))
    assert digests[0] == digests[1] != digests[2]
