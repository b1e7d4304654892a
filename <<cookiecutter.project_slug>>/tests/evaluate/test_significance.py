import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import ttest_1samp

from <<cookiecutter.package_name>>.evaluate.significance import corrected_t, delong, holm, mcnemar
from <<cookiecutter.package_name>>.evaluate.units import Units

from .simulated import LEVEL, by_row, days

MONTH = days(31, 40)
REPEATS = 400
MOST = LEVEL + 2.5 * np.sqrt(LEVEL * (1 - LEVEL) / REPEATS)
Drawn = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]


def classifiers(rng: np.random.Generator, shared: Units, gain: float = 0.0) -> Drawn:
    """Truth and the scores of two classifiers that are off by what rows of a unit share.

    The second one's error is larger by the factor ``1 + gain``.
    """
    weather, first, second = rng.normal(size=(3, shared.count))[:, shared.codes]
    truth = rng.random(shared.codes.size) < 1 / (1 + np.exp(1 - 1.5 * weather))
    return truth.astype(np.int64), weather + first, weather + (1 + gain) * second


def p_by_mcnemar(drawn: Drawn, units: Units) -> float:
    truth, first, second = drawn
    return mcnemar((first > 0.5) == truth, (second > 0.5) == truth, units)


def p_by_delong(drawn: Drawn, units: Units) -> float:
    return delong(*drawn, units)


TESTS = [p_by_mcnemar, p_by_delong]


def rejected(test, shared: Units, units: Units, gain: float = 0.0) -> float:
    """The share of pairs of which a test says that they differ."""
    rng = np.random.default_rng(1)
    return float(
        np.mean([test(classifiers(rng, shared, gain), units) < LEVEL for _ in range(REPEATS)])
    )


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize(
    ("shared", "units"),
    [(MONTH, MONTH), (by_row(MONTH), by_row(MONTH)), (by_row(MONTH), MONTH)],
    ids=["clusters by day", "independent by row", "independent by day"],
)
def test_equal_classifiers_are_seldom_told_apart(test, shared: Units, units: Units) -> None:
    assert rejected(test, shared, units) <= MOST


@pytest.mark.parametrize("test", TESTS)
def test_equal_classifiers_are_told_apart_by_rows_where_these_come_in_clusters(test) -> None:
    assert rejected(test, MONTH, by_row(MONTH)) > 0.4


@pytest.mark.parametrize("test", TESTS)
def test_a_better_classifier_is_told_apart_the_sooner_the_more_units_there_are(test) -> None:
    month, year = (rejected(test, units, units, 1.0) for units in (MONTH, days(365, 10)))

    assert month < year
    assert year > 0.8


def test_mcnemar_gives_the_value_of_its_paper() -> None:
    """Fagerland, Lydersen, Laake (2013), table 1: one pair against seven."""
    first = np.array([True] + [False] * 7 + [True] * 13)
    second = np.array([False] + [True] * 7 + [True] * 13)

    assert mcnemar(first, second, by_row(days(21, 1))) == pytest.approx(0.039, abs=5e-4)


def test_classifiers_that_are_right_on_the_same_rows_are_the_same() -> None:
    right = np.array([True, False] * 20)

    assert mcnemar(right, right, days(40, 1)) == 1
    assert mcnemar(right, right, days(4, 10)) == 1


def test_delong_by_midranks_is_delong_by_all_pairs() -> None:
    rng = np.random.default_rng(3)
    truth, first, second = classifiers(rng, days(60, 1))
    first = first.round(1)  # ties
    positive, negative = truth == 1, truth == 0

    def wins(scores: NDArray[np.float64]) -> NDArray[np.float64]:
        above = scores[positive][:, np.newaxis] - scores[negative]
        return (above > 0) + (above == 0) / 2

    gain = wins(first) - wins(second)
    variance = gain.mean(1).var(ddof=1) / positive.sum() + gain.mean(0).var(ddof=1) / negative.sum()
    expected = abs(gain.mean()) / np.sqrt(variance)

    from scipy.stats import t

    assert delong(truth, first, second, days(60, 1)) == pytest.approx(2 * t.sf(expected, 59))


def test_delong_of_units_of_both_classes_has_the_variance_that_is_seen() -> None:
    """A unit's rows of both classes share what they are off by, so its two parts are correlated."""
    rng = np.random.default_rng(4)
    p_values = [delong(*classifiers(rng, days(60, 6)), days(60, 6)) for _ in range(300)]

    assert np.mean(np.array(p_values) < 0.5) == pytest.approx(0.5, abs=0.08)


def test_of_one_class_with_one_row_nothing_is_said() -> None:
    scores = np.arange(10.0)

    assert np.isnan(delong(np.eye(10, dtype=int)[0], scores, -scores, days(10, 1)))


def test_folds_are_no_independent_sample() -> None:
    """Nadeau, Bengio (2003): five folds, tested on a quarter of what they learned from."""
    differences = np.array([0.01, 0.02, 0.015, 0.005, 0.02])
    plain = ttest_1samp(differences, 0)

    assert corrected_t(differences, 0.0) == pytest.approx(plain.pvalue)
    assert corrected_t(differences, 0.25) > 3 * plain.pvalue
    assert np.isnan(corrected_t(differences[:1], 0.25))


def test_of_several_tests_each_is_held_to_less() -> None:
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": float("nan")})

    assert [adjusted[name] for name in "abc"] == pytest.approx([0.03, 0.06, 0.06])
    assert np.isnan(adjusted["d"])
