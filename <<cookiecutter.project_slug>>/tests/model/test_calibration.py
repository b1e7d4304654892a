import numpy as np
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.model.calibration import (
    Calibration,
    Isotonic,
    cross_fitted,
    fit_calibration,
)
from <<cookiecutter.package_name>>.split.target import Array
from <<cookiecutter.package_name>>.split.units import Units

RNG = np.random.default_rng(0)
METHODS = ("sigmoid", "isotonic")


def overconfident(rows: int, classes: int) -> tuple[Array, Array, Array]:
    """Probabilities of a model that is too sure of itself, the true ones, and what happened."""
    logits = RNG.normal(size=(rows, classes))
    logits[:, 0] += 1.0
    true, probabilities = (np.exp(scale * logits) for scale in (1, 3))
    true, probabilities = (p / p.sum(axis=1, keepdims=True) for p in (true, probabilities))
    codes = (true.cumsum(axis=1) < RNG.random((rows, 1))).sum(axis=1).astype(float)
    return probabilities, true, codes


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("method", METHODS)
def test_calibrated_probabilities_are_near_the_true_ones(method: str, classes: int) -> None:
    probabilities, _, codes = overconfident(20_000, classes)
    new, true, _ = overconfident(5_000, classes)
    calibrated = fit_calibration(method, probabilities, codes)(new)

    assert calibrated.sum(axis=1) == pytest.approx(1)
    assert np.abs(new - true).mean() > 0.1
    limit = 0.015 if classes == 2 else 0.04  # a curve a class cannot undo what all classes share
    assert np.abs(calibrated - true).mean() < limit


@pytest.mark.parametrize("method", METHODS)
def test_where_the_classes_part_no_row_is_certain(method: str) -> None:
    truth = np.repeat([0.0, 1.0], 20)
    probabilities = np.column_stack([1 - truth, truth])
    calibrated = fit_calibration(method, probabilities, truth)(probabilities)

    assert 0 < calibrated.min() < 0.1
    assert 0.9 < calibrated.max() < 1


def test_outside_of_the_rows_that_it_was_fitted_on_a_curve_stays_as_it_ends() -> None:
    curve = Isotonic([0.2, 0.4], [0.1, 0.9])

    assert curve(np.array([0.0, 0.3, 1.0])) == pytest.approx([0.1, 0.5, 0.9])


def test_what_is_chosen_on_calibrated_rows_must_not_have_shaped_their_curve() -> None:
    """Probabilities say nothing: on its own rows an isotonic curve finds something in them."""
    units = Units("row", np.arange(200))
    own, across = [], []
    for _ in range(50):
        truth, positive = (RNG.random(200) < 0.5).astype(float), RNG.random(200)
        probabilities = np.column_stack([1 - positive, positive])
        flattered = fit_calibration("isotonic", probabilities, truth)(probabilities)
        honest = cross_fitted("isotonic", probabilities, truth, units, seed=1)
        for errors, outputs in ((own, flattered), (across, honest)):
            errors.append(np.mean((outputs[:, 1] - truth) ** 2))

    assert np.mean(own) < 0.245  # better than nobody can be
    assert np.mean(across) >= 0.25


def test_rows_of_one_unit_do_not_shape_the_curve_of_another_row_of_it() -> None:
    """Each day has a probability of its own, at which all of its rows happened, or none."""
    day = np.repeat(np.arange(40), 10)
    positive, truth = day / 40, (RNG.permutation(40) % 2).astype(float)[day]
    probabilities = np.column_stack([1 - positive, positive])
    by_row = cross_fitted("isotonic", probabilities, truth, Units("row", np.arange(400)), seed=1)
    by_day = cross_fitted("isotonic", probabilities, truth, Units("day", day), seed=1)

    errors = [np.mean((outputs[:, 1] - truth) ** 2) for outputs in (by_row, by_day)]
    assert errors[0] < errors[1]


def test_a_class_of_too_few_rows_is_refused() -> None:
    truth = np.zeros(50)
    truth[0] = 1
    with pytest.raises(DataError, match=r"hold too few rows of a class.*split\.validation"):
        cross_fitted("sigmoid", np.full((50, 2), 0.5), truth, Units("row", np.arange(50)), seed=1)


def test_a_calibration_is_called_by_its_method() -> None:
    assert Calibration([Isotonic([0.0], [0.5])]).method == "isotonic"
