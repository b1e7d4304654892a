import polars as pl
import pytest

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
