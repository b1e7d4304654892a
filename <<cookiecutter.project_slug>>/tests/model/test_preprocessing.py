import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.split.keys import digests
from <<cookiecutter.package_name>>.errors import ConfigError, ModelError
from <<cookiecutter.package_name>>.model import transforms as own
from <<cookiecutter.package_name>>.model.contract import Contract, infer_contract
from <<cookiecutter.package_name>>.model.preprocessing import StepSpec, preprocessor
from <<cookiecutter.package_name>>.model.persistence import load, save
from <<cookiecutter.package_name>>.model.training import Fitted, ModelSpec, fit, score

LEARNED = digests(pl.Series([1, 2, 3]))
DATES = StepSpec("date_parts", "datetime", {"parts": ["hour"]})
FILL = StepSpec("imputer", "numeric", {})
TEXT = StepSpec("one_hot", "text", {})


@pytest.fixture
def rows(rows: pl.DataFrame) -> pl.DataFrame:
    note = pl.Series(["late again", None, "all is well"] * 200)
    return rows.with_columns(
        note=note, wet=pl.col("id") % 2 == 0, day=pl.col("departure").dt.date()
    )


def x_of(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop("id", "late")


def transformed(rows: pl.DataFrame, *steps: StepSpec) -> pl.DataFrame:
    """What the steps give, by name."""
    made = preprocessor(list(steps), rows.schema, seed=1)
    values = made.fit_transform(rows, pl.Series([0, 1] * (rows.height // 2)))
    return pl.DataFrame(values, schema=[str(name) for name in made.get_feature_names_out()])


def trained(rows: pl.DataFrame, *steps: StepSpec, adapter: str = "logistic") -> Fitted:
    return fit(ModelSpec(adapter, {}, list(steps), seed=1), x_of(rows), rows["late"])


def agreed(rows: pl.DataFrame, fitted: Fitted) -> Contract:
    return infer_contract(fitted, x_of(rows), target="late", key="id", threshold=0.5)


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
    made = transformed(pl.DataFrame({"c": given}), StepSpec(step, ["c"], params))

    assert made.fill_nan(None).rows() == [pytest.approx(tuple(r), abs=1e-3) for r in expected]


def test_the_target_encoder_knows_each_row_by_the_others_only(rows: pl.DataFrame) -> None:
    unique = rows.select(name=pl.format("n{}", "id"))

    assert transformed(unique, StepSpec("target_encoder", "text", {}))["name"].n_unique() < 10


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
    steps = [StepSpec("min_max", columns, {}), StepSpec("hash", "re:.", {})]
    (found,) = [
        columns
        for name, _, columns in preprocessor(steps, x_of(rows).schema, seed=1).transformers
        if name.startswith("1_min_max")
    ]

    assert found == selected


@pytest.mark.parametrize(
    ("step", "named"),
    [
        (StepSpec("min_max", "re:^gust", {}), "re:^gust"),
        (StepSpec("min_max", "re:(", {}), "no pattern"),
        (StepSpec("min_max", ["wind", "winds"], {}), "'winds'"),
        (StepSpec("scale", "wind", {}), "Manifest steps"),
        (StepSpec("min_max", "wind", {"lowest": 0}), "lowest"),
        (StepSpec("pathlib.Path", "wind", {}), "lacks fit"),
        (StepSpec(f"{__name__}.nothing", "wind", {}), "nothing"),
        (StepSpec(f"{__name__}.gust", ["wind", "seats"], {}), "together"),
    ],
)
def test_a_step_that_cannot_be_is_refused_by_name(
    rows: pl.DataFrame, step: StepSpec, named: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(named)):
        preprocessor(
            [StepSpec("min_max", "seats", {}), step, StepSpec("hash", "re:.", {})],
            x_of(rows).schema,
            seed=1,
        )


def test_a_time_of_day_needs_a_step_of_its_own(rows: pl.DataFrame) -> None:
    clock = rows.select(pl.col("departure").dt.time())

    with pytest.raises(ConfigError, match="'departure' is Time and no preprocess step"):
        preprocessor([DATES], clock.schema, seed=1)


@pytest.mark.parametrize(
    ("steps", "given"),
    [
        ([StepSpec("imputer", "c", {"strategy": "most_frequent", "missing_values": None})], "ab"),
        (
            [
                StepSpec("imputer", "c", {"strategy": "most_frequent", "missing_values": None}),
                StepSpec("one_hot", "c", {}),
            ],
            "c_a c_b",
        ),
        ([StepSpec("ordinal", "c", {}), StepSpec("min_max", "c", {})], "c"),
    ],
)
def test_names_stay_through_a_chain_of_steps(steps: list[StepSpec], given: str) -> None:
    made = preprocessor(steps, pl.Schema({"c": pl.String}), seed=1)
    made.fit(pl.DataFrame({"c": ["a", None, "b", "a"]}))

    assert list(made.get_feature_names_out()) == (["c"] if given == "ab" else given.split())


def test_a_function_of_your_own_sees_its_columns_together(rows: pl.DataFrame) -> None:
    ratio = StepSpec(f"{own.__name__}.ratio", ["wind", "seats"], {})
    made = transformed(x_of(rows).select("wind", "seats"), FILL, ratio)

    assert made.columns == ["wind", "seats", "wind_per_seats"]
    assert made.row(1) == pytest.approx((37, 200, 37 / 200))


def test_a_function_takes_parameters(rows: pl.DataFrame) -> None:
    made = transformed(rows.select("wind"), StepSpec(f"{__name__}.plus_one", "wind", {"by": 5}))

    assert made["wind"][0] == 5


@pytest.mark.parametrize(
    ("function", "named"), [("first_row", "1 rows for"), ("plus_one_row", "a list")]
)
def test_a_function_that_breaks_its_promise_is_refused(
    rows: pl.DataFrame, function: str, named: str
) -> None:
    with pytest.raises(ModelError, match=named):
        transformed(rows.select("wind"), StepSpec(f"{__name__}.{function}", "wind", {}))


def test_a_function_that_gives_other_columns_later_is_refused(rows: pl.DataFrame) -> None:
    step = own.FrameFunction(named_by_length).fit(rows.select("wind"))

    with pytest.raises(ModelError, match="wind_600"):
        step.transform(rows.select("wind").head(5))


def test_a_function_from_elsewhere_is_not_saved_before_it_is_trusted(rows: pl.DataFrame) -> None:
    foreign = StepSpec(f"{__name__}.plus_one", "wind", {})
    fitted = trained(rows, foreign, StepSpec("hash", "re:.", {}))

    with pytest.raises(ModelError, match=r"test_preprocessing\.plus_one, which is not trusted"):
        save(fitted.pipeline, agreed(rows, fitted), LEARNED, Path("model"), Path("c.json"))
    assert not Path("model").exists()


EVERY = [
    StepSpec(f"{own.__name__}.ratio", ["wind", "seats"], {}),
    FILL,
    StepSpec("robust_scaler", ["wind", "seats"], {}),
    StepSpec("min_max", "wet", {}),
    StepSpec("target_encoder", "origin", {}),
    StepSpec("text_tfidf", "note", {}),
    StepSpec("date_parts", "departure", {}),
    StepSpec("hash", "day", {}),
]


@pytest.mark.parametrize(
    "steps", [EVERY, [FILL, TEXT, DATES], [FILL, StepSpec("ordinal", "text", {}), DATES]]
)
def test_a_pipeline_of_every_step_is_saved_to_the_same_bytes_and_answers_as_before(
    rows: pl.DataFrame, steps: list[StepSpec]
) -> None:
    for folder in ("a", "b"):
        fitted = trained(rows, *steps)
        save(
            fitted.pipeline,
            agreed(rows, fitted),
            LEARNED,
            Path(folder, "m"),
            Path(folder, "c.json"),
        )
    loaded, contract = load(Path("a/m"), Path("a/c.json"))

    assert Path("a/m/model.skops").read_bytes() == Path("b/m/model.skops").read_bytes()
    assert Path("a/c.json").read_bytes() == Path("b/c.json").read_bytes()
    assert score(loaded, contract.select(rows)).equals(score(fitted.pipeline, x_of(rows)))


def test_the_contract_tells_people_what_was_learned(rows: pl.DataFrame) -> None:
    contract = agreed(rows, trained(rows, *EVERY))
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
    assert contract.gives[:2] == ["departure_year", "departure_quarter"]


def test_a_model_beside_the_contract_of_another_is_refused(rows: pl.DataFrame) -> None:
    for name, some in (("a", rows), ("b", rows.head(300))):
        fitted = trained(some, *EVERY)
        save(fitted.pipeline, agreed(some, fitted), LEARNED, Path(name), Path(f"{name}.json"))

    with pytest.raises(ModelError, match="different trainings"):
        load(Path("a"), Path("b.json"))


def test_names_that_two_steps_give_are_refused(rows: pl.DataFrame) -> None:
    twice = [StepSpec(f"{__name__}.gust", "wind", {}), StepSpec(f"{__name__}.gust", "seats", {})]

    with pytest.raises(ModelError, match="gust"):
        agreed(rows, trained(rows, *twice, StepSpec("hash", "re:^(?!wind|seats)", {})))


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
    fitted = trained(rows, FILL, TEXT, DATES)
    contract = agreed(rows, fitted)
    answer = score(fitted.pipeline, contract.select(ACCEPTED[case](rows)))

    assert answer.to_list() == pytest.approx(score(fitted.pipeline, x_of(rows)).to_list(), abs=1e-6)


@pytest.mark.parametrize("case", REFUSED)
def test_rows_that_break_the_contract_are_refused_by_name_without_a_value(
    rows: pl.DataFrame, case: str
) -> None:
    change, named = REFUSED[case]
    contract = agreed(rows, trained(rows, FILL, TEXT, DATES))
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
    ("step", "adapter", "answered"),
    [
        ("imputer", "logistic", True),
        ("standard_scaler", "logistic", False),
        ("standard_scaler", "hist_gradient_boosting", True),
        ("standard_scaler", "xgboost", True),
    ],
)
def test_a_new_null_is_answered_where_a_step_or_the_model_takes_it(
    rows: pl.DataFrame, step: str, adapter: str, answered: bool
) -> None:
    fitted = trained(rows, StepSpec(step, "numeric", {}), TEXT, DATES, adapter=adapter)
    contract = agreed(rows, fitted)
    new = rows.with_columns(wind=pl.when(pl.col("id") > 2).then("wind"), wet=None)

    assert ("wind" not in contract.never_null) is answered
    if answered:
        assert score(fitted.pipeline, contract.select(new)).is_between(0, 1).all()
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
    fitted = trained(rows, FILL, StepSpec(step, "text", params), DATES)
    contract = agreed(rows, fitted)
    new = rows.with_columns(
        origin=JFK, note=pl.when(pl.col("id") > 3).then("note").otherwise(pl.lit("new"))
    )

    assert contract.known_only.get("origin") == (None if answered else ["EWR", "JFK"])
    if answered:
        assert score(fitted.pipeline, contract.select(new)).is_between(0, 1).all()
    else:
        with pytest.raises(ModelError, match="'note' has 4 values that training never had"):
            contract.select(new)


def test_a_moment_is_taken_in_the_zone_of_training(rows: pl.DataFrame) -> None:
    zoned = rows.with_columns(pl.col("departure").dt.replace_time_zone("America/New_York"))
    contract = agreed(zoned, trained(zoned, FILL, TEXT, DATES))
    elsewhere = zoned.with_columns(pl.col("departure").dt.convert_time_zone("Asia/Tokyo"))

    assert contract.select(elsewhere).equals(x_of(zoned))
    with pytest.raises(ModelError, match="'departure'"):
        contract.select(rows)


def test_answers_need_the_key(rows: pl.DataFrame) -> None:
    contract = agreed(rows, trained(rows, FILL, TEXT, DATES))

    assert contract.keys(rows).equals(rows["id"])
    with pytest.raises(ModelError, match="the key 'id'"):
        contract.keys(rows.drop("id"))
