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

import json
import re
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, cast, get_args, get_origin, get_type_hints

import polars as pl

from ..errors import ConfigError, ModelError
from ..split.features import normalize_dtypes
from .fitted_state import gives, learned
from .training import Fitted

NEW = "a value that training never had"
_TYPES: dict[str, pl.DataType] = {
    str(dtype): dtype
    for dtype in (
        *(pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64(), pl.Int128()),
        *(pl.UInt8(), pl.UInt16(), pl.UInt32(), pl.UInt64(), pl.UInt128()),
        *(pl.Float16(), pl.Float32(), pl.Float64(), pl.Boolean(), pl.String(), pl.Binary()),
        *(pl.Date(), pl.Time(), pl.Null()),
    )
}
_TIMES = re.compile(
    r"(?P<kind>Datetime|Duration)\(time_unit='(?P<unit>ns|us|ms)'"
    r"(, time_zone=(None|'(?P<zone>[A-Za-z0-9_+/-]+)'))?\)"
)


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
        for column in normalize_dtypes(rows.select(list(self.features))).get_columns():
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
        return found


def read(file: Path) -> Contract:
    """The contract that a file holds.

    Raises:
        ModelError: it is missing or broken, or a field is missing, unknown or of another type.
    """
    cause: Exception | None = None
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        problems = _problems(values)
    except RecursionError as error:
        cause, problems = error, ["it is nested too deeply"]
    except (OSError, ValueError, OverflowError) as error:
        cause, problems = error, [str(error)]
    if problems:
        listed = "; ".join(problems)
        raise ModelError(
            f"no usable contract in {file}: {listed}. Run `make repro`, or `dvc pull`.",
            "model.contract",
        ) from cause
    return Contract(**values)


def _problems(values: Any) -> list[str]:
    """What keeps a value of JSON from being a contract."""
    if not isinstance(values, dict):
        return ["it holds no object"]
    hints = get_type_hints(Contract)
    problems = [f"{name} is missing" for name in hints if name not in values]
    problems += [f"{name} is not known" for name in values if name not in hints]
    problems += [
        f"{name} is no {hint.__name__ if isinstance(hint, type) else hint}"
        for name, hint in hints.items()
        if name in values and not _is(values[name], hint)
    ]
    if problems:
        return problems
    problems = [f"{name} is empty" for name in ("features", "classes") if not values[name]]
    for name, text in values["features"].items():
        try:
            _dtype(text)
        except ValueError as error:
            problems.append(f"{name!r}: {error}")
    return problems


def _is(value: Any, hint: Any) -> bool:
    """Whether a value of JSON has the type that a field asks for."""
    inner = get_args(hint)
    if hint is Any:
        return True
    if get_origin(hint) is list:
        return isinstance(value, list) and all(_is(item, inner[0]) for item in value)
    if get_origin(hint) is dict:
        return isinstance(value, dict) and all(_is(item, inner[1]) for item in value.values())
    if inner:  # a union
        return any(_is(value, part) for part in inner)
    if hint is float:
        return type(value) in (int, float) and isfinite(value)
    return type(value) is hint


def infer_contract(
    fitted: Fitted, features: pl.DataFrame, *, target: str, key: str, threshold: float
) -> Contract:
    """The contract of a model that was trained on these rows, (n, k).

    Raises:
        ConfigError: a feature has a type that a contract cannot hold.
    """
    pipeline = fitted.pipeline
    taken = {name for _, _, columns in pipeline[0].transformers for name in columns}
    features = features.select(name for name in features.columns if name in taken)
    _refuse_nested(features.schema)
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


def _refuse_nested(features: pl.Schema) -> None:
    for name, dtype in features.items():
        try:
            _dtype(str(dtype))
        except ValueError as error:
            raise ConfigError(
                f"column {name!r} is {dtype}, no type of a feature. List it under data.ignore.",
                "config.preprocess",
            ) from error


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
        f"the rows break the model's contract: {reason}. Fix the data, or train on it.",
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
    """The polars type that prints like this, such as ``Datetime(time_unit='us', …)``.

    Raises:
        ValueError: there is none that a contract may hold.
    """
    if text in _TYPES:
        return _TYPES[text]
    if text.startswith("List(") and text.endswith(")"):
        return pl.List(_dtype(text[5:-1]))
    match = _TIMES.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no type of a feature")
    unit = cast("Any", match["unit"])
    dtype = pl.Duration(unit) if match["kind"] == "Duration" else pl.Datetime(unit, match["zone"])
    try:
        pl.Series(dtype=dtype)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{text!r} has an unknown time zone") from error
    return dtype
