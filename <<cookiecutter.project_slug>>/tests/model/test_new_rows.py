"""What may differ from the training rows: the table in model/contract.py, case by case."""

from datetime import datetime
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.errors import (
    ModelError,
)

from ..models import x_of
from .steps import DATES, FILL, TEXT, trained, with_more_types


@pytest.fixture
def rows(rows: pl.DataFrame) -> pl.DataFrame:
    return with_more_types(rows)


JFK, DAY = pl.lit("JFK"), datetime(2013, 1, 1)
ACCEPTED = {
    "columns in another order": lambda rows: rows.select(sorted(rows.columns)),
    "more columns": lambda rows: rows.with_columns(more=1),
    "no target": lambda rows: rows.drop("late"),
    "narrower numbers": lambda rows: rows.with_columns(
        pl.col("seats").cast(pl.Int16), pl.col("wind").cast(pl.Float32)
    ),
    "whole numbers as floats": lambda rows: rows.with_columns(pl.col("seats").cast(pl.Float64)),
    "numbers as text": lambda rows: rows.with_columns(pl.col("seats", "wind").cast(pl.String)),
    "moments as text": lambda rows: rows.with_columns(pl.col("departure", "day").cast(pl.String)),
    "moments in another unit": lambda rows: rows.with_columns(
        pl.col("departure").cast(pl.Datetime("ms"))
    ),
    "yes and no as numbers": lambda rows: rows.with_columns(pl.col("wet").cast(pl.Int8)),
    "text as categories": lambda rows: rows.with_columns(pl.col("origin").cast(pl.Categorical)),
}

REFUSED = {
    "a column is missing": ({"wind": None}, "it needs wind"),
    "half a seat": ({"seats": 1.5}, "'seats' has 600 values of Float64 that are no Int64"),
    "a number too large": ({"seats": 2.0**70}, "'seats'"),
    "a word for a number": ({"wind": "strong"}, "'wind' has 600 values of String"),
    "a word for a moment": ({"departure": "soon"}, "'departure' has 600 values"),
    "a number for a moment": ({"departure": 20130101}, "'departure' has 600 values of Int32"),
    "a moment for a number": ({"wind": DAY}, "'wind'"),
    "a number for a text": ({"origin": 3}, "'origin'"),
    "a moment of a zone": ({"departure": pl.lit(DAY).dt.replace_time_zone("UTC")}, "'departure'"),
    "three for yes or no": ({"wet": 3}, "'wet'"),
    "a moment for a day": ({"day": datetime(2013, 1, 1, 12)}, "'day'"),
    "two at once": ({"wind": "strong", "seats": 1.5}, "'wind'.*'seats'"),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
def test_rows_that_hold_the_same_get_the_same_answer(rows: pl.DataFrame, case: str) -> None:
    trained_model = trained(rows, FILL, TEXT, DATES)

    assert trained_model.outputs(ACCEPTED[case](rows)) == pytest.approx(
        trained_model.outputs(rows), abs=1e-6
    )


@pytest.mark.parametrize("case", REFUSED)
def test_rows_that_break_the_contract_are_refused_by_name_without_a_value(
    rows: pl.DataFrame, case: str
) -> None:
    change, named = REFUSED[case]
    contract = trained(rows, FILL, TEXT, DATES).contract
    broken = rows.with_columns(
        **{
            name: value if isinstance(value, pl.Expr) else pl.lit(value)
            for name, value in change.items()
        }
    )
    if change == {"wind": None}:
        broken = rows.drop("wind")

    with pytest.raises(ModelError, match=named) as refused:
        contract.select(broken)
    assert refused.value.code == "model.contract"
    assert "strong" not in refused.value.message


@pytest.mark.parametrize(
    ("step", "estimator", "answered"),
    [
        ("imputer", "logistic", True),
        ("standard_scaler", "logistic", False),
        ("standard_scaler", "hist_gradient_boosting", True),
        ("standard_scaler", "xgboost", True),
    ],
)
def test_a_new_null_is_answered_where_a_step_or_the_model_takes_it(
    rows: pl.DataFrame, step: str, estimator: str, answered: bool
) -> None:
    fitted = trained(rows, Step(step, "numeric", {}), TEXT, DATES, estimator=estimator)
    contract = fitted.contract
    new = rows.with_columns(wind=pl.when(pl.col("id") > 2).then("wind"), wet=None)

    assert ("wind" not in contract.never_null) is answered
    if answered:
        assert fitted.predict(new)["probability:1"].is_between(0, 1).all()
    else:
        with pytest.raises(ModelError, match=r"'wind' has 3 nulls.*'wet' has 600 nulls"):
            contract.select(new)


@pytest.mark.parametrize(
    ("step", "params", "answered"),
    [
        ("one_hot", {}, True),
        ("one_hot", {"handle_unknown": "error"}, False),
        ("target_encoder", {}, True),
        ("label_encoder", {}, True),
        ("ordinal", {"handle_unknown": "error", "unknown_value": None}, False),
        ("hash", {}, True),
        ("text_tfidf", {}, True),
    ],
)
def test_a_new_category_is_answered_where_the_step_takes_it(
    rows: pl.DataFrame, step: str, params: dict[str, Any], answered: bool
) -> None:
    fitted = trained(rows, FILL, Step(step, "text", params), DATES)
    contract = fitted.contract
    new = rows.with_columns(
        origin=JFK, note=pl.when(pl.col("id") > 3).then("note").otherwise(pl.lit("new"))
    )

    assert contract.known_only.get("origin") == (None if answered else ["EWR", "JFK"])
    if answered:
        assert fitted.predict(new)["probability:1"].is_between(0, 1).all()
    else:
        with pytest.raises(ModelError, match="'note' has 4 values that training never had"):
            contract.select(new)


def test_a_moment_is_taken_in_the_zone_of_training(rows: pl.DataFrame) -> None:
    zoned = rows.with_columns(pl.col("departure").dt.replace_time_zone("America/New_York"))
    contract = trained(zoned, FILL, TEXT, DATES).contract
    elsewhere = zoned.with_columns(pl.col("departure").dt.convert_time_zone("Asia/Tokyo"))

    assert contract.select(elsewhere).equals(x_of(zoned))
    with pytest.raises(ModelError, match="'departure'"):
        contract.select(rows)


def test_answers_need_the_key(rows: pl.DataFrame) -> None:
    contract = trained(rows, FILL, TEXT, DATES).contract

    assert contract.keys(rows).equals(rows["id"])
    with pytest.raises(ModelError, match="the key 'id'"):
        contract.keys(rows.drop("id"))
