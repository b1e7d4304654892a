"""What a model takes and gives, in words for people; checked by everything that uses the model.

A table that differs from the training rows meets this:

| what differs                                       | what happens                               |
|----------------------------------------------------|--------------------------------------------|
| columns in another order, more columns             | put in order, left out                     |
| a column is missing                                | refused                                    |
| another type that holds the same (Int32, "3", 3.0) | taken as the type of training              |
| a value that its type cannot hold (3.5, "x")       | refused                                    |
| a type of another kind (a number for a moment)     | refused                                    |
| NaN, an infinite number                            | a null                                     |
| a null where training had none                     | answered if the pipeline can, else refused |
| a category that training did not have              | answered if the pipeline can, else refused |

Whether the pipeline can is tried on a row when the contract is drawn up. Refusals name all columns
and how many values are concerned, never a value.
"""

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ..errors import ModelError
from ..split.features import normalize_dtypes
from ..split.target import Array, Target
from .calibration import Calibration
from .conformal import Conformal
from .dtypes import cast_column, parse_dtype


@dataclass(frozen=True)
class Contract:
    """What a model takes and gives."""

    features: dict[str, str]  # column: polars type, in order
    target: Target
    key: str
    threshold: float | None  # of a binary target: from which probability on the answer is positive
    flavor: str  # the module of `flavors` that saves and loads the predictor
    estimator: str
    fell_back: str | None  # why the configured estimator is not this one
    rows: int  # that trained it
    never_null: list[str]  # columns in which the model cannot take a null
    known_only: dict[str, list[str]]  # columns in which it takes these values only
    feature_names_out: list[str]  # the columns after preprocessing
    preprocessing: list[dict[str, Any]]  # what each step learned: `fitted_state`
    versions: dict[str, str]  # of the libraries that made it
    files: dict[str, str]  # beside the contract: name and SHA-256
    calibration: Calibration | None = None  # of the predictor's probabilities
    conformal: Conformal | None = None  # how wide sets or intervals are
    hashes: dict[str, str] = field(default_factory=dict)  # SHA-256 of what it was trained from

    def select(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The features of ``rows``, in order and in their types.

        Raises:
            ModelError: the rows break the contract; it names every column that does.
        """
        missing = [name for name in self.features if name not in rows.columns]
        if missing:
            raise _refused(f"it needs {', '.join(missing)}; found {', '.join(rows.columns)}")
        problems, columns = [], []
        for column in normalize_dtypes(rows.select(list(self.features))).get_columns():
            fitting, lost = cast_column(column, parse_dtype(self.features[column.name]))
            columns.append(fitting)
            if lost:
                problems.append(
                    f"{column.name!r} has {lost} values of {column.dtype} that are no "
                    f"{self.features[column.name]}"
                )
            else:
                problems += self._unanswerable(fitting)
        if problems:
            raise _refused("; ".join(problems))
        return pl.DataFrame(columns)

    def keys(self, rows: pl.DataFrame) -> pl.Series:
        """The column that names each row.

        Raises:
            ModelError: it is missing.
        """
        if self.key not in rows.columns:
            raise _refused(f"answers need the key {self.key!r}; found {', '.join(rows.columns)}")
        return rows[self.key]

    def answers(self, rows: pl.DataFrame, outputs: Array) -> pl.DataFrame:
        """Key, ``prediction`` and what stands beside it, of n rows and their outputs.

        Raises:
            ModelError: the key is missing.
        """
        frame = self.target.to_frame(self.keys(rows), outputs, self.threshold)
        if self.conformal is None:
            return frame
        return frame.with_columns(self.conformal.columns(self.target, outputs))

    def truth(self, rows: pl.DataFrame) -> Array:
        """What came true, as the target's codes or numbers, (n,).

        Raises:
            ModelError: the target is missing, or has a value that the model does not know.
        """
        if self.target.column not in rows.columns:
            raise _refused(f"it predicts {self.target.column!r}, which is no column")
        return self.target.encode(rows[self.target.column])

    def _unanswerable(self, column: pl.Series) -> list[str]:
        name, problems = column.name, []
        if name in self.never_null and column.null_count():
            problems.append(
                f"{name!r} has {column.null_count()} nulls, training had none, and no step fills it"
            )
        if name in self.known_only:
            new = column.drop_nulls().is_in(self.known_only[name]).not_().sum()
            if new:
                problems.append(f"{name!r} has {new} values that training never had")
        return problems


def _refused(reason: str) -> ModelError:
    return ModelError(
        f"the rows break the model's contract: {reason}. Fix the data, or train on it.",
        "model.contract",
    )
