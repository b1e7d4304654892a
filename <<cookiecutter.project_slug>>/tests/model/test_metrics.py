import math
import time
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as reference

from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ModelError,
)
from <<cookiecutter.package_name>>.model.metric import (
    Predictions,
    metric,
)
from <<cookiecutter.package_name>>.model.metrics import (
    METRICS,
    measure,
    metrics,
)
from <<cookiecutter.package_name>>.split.target import Target, Task

RNG = np.random.default_rng(0)
BINARY = Target("y", Task.BINARY, ("no", "yes"))
ABC = Target("y", Task.MULTICLASS, ("a", "b", "c"))
NUMBER = Target("y", Task.REGRESSION)
TRUTH = {
    Task.BINARY: (RNG.random(300) < 0.3).astype(float),
    Task.MULTICLASS: RNG.integers(0, 3, 300).astype(float),
    Task.REGRESSION: RNG.normal(size=300),
}


def said(target: Target, truth: np.ndarray) -> Predictions:
    """Predictions that know something of the truth."""
    if target.task is Task.REGRESSION:
        outputs = truth + RNG.normal(size=truth.size)
    else:
        hits = np.eye(len(target.classes))[truth.astype(int)]
        outputs = RNG.dirichlet(np.ones(len(target.classes)), truth.size) + hits / 2
        outputs /= outputs.sum(axis=1, keepdims=True)
    return Predictions(outputs, target.answers(outputs, 0.4))


CASES = [
    (target, name)
    for target in (BINARY, ABC, NUMBER)
    for name, one in METRICS.items()
    if target.task in one.tasks
]


@pytest.mark.parametrize(("target", "name"), CASES, ids=lambda value: str(value)[-40:])
def test_a_metric_prefers_the_truth_to_a_guess(target: Target, name: str) -> None:
    truth, one = TRUTH[target.task], METRICS[name]
    exact = (
        truth if target.task is Task.REGRESSION else np.eye(len(target.classes))[truth.astype(int)]
    )
    perfect = Predictions(exact, target.answers(exact, 0.5))
    guess = said(target, RNG.permutation(truth))

    assert one.score(target, truth, perfect) > one.score(target, truth, said(target, truth))
    assert one.score(target, truth, said(target, truth)) > one.score(target, truth, guess)


def test_values_are_those_of_scikit_learn() -> None:
    truth, guess = TRUTH[Task.BINARY], said(BINARY, TRUTH[Task.BINARY])
    scores, answers = guess.outputs[:, 1], guess.answers
    expected = {
        "roc_auc": reference.roc_auc_score(truth, scores),
        "average_precision": reference.average_precision_score(truth, scores),
        "log_loss": reference.log_loss(truth, scores),
        "brier": reference.brier_score_loss(truth, scores),
        "f1": reference.f1_score(truth, answers),
        "f1_macro": reference.f1_score(truth, answers, average="macro"),
        "matthews": reference.matthews_corrcoef(truth, answers),
    }

    assert measure([METRICS[name] for name in expected], BINARY, truth, guess) == pytest.approx(
        expected
    )


@pytest.mark.parametrize("digits", [1, 2, 12])  # with one or two there are ties
@pytest.mark.parametrize("classes", [2, 3, 40])
def test_areas_and_log_losses_are_those_of_scikit_learn(classes: int, digits: int) -> None:
    target, name = (BINARY, "roc_auc") if classes == 2 else (many(classes), "roc_auc_ovr")
    truth, guess = noisy(target, digits)
    scores = guess.outputs[:, 1] if classes == 2 else guess.outputs

    area = reference.roc_auc_score(truth, scores, multi_class="ovr")
    assert METRICS[name](target, truth, guess) == pytest.approx(area, rel=0, abs=1e-12)
    loss = reference.log_loss(truth, guess.outputs, labels=range(classes))
    assert METRICS["log_loss"](target, truth, guess) == pytest.approx(loss, rel=1e-12)


def many(classes: int) -> Target:
    return Target("y", Task.MULTICLASS, tuple(map(str, range(classes))))


def noisy(target: Target, digits: int) -> tuple[np.ndarray, Predictions]:
    """The truth of 20 rows a class, and guesses that know something of it."""
    classes = len(target.classes)
    truth = np.repeat(np.arange(classes), 20).astype(float)
    outputs = RNG.dirichlet(np.ones(classes), truth.size) + np.eye(classes)[truth.astype(int)] / 9
    outputs = outputs.round(digits) + 0.01
    outputs /= outputs.sum(axis=1, keepdims=True)
    return truth, Predictions(outputs, target.answers(outputs, 0.5))


def test_certain_and_wrong_costs_what_it_does_in_scikit_learn() -> None:
    truth, outputs = np.array([0.0, 1.0]), np.array([[0.0, 1.0], [0.0, 1.0]])

    expected = reference.log_loss(truth, outputs, labels=[0, 1])
    assert METRICS["log_loss"](BINARY, truth, Predictions(outputs, truth)) == expected


