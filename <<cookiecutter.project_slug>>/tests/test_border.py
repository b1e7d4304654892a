"""The framework's tests need nothing of what its owner edits."""

import re
from pathlib import Path

from .conftest import ROOT, copy_repository
from .fixture import CONF

READS = re.compile(r"""ROOT\s*/\s*f?["'](conf|data|schemas|params)\b|\bfrom <?<?\w+>?>?\.own\.""")


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_repository_for_tests_holds_nothing_of_the_owner(tmp_path: Path, package: str) -> None:
    folder = copy_repository(tmp_path / "a copy")

    assert names(folder / "conf") == names(CONF)
    assert names(folder / "data") == {
        *("incoming/.gitkeep", "labels/.gitkeep", "raw/rides.parquet")
    }
    assert names(folder / "schemas") == {"rides.json"}
    assert names(folder / package / "own") == {"__init__.py"}


def test_no_test_of_the_framework_reads_what_its_owner_edits() -> None:
    tests = [file for file in (ROOT / "tests").rglob("*.py") if file != Path(__file__)]
    framework = [f for f in tests if f.relative_to(ROOT / "tests").parts[0] not in ("demo", "own")]

    assert [str(file) for file in framework if READS.search(file.read_text())] == []
