from pathlib import Path

import polars as pl
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import SGDClassifier
from structlog.testing import capture_logs

from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
    ModelError,
)
from <<cookiecutter.package_name>>.model.metric import Predictions
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.model.preprocessing import (
    preprocessor,
)
from <<cookiecutter.package_name>>.model.training import (
    Fitted,
    ModelSpec,
    fit,
)
from <<cookiecutter.package_name>>.split.target import Target, Task

from ..models import EVERY, LATE, SEATS, STEPS, TARGETS, WIND, adjusted, fitted, model, spec, x_of

FEW = {  # rounds or trees, where the kind is the point
    "forest": {"n_estimators": 20},
    "hist_gradient_boosting": {"max_iter": 20},
    "xgboost": {"n_estimators": 20},
}
DECIDING = {Task.BINARY: "roc_auc", Task.MULTICLASS: "accuracy", Task.REGRESSION: "r2"}


class Refuses(DummyClassifier):
    def fit(self, *_: object) -> None:
        raise RuntimeError("not today")


class Unsaved(DummyClassifier):
    def __init__(self, stream: object = None) -> None:
        super().__init__()
        self.stream = stream if stream is not None else open  # a function of the interpreter


@pytest.mark.parametrize(("estimator", "task"), EVERY)
def test_a_saved_model_answers_as_before_and_its_bytes_are_the_same(
    rows: pl.DataFrame, estimator: str, task: Task, tmp_path
) -> None:
    for folder in ("a", "b"):
        trained = model(rows, spec(estimator, **FEW.get(estimator, {})), TARGETS[task])
        trained.save(tmp_path / folder)
    loaded = Model.load(tmp_path / "a")
    files = {name: (tmp_path / "a" / name).read_bytes() for name in loaded.contract.files}

    assert loaded.predict(rows).equals(trained.predict(rows))
    assert all((tmp_path / "b" / name).read_bytes() == data for name, data in files.items())


@pytest.mark.no_cover
@pytest.mark.parametrize(("estimator", "task"), EVERY)
def test_the_number_of_threads_around_it_makes_no_difference(
    rows: pl.DataFrame, estimator: str, task: Task, tmp_path
) -> None:
    from threadpoolctl import threadpool_limits

    many = pl.concat([rows] * 20).with_columns(pl.col("wind") + pl.int_range(pl.len()) % 9973 / 7)
    for threads in (1, 2):
        with threadpool_limits(threads):
            trained = model(many, spec(estimator, **FEW.get(estimator, {})), TARGETS[task])
        trained.save(tmp_path / str(threads))

    one, two = (Model.load(tmp_path / name).contract.files for name in ("1", "2"))
    assert one == two


@pytest.mark.parametrize(("estimator", "task"), [case for case in EVERY if case[0] != "dummy"])
def test_a_model_learns_what_there_is_to_learn(
    rows: pl.DataFrame, estimator: str, task: Task
) -> None:
    target = TARGETS[task]
    hint = rows.with_columns(hint=pl.col(target.column) * 2.0)
    trained = model(hint, spec(estimator), target)
    predictions = Predictions.of(trained, hint)
    score = METRICS[DECIDING[task]](target, trained.contract.truth(hint), predictions)

    assert score > 0.8


@pytest.mark.parametrize("labels", [("no", "yes"), (1, 2), (-1, 1), (False, True)], ids=str)
@pytest.mark.parametrize("estimator", ["logistic", "xgboost"])
def test_labels_of_any_kind_are_learned(
    rows: pl.DataFrame, estimator: str, labels: tuple[object, object]
) -> None:
    named = rows.with_columns(late=pl.Series([labels[i] for i in rows["late"]]))
    target = Target("late", Task.BINARY, labels)
    answers = model(named, spec(estimator), target).predict(named)

    assert fitted(named, spec(estimator), target).fell_back is None
    assert set(answers["prediction"]) <= set(labels)
    assert (answers["prediction"] == named["late"]).mean() > 0.8