def test_many_classes_are_measured_far_sooner_than_by_scikit_learn() -> None:
    target = many(100)
    truth, guess = noisy(target, 12)
    started = time.process_time()
    METRICS["roc_auc_ovr"](target, truth, guess)

    ours = time.process_time() - started
    reference.roc_auc_score(truth, guess.outputs, multi_class="ovr")
    assert ours < (time.process_time() - started - ours) / 3


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.5])
@pytest.mark.parametrize("name", ["roc_auc_ovr", "log_loss"])
def test_what_is_no_probability_is_not_measured(name: str, value: float) -> None:
    truth, guess = noisy(ABC, 12)
    guess.outputs[7, 1] = value

    with pytest.raises(ModelError, match=f"the metric {name} failed with ValueError"):
        METRICS[name](ABC, truth, guess)


@pytest.mark.filterwarnings("error")
def test_probabilities_of_single_precision_are_measured_without_a_warning() -> None:
    truth, guess = TRUTH[Task.BINARY], said(BINARY, TRUTH[Task.BINARY])
    single = Predictions(guess.outputs.astype(np.float32).astype(np.float64), guess.answers)

    expected = METRICS["log_loss"](BINARY, truth, guess)
    assert METRICS["log_loss"](BINARY, truth, single) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "balanced_accuracy"])
def test_what_is_not_defined_without_a_class_is_no_number(name: str) -> None:
    truth = np.zeros(5)

    assert math.isnan(METRICS[name](BINARY, truth, said(BINARY, truth)))
    with pytest.raises(ModelError, match=f"the metric {name} is nan on 5 rows"):
        measure([METRICS[name]], BINARY, truth, said(BINARY, truth))


def test_an_area_of_classes_of_which_one_is_absent_is_no_number() -> None:
    truth = RNG.integers(0, 2, 300).astype(float)

    assert math.isnan(METRICS["roc_auc_ovr"](ABC, truth, said(ABC, truth)))


@pytest.mark.parametrize(
    ("names", "target", "message"),
    [
        ([], BINARY, "evaluate.metrics is empty"),
        (["luck"], BINARY, "'luck'; allowed are roc_auc"),
        (["roc_auc"], ABC, "roc_auc, which does not fit 'y', a multiclass target.*roc_auc_ovr"),
        (["f1"], NUMBER, "those that do: root_mean_squared_error"),
        (["r2"], BINARY, "evaluate=binary"),
        (["nowhere.luck"], BINARY, "cannot be imported"),
        (["math.sqrt"], BINARY, "expected is a function of target.*decorator @metric"),
    ],
)
def test_a_metric_that_is_none_or_does_not_fit_is_refused(
    names: list[str], target: Target, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        metrics(names, target)


@metric(needs="classes", tasks=("binary",), greater_is_better=False)
def misses(_: Target, truth: Any, predictions: Predictions) -> float:
    return float(np.mean(truth > predictions.answers))


@metric(needs="classes", tasks=("binary",), greater_is_better=True)
def broken(*_: Any) -> float:
    raise RuntimeError("no licence")


@metric(needs="classes", tasks=("binary",), greater_is_better=True)
def text(*_: Any) -> Any:
    return "good"


def test_an_own_metric_is_one_like_the_others() -> None:
    (own,) = metrics([f"{__name__}.misses"], BINARY)
    truth, answers = np.array([1.0, 0.0]), Predictions(np.zeros((2, 2)), np.array([0.0, 0.0]))

    assert own.name == "misses"
    assert own(BINARY, truth, answers) == 0.5
    assert own.score(BINARY, truth, answers) == -0.5


@pytest.mark.parametrize(("own", "reason"), [(broken, "no licence"), (text, "ValueError")])
def test_an_own_metric_that_fails_is_one_error(own: Any, reason: str) -> None:
    with pytest.raises(ModelError, match=f"the metric {own.name} failed with .*{reason}"):
        own(BINARY, TRUTH[Task.BINARY], said(BINARY, TRUTH[Task.BINARY]))


def test_the_calibration_error_is_how_far_probabilities_are_from_what_happens() -> None:
    rng = np.random.default_rng(1)
    chances = rng.random(20_000)
    truth = (rng.random(chances.size) < chances).astype(float)
    one = METRICS["calibration_error"]

    def error(said: np.ndarray) -> float:
        return one(BINARY, truth, Predictions(np.column_stack([1 - said, said]), said.round()))

    assert error(chances) < 0.02
    assert error(chances / 2) == pytest.approx(0.25, abs=0.02)
    assert error(np.full(chances.size, 0.6)) == pytest.approx(abs(0.6 - truth.mean()))
    wholly = Predictions(np.tile([0.8, 0.1, 0.1], (300, 1)), np.zeros(300))
    hits = (TRUTH[Task.MULTICLASS] == 0).mean()
    assert one(ABC, TRUTH[Task.MULTICLASS], wholly) == pytest.approx(0.8 - hits)
