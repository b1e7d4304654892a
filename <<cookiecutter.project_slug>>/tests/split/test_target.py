import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
    ModelError,
)
from <<cookiecutter.package_name>>.split.target import (
    Target,
    Task,
    check_complete,
    infer_target,
    read_target,
)

ABC = Target("y", Task.MULTICLASS, ("a", "b", "c"))
TWO = Target("y", Task.BINARY, ("no", "yes"))
NUMBER = Target("y", Task.REGRESSION)


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["no", "yes"] * 3, Task.BINARY, ("no", "yes")),
        ([1, 2] * 3, Task.BINARY, (1, 2)),
        ([-1, 1] * 3, Task.BINARY, (-1, 1)),
        ([True, False] * 3, Task.BINARY, (False, True)),
        ([0.0, 1.0] * 3, Task.BINARY, (0.0, 1.0)),
        (["b", "a", "c"] * 3, Task.MULTICLASS, ("a", "b", "c")),
        ([3, 1, 2] * 3, Task.MULTICLASS, (1, 2, 3)),
        ([1.5, 2.5, 3.5] * 3, Task.REGRESSION, ()),
        (list(range(30)), Task.REGRESSION, ()),
    ],
)
def test_the_task_follows_from_type_and_values(
    values: list[Any], task: Task, classes: tuple[Any, ...]
) -> None:
    assert infer_target(pl.Series("y", values)) == Target("y", task, classes)


@pytest.mark.parametrize(
    ("target", "names"),
    [
        *((target, ["prediction"]) for target in (TWO, ABC, NUMBER)),
        (TWO, ["probability:no", "probability:yes"]),
        (ABC, ["probability:c"]),
        (NUMBER, ["prediction_id", "prediction_model"]),
    ],
)
def test_a_column_with_the_name_of_an_answer_is_refused(target: Target, names: list[str]) -> None:
    with pytest.raises(DataError, match=f"{', '.join(map(repr, names))} has the name of an answer"):
        target.check_names(["id", *names])


def test_the_name_of_an_answer_to_another_task_is_none() -> None:
    NUMBER.check_names(["id", "probability:yes", "score"])
    TWO.check_names(["probability:a"])


@pytest.mark.parametrize(
    ("values", "settings", "task", "classes"),
    [
        ([1, 2, 3] * 3, {"task": "regression"}, Task.REGRESSION, ()),
        (list(range(30)) * 2, {"task": "multiclass"}, Task.MULTICLASS, tuple(range(30))),
        (["no", "yes"] * 3, {"positive": "no"}, Task.BINARY, ("yes", "no")),
        ([1, 2] * 3, {"positive": 1}, Task.BINARY, (2, 1)),
        ([1, 2] * 3, {"positive": "1"}, Task.BINARY, (2, 1)),
        ([True, False] * 3, {"positive": False}, Task.BINARY, (True, False)),
    ],
)
def test_the_configuration_has_the_last_word(
    values: list[Any], settings: dict[str, Any], task: Task, classes: tuple[Any, ...]
) -> None:
    assert infer_target(pl.Series("y", values), **settings) == Target("y", task, classes)


@pytest.mark.parametrize(
    ("values", "settings", "error", "named"),
    [
        ([1, 1, 1], {}, DataError, "is 1 in all 3 rows"),
        (["a", "a", "b", "b", "c"], {}, DataError, "class 'c' of 'y' has one row"),
        ([f"name {i}" for i in range(200)], {}, DataError, "200 different texts"),
        ([1.5, float("inf"), 2.0], {}, DataError, "1 values of the target 'y' are NaN, infinite"),
        ([1.5, float("nan"), -1e300], {}, DataError, r"2 values of the target .* beyond 1e\+100"),
        ([[1], [2]], {}, DataError, "'y' is List"),
        (["a", "b"] * 3, {"positive": "x"}, ConfigError, "which no row has: 'y' is 'a' or 'b'"),
        (["yes", "no"] * 3, {"positive": "yess"}, ConfigError, "is 'yes' meant"),
        ([1.5, 2.5, 3.5], {"positive": 1.5}, ConfigError, "only a binary one"),
        (["a", "b"] * 3, {"task": "regression"}, ConfigError, "regression needs numbers"),
        ([1, 2, 3] * 2, {"task": "binary"}, ConfigError, "has 3 different values"),
        ([1, 2] * 3, {"task": "multiclass"}, ConfigError, "which is binary"),
        (list(range(10_000)) * 2, {"task": "multiclass"}, ConfigError, "of 1000 at most"),
    ],
)
def test_what_cannot_be_a_target_is_refused(
    values: list[Any], settings: dict[str, Any], error: type[Exception], named: str
) -> None:
    with pytest.raises(error, match=named):
        infer_target(pl.Series("y", values), **settings)


def test_a_target_that_some_rows_lack_is_refused() -> None:
    with pytest.raises(DataError, match="missing in 1 of 2 rows"):
        check_complete(pl.Series("y", [1, None]))


@pytest.mark.parametrize("target", [ABC, TWO, NUMBER], ids=lambda target: str(target.task))
def test_a_target_is_read_as_it_was_written(target: Target, tmp_path: Path) -> None:
    report = tmp_path / "split.json"
    report.write_text(json.dumps({"target": target.to_json()}))

    assert read_target(report) == target


@pytest.mark.parametrize("text", ["", "{}", '{"target": {"column": "y", "task": "luck"}}'])
def test_a_report_without_a_target_is_one_error(text: str, tmp_path: Path) -> None:
    report = tmp_path / "split.json"
    report.write_text(text)
    with pytest.raises(DataError, match="does not say what is predicted"):
        read_target(report)


def test_values_become_codes_in_the_order_of_the_classes() -> None:
    assert ABC.encode(pl.Series(["c", "a"])).tolist() == [2, 0]
    assert NUMBER.encode(pl.Series([3, 1])).tolist() == [3, 1]
    with pytest.raises(ModelError, match="1 values of 'y' are no answers"):
        ABC.encode(pl.Series(["c", "d"]))
    with pytest.raises(ModelError, match="finite numbers"):
        NUMBER.encode(pl.Series([1.0, None]))


def test_answers_are_brought_to_their_keys() -> None:
    keys = pl.Series("id", [7, 8])
    binary = TWO.to_frame(keys, np.array([[0.6, 0.4], [0.8, 0.2]]), 0.3)
    several = ABC.to_frame(keys, np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]]), None)

    assert binary["prediction"].to_list() == ["yes", "no"]
    assert binary.columns == ["id", "prediction", "probability:no", "probability:yes"]
    assert several["prediction"].to_list() == ["b", "a"]
    assert NUMBER.to_frame(keys, np.array([1.5, 2.5]), None).to_dict(as_series=False) == {
        "id": [7, 8],
        "prediction": [1.5, 2.5],
    }


def test_of_two_probabilities_that_add_up_to_one_is_watched() -> None:
    assert TWO.watched_columns == ["probability:yes"]
    assert ABC.watched_columns == ["probability:a", "probability:b", "probability:c"]
    assert NUMBER.watched_columns == ["prediction"]