@pytest.mark.parametrize(
    "estimator", ["sklearn.linear_model.RidgeClassifier", "sklearn.svm.LinearSVC"]
)
@pytest.mark.parametrize("target", [LATE, SEATS], ids=str)
def test_a_classifier_without_probabilities_is_calibrated(
    rows: pl.DataFrame, estimator: str, target: Target, tmp_path
) -> None:
    trained = model(rows, ModelSpec(estimator, {}, STEPS, 1, own=(estimator,)), target)
    trained.save(tmp_path / "model", [estimator])
    outputs = Model.load(tmp_path / "model", [estimator]).outputs(rows)

    assert outputs.shape == (600, len(target.classes))
    assert outputs.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "target", "reason"),
    [
        ("logistic", WIND, "not for a regression target"),
        ("ridge", LATE, "not for a binary target"),
        ("sklearn.linear_model.Lasso", LATE, "it is a regressor"),
        ("sklearn.linear_model.Perceptron", WIND, "it is a classifier"),
    ],
)
def test_an_estimator_of_another_task_is_refused(
    rows: pl.DataFrame, name: str, target: Target, reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        fitted(rows, spec(name), target)


def test_an_estimator_that_cannot_be_saved_is_refused_before_it_is_trained(
    rows: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Unsaved, "fit", lambda *_: pytest.fail("it was trained"))
    name = f"{__name__}.Unsaved"
    with pytest.raises(ModelError, match=r"not trusted|cannot be saved"):
        fitted(rows, ModelSpec(name, {}, STEPS, 1, own=(name,)))


def test_what_only_training_makes_unsavable_is_refused_before_it(
    rows: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This one holds a loss of a type that nobody trusts, once it is fitted."""
    name, sizes, fit_all = "sklearn.linear_model.SGDClassifier", [], SGDClassifier.fit
    monkeypatch.setattr(
        SGDClassifier, "fit", lambda self, x, y: sizes.append(len(y)) or fit_all(self, x, y)
    )
    with pytest.raises(ModelError, match="ModifiedHuber by LossNode, which is not trusted"):
        fitted(rows, ModelSpec(name, {"loss": "modified_huber"}, STEPS, 1, own=(name,)))

    assert sizes == [200]


def test_a_model_that_cannot_train_is_replaced_and_says_so(rows: pl.DataFrame) -> None:
    replaced = fitted(rows, ModelSpec("logistic", {"C": -1.0}, STEPS, seed=1, fallback="dummy"))

    assert replaced.estimator == "dummy"
    assert "logistic" in str(replaced.fell_back)


@pytest.mark.parametrize("estimator", ["logistic", "xgboost"])
@pytest.mark.parametrize(
    "dtype", [pl.Float64, pl.Int64, pl.String, pl.Boolean, pl.Date, pl.Datetime, pl.Null]
)
def test_a_column_without_a_value_in_training_is_left_out(
    rows: pl.DataFrame, estimator: str, dtype: type[pl.DataType]
) -> None:
    emptied = rows.with_columns(spent=pl.lit(None, dtype))
    trained = model(emptied, spec(estimator))

    assert trained.contract.fell_back is None
    assert "spent" not in trained.contract.features
    assert trained.predict(rows.with_columns(spent=3)).height == 600


def test_the_only_number_may_be_without_a_value_for_most(rows: pl.DataFrame) -> None:
    x = rows.select("origin", spent=pl.when(pl.col("id") < 5).then("wind"))

    assert trained_on(x[5:], rows[5:]).fell_back is None
    with pytest.raises(DataError, match=r"no feature has a value.*\(spent\)"):
        trained_on(x[5:].select("spent"), rows[5:])


def trained_on(x: pl.DataFrame, rows: pl.DataFrame) -> Fitted:
    steps = [Step("imputer", ["spent"]), Step("standard_scaler", "numeric"), Step("hash", "text")]
    return fit(ModelSpec("logistic", {}, steps, 1), x, LATE, LATE.encode(rows["late"]))


def test_a_step_that_cannot_be_fitted_is_named_with_its_columns(rows: pl.DataFrame) -> None:
    steps = [Step("robust_scaler", "origin"), *STEPS]
    with pytest.raises(ModelError, match=r"1_robust_scaler-.* fails on origin") as refused:
        fitted(rows, ModelSpec("forest", {}, steps, 1, fallback="dummy"))
    assert refused.value.code == "model.preprocess"


def test_an_error_of_the_fallback_gives_both_reasons(rows: pl.DataFrame) -> None:
    own = f"{__name__}.Refuses"
    broken = ModelSpec("logistic", {"C": -1.0}, STEPS, 1, fallback=own, own=(own,))
    with pytest.raises(ModelError, match=r"logistic could not be trained: .*not today"):
        fitted(rows, broken)


def test_rows_that_a_model_cannot_answer_are_one_error(rows: pl.DataFrame) -> None:
    with pytest.raises(ModelError, match="cannot answer these rows"):
        fitted(rows, spec()).predictor.predict(rows.select("wind"))


def test_without_a_fallback_it_is_an_error(rows: pl.DataFrame) -> None:
    with pytest.raises(ModelError, match="could not be trained"):
        fitted(rows, spec("logistic", C=-1.0))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (spec("oracle"), "oracle"),
        (spec("logistic", depth=3), "depth"),
        (spec("nowhere.Model"), "nowhere"),
        (ModelSpec("logistic", {}, [*STEPS, Step("scale_it", "numeric")], 1), "scale_it"),
        (ModelSpec("logistic", {}, [Step("imputer", ["winds"])], 1), "winds"),
        (ModelSpec("logistic", {}, STEPS[:2], 1), "departure|origin"),
    ],
)
def test_what_cannot_be_built_is_refused_by_name(
    rows: pl.DataFrame, wrong: ModelSpec, named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        fitted(rows, wrong)


def test_a_column_goes_through_its_steps_in_order(rows: pl.DataFrame) -> None:
    x = x_of(rows)
    steps = preprocessor(STEPS, x.schema, Task.BINARY, seed=1).fit(x, rows["late"])

    assert sorted(steps.get_feature_names_out()) == ["departure_hour", "origin", "seats", "wind"]


@pytest.mark.parametrize("content", [b"", b"not a zip"])
def test_a_file_of_another_training_is_refused(
    rows: pl.DataFrame, content: bytes, tmp_path
) -> None:
    model(rows, spec()).save(tmp_path / "model")
    (tmp_path / "model/model.skops").write_bytes(content)

    with pytest.raises(ModelError, match="different trainings"):
        Model.load(tmp_path / "model")


def test_a_model_of_another_version_of_a_library_is_loaded_with_a_warning(
    rows: pl.DataFrame,
) -> None:
    trained = model(rows, spec())
    other = {**trained.contract.versions, "scikit-learn": "0.1", "gone": "2"}
    adjusted(trained, versions=other).save(Path("model"))
    with capture_logs() as logged:
        answers = Model.load(Path("model")).predict(rows)

    assert answers.equals(trained.predict(rows))
    (warning,) = logged
    assert "trained with other versions of libraries" in warning["event"]
    assert warning["versions"]["scikit-learn"][0] == "0.1"
    assert warning["versions"]["gone"] == ["2", None]


def test_a_model_that_does_not_say_what_it_learned_from_is_not_loaded(
    rows: pl.DataFrame, tmp_path
) -> None:
    model(rows, spec()).save(tmp_path / "model")
    (tmp_path / "model/learned_keys.npy").unlink()

    with pytest.raises(ModelError, match=r"learned_keys\.npy is not the file"):
        Model.load(tmp_path / "model")
