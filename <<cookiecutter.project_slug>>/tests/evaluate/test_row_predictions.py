import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.evaluate import (
    row_predictions,
)
from <<cookiecutter.package_name>>.split.target import Target, Task
from <<cookiecutter.package_name>>.split.units import Units

KEYS = pl.Series("id", [3, 1, 2, 4])
DAYS = Units("day of departure", np.array([1, 0, 0, 1]))
THREE = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.2, 0.5, 0.3]])
ANSWERS = [  # target, outputs, truth
    (Target("late", Task.BINARY, ("no", "yes")), THREE[:, :2], ["yes", "no", "yes", "no"]),
    (Target("kind", Task.MULTICLASS, (1, 2, 3)), THREE, [3, 1, 2, 1]),
    (Target("delay", Task.REGRESSION), np.arange(4.0), [1.5, 2.5, 0.0, -1.0]),
]


def written(
    file: Path, target: Target, outputs: np.ndarray, truth: list[object], keys: pl.Series = KEYS
) -> bytes:
    answers = target.to_frame(keys, outputs, 0.4)
    row_predictions.write(file, target, answers, pl.Series(target.column, truth), DAYS)
    return file.read_bytes()


@pytest.mark.parametrize(("target", "outputs", "truth"), ANSWERS, ids=lambda value: str(value)[:20])
def test_predictions_are_read_as_they_were_written_in_the_order_of_the_keys(
    tmp_path: Path, target: Target, outputs: np.ndarray, truth: list[object]
) -> None:
    rows = row_predictions.read(written(tmp_path / "p.parquet", target, outputs, truth), "main")
    order = KEYS.arg_sort().to_numpy()

    assert rows.target == target
    assert rows.keys.to_list() == [1, 2, 3, 4]
    assert rows.truth.tolist() == target.encode(pl.Series(truth))[order].tolist()
    assert rows.predictions.outputs.tolist() == outputs[order].tolist()
    assert rows.predictions.answers.tolist() == target.answers(outputs, 0.4)[order].tolist()
    assert rows.units.codes.tolist() == [0, 0, 1, 1]
    assert rows.units.name == "day of departure"


@pytest.mark.parametrize("key", ["truth", "unit", "target"])
def test_a_key_may_have_any_name(tmp_path: Path, key: str) -> None:
    content = written(tmp_path / "p.parquet", *ANSWERS[0], keys=KEYS.alias(key))

    assert row_predictions.read(content, "main").keys.name == key


def of_an_older_version() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame({"id": [1], "prediction": [0.5]}).write_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("content", [b"", b"PAR1", of_an_older_version()])
def test_a_file_of_something_else_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match="predictions of main are damaged or of an older version"):
        row_predictions.read(content, "main")


def test_predictions_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    target, outputs, truth = ANSWERS[1]
    content = written(
        tmp_path / "p.parquet", target, np.where(outputs > 0.7, np.nan, outputs), truth
    )

    with pytest.raises(DataError, match="1 predictions of main are no finite numbers"):
        row_predictions.read(content, "main")
