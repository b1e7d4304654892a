"""What arrived, read beside its answers."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.monitor.arrival import (
    Arrival,
    newest,
    read_arrival,
)
from <<cookiecutter.package_name>>.monitor.baseline import Baseline
from <<cookiecutter.package_name>>.monitor.batches import Batch
from <<cookiecutter.package_name>>.runtime import parquet

from .models import BINARY, model
from .test_baseline import a_season, learned


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Baseline:
    return learned(tmp_path_factory.mktemp("season"), a_season())


def arrive(folder: Path, **files: pl.DataFrame) -> tuple[Path, Path]:
    """The folders of valid rows and of answers, a part a file."""
    valid, answers = folder / "valid", folder / "answers"
    for side in (valid, answers):
        side.mkdir(exist_ok=True)
    for name, rows in files.items():
        rows.write_parquet(valid / f"{name}.parquet")
        model(BINARY).predict(rows).write_parquet(answers / f"{name}.parquet")
    return valid, answers


def read(folders: tuple[Path, Path], baseline: Baseline, size: int = 50) -> Arrival:
    files = sorted(path.name for path in folders[0].iterdir())
    contract = model(BINARY).contract
    return read_arrival(*folders, contract, baseline, files=files, size=size, seed=1)


def days(first: int, number: int) -> pl.DataFrame:
    rows = a_season(number)
    return rows.with_columns(pl.col("when") + timedelta(days=first), pl.col("id") + 10_000 * first)


def test_batches_are_weeks_whatever_file_they_came_in(
    tmp_path: Path, baseline: Baseline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 100)
    arrival = read(arrive(tmp_path, first=days(105, 10), second=days(115, 4)), baseline)
    weeks = [(one.name, one.rows, len(one.files)) for one in arrival.batches]

    assert weeks == [("2013-04-22", 280, 1), ("2013-04-29", 280, 2)]
    assert arrival.batches[0].counts["a"].sum() == 280
    assert [one.name for one in arrival.newest] == ["2013-04-29"]
    assert arrival.sample.height == 50
    assert {"a", "b", "probability:1", "prediction"} <= {*arrival.sample.columns}


def test_rows_without_a_time_are_judged_by_file(tmp_path: Path, baseline: Baseline) -> None:
    folders = arrive(tmp_path, a=days(105, 10).drop("when"), b=days(115, 4).drop("when"))
    assert [(one.name, one.rows) for one in read(folders, baseline).batches] == [
        ("a", 400),
        ("b", 160),
    ]


def test_nothing_or_little_that_arrived_has_no_sample(tmp_path: Path, baseline: Baseline) -> None:
    nothing = read(arrive(tmp_path), baseline)
    assert (nothing.batches, nothing.newest, nothing.sample.height) == ([], [], 0)
    assert read(arrive(tmp_path, few=days(105, 1).head(29)), baseline).sample.height == 0


def test_the_newest_file_is_that_of_the_latest_batch() -> None:
    batches = [Batch("1", 9, {"z"}), Batch("2", 9, {"z", "a"}), Batch("3", 9, {"a"})]

    assert [one.name for one in newest(batches, ["z", "a"])] == ["2", "3"]
    assert [one.name for one in newest(batches, ["a", "z"])] == ["2", "3"]
    assert newest([], []) == []


@pytest.mark.parametrize("change", ["keys", "order", "rows", "file"])
def test_answers_to_other_rows_are_refused(tmp_path: Path, baseline: Baseline, change: str) -> None:
    folders = arrive(tmp_path, june=days(105, 7))
    answers = folders[1] / "june.parquet"
    rows = pl.read_parquet(answers)
    if change == "file":
        answers.rename(folders[1] / "july.parquet")
    else:
        changed = {
            "keys": rows.with_columns(pl.col("id") + 1),
            "order": rows.reverse(),
            "rows": rows.head(50),
        }[change]
        changed.write_parquet(answers)
    with pytest.raises(DataError, match=r"same keys in the same order.* `make monitor`"):
        read(folders, baseline)


def test_a_baseline_of_another_model_is_refused(tmp_path: Path, baseline: Baseline) -> None:
    other = Baseline(**vars(baseline) | {"answers": {}})
    with pytest.raises(DataError, match="lacks probability:1; it is of another model"):
        read(arrive(tmp_path, june=days(105, 7)), other)


def test_memory_holds_a_row_group_of_each_side(
    tmp_path: Path, baseline: Baseline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same counts, however the rows are cut."""
    folders = arrive(tmp_path, june=days(105, 14))
    whole = read(folders, baseline).batches
    monkeypatch.setattr(parquet, "ROW_GROUP", 33)
    cut = read(folders, baseline).batches

    for one, other in zip(whole, cut, strict=True):
        assert all(np.array_equal(one.counts[name], other.counts[name]) for name in one.counts)
    assert date.fromisoformat(whole[0].name).weekday() == 0
