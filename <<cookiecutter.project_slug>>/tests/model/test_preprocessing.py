import re
from datetime import date
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
)
from <<cookiecutter.package_name>>.model.preprocessing import (
    preprocessor,
)
from <<cookiecutter.package_name>>.model.training import ModelSpec
from <<cookiecutter.package_name>>.model.transforms import Categories
from <<cookiecutter.package_name>>.split.target import Task

from ..models import TARGETS, model, x_of
from .steps import DATES, FILL, gust, transformed, with_more_types


@pytest.fixture
def rows(rows: pl.DataFrame) -> pl.DataFrame:
    return with_more_types(rows)


@pytest.mark.parametrize(
    ("step", "params", "given", "expected"),
    [
        ("standard_scaler", {}, [0.0, 0.0, 4.0, 4.0], [[-1], [-1], [1], [1]]),
        ("min_max", {}, [0, 1, 2, 4], [[0], [0.25], [0.5], [1]]),
        ("robust_scaler", {}, [0.0, 1.0, 2.0, 100.0], [[-0.058], [-0.019], [0.019], [3.825]]),
        ("imputer", {}, [1.0, None, 3.0, 2.0], [[1], [2], [3], [2]]),
        (
            "imputer",
            {"strategy": "constant", "fill_value": 9},
            [None, 1, 1, 1],
            [[9], [1], [1], [1]],
        ),
        ("label_encoder", {}, ["b", "a", None, "b"], [[1], [0], [2], [1]]),
        ("ordinal", {}, ["b", "a", "b", "a"], [[1], [0], [1], [0]]),
        ("one_hot", {}, ["b", "a", "b", "a"], [[0, 1], [1, 0], [0, 1], [1, 0]]),
        (
            "date_parts",
            {"parts": ["month", "hour"]},
            [date(2013, 5, 1)] * 3 + [None],
            [[5, 0]] * 3 + [[None] * 2],
        ),
        (
            "hash",
            {"buckets": 4},
            ["a", "b", None, "c"],
            [[0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 1]],
        ),
        ("text_tfidf", {}, ["a bat", None, "bat", "cat cat"], [[1, 0], [0, 0], [1, 0], [0, 1]]),
    ],
)
def test_a_step_gives_what_its_name_says(
    step: str, params: dict[str, Any], given: list[Any], expected: list[list[float]]
) -> None:
    result = transformed(pl.DataFrame({"c": given}), Step(step, ["c"], params))

    assert result.fill_nan(None).rows() == [pytest.approx(tuple(r), abs=1e-3) for r in expected]


def test_one_hot_gives_no_more_columns_than_a_table_can_have() -> None:
    frame = pl.DataFrame({"c": [f"value {number % 3000}" for number in range(6000)]})

    assert transformed(frame, Step("one_hot", "text")).width == 1000


def test_the_target_encoder_knows_each_row_by_the_others_only(rows: pl.DataFrame) -> None:
    unique = rows.select(name=pl.format("n{}", "id"))

    assert transformed(unique, Step("target_encoder", "text", {}))["name"].n_unique() < 10


@pytest.mark.parametrize(
    ("columns", "selected"),
    [
        ("wind", ["wind"]),
        (["wind", "seats"], ["wind", "seats"]),
        ("numeric", ["wind", "seats", "wet"]),
        ("text", ["origin", "note"]),
        ("datetime", ["departure", "day"]),
        ("re:^w", ["wind", "wet"]),
        ("re:a", ["departure", "seats", "day"]),
        (["re:^(?!w)", "wet"], ["departure", "origin", "seats", "note", "wet", "day"]),
        (["datetime", "seats"], ["departure", "seats", "day"]),
    ],
)
def test_columns_are_selected_by_name_type_and_pattern(
    rows: pl.DataFrame, columns: str | list[str], selected: list[str]
) -> None:
    steps = [Step("min_max", columns, {}), Step("hash", "re:.", {})]
    (found,) = [
        columns
        for name, _, columns in preprocessor(
            steps, x_of(rows).schema, Task.BINARY, seed=1
        ).transformers
        if name.startswith("1_min_max")
    ]

    assert found == selected


@pytest.mark.parametrize(
    ("step", "named"),
    [
        (Step("min_max", "re:^gust", {}), "re:^gust"),
        (Step("min_max", "re:(", {}), "no pattern"),
        (Step("min_max", ["wind", "winds"], {}), "'winds'"),
        (Step("scale", "wind", {}), "Known steps"),
        (Step("min_max", "wind", {"lowest": 0}), "lowest"),
        (Step("pathlib.Path", "wind", {}), "lacks fit"),
        (Step(f"{__name__}.nothing", "wind", {}), "nothing"),
        (Step(f"{gust.__module__}.gust", ["wind", "seats"], {}), "together"),
    ],
)
def test_a_step_that_cannot_be_is_refused_by_name(
    rows: pl.DataFrame, step: Step, named: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(named)):
        preprocessor(
            [Step("min_max", "seats", {}), step, Step("hash", "re:.", {})],
            x_of(rows).schema,
            Task.BINARY,
            seed=1,
        )


def test_a_time_of_day_needs_a_step_of_its_own(rows: pl.DataFrame) -> None:
    clock = rows.select(pl.col("departure").dt.time())

    with pytest.raises(ConfigError, match="'departure' is Time and no preprocess step"):
        preprocessor([DATES], clock.schema, Task.BINARY, seed=1)


@pytest.mark.parametrize(
    ("steps", "given"),
    [
        ([Step("imputer", "c", {"strategy": "most_frequent", "missing_values": None})], "ab"),
        (
            [
                Step("imputer", "c", {"strategy": "most_frequent", "missing_values": None}),
                Step("one_hot", "c", {}),
            ],
            "c_a c_b",
        ),
        ([Step("ordinal", "c", {}), Step("min_max", "c", {})], "c"),
    ],
)
def test_names_stay_through_a_chain_of_steps(steps: list[Step], given: str) -> None:
    transformer = preprocessor(steps, pl.Schema({"c": pl.String}), Task.BINARY, seed=1)
    transformer.fit(pl.DataFrame({"c": ["a", None, "b", "a"]}))

    assert list(transformer.get_feature_names_out()) == (["c"] if given == "ab" else given.split())


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("step", ["target_encoder", "one_hot", "ordinal", "hash"])
def test_a_step_serves_every_task(rows: pl.DataFrame, task: Task, step: str) -> None:
    target = TARGETS[task]
    steps = [FILL, Step(step, "text"), DATES]
    answers = model(rows, ModelSpec("dummy", {}, steps, 1), target).predict(rows)

    assert answers.height == 600
    assert answers.columns == ["id", "prediction", *target.output_columns][: len(answers.columns)]


def test_a_column_of_categories_may_have_any_name() -> None:
    texts = pl.DataFrame({"count": ["a", "b", "b"], "text": ["c", None, "c"]})
    step = Categories(max_categories=1).fit(texts)

    assert step.transform(texts).to_dict(as_series=False) == {
        "count": [None, "b", "b"],
        "text": ["c", None, "c"],
    }
