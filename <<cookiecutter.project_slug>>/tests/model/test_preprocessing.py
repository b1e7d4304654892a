import re
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ModelError,
)
from <<cookiecutter.package_name>>.model import transforms as own
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.model.preprocessing import (
    preprocessor,
)
from <<cookiecutter.package_name>>.model.training import ModelSpec
from <<cookiecutter.package_name>>.split.target import Task

from ..models import TARGETS, model, x_of

DATES = Step("date_parts", "datetime", {"parts": ["hour"]})
FILL = Step("imputer", "numeric", {})
TEXT = Step("one_hot", "text", {})


@pytest.fixture
def rows(rows: pl.DataFrame) -> pl.DataFrame:
    note = pl.Series(["late again", None, "all is well"] * 200)
    return rows.with_columns(
        note=note, wet=pl.col("id") % 2 == 0, day=pl.col("departure").dt.date()
    )


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


def ratio(frame: pl.DataFrame) -> pl.DataFrame:
    share = pl.when(pl.col("seats") != 0).then(pl.col("wind") / pl.col("seats"))
    return frame.with_columns(share.alias("wind_per_seats"))


def plus_one(frame: pl.DataFrame, by: int = 1) -> pl.DataFrame:
    return frame + by


def gust(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(gust=pl.sum_horizontal(pl.all()))


def plus_one_row(frame: pl.DataFrame) -> pl.DataFrame:
    return [1, *range(frame.height)]  # type: ignore[return-value]


def first_row(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.head(1)


def named_by_length(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.rename({name: f"{name}_{frame.height}" for name in frame.columns})


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
        (Step(f"{__name__}.gust", ["wind", "seats"], {}), "together"),
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

    with pytest.raises(ModelError, match=r"test_preprocessing\.plus_one, which is not trusted"):
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


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("step", ["target_encoder", "one_hot", "ordinal", "hash"])
def test_a_step_serves_every_task(rows: pl.DataFrame, task: Task, step: str) -> None:
    target = TARGETS[task]
    steps = [FILL, Step(step, "text"), DATES]
    answers = model(rows, ModelSpec("dummy", {}, steps, 1), target).predict(rows)

    assert answers.height == 600
    assert answers.columns == ["id", "prediction", *target.output_columns][: len(answers.columns)]


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
    twice = [Step(f"{__name__}.gust", "wind", {}), Step(f"{__name__}.gust", "seats", {})]

    with pytest.raises(ModelError, match="gust"):
        trained(rows, *twice, Step("hash", "re:^(?!wind|seats)", {}))


# What may differ from the training rows: the table in model/contract.py, case by case.
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


def test_a_column_of_categories_may_have_any_name() -> None:
    texts = pl.DataFrame({"count": ["a", "b", "b"], "text": ["c", None, "c"]})
    step = own.Categories(max_categories=1).fit(texts)

    assert step.transform(texts).to_dict(as_series=False) == {
        "count": [None, "b", "b"],
        "text": ["c", None, "c"],
    }
