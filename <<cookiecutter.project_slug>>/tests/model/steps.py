"""Steps of preprocessing, and models behind them."""

from collections.abc import Iterable

import polars as pl

from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.model.preprocessing import (
    preprocessor,
)
from <<cookiecutter.package_name>>.model.training import ModelSpec
from <<cookiecutter.package_name>>.split.target import Task

from ..models import model

DATES = Step("date_parts", "datetime", {"parts": ["hour"]})
FILL = Step("imputer", "numeric", {})
TEXT = Step("one_hot", "text", {})


def with_more_types(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with a text of words, a yes or no, and a day."""
    note = pl.Series(["late again", None, "all is well"] * 200)
    return rows.with_columns(
        note=note, wet=pl.col("id") % 2 == 0, day=pl.col("departure").dt.date()
    )


def gust(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(gust=pl.sum_horizontal(pl.all()))


def transformed(rows: pl.DataFrame, *steps: Step) -> pl.DataFrame:
    """What the steps give, by name."""
    transformer = preprocessor(list(steps), rows.schema, Task.BINARY, seed=1)
    values = transformer.fit_transform(rows, pl.Series([0, 1] * (rows.height // 2)))
    return pl.DataFrame(values, schema=[str(name) for name in transformer.get_feature_names_out()])


def trained(rows: pl.DataFrame, *steps: Step, estimator: str = "logistic") -> Model:
    params = {"max_iter": 10_000} if estimator == "logistic" else {}  # columns are not scaled
    return model(rows, ModelSpec(estimator, params, list(steps), 1, own=own_names(steps)))


def own_names(steps: Iterable[Step]) -> tuple[str, ...]:
    return tuple(step.step for step in steps if "." in step.step)
