import json
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.model.conformal import (
    Conformal,
    check_units,
    fit_conformal,
)
from <<cookiecutter.package_name>>.split.target import (
    Array,
    Target,
    Task,
)
from <<cookiecutter.package_name>>.split.units import Units

ABC = Target("y", Task.MULTICLASS, ("a", 'b"|', "c"))
NUMBER = Target("y", Task.REGRESSION)
LEVEL = 0.1


class Simulated(NamedTuple):
    outputs: Array
    truth: Array
    units: Units


def simulated(
    rng: np.random.Generator, target: Target, units: int, *, rows: int = 1, noise: float = 1.0
) -> Simulated:
    """Rows of which those of a unit share part of their error; the first unit is much larger."""
    sizes = np.full(units, rows)
    sizes[0] *= 20 if rows > 1 else 1
    codes = np.repeat(np.arange(units), sizes)
    if target.is_classification:
        outputs = rng.dirichlet(np.ones(3), codes.size)
        truth = (outputs.cumsum(axis=1) < rng.random((codes.size, 1))).sum(axis=1).astype(float)
    else:
        outputs, spread = rng.normal(size=codes.size), rng.gamma(2.0, size=units)
        truth = outputs + noise * spread[codes] * rng.normal(size=codes.size)
    return Simulated(outputs, truth, Units("unit" if rows > 1 else "row", codes))


def fitted(target: Target, rows: Simulated, units: Units | None = None) -> Conformal:
    return fit_conformal(LEVEL, target, rows.outputs, rows.truth, units or rows.units)


def coverage(conformal: Conformal, target: Target, rows: Simulated) -> float:
    return float(conformal.covered(target, rows.outputs, rows.truth).mean())


@pytest.mark.no_cover
@pytest.mark.parametrize("target", [ABC, NUMBER], ids=lambda target: str(target.task))
def test_new_rows_are_covered_as_was_asked_and_rows_of_the_training_promise_too_much(
    target: Target,
) -> None:
    rng = np.random.default_rng(0)
    kept, overfitted = [], []
    new = simulated(rng, target, 20_000)
    for _ in range(200):
        kept.append(coverage(fitted(target, simulated(rng, target, 500)), target, new))
        learned = simulated(rng, target, 500, noise=0.7)  # residuals are smaller where it learned
        if target.is_classification:
            learned = learned._replace(truth=learned.outputs.argmax(axis=1).astype(float))
        overfitted.append(coverage(fitted(target, learned), target, new))

    assert np.mean(kept) == pytest.approx(1 - LEVEL, abs=0.01)
    assert np.mean(overfitted) < 1 - LEVEL - 0.05


@pytest.mark.no_cover
def test_rows_of_new_units_are_covered_as_was_asked_and_row_wise_they_are_not() -> None:
    """Ten units of calibration rows, one of which holds most of them."""
    rng = np.random.default_rng(0)
    by_unit, by_row = [], []
    for _ in range(2000):
        rows, new = simulated(rng, NUMBER, 12, rows=20), simulated(rng, NUMBER, 2, rows=20)
        alone = Units("row", np.arange(rows.truth.size))
        of_new_unit = new.units.codes == 1
        new = Simulated(new.outputs[of_new_unit], new.truth[of_new_unit], new.units)
        by_unit.append(coverage(fitted(NUMBER, rows), NUMBER, new))
        by_row.append(coverage(fitted(NUMBER, rows, alone), NUMBER, new))

    error = np.std(by_unit) / np.sqrt(len(by_unit))
    assert 1 - LEVEL - 2.5 * error <= np.mean(by_unit) <= 1 - LEVEL + 1 / 13 + 2.5 * error
    assert np.mean(by_row) < 1 - LEVEL - 2.5 * error


def test_where_the_row_is_the_unit_it_is_the_ordinary_quantile() -> None:
    scores = np.arange(1.0, 100.0)  # 99 of them: the 90th of 100 with one more
    rows = Simulated(np.zeros(99), scores, Units("row", np.arange(99)))

    assert fitted(NUMBER, rows).quantile == 90


def test_a_set_is_a_text_of_json_whatever_the_classes_are_called() -> None:
    conformal = Conformal(LEVEL, 0.7, "row", 99)
    outputs = np.array([[0.5, 0.4, 0.1], [0.1, 0.8, 0.1], [0.34, 0.33, 0.33], [0.25, 0.25, 0.5]])
    (sets,) = conformal.columns(ABC, outputs)

    assert [json.loads(text) for text in sets] == [["a", 'b"|'], ['b"|'], ["a", 'b"|', "c"], ["c"]]
    assert Conformal(LEVEL, 0.1, "row", 99).columns(ABC, outputs)[0].to_list() == ["[]"] * 4
    (none,) = conformal.columns(ABC, outputs[:0])
    assert (none.dtype, none.len()) == (pl.String, 0)


def test_an_interval_lies_around_its_prediction() -> None:
    low, high = Conformal(LEVEL, 2.0, "row", 99).columns(NUMBER, np.array([1.0, 5.0]))

    assert (low.name, low.to_list()) == ("prediction_low", [-1, 3])
    assert (high.name, high.to_list()) == ("prediction_high", [3, 7])


@pytest.mark.parametrize(("level", "least"), [(0.1, 9), (0.01, 99), (0.05, 19), (0.5, 1)])
def test_too_few_units_for_a_level_are_refused_with_the_number_that_it_takes(
    level: float, least: int
) -> None:
    check_units(level, Units("day of departure", np.arange(least)))
    if least > 1:
        with pytest.raises(DataError, match=f"takes {least} days of departure .* are {least - 1}"):
            check_units(level, Units("day of departure", np.arange(least - 1)))
