import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.checks import RuleError
from <<cookiecutter.package_name>>.config.evaluate import (
    LearningCurve,
)
from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.evaluate.learning_curve import (
    Part,
    learning_curve,
)
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.split.units import Units

from ..models import LATE, WIND, spec

SETTINGS = LearningCurve([0.02, 0.1, 0.4], repeats=3)


def part(rows: int, seed: int) -> Part:
    """``late`` depends on 20 columns a little, so much is to be learned."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 20))
    odds = np.exp(x.sum(axis=1) / 3)
    truth = (rng.random(rows) < odds / (1 + odds)).astype(float)
    return Part(pl.DataFrame(x, schema=[f"x{i}" for i in range(20)]), truth)


TRAIN, VALIDATION, TEST = part(2000, 1), part(300, 2), part(2000, 3)
HELD_OUT = {"validation": VALIDATION, "test": TEST}
DAYS = Units("day", np.arange(2000) // 10)


def test_more_rows_help_where_much_is_left_to_learn() -> None:
    curve = learning_curve(
        SETTINGS, spec(), LATE, METRICS["log_loss"], train=TRAIN, units=DAYS, **HELD_OUT
    )
    values = [point["value"] for point in curve["points"]]

    assert [point["rows"] for point in curve["points"]] == [40, 200, 800, 2000]
    assert values == sorted(values, reverse=True)
    assert curve["helps"]
    assert curve["per_doubling"] > 2 * curve["standard_error"]


def test_more_rows_do_not_help_a_constant_answer() -> None:
    curve = learning_curve(
        SETTINGS, spec("dummy"), LATE, METRICS["f1"], train=TRAIN, units=DAYS, **HELD_OUT
    )

    assert not curve["helps"]


def test_a_share_without_a_class_is_refused() -> None:
    alone = Part(TRAIN.features, (np.arange(2000) == 0).astype(float))

    with pytest.raises(DataError, match=r"0\.02 of the training rows hold too few"):
        learning_curve(SETTINGS, spec(), LATE, METRICS["f1"], train=alone, units=DAYS, **HELD_OUT)


def test_rows_of_one_unit_make_no_curve() -> None:
    one = Units("day", np.zeros(2000, dtype=np.intp))

    with pytest.raises(DataError, match="of too few units"):
        learning_curve(
            SETTINGS, spec("dummy"), LATE, METRICS["f1"], train=TRAIN, units=one, **HELD_OUT
        )


@pytest.mark.parametrize("shares", [[0.5], [0.5, 0.5], [0.0, 0.5], [0.5, 1.0]])
def test_shares_that_make_no_curve_are_refused(shares: list[float]) -> None:
    with pytest.raises(RuleError, match=r"learning_curve\.shares"):
        LearningCurve(shares)


def test_a_number_is_learned_as_well() -> None:
    train, test = (Part(one.features, one.features["x0"].to_numpy()) for one in (TRAIN, TEST))
    curve = learning_curve(
        SETTINGS,
        spec("ridge"),
        WIND,
        METRICS["r2"],
        train=train,
        units=DAYS,
        validation=test,
        test=test,
    )

    assert curve["points"][-1]["value"] > 0.99
