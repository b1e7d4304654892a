from statistics import mean

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.evaluate import (
    Threshold,
)
from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.evaluate.cross_validation import (
    cross_validate,
    score_folds,
)
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.model.training import ModelSpec
from <<cookiecutter.package_name>>.split.splits import (
    SplitSpec,
    folds,
)
from <<cookiecutter.package_name>>.split.target import Target, Task

from ..models import LATE, SEATS, WIND, spec, x_of

F1 = METRICS["f1"]


@pytest.mark.parametrize(
    ("target", "name", "estimator"),
    [(LATE, "roc_auc", "logistic"), (SEATS, "accuracy", "forest"), (WIND, "r2", "ridge")],
)
def test_the_mean_and_spread_are_those_of_the_folds(
    rows: pl.DataFrame, target: Target, name: str, estimator: str
) -> None:
    dealt = folds(rows, SplitSpec("stratified", target, "id"), number=3, repeats=2)
    truth = target.encode(rows[target.column])
    scores = cross_validate(
        spec(estimator), x_of(rows, target), target, truth, folds=dealt, wanted=[METRICS[name]]
    )[name]

    assert len(scores["folds"]) == 6
    assert scores["held_out"] == pytest.approx(1 / 2, abs=0.01)
    assert scores["mean"] == pytest.approx(mean(scores["folds"]))
    assert 0 < scores["spread"] < 0.5


def test_a_column_may_have_no_value_in_a_fold(rows: pl.DataFrame) -> None:
    steps = [Step("imputer", ["spent"]), Step("standard_scaler", "numeric"), Step("hash", "text")]
    half = rows.select("origin", spent=pl.when(rows["id"] > 300).then(rows["wind"]))
    by_time = folds(rows, SplitSpec("time", LATE, "id", "departure"), number=3)
    scores = cross_validate(
        ModelSpec("logistic", {}, steps, 1),
        half,
        LATE,
        LATE.encode(rows["late"]),
        folds=by_time,
        wanted=[METRICS["roc_auc"]],
    )

    assert len(scores["roc_auc"]["folds"]) == 3


def test_a_fold_of_one_class_is_refused(rows: pl.DataFrame) -> None:
    rows = rows.sort("late", "id")
    ordered = [(np.arange(500), np.arange(500, 600))]

    with pytest.raises(DataError, match="fold 1 of 1 scores"):
        cross_validate(
            spec("logistic"),
            x_of(rows),
            LATE,
            LATE.encode(rows["late"]),
            folds=ordered,
            wanted=[METRICS["roc_auc"]],
        )


def test_a_folds_threshold_is_not_chosen_on_the_fold() -> None:
    """Scores say nothing: chosen on the fold itself, the threshold would find some luck in it."""
    rng = np.random.default_rng(1)
    target, chosen, honest = Target("y", Task.BINARY, (0, 1)), [], []
    for _ in range(100):
        truth = (rng.random(60) < 0.5).astype(float)
        scores = rng.random(60)
        rows = np.arange(60).reshape(3, 20)
        dealt = [(np.setdiff1d(np.arange(60), part), part) for part in rows]
        outputs = [np.column_stack([1 - scores[part], scores[part]]) for part in rows]
        accuracy = [METRICS["balanced_accuracy"]]
        scored = score_folds(target, truth, dealt, outputs, wanted=accuracy, aim=Threshold())
        honest += scored["balanced_accuracy"]
        chosen += [
            max(
                (np.mean(answers[truth[part] == 1]) + np.mean(~answers[truth[part] == 0])) / 2
                for cut in scores[part]
                for answers in [scores[part] >= cut]
            )
            for part in rows
        ]

    assert mean(honest) == pytest.approx(0.5, abs=0.02)
    assert mean(chosen) > 0.6
