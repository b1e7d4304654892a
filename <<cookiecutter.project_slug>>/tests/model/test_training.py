from pathlib import Path
from statistics import mean

import polars as pl
import pytest
import skops.io
from sklearn.dummy import DummyClassifier

from <<cookiecutter.package_name>>.split.keys import digests
from <<cookiecutter.package_name>>.split.splits import SplitSpec, folds
from <<cookiecutter.package_name>>.errors import ConfigError, DataError, ModelError
from <<cookiecutter.package_name>>.model.estimators import ESTIMATORS
from <<cookiecutter.package_name>>.model.contract import Contract, infer_contract
from <<cookiecutter.package_name>>.evaluate.cross_validation import cross_validate
from <<cookiecutter.package_name>>.model.preprocessing import StepSpec, preprocessor
from <<cookiecutter.package_name>>.model.persistence import load, save
from <<cookiecutter.package_name>>.model.training import Fitted, ModelSpec, best_threshold, fit, score
from <<cookiecutter.package_name>>.tune.search import search

LEARNED = digests(pl.Series([1, 2, 3]))
STEPS = [
    StepSpec("imputer", "numeric", {}),
    StepSpec("standard_scaler", ["wind", "seats"], {}),
    StepSpec("target_encoder", "text", {}),
    StepSpec("date_parts", "datetime", {"parts": ["hour"]}),
]


SPENT = [
    StepSpec("imputer", ["spent"], {}),
    StepSpec("standard_scaler", "numeric", {}),
    StepSpec("hash", "text", {}),
]


class Refuses(DummyClassifier):
    def fit(self, *_: object) -> None:
        raise RuntimeError("not today")


def spec(adapter: str, **params: object) -> ModelSpec:
    return ModelSpec(adapter, params, STEPS, seed=1)


def trained(rows: pl.DataFrame, adapter: str = "logistic") -> Fitted:
    return fit(spec(adapter), rows.drop("id", "late"), rows["late"])


def contract(rows: pl.DataFrame, fitted: Fitted) -> Contract:
    x = rows.drop("id", "late")
    return infer_contract(fitted, x, target="late", key="id", threshold=0.5)


@pytest.mark.parametrize("adapter", ESTIMATORS)
def test_a_saved_model_answers_as_before_and_its_bytes_are_the_same(
    rows: pl.DataFrame, adapter: str
) -> None:
    x = rows.drop("id", "late")
    for folder in ("a", "b"):
        fitted = trained(rows, adapter)
        save(
            fitted.pipeline,
            contract(rows, fitted),
            LEARNED,
            Path(folder, "model"),
            Path(folder, "c.json"),
        )
    loaded, promised = load(Path("a/model"), Path("a/c.json"))

    assert score(loaded, promised.select(rows)).equals(score(fitted.pipeline, x))
    assert Path("a/model/model.skops").read_bytes() == Path("b/model/model.skops").read_bytes()


@pytest.mark.parametrize("adapter", ESTIMATORS)
def test_the_number_of_threads_around_it_makes_no_difference(
    rows: pl.DataFrame, adapter: str
) -> None:
    from threadpoolctl import threadpool_limits

    many = pl.concat([rows] * 50).with_columns(pl.col("wind") + pl.int_range(pl.len()) % 9973 / 7)
    for threads in (1, 2):
        with threadpool_limits(threads):
            fitted = trained(many, adapter)
        save(
            fitted.pipeline,
            contract(many, fitted),
            LEARNED,
            Path(f"{threads}"),
            Path(f"{threads}.json"),
        )

    assert Path("1/model.skops").read_bytes() == Path("2/model.skops").read_bytes()


@pytest.mark.parametrize("adapter", sorted(set(ESTIMATORS) - {"dummy"}))
def test_a_model_learns_what_there_is_to_learn(rows: pl.DataFrame, adapter: str) -> None:
    from sklearn.metrics import roc_auc_score

    scores = score(trained(rows, adapter).pipeline, rows.drop("id", "late"))

    assert roc_auc_score(rows["late"], scores) > 0.85


def test_a_model_that_cannot_train_is_replaced_and_says_so(rows: pl.DataFrame) -> None:
    broken = ModelSpec("logistic", {"C": -1.0}, STEPS, seed=1, fallback="dummy")
    fitted = fit(broken, rows.drop("id", "late"), rows["late"])

    assert fitted.adapter == "dummy"
    assert "logistic" in str(fitted.fell_back)


