"""Steps that are functions of an owner's, and pipelines of them and every other step."""

from pathlib import Path

import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.errors import (
    ModelError,
)
from <<cookiecutter.package_name>>.model import transforms as own
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.model.training import ModelSpec

from ..models import model, x_of
from .steps import DATES, FILL, TEXT, gust, own_names, trained, transformed, with_more_types


@pytest.fixture
def rows(rows: pl.DataFrame) -> pl.DataFrame:
    return with_more_types(rows)


def ratio(frame: pl.DataFrame) -> pl.DataFrame:
    share = pl.when(pl.col("seats") != 0).then(pl.col("wind") / pl.col("seats"))
    return frame.with_columns(share.alias("wind_per_seats"))


def plus_one(frame: pl.DataFrame, by: int = 1) -> pl.DataFrame:
    return frame + by


def plus_one_row(frame: pl.DataFrame) -> pl.DataFrame:
    return [1, *range(frame.height)]  # type: ignore[return-value]


def first_row(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.head(1)


def named_by_length(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.rename({name: f"{name}_{frame.height}" for name in frame.columns})


def test_a_function_of_your_own_sees_its_columns_together(rows: pl.DataFrame) -> None:
    ratio = Step(f"{__name__}.ratio", ["wind", "seats"], {})
    result = transformed(x_of(rows).select("wind", "seats"), FILL, ratio)

    assert result.columns == ["wind", "seats", "wind_per_seats"]
    assert result.row(1) == pytest.approx((37, 200, 37 / 200))


def test_a_function_takes_parameters(rows: pl.DataFrame) -> None:
    result = transformed(rows.select("wind"), Step(f"{__name__}.plus_one", "wind", {"by": 5}))

    assert result["wind"][0] == 5


@pytest.mark.parametrize(
    ("function", "named"), [("first_row", "1 rows for"), ("plus_one_row", "a list")]
)
def test_a_function_that_breaks_its_promise_is_refused(
    rows: pl.DataFrame, function: str, named: str
) -> None:
    with pytest.raises(ModelError, match=named):
        transformed(rows.select("wind"), Step(f"{__name__}.{function}", "wind", {}))


def test_a_function_that_gives_other_columns_later_is_refused(rows: pl.DataFrame) -> None:
    step = own.FrameFunction(named_by_length).fit(rows.select("wind"))

    with pytest.raises(ModelError, match="wind_600"):
        step.transform(rows.select("wind").head(5))


def test_a_function_from_elsewhere_is_refused_before_training(rows: pl.DataFrame) -> None:
    steps = [Step(f"{__name__}.plus_one", "wind"), Step("hash", "re:.")]

    with pytest.raises(ModelError, match=r"test_own_steps\.plus_one, which is not trusted"):
        model(rows, ModelSpec("logistic", {}, steps, 1))


EVERY = [
    Step(f"{__name__}.ratio", ["wind", "seats"], {}),
    FILL,
    Step("robust_scaler", ["wind", "seats"], {}),
    Step("min_max", "wet", {}),
    Step("target_encoder", "origin", {}),
    Step("text_tfidf", "note", {}),
    Step("date_parts", "departure", {}),
    Step("hash", "day", {}),
]


@pytest.mark.parametrize(
    "steps", [EVERY, [FILL, TEXT, DATES], [FILL, Step("ordinal", "text", {}), DATES]]
)
def test_a_pipeline_of_every_step_is_saved_to_the_same_bytes_and_answers_as_before(
    rows: pl.DataFrame, steps: list[Step]
) -> None:
    for folder in ("a", "b"):
        trained(rows, *steps).save(Path(folder), own_names(steps))
    loaded = Model.load(Path("a"), own_names(steps))

    for name in ("model.skops", "contract.json"):
        assert Path("a", name).read_bytes() == Path("b", name).read_bytes()
    assert loaded.predict(rows).equals(trained(rows, *steps).predict(rows))


def test_the_contract_tells_people_what_was_learned(rows: pl.DataFrame) -> None:
    contract = trained(rows, *EVERY).contract
    facts = {
        (step["step"], column): fact
        for group in contract.preprocessing
        for step in group["steps"]
        for column, fact in step["learned"].items()
    }

    assert facts["2_imputer", "wind"] == {"fill": pytest.approx(49.5)}
    assert facts["3_robust_scaler", "wind_per_seats"].keys() == {"center", "scale"}
    assert facts["5_target_encoder", "origin"]["encodings"].keys() == {"EWR", "JFK"}
    assert facts["6_text_tfidf", "note"]["weights"].keys() == {"again", "all", "is", "late", "well"}
    assert contract.feature_names_out[:2] == ["departure_year", "departure_quarter"]


def test_a_model_beside_the_contract_of_another_is_refused(rows: pl.DataFrame) -> None:
    for name, some in (("a", rows), ("b", rows.head(300))):
        trained(some, *EVERY).save(Path(name), own_names(EVERY))
    Path("b/contract.json").rename("a/contract.json")

    with pytest.raises(ModelError, match="different trainings"):
        Model.load(Path("a"), own_names(EVERY))


def test_names_that_two_steps_give_are_refused(rows: pl.DataFrame) -> None:
    twice = [
        Step(f"{gust.__module__}.gust", "wind", {}),
        Step(f"{gust.__module__}.gust", "seats", {}),
    ]

    with pytest.raises(ModelError, match="gust"):
        trained(rows, *twice, Step("hash", "re:^(?!wind|seats)", {}))
