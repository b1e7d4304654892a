"""What is given to DVC reaches another clone, and git stays clean of it."""

from collections.abc import Callable
from pathlib import Path

from .conftest import ROOT, copy_repository, run

ADDED = [
    "data/raw/large.csv",
    "data/raw/2013/large.csv",
    "data/incoming/new.parquet",
    "data/incoming/2013/june.parquet",
    "data/incoming/batch",  # a folder
    "data/labels/june.csv",
    "data/adopted/june.parquet",
    "data/lake/large.csv",
    "data/mine.parquet",
]


def test_what_is_added_anywhere_below_data_reaches_a_clone(
    tmp_path: Path, cloned: Callable[[Path], Path]
) -> None:
    folder = copy_repository(tmp_path / "mine")
    for number, name in enumerate(ADDED):
        file = folder / name if "." in name else folder / name / "a.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"a,b\n{number},1\n")
    run(folder, "dvc", "add", "--quiet", *ADDED)
    clone = cloned(folder)

    assert [name for name in ADDED if not (clone / name).exists()] == []
    assert run(clone, "git", "status", "--porcelain") == ""
    tracked = run(clone, "git", "ls-files", "data").split()
    assert {f"{name}.dvc" for name in ADDED} <= set(tracked)
    assert not set(ADDED) & set(tracked)


def test_no_pattern_hides_from_dvc_a_folder_that_may_hold_its_files() -> None:
    from dvc.scm import SCM

    scm = SCM(str(ROOT), search_parent_directories=True)
    inside = ("raw", "incoming", "incoming/2013", "labels", "lake")
    folders = ("data", *(f"data/{name}" for name in inside))

    assert [name for name in folders if scm.is_ignored(f"{ROOT / name}/")] == []
