import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import t, ttest_1samp
from sklearn.metrics import roc_auc_score

from <<cookiecutter.package_name>>.evaluate.significance import (
    corrected_t,
    delong,
    holm,
    mcnemar,
)
from <<cookiecutter.package_name>>.split.units import Units

from .simulated import LEVEL, by_row, days

MONTH = days(31, 40)
REPEATS = 300
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
    right = (first > 0.5) == truth, (second > 0.5) == truth
    return mcnemar(*right, units, level=LEVEL, seed=1).p_value


def p_by_delong(drawn: Drawn, units: Units) -> float:
    return delong(*drawn, units, level=LEVEL).p_value


TESTS = [p_by_mcnemar, p_by_delong]


def rejected(
    test, shared: Units, units: Units, *, gain: float = 0.0, repeats: int = REPEATS
) -> float:
    """The share of pairs of which a test says that they differ."""
    rng = np.random.default_rng(1)
    p_values = [test(classifiers(rng, shared, gain), units) for _ in range(repeats)]
    return float(np.mean(np.array(p_values) < LEVEL))


@pytest.mark.no_cover
@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize(
    ("shared", "units"),
    [(MONTH, MONTH), (by_row(MONTH), by_row(MONTH)), (by_row(MONTH), MONTH)],
    ids=["clusters by day", "independent by row", "independent by day"],
)
def test_equal_classifiers_are_seldom_told_apart(test, shared: Units, units: Units) -> None:
    assert rejected(test, shared, units) <= MOST


@pytest.mark.no_cover
@pytest.mark.parametrize("test", TESTS)
def test_equal_classifiers_are_told_apart_by_rows_where_these_come_in_clusters(test) -> None:
    assert rejected(test, MONTH, by_row(MONTH), repeats=100) > 0.3


@pytest.mark.no_cover
@pytest.mark.parametrize("test", TESTS)
def test_a_better_classifier_is_told_apart_the_sooner_the_more_units_there_are(test) -> None:
    month, year = (
        rejected(test, units, units, gain=1.0, repeats=60) for units in (MONTH, days(365, 10))
    )

    assert month < year
    assert year > 0.8


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("shared", "dealt"),
    [(MONTH, MONTH), (by_row(MONTH), by_row(MONTH))],
    ids=["clusters by day", "independent by row"],
)
def test_equal_ways_to_train_are_seldom_told_apart_over_folds(shared: Units, dealt: Units) -> None:
    assert told_apart_over_folds(shared, dealt) <= MOST


@pytest.mark.no_cover
def test_folds_that_share_days_tell_equal_ways_to_train_apart() -> None:
    assert told_apart_over_folds(MONTH, by_row(MONTH)) > 0.4


def told_apart_over_folds(shared: Units, dealt: Units) -> float:
    """The share of pairs of equally good ways to train of which the corrected t test errs.

    Each learns a line of columns of its own; whole ``dealt`` units are dealt to five folds.
    """
    rng, wrong = np.random.default_rng(1), 0
    for _ in range(REPEATS):
        columns = rng.normal(size=(6, shared.count))[:, shared.codes].T
        truth = columns.sum(1) + rng.normal(size=shared.codes.size)
        fold = (rng.permutation(dealt.count) % 5)[dealt.codes]
        errors = [
            [squared_error(half, truth, fold == number) for number in range(5)]
            for half in (columns[:, :3], columns[:, 3:])
        ]
        gains = np.subtract(errors[1], errors[0])
        wrong += corrected_t(gains, 0.25, level=LEVEL).p_value < LEVEL
    return wrong / REPEATS


def squared_error(
    columns: NDArray[np.float64], truth: NDArray[np.float64], held_out: NDArray[np.bool_]
) -> float:
    """Of a line that is fitted to the rows that are not held out, on those that are."""
    line = np.linalg.lstsq(columns[~held_out], truth[~held_out], rcond=None)[0]
    return float(np.mean((truth[held_out] - columns[held_out] @ line) ** 2))


def test_mcnemar_gives_the_value_of_its_paper() -> None:
    """Fagerland, Lydersen, Laake (2013), table 1: one pair against seven."""
    first = np.array([True] + [False] * 7 + [True] * 13)
    second = np.array([False] + [True] * 7 + [True] * 13)
    result = mcnemar(first, second, by_row(days(21, 1)), level=LEVEL, seed=1)

    assert result.p_value == pytest.approx(0.039, abs=5e-4)
    assert result.gain == pytest.approx(-6 / 21)
    assert "only the first is right on 1 rows, only the second on 7" in result.detail


@pytest.mark.parametrize("units", [days(40, 1), days(4, 10)])
def test_classifiers_that_are_right_on_the_same_rows_are_the_same(units: Units) -> None:
    right = np.array([True, False] * 20)
    result = mcnemar(right, right, units, level=LEVEL, seed=1)

    assert (result.gain, result.p_value) == (0, 1)


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
    fewer = min(positive.sum(), negative.sum())
    result = delong(truth, first, second, days(60, 1), level=LEVEL)

    assert result.gain == pytest.approx(roc_auc_score(truth, first) - roc_auc_score(truth, second))
    assert result.p_value == pytest.approx(
        2 * t.sf(abs(gain.mean()) / np.sqrt(variance), fewer - 1)
    )
    assert result.interval.high - result.gain == pytest.approx(
        t.isf(LEVEL / 2, fewer - 1) * np.sqrt(variance)
    )


def test_delong_of_units_of_both_classes_has_the_variance_that_is_seen() -> None:
    """A unit's rows of both classes share what they are off by, so its two parts are correlated."""
    rng, units = np.random.default_rng(4), days(60, 6)
    p_values = [p_by_delong(classifiers(rng, units), units) for _ in range(300)]

    assert np.mean(np.array(p_values) < 0.5) == pytest.approx(0.5, abs=0.08)


def test_of_one_class_with_one_row_nothing_is_said() -> None:
    scores = np.arange(10.0)
    result = delong(np.eye(10, dtype=int)[0], scores, -scores, days(10, 1), level=LEVEL)

    assert (result.p_value, result.interval.low) == (None, None)
    assert result.detail == "too few units"


def test_folds_are_no_independent_sample() -> None:
    """Nadeau, Bengio (2003): five folds, tested on a quarter of what they learned from."""
    gains = np.array([0.01, 0.02, 0.015, 0.005, 0.02])
    plain = ttest_1samp(gains, 0)

    assert corrected_t(gains, 0.0, level=LEVEL).p_value == pytest.approx(plain.pvalue)
    assert corrected_t(gains, 0.25, level=LEVEL).p_value > 3 * plain.pvalue
    assert corrected_t(gains[:1], 0.25, level=LEVEL).p_value is None
    assert corrected_t(np.full(5, 0.01), 0.25, level=LEVEL).p_value is None
    assert corrected_t(np.zeros(5), 0.25, level=LEVEL).p_value == 1


def test_of_several_tests_each_is_held_to_less() -> None:
    assert holm([0.01, 0.04, None, 0.03]) == [pytest.approx(0.03), 0.06, None, 0.06]
