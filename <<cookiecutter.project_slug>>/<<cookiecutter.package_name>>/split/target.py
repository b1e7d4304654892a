"""What a model predicts: the column, the task, the classes. Decided once, by `split`."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import ConfigError, DataError, ModelError

Array = NDArray[np.float64]
CLASSES = 20  # whole numbers with more different values than this are quantities under `auto`
MANY = 100  # texts with more different values than this are no classes under `auto`
LARGEST = 1e100  # number of a target; the squares of larger ones overflow
MOST = 1000  # classes, if they are asked for: each row gets a probability of each
PREDICTION, PROBABILITY = "prediction", "probability:"
PREDICTION_ID, PREDICTION_MODEL = "prediction_id", "prediction_model"  # of incoming rows
LOW, HIGH, PREDICTION_SET = "prediction_low", "prediction_high", "prediction_set"  # conformal


class Task(StrEnum):
    """What kind of answer is learned."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


@dataclass(frozen=True)
class Target:
    """The column that a model predicts, and how its values become numbers and back.

    ``classes`` are in the order of their codes; the last one of a binary target is the positive.
    A regression target has none.
    """

    column: str
    task: Task
    classes: tuple[Any, ...] = ()

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Target":
        """The target that ``to_json`` wrote.

        Raises:
            ValueError: the values are none of a target.
        """
        try:
            column, classes = str(values["column"]), tuple(values["classes"])
            target = cls(column, Task(values["task"]), classes)
        except (KeyError, TypeError) as error:
            raise ValueError(f"no target: {values}") from error
        plain = all(isinstance(value, bool | int | float | str) for value in classes)
        least = {Task.BINARY: 2, Task.MULTICLASS: 3, Task.REGRESSION: 0}[target.task]
        most = {Task.BINARY: 2, Task.REGRESSION: 0}.get(target.task, len(classes))
        if not plain or not least <= len(classes) <= most or len(set(classes)) < len(classes):
            raise ValueError(f"no classes of a {target.task} target: {list(classes)}")
        return target

    def to_json(self) -> dict[str, Any]:
        """The target as JSON holds it."""
        return asdict(self) | {"classes": list(self.classes)}

    @property
    def is_classification(self) -> bool:
        """Whether the answers are classes."""
        return self.task is not Task.REGRESSION

    @property
    def output_columns(self) -> list[str]:
        """The names of a model's outputs: one probability a class, or the prediction."""
        if not self.is_classification:
            return [PREDICTION]
        return [f"{PROBABILITY}{value}" for value in self.classes]

    @property
    def watched_columns(self) -> list[str]:
        """The outputs whose drift says something: of two probabilities that add up to 1, one."""
        return self.output_columns[-1:] if self.task is Task.BINARY else self.output_columns

    def check_names(self, columns: Iterable[str]) -> None:
        """Refuse columns, features or the key, that have the name of an answer.

        Raises:
            DataError: names them.
        """
        conformal = {PREDICTION_SET} if self.is_classification else {LOW, HIGH}
        reserved = {PREDICTION, PREDICTION_ID, PREDICTION_MODEL, *self.output_columns, *conformal}
        taken = [name for name in columns if name in reserved]
        if taken:
            raise DataError(
                f"the column {', '.join(map(repr, taken))} has the name of an answer of the model; "
                f"these are {', '.join(sorted(reserved))}. Rename it in the source.",
                "data.reserved_name",
            )

    def encode(self, values: pl.Series) -> Array:
        """Class codes from 0, or numbers, (n,).

        Raises:
            ModelError: a value is null, or none of the classes.
        """
        if not self.is_classification:
            numbers = values.cast(pl.Float64, strict=False)
            unknown = int((~numbers.is_finite()).fill_null(value=True).sum())
            if unknown:
                raise self._unknown(unknown, "finite numbers")
            return numbers.to_numpy()
        codes = values.replace_strict(
            pl.Series(self.classes), range(len(self.classes)), default=None, return_dtype=pl.Float64
        )
        if codes.null_count():
            raise self._unknown(codes.null_count(), ", ".join(map(str, self.classes)))
        return codes.to_numpy()

    def labels(self, truth: Array) -> NDArray[Any]:
        """Codes or numbers, (n,), as estimators take them: classes as whole numbers."""
        return truth.astype(np.intp) if self.is_classification else truth

    def answers(self, outputs: Array, threshold: float | None) -> Array:
        """The class codes, or the values, (n,), that follow from outputs, (n, k) or (n,).

        A binary model answers with the positive class from ``threshold`` on; one of more classes
        with the most probable.
        """
        if self.task is Task.REGRESSION:
            return outputs
        if self.task is Task.BINARY:
            at_least = 0.5 if threshold is None else threshold
            return np.asarray(outputs[:, 1] >= at_least, dtype=np.float64)
        return np.asarray(outputs.argmax(axis=1), dtype=np.float64)

    def to_frame(self, keys: pl.Series, outputs: Array, threshold: float | None) -> pl.DataFrame:
        """Key, ``prediction``, and of classes one column ``probability:<class>`` each, n rows."""
        answers = self.answers(outputs, threshold)
        if not self.is_classification:
            return pl.DataFrame([keys, pl.Series(PREDICTION, answers)])
        classes = pl.Series(PREDICTION, self.classes)
        predicted = classes.gather(pl.Series(answers.astype(np.uint32)))
        probabilities = pl.DataFrame(outputs, schema=self.output_columns)
        return pl.DataFrame([keys, predicted]).hstack(probabilities)

    def _unknown(self, rows: int, expected: str) -> ModelError:
        return ModelError(
            f"{rows} values of {self.column!r} are no answers that the model knows; expected: "
            f"{expected}. Train it again (`make repro`), or fix the data.",
            "model.unknown_class",
        )


