import numpy as np
import pytest

from <<cookiecutter.package_name>>.evaluate.plots import (
    NAMES,
    PAIRS,
    plots,
)
from <<cookiecutter.package_name>>.model.metric import Predictions
from <<cookiecutter.package_name>>.split.target import Target, Task

RNG = np.random.default_rng(0)
BINARY = Target("y", Task.BINARY, ("no", "yes"))
ABC = Target("y", Task.MULTICLASS, ("a", "b", "c"))
NUMBER = Target("y", Task.REGRESSION)


def drawn(target: Target, rows: int = 400) -> dict:
    if target.task is Task.REGRESSION:
        truth = RNG.normal(size=rows)
        outputs = truth / 2
    else:
        truth = RNG.integers(0, len(target.classes), rows).astype(float)
        outputs = RNG.dirichlet(np.ones(len(target.classes)), rows)
    return plots(target, truth, Predictions(outputs, target.answers(outputs, 0.5)), seed=1)


@pytest.mark.parametrize(
    ("target", "own"),
    [
        (BINARY, {"roc", "precision_recall", "calibration", "confusion"}),
        (ABC, {"confusion", "calibration"}),
        (NUMBER, {"predicted_actual", "residuals"}),
    ],
)
def test_a_task_has_its_own_plots_and_no_rows_for_the_others(target: Target, own: set) -> None:
    points = drawn(target)

    assert tuple(points) == NAMES
    assert {name for name, rows in points.items() if rows} == own


def test_a_curve_begins_and_ends_where_it_should() -> None:
    curve = drawn(BINARY)["roc"]

    assert curve[0] == {"false_positive_rate": 0.0, "true_positive_rate": 0.0}
    assert curve[-1] == {"false_positive_rate": 1.0, "true_positive_rate": 1.0}


def test_the_confusion_names_the_classes() -> None:
    rows = drawn(ABC)["confusion"]

    assert len(rows) == 400
    assert {row["actual"] for row in rows} == {"a", "b", "c"}


def test_a_residual_is_what_the_prediction_misses() -> None:
    points = drawn(NUMBER, rows=PAIRS + 500)

    assert len(points["residuals"]) == PAIRS
    for pair, residual in zip(points["predicted_actual"], points["residuals"], strict=True):
        assert residual["residual"] == pytest.approx(pair["actual"] - pair["predicted"], abs=2e-6)
