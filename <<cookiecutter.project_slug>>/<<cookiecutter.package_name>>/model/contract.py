"""What a model takes and gives, in words for people; checked by everything that uses the model.

A table that differs from the training rows meets this:

| what differs                                       | what happens                               |
|----------------------------------------------------|--------------------------------------------|
| columns in another order, more columns             | put in order, left out                     |
| a column is missing                                | refused                                    |
| another type that holds the same (Int32, "3", 3.0) | taken as the type of training              |
| a value that its type cannot hold (3.5, "x")       | refused                                    |
| a type of another kind (a number for a moment)     | refused                                    |
| an infinite number                                 | refused                                    |
| a null where training had none                     | answered if the pipeline can, else refused |
| a category that training did not have              | answered if the pipeline can, else refused |

Whether the pipeline can is tried on a row when the contract is drawn up. Refusals name all columns
and how many values are concerned, never a value.
"""

import ast
from dataclasses import dataclass
from typing import Any

import polars as pl

from ..data.features import plain
from ..errors import ModelError
from .describe import gives, learned
from .training import Fitted

NEW = "a value that training never had"


@dataclass(frozen=True)
class Contract:
    """What a model takes and gives."""

    features: dict[str, str]  # column: polars type, in order
    target: str
    key: str
    classes: list[Any]
    threshold: float  # of the last class
    adapter: str
    fell_back: str | None
    rows: int  # that trained it
    never_null: list[str]  # columns in which the model cannot take a null
    known_only: dict[str, list[str]]  # columns in which it takes these values only
    gives: list[str]  # the columns after preprocessing
    preprocessing: list[dict[str, Any]]  # what each step learned: `describe.learned`

    def select(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The features of ``rows``, in order and in their types.

        Raises:
            ModelError: the rows break the contract; it names every column that does.
        """
        missing = [name for name in self.features if name not in rows.columns]
        if missing:
            raise _refused(f"it needs {', '.join(missing)}; found {', '.join(rows.columns)}")
        problems, made = [], []
        for column in plain(rows.select(list(self.features))).get_columns():
            fitting, lost = _cast(column, _dtype(self.features[column.name]))
            made.append(fitting)
            if lost:
                problems.append(
                    f"{column.name!r} has {lost} values of {column.dtype} that are no "
                    f"{self.features[column.name]}"
                )
            else:
                problems += self._unanswerable(fitting)
        if problems:
            raise _refused("; ".join(problems))
        return pl.DataFrame(made)

    def keys(self, rows: pl.DataFrame) -> pl.Series:
        """The column that names each row.

        Raises:
            ModelError: it is missing.
        """
        if self.key not in rows.columns:
            raise _refused(f"answers need the key {self.key!r}; found {', '.join(rows.columns)}")
        return rows[self.key]

    def truth(self, rows: pl.DataFrame) -> pl.Series:
        """1.0 where a row is of the last class, else 0.0."""
        is_last = pl.col(self.target) == self.classes[-1]
        return rows.select(is_last.cast(pl.Float64).alias("truth")).to_series()

    def _unanswerable(self, column: pl.Series) -> list[str]:
        name, found = column.name, []
        if name in self.never_null and column.null_count():
            found.append(
                f"{name!r} has {column.null_count()} nulls, training had none, and no step fills it"
            )
        if name in self.known_only:
            new = column.drop_nulls().is_in(self.known_only[name]).not_().sum()
            if new:
                found.append(f"{name!r} has {new} values that training never had")
        if column.dtype.is_float() and column.is_infinite().any():
            found.append(f"{name!r} has {column.is_infinite().sum()} infinite values")
        return found


def draw_up(
    fitted: Fitted, features: pl.DataFrame, *, target: str, key: str, threshold: float
) -> Contract:
    """The contract of a model that was trained on these rows, (n, k)."""
    pipeline = fitted.pipeline
    texts = [name for name, dtype in features.schema.items() if dtype == pl.String]
    whole = [name for name in features.columns if not features[name].null_count()]
    complete = features.drop_nulls()
    row = (complete if complete.height else features).head(1)
    return Contract(
        features={name: str(dtype) for name, dtype in features.schema.items()},
        target=target,
        key=key,
        classes=pipeline.classes_.tolist(),
        threshold=threshold,
        adapter=fitted.adapter,
        fell_back=fitted.fell_back,
        rows=features.height,
        never_null=[name for name in whole if not _answers(pipeline, row, name, None)],
        known_only={
            name: features[name].drop_nulls().unique().sort().to_list()
            for name in texts
            if not _answers(pipeline, row, name, NEW)
        },
        gives=gives(pipeline),
        preprocessing=learned(pipeline),
    )


def _answers(pipeline: Any, row: pl.DataFrame, name: str, value: str | None) -> bool:
    """Whether the pipeline takes this row with another value in one column."""
    asked = row.with_columns(pl.lit(value, dtype=row.schema[name]).alias(name))
    try:
        pipeline.predict_proba(asked)
    except Exception:  # a step or an estimator may raise anything: that is the answer
        return False
    return True


def _refused(reason: str) -> ModelError:
    return ModelError(
        f"the rows break the model's contract: {reason}. Mend the data, or train on it.",
        "model.contract",
    )


def _cast(column: pl.Series, wanted: pl.DataType) -> tuple[pl.Series, int]:
    """The column in the wanted type, and how many of its values that type cannot hold."""
    if column.dtype in (wanted, pl.Null):
        return column.cast(wanted), 0
    ways = {(_kind(wanted), _kind(wanted)), ("boolean", "number"), ("number", "boolean")}
    ways |= {("text", "number"), ("text", "moment"), ("text", "moment of a zone")}
    if (_kind(column.dtype), _kind(wanted)) not in ways:
        return column, column.len()
    try:
        if column.dtype == pl.String and isinstance(wanted, pl.Datetime):
            made = column.str.to_datetime(
                time_unit=wanted.time_unit, time_zone=wanted.time_zone, strict=False
            )
        elif column.dtype == pl.String and wanted == pl.Date:
            made = column.str.to_date(strict=False)
        else:
            made = column.cast(wanted, strict=False)
    except pl.exceptions.PolarsError:  # not one value has the form of a moment
        return column, column.len() - column.null_count()
    lost = column.is_not_null() & made.is_null()
    if column.dtype != pl.String and (wanted.is_integer() or wanted in (pl.Boolean, pl.Date)):
        lost |= (made.cast(column.dtype) != column).fill_null(value=False)
    return made, int(lost.sum())


def _kind(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        return "moment of a zone"
    kinds = {pl.Boolean: "boolean", pl.String: "text", pl.Date: "moment", pl.Datetime: "moment"}
    return kinds.get(dtype.base_type(), str(dtype.base_type()))


def _dtype(text: str) -> pl.DataType:
    """The polars type that prints like this, such as ``Datetime(time_unit='us', …)``."""

    def made(node: ast.expr) -> Any:
        if isinstance(node, ast.Name):
            return getattr(pl, node.id)()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            words = {word.arg: ast.literal_eval(word.value) for word in node.keywords if word.arg}
            return getattr(pl, node.func.id)(*map(made, node.args), **words)
        raise ValueError(text)

    dtype: pl.DataType = made(ast.parse(text, mode="eval").body)
    return dtype