def read_target(report: Path) -> Target:
    """The target that `split` decided on.

    Raises:
        DataError: the report is missing or broken.
    """
    try:
        return Target.from_json(json.loads(report.read_text(encoding="utf-8"))["target"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{report} does not say what is predicted ({type(error).__name__}). Run `make repro`.",
            "data.target",
        ) from error


def check_complete(values: pl.Series) -> None:
    """Refuse a target that some rows lack.

    Raises:
        DataError: says how many.
    """
    if missing := values.null_count():
        raise DataError(
            f"the target {values.name!r} is missing in {missing} of {values.len()} rows. Make it "
            "required in the schema, so that such rows go to quarantine, or fix the source.",
            "data.missing",
        )


def infer_target(values: pl.Series, task: str = "auto", positive: Any = None) -> Target:
    """What the values of a column, (n,), without nulls, are as a target.

    Under ``auto``: two different values are binary; texts, booleans and whole numbers of at most
    CLASSES different values are classes; other numbers are quantities.

    Args:
        values: of the target, in the type that the schema gives it.
        task: ``auto`` or a Task.
        positive: the class of a binary target whose probability counts; None: the last in order.

    Raises:
        ConfigError: the task or the positive class does not fit the values.
        DataError: nothing can be learned from the values.
    """
    distinct = _distinct(values)
    chosen = _task(values, distinct.len()) if task == "auto" else Task(task)
    _check_task(values, chosen, distinct.len(), automatic=task == "auto")
    if positive is not None and chosen is not Task.BINARY:
        raise ConfigError(
            f"data.positive is {positive!r}, but {values.name!r} is a {chosen} target; only a "
            "binary one has a positive class. Remove it from conf/data.",
            "config.positive",
        )
    if chosen is Task.REGRESSION:
        return Target(values.name, chosen)
    classes = distinct.to_list()
    if positive is not None:
        classes = _with_last(values.name, classes, positive)
    _check_classes(values)
    return Target(values.name, chosen, tuple(classes))


def _distinct(values: pl.Series) -> pl.Series:
    """The different values in order.

    Raises:
        DataError: they are of a type that no target has, or there is one only.
    """
    dtype = values.dtype
    if not (dtype.is_numeric() or dtype in (pl.Boolean, pl.String, pl.Categorical, pl.Enum)):
        raise DataError(
            f"the target {values.name!r} is {dtype}; expected are texts, true and false, or "
            "numbers. Choose another data.target, or give it another type in the schema.",
            "data.target",
        )
    if dtype.is_float() and (strange := int((values.abs() < LARGEST).not_().sum())):
        raise DataError(
            f"{strange} values of the target {values.name!r} are NaN, infinite or beyond "
            f"{LARGEST:g}. Let the schema put such rows into quarantine, or fix the source.",
            "data.target",
        )
    classes = values.unique().sort()
    if classes.len() < 2:
        raise DataError(
            f"the target {values.name!r} is {classes[0]!r} in all {values.len()} rows, so there is "
            "nothing to learn. Use more rows, or fix data.target.",
            "data.one_class",
        )
    return classes


def _task(values: pl.Series, distinct: int) -> Task:
    if distinct == 2:
        return Task.BINARY
    if values.dtype.is_float() or (values.dtype.is_numeric() and distinct > CLASSES):
        return Task.REGRESSION
    return Task.MULTICLASS


def _check_task(values: pl.Series, task: Task, distinct: int, *, automatic: bool) -> None:
    """Refuse a task that contradicts the values."""
    name, reason = values.name, ""
    if task is Task.REGRESSION and not values.dtype.is_numeric():
        reason = f"the target {name!r} is {values.dtype}, and regression needs numbers"
    elif task is Task.BINARY and distinct != 2:
        reason = f"the target {name!r} has {distinct} different values, and binary needs two"
    elif task is Task.MULTICLASS and distinct < 3:
        reason = f"the target {name!r} has two different values, which is binary"
    elif task is Task.MULTICLASS and distinct > MOST and not automatic:
        reason = f"the target {name!r} has {distinct} different values, of {MOST} at most"
    if reason:
        raise ConfigError(f"data.task is {task}: {reason}. Edit conf/data.", "config.task")
    if task is Task.MULTICLASS and automatic and distinct > MANY:
        raise DataError(
            f"the target {name!r} has {distinct} different texts in {values.len()} rows, so it "
            "looks like a name. Choose another data.target; or set data.task: multiclass if these "
            "are classes.",
            "data.target",
        )


def _check_classes(values: pl.Series) -> None:
    name, rows = values.alias("class").value_counts().sort("count").row(0)
    if rows < 2:
        raise DataError(
            f"the class {name!r} of {values.name!r} has one row, so it cannot be learned and "
            "measured. Put it together with another class, or take such rows away.",
            "data.rare_class",
        )


def _with_last(column: str, classes: list[Any], positive: Any) -> list[Any]:
    """The classes with the positive one last; YAML may hold it as a text or in its own type."""
    matching = [value for value in classes if value == positive and type(value) is type(positive)]
    matching = matching or [value for value in classes if str(value) == str(positive)]
    if not matching:
        near = get_close_matches(str(positive), map(str, classes), n=1)
        meant = f" (is {near[0]!r} meant?)" if near else ""
        raise ConfigError(
            f"data.positive is {positive!r}, which no row has: {column!r} is "
            f"{' or '.join(repr(value) for value in classes)}{meant}. Edit conf/data.",
            "config.positive",
        )
    return [value for value in classes if value != matching[0]] + matching[:1]
