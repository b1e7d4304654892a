import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.monitor.baseline import reference
from <<cookiecutter.package_name>>.split.target import Target

from .models import BINARY, COLOURS, PRICE, model

ROWS = pl.DataFrame(
    {
        "id": [1, 2, 3, 4, 5],
        "a": [1.0, 2.0, None, float("nan"), float("inf")],
        "b": ["UA", "UA", "AA", None, "DL"],
        "not a feature": [0] * 5,
    }
)


def test_the_reference_is_the_same_rows_for_the_same_seed() -> None:
    first, second, other = (reference(model(), ROWS, 3, seed) for seed in (1, 1, 2))
    assert first.equals(second)
    assert not first.equals(other)
    assert first.height == 3


@pytest.mark.parametrize(
    ("target", "watched"),
    [
        (BINARY, ["probability:1"]),
        (COLOURS, ["probability:blue", "probability:green", "probability:red"]),
        (PRICE, ["prediction"]),
    ],
    ids=lambda value: getattr(value, "task", ""),
)
def test_a_reference_row_keeps_its_features_and_the_answers_to_watch(
    target: Target, watched: list[str]
) -> None:
    rows = reference(model(target), ROWS, 4, 0)
    answers = model(target).predict(ROWS).select(watched)
    known = [tuple(map(str, row)) for row in ROWS.select("b").hstack(answers).iter_rows()]

    assert rows.columns == ["a", "b", *watched]
    assert {tuple(map(str, row)) for row in rows.select("b", *watched).iter_rows()} <= set(known)


def test_the_reference_of_few_rows_is_all_of_them() -> None:
    assert reference(model(), ROWS, 100, 0).height == 5


@pytest.mark.parametrize(
    ("target", "name"),
    [
        *((target, "prediction") for target in (BINARY, COLOURS, PRICE)),
        (BINARY, "probability:0"),
        (COLOURS, "probability:red"),
    ],
)
def test_a_feature_and_a_key_with_the_name_of_an_answer_are_refused(
    target: Target, name: str
) -> None:
    for odd in (model(target, **{"a": "Float64", name: "String"}), model(target, key=name)):
        with pytest.raises(DataError, match=f"'{name}' has the name of an answer"):
            reference(odd, ROWS.rename({"b": name}), 3, 0)


def test_a_feature_with_the_name_of_an_answer_of_another_task_is_none() -> None:
    rows = ROWS.rename({"b": "probability:1"})
    odd = model(PRICE, a="Float64", **{"probability:1": "String"})
    assert reference(odd, rows, 3, 0).columns == ["a", "probability:1", "prediction"]
