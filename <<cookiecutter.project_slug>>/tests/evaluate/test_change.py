"""A metric on two sets of rows, on simulated truth: independent rows, and rows that share a day."""

import numpy as np
import pytest

from <<cookiecutter.package_name>>.evaluate.change import (
    MIN_UNITS,
    Change,
    change,
)
from <<cookiecutter.package_name>>.evaluate.intervals import (
    Replicates,
    replicate,
)
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.split.target import Target, Task
from <<cookiecutter.package_name>>.split.units import Units

from .simulated import LEVEL, SQUARED_ERROR, TARGET, by_row, days, values

BEFORE, NOW, ROWS = 60, 20, 30  # days on each side, rows of each


def replicates(rng: np.random.Generator, shared: Units, loss: float, units: Units) -> Replicates:
    """A squared error of 1 + ``loss`` in truth, of which each day has a share of its own."""
    of_day = rng.chisquare(8, size=shared.count)[shared.codes] / 8
    truth = rng.normal(size=shared.codes.size) * np.sqrt(of_day * (1 + loss))
    constant = values(np.zeros_like(truth))
    return replicate(SQUARED_ERROR, TARGET, truth, constant, units=units, resamples=0, seed=1)


def changes(
    number: int, shared: tuple[Units, Units], *, loss: float = 0.0, tolerance: float = 0.0, **of
) -> list[Change]:
    """So many simulations; by rows where ``by_rows`` says so."""
    rng, sides = np.random.default_rng(1), zip(shared, (0.0, loss), strict=True)
    drawn, results = list(sides), []
    for _ in range(number):
        before, now = (
            replicates(rng, u, lost, by_row(u) if of.get("by_rows") else u) for u, lost in drawn
        )
        results.append(change(now, before, level=LEVEL, tolerance=tolerance))
    return results


def share(flags: list[bool]) -> float:
    return sum(flags) / len(flags)


IN_DAYS = days(BEFORE, ROWS), days(NOW, ROWS)


@pytest.mark.no_cover
@pytest.mark.parametrize("shared", [IN_DAYS, (days(600, 1), days(200, 1))], ids=["days", "rows"])
def test_a_metric_that_did_not_change_seldom_has_fallen(shared: tuple[Units, Units]) -> None:
    simulated = changes(200, shared)

    assert share([one.fell for one in simulated]) <= LEVEL / 2 + 2.5 * np.sqrt(0.025 / 200)
    covered = [one.interval.low <= 0 <= one.interval.high for one in simulated]
    assert share(covered) >= 1 - LEVEL - 2.5 * np.sqrt(0.05 / 200)


def test_rows_of_a_day_that_are_taken_as_independent_raise_false_alarms() -> None:
    assert share([one.fell for one in changes(60, IN_DAYS, by_rows=True)]) > 0.08


@pytest.mark.no_cover
def test_a_fall_is_seen_and_one_within_the_tolerance_is_none() -> None:
    fallen = changes(40, IN_DAYS, loss=0.8, tolerance=0.2)
    tiny = changes(30, (days(300, ROWS), days(300, ROWS)), loss=0.1, tolerance=0.3)

    assert share([one.fell for one in fallen]) >= 0.9
    assert share([one.fell for one in tiny]) == 0.0
    assert share([one.holds for one in tiny]) >= 0.9
    assert all(one.more_units is None for one in fallen + tiny if one.fell or one.holds)


@pytest.mark.no_cover
def test_what_has_fallen_by_the_tolerance_is_seldom_said_to_hold() -> None:
    simulated = changes(200, IN_DAYS, loss=0.4, tolerance=0.4)

    # Student's t would say 2.5 of 100; squares are skewed, and 20 days are few.
    assert share([one.holds for one in simulated]) <= 2 * LEVEL


def test_about_as_many_more_units_as_it_says_decide() -> None:
    first = changes(40, (days(200, ROWS), days(8, ROWS)), tolerance=0.25)
    typical = int(np.median([one.more_units for one in first if one.more_units]))
    then = changes(40, (days(200, ROWS), days(8 + typical, ROWS)), tolerance=0.25)

    assert share([one.holds for one in first]) < 0.5
    assert share([one.holds for one in then]) > 0.7


def test_more_units_do_not_help_where_the_rows_before_are_too_few() -> None:
    (one,) = changes(1, (days(MIN_UNITS, 10), days(400, ROWS)), tolerance=0.01)

    assert not one.fell
    assert not one.holds
    assert one.more_units is None


@pytest.mark.parametrize(
    ("shared", "reason", "more"),
    [
        ((days(BEFORE, ROWS), days(4, 30)), "only 4 days of departure and 120 rows now", 2),
        ((days(BEFORE, ROWS), days(10, 2)), "only 10 days of departure and 20 rows now", 15),
        ((days(3, ROWS), days(BEFORE, ROWS)), "only 3 days of departure and 90 rows before", None),
    ],
)
def test_too_few_units_or_rows_say_nothing(
    shared: tuple[Units, Units], reason: str, more: int | None
) -> None:
    (one,) = changes(1, shared, loss=1.0)

    assert not one.fell
    assert not one.holds
    assert one.interval.reason is not None
    assert one.interval.reason.startswith(reason)
    assert one.more_units == more


def test_of_a_metric_that_is_better_when_greater_less_is_a_loss() -> None:
    target, shared = Target("y", Task.REGRESSION), days(10, 10)
    rng = np.random.default_rng(1)
    truth = rng.normal(size=100)
    sides = [
        replicate(
            METRICS["r2"], target, truth, values(truth + noise), units=shared, resamples=0, seed=1
        )
        for noise in rng.normal(size=(2, 100)) * np.array([[0.1], [0.8]])
    ]

    assert change(sides[1], sides[0], level=LEVEL, tolerance=0.1).fell
    assert change(sides[0], sides[1], level=LEVEL, tolerance=0.1).holds
