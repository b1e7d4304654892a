import numpy as np
import pytest

from <<cookiecutter.package_name>>.model.metric import Predictions
from <<cookiecutter.package_name>>.own.metrics import (
    FALSE_ALARM,
    MISSED,
    cost,
)
from <<cookiecutter.package_name>>.split.target import Target, Task


def test_a_missed_row_costs_more_than_a_false_alarm() -> None:
    target = Target("late", Task.BINARY, (0, 1))
    truth, answers = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.0, 1.0, 1.0, 0.0])
    predictions = Predictions(outputs=np.zeros((4, 2)), answers=answers)

    assert cost(target, truth, predictions) == pytest.approx((MISSED + FALSE_ALARM) / 4)
    assert not cost.greater_is_better