@pytest.mark.parametrize("adapter", ["logistic", "xgboost"])
@pytest.mark.parametrize(
    "dtype", [pl.Float64, pl.Int64, pl.String, pl.Boolean, pl.Date, pl.Datetime, pl.Null]
)
def test_a_column_without_a_value_in_training_is_left_out(
    rows: pl.DataFrame, adapter: str, dtype: type[pl.DataType]
) -> None:
    x = rows.drop("id", "late").with_columns(spent=pl.lit(None, dtype))
    fitted = fit(spec(adapter), x, rows["late"])
    promised = infer_contract(fitted, x, target="late", key="id", threshold=0.5)

    assert fitted.fell_back is None
    assert "spent" not in promised.features
    assert (
        score(fitted.pipeline, promised.select(rows.with_columns(spent=3))).is_between(0, 1).all()
    )


def test_the_only_number_may_be_without_a_value_or_none_in_a_fold(rows: pl.DataFrame) -> None:
    x = rows.select("origin", spent=pl.when(pl.col("id") < 5).then("wind"))
    by_time = folds(rows, SplitSpec("time", "late", "id", "departure"), number=3)
    half = x.with_columns(spent=pl.when(rows["id"] > 300).then(rows["wind"]))
    scores = cross_validate(
        ModelSpec("logistic", {}, SPENT, 1),
        half,
        rows["late"],
        folds=by_time,
        names=["roc_auc"],
        threshold=0.5,
    )

    assert len(scores["roc_auc"]["folds"]) == 3
    assert trained_on(x[5:], rows[5:]).fell_back is None
    with pytest.raises(DataError, match=r"no feature has a value.*\(spent\)"):
        trained_on(x[5:].select("spent"), rows[5:])


def trained_on(x: pl.DataFrame, rows: pl.DataFrame) -> Fitted:
    steps = [StepSpec("imputer", ["spent"], {}), StepSpec("standard_scaler", "numeric", {})]
    return fit(
        ModelSpec("logistic", {}, [*steps, StepSpec("hash", "text", {})], 1), x, rows["late"]
    )


def test_a_step_that_cannot_be_fitted_is_named_with_its_columns(rows: pl.DataFrame) -> None:
    steps = [StepSpec("robust_scaler", "origin", {}), *STEPS]
    with pytest.raises(ModelError, match=r"1_robust_scaler-.* fails on origin") as refused:
        fit(
            ModelSpec("forest", {}, steps, 1, fallback="dummy"),
            rows.drop("id", "late"),
            rows["late"],
        )
    assert refused.value.code == "model.preprocess"


def test_an_error_of_the_fallback_tells_both_reasons(rows: pl.DataFrame) -> None:
    broken = ModelSpec("logistic", {"C": -1.0}, STEPS, 1, fallback=f"{__name__}.Refuses")
    with pytest.raises(ModelError, match=r"logistic could not be trained: .*not today"):
        fit(broken, rows.drop("id", "late"), rows["late"])


def test_rows_that_a_model_cannot_answer_are_one_error(rows: pl.DataFrame) -> None:
    with pytest.raises(ModelError, match="cannot answer these rows"):
        score(trained(rows).pipeline, rows.select("wind"))


