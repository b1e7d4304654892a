import numpy as np
import pytest

from <<cookiecutter.package_name>>.config.checks import RuleError
from <<cookiecutter.package_name>>.config.evaluate import (
    Threshold,
)
from <<cookiecutter.package_name>>.errors import ModelError
from <<cookiecutter.package_name>>.model.threshold import (
    best_threshold,
    check_reached,
)
from <<cookiecutter.package_name>>.split.target import Array

TRUTH, SCORES = np.array([0.0, 0, 1, 0, 1, 1]), np.array([0.1, 0.3, 0.4, 0.6, 0.7, 0.8])
PRECISE = Threshold("precision", at_least=0.9)


def costs(false_positive: float, false_negative: float) -> Threshold:
    return Threshold("cost", false_positive, false_negative)


def cost_of(aim: Threshold, truth: Array, answers: Array) -> float:
    alarms, missed = (answers > truth).sum(), (answers < truth).sum()
    return aim.false_positive * alarms + aim.false_negative * missed


@pytest.mark.parametrize(
    ("aim", "expected"),
    [
        (Threshold(), 0.4),  # F1: 6/7
        (PRECISE, 0.7),
        (Threshold("precision", at_least=0.75), 0.4),
        (Threshold("fixed", value=0.25), 0.25),
        (costs(1, 1), 0.4),
        (costs(1, 100), 0.4),
        (costs(5, 1), 0.7),
    ],
    ids=str,
)
def test_the_threshold_serves_its_aim_best(aim: Threshold, expected: float) -> None:
    assert best_threshold(TRUTH, SCORES, aim) == pytest.approx(expected)


@pytest.mark.parametrize("aim", [costs(1, 1), costs(1, 20), costs(20, 1)], ids=str)
def test_no_other_threshold_costs_less(aim: Threshold) -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(500).round(2)  # with ties
    truth = (rng.random(500) < scores**2).astype(float)
    chosen = best_threshold(truth, scores, aim)

    least = min(cost_of(aim, truth, scores >= cut) for cut in [*np.unique(scores), 2.0])
    assert cost_of(aim, truth, scores >= chosen) == least


def test_where_a_false_alarm_costs_all_no_row_is_positive() -> None:
    threshold = best_threshold(1 - TRUTH, SCORES, costs(1000, 1))

    assert SCORES.max() < threshold < SCORES.max() + 1e-9


def test_a_precision_that_is_not_reached_is_refused_with_the_one_that_is() -> None:
    mixed = np.array([1.0, 0, 1, 0, 1, 0])
    threshold = best_threshold(mixed, SCORES, PRECISE)

    with pytest.raises(ModelError, match=r"at least 0\.9.*reach 0\.5000 at most"):
        check_reached(mixed, SCORES, threshold, PRECISE)
    check_reached(TRUTH, SCORES, best_threshold(TRUTH, SCORES, PRECISE), PRECISE)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"aim": "luck"}, "threshold.aim is 'luck'"),
        ({"aim": "precision"}, "at_least is missing"),
        ({"aim": "precision", "at_least": 1.5}, "at_least is 1.5"),
        ({"aim": "f1", "value": 0.3}, "value would have no effect; the aim f1 takes nothing more"),
        ({"aim": "fixed", "value": -0.1}, "value is -0.1"),
        ({"aim": "cost", "false_positive": 1.0}, "false_negative is missing"),
        ({"aim": "cost", "false_positive": 0.0, "false_negative": 1.0}, "both costs"),
        ({"aim": "cost", "false_positive": -1.0, "false_negative": 1.0}, "false_positive is -1"),
    ],
)
def test_an_aim_takes_its_own_numbers_and_no_others(wrong: dict, named: str) -> None:
    with pytest.raises(RuleError, match=named):
        Threshold(**wrong)
