"""A model's predictions of its test rows, one by one: `evaluate` writes them, `compare` reads them.

The file holds the key, what ``Target.to_frame`` says of each row, the truth and the unit. The
target stands in its metadata, so that it needs no other file to be understood.
"""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from ..errors import DataError
from ..model.metric import Predictions
from ..split.target import PREDICTION, Array, Target
from ..split.units import Units

TRUTH, UNIT = "truth:", "unit:"  # how the names of the last two columns begin
TARGET = "target"  # in the metadata


@dataclass(frozen=True, eq=False)
class RowPredictions:
    """What a model says of n rows, and what they are."""

    target: Target
    keys: pl.Series  # (n,) in order
    truth: Array  # (n,) class codes, or numbers
    predictions: Predictions
    units: Units


def write(file: Path, target: Target, answers: pl.DataFrame, truth: pl.Series, of: Units) -> None:
    """Write the answers to n rows, of ``Target.to_frame``, beside their truth and units."""
    known = [truth.alias(f"{TRUTH}{truth.name}"), pl.Series(f"{UNIT}{of.name}", of.codes)]
    metadata = {TARGET: json.dumps(target.to_json())}
    answers.with_columns(known).write_parquet(file, metadata=metadata)


def read(content: bytes, whose: str) -> RowPredictions:
    """What ``write`` wrote, in the order of the keys; ``whose`` is for the messages.

    Raises:
        DataError: it is something else, or a prediction is no finite number.
        ModelError: an answer is none of the target's classes.
    """
    try:
        target = Target.from_json(json.loads(pl.read_parquet_metadata(io.BytesIO(content))[TARGET]))
        rows = pl.read_parquet(io.BytesIO(content))
        key, *_, unit = rows.columns
        rows = rows.sort(key)
        codes = np.unique(rows[unit].cast(pl.Int64).to_numpy(), return_inverse=True)[1]
        truth, predictions = rows[f"{TRUTH}{target.column}"], predictions_of(target, rows)
    except (ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"the predictions of {whose} are damaged or of an older version of the template "
            f"({type(error).__name__}). Run it again: `make repro`, or `dvc exp run`.",
            "data.predictions",
        ) from error
    if strange := int((~np.isfinite(predictions.outputs)).sum()):
        raise DataError(
            f"{strange:,} predictions of {whose} are no finite numbers. Train it again, or look at "
            "its data.",
            "data.predictions",
        )
    units = Units(unit.removeprefix(UNIT), codes)
    return RowPredictions(target, rows[key], target.encode(truth), predictions, units)


def predictions_of(target: Target, rows: pl.DataFrame) -> Predictions:
    """The outputs that ``Target.to_frame`` was given, and the answers that it derived.

    Raises:
        ModelError: an answer is none of the target's classes.
    """
    answers = target.encode(rows[PREDICTION])
    if not target.is_classification:
        return Predictions(answers, answers)
    return Predictions(rows.select(target.output_columns).to_numpy(), answers)