def test_without_a_fallback_it_is_an_error(rows: pl.DataFrame) -> None:
    with pytest.raises(ModelError, match="could not be trained"):
        fit(spec("logistic", C=-1.0), rows.drop("id", "late"), rows["late"])


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (spec("oracle"), "oracle"),
        (spec("logistic", depth=3), "depth"),
        (spec("nowhere.Model"), "nowhere"),
        (ModelSpec("logistic", {}, [*STEPS, StepSpec("scale_it", "numeric", {})], 1), "scale_it"),
        (ModelSpec("logistic", {}, [StepSpec("imputer", ["winds"], {})], 1), "winds"),
        (ModelSpec("logistic", {}, STEPS[:2], 1), "departure|origin"),
    ],
)
def test_what_cannot_be_built_is_refused_by_name(
    rows: pl.DataFrame, wrong: ModelSpec, named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        fit(wrong, rows.drop("id", "late"), rows["late"])


def test_a_column_goes_through_its_steps_in_order(rows: pl.DataFrame) -> None:
    x = rows.drop("id", "late")
    made = preprocessor(STEPS, x.schema, seed=1).fit(x, rows["late"])

    assert sorted(made.get_feature_names_out()) == ["departure_hour", "origin", "seats", "wind"]


@pytest.mark.parametrize("content", [b"", b"not a zip"])
def test_a_broken_model_file_is_refused(rows: pl.DataFrame, content: bytes) -> None:
    fitted = trained(rows)
    save(fitted.pipeline, contract(rows, fitted), LEARNED, Path("model"), Path("c.json"))
    Path("model/model.skops").write_bytes(content)

    with pytest.raises(ModelError, match="no usable model"):
        load(Path("model"), Path("c.json"))


def test_a_model_of_foreign_types_is_not_loaded(rows: pl.DataFrame) -> None:
    fitted = trained(rows)
    save(fitted.pipeline, contract(rows, fitted), LEARNED, Path("model"), Path("c.json"))
    skops.io.dump(Path("innocent"), "model/model.skops")

    with pytest.raises(ModelError, match="not trusted"):
        load(Path("model"), Path("c.json"))


def test_the_threshold_is_the_best_one() -> None:
    truth, scores = pl.Series([0, 0, 1, 1]), pl.Series([0.1, 0.6, 0.7, 0.8])

    assert best_threshold(truth, scores) == pytest.approx(0.7)


def test_a_search_resumes_where_it_was_stopped(rows: pl.DataFrame) -> None:
    import optuna

    space = {"C": {"low": 0.01, "high": 10.0, "log": True, "whole": False, "choices": None}}
    for trials in (2, 3):
        best = search(
            spec("logistic"),
            space,
            rows.drop("id", "late"),
            rows["late"],
            study_file=Path("study.db"),
            metric="roc_auc",
            folds=folds(rows, SplitSpec("stratified", "late", "id"), number=2),
            trials=trials,
            timeout_s=None,
        )
    (study,) = optuna.get_all_study_summaries("sqlite:///study.db")

    assert study.n_trials == 3
    assert 0.01 <= best["C"] <= 10


def test_a_search_whose_trials_all_fail_is_one_error(rows: pl.DataFrame) -> None:
    space = {"C": {"low": -2.0, "high": -1.0, "log": False, "whole": False, "choices": None}}
    with pytest.raises(ModelError, match="no trial of logistic"):
        search(
            spec("logistic"),
            space,
            rows.drop("id", "late"),
            rows["late"],
            study_file=Path("study.db"),
            metric="roc_auc",
            folds=folds(rows, SplitSpec("stratified", "late", "id"), number=2),
            trials=2,
            timeout_s=None,
        )


def test_a_search_without_a_space_is_refused(rows: pl.DataFrame) -> None:
    with pytest.raises(ConfigError, match=r"tune\.space"):
        search(
            spec("dummy"),
            {},
            rows,
            rows["late"],
            study_file=Path("study.db"),
            metric="roc_auc",
            folds=[],
            trials=1,
            timeout_s=None,
        )


def test_cross_validation_gives_the_mean_and_spread_of_its_folds(rows: pl.DataFrame) -> None:
    made = folds(rows, SplitSpec("stratified", "late", "id"), number=3, repeats=2)
    scores = cross_validate(
        spec("logistic"),
        rows.drop("id", "late"),
        rows["late"],
        folds=made,
        names=["roc_auc", "f1"],
        threshold=0.5,
    )

    assert scores["roc_auc"]["mean"] == pytest.approx(mean(scores["roc_auc"]["folds"]))
    assert scores["roc_auc"]["mean"] > 0.85
    assert 0 < scores["roc_auc"]["spread"] < 0.1
    assert len(scores["f1"]["folds"]) == 6


def test_a_fold_of_one_class_is_refused(rows: pl.DataFrame) -> None:
    by_time = folds(rows.sort("late", "id"), SplitSpec("time", "late", "id", "late"), number=3)

    with pytest.raises(DataError, match="fold 1 of 3"):
        cross_validate(
            spec("logistic"),
            rows.drop("id", "late"),
            rows.sort("late", "id")["late"],
            folds=by_time,
            names=["roc_auc"],
            threshold=0.5,
        )
