"""Each method beside scipy's, and what all of them share."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy

from <<cookiecutter.package_name>>.monitor.divergences import (
    DIVERGENCES,
    shares,
)

RNG = np.random.default_rng(2)
BEFORE, NOW = RNG.integers(1, 500, 8), RNG.integers(0, 90, 8)
P, Q = shares(BEFORE, NOW)
EXPECTED = {
    "kl": entropy(Q, P),
    "psi": entropy(Q, P) + entropy(P, Q),
    "jensenshannon": jensenshannon(P, Q, base=2),
    "total_variation": np.abs(P - Q).sum() / 2,
    "chi_squared": ((Q - P) ** 2 / P).sum(),
    "ks": np.abs(np.cumsum(P) - np.cumsum(Q)).max(),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_method_is_what_its_name_says(name: str) -> None:
    assert float(DIVERGENCES[name](BEFORE, NOW)) == pytest.approx(EXPECTED[name], abs=1e-12)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_equal_shares_are_no_distance_apart(name: str) -> None:
    assert float(DIVERGENCES[name](np.full(5, 10**6), np.full(5, 10**6))) == pytest.approx(
        0, abs=1e-9
    )


@pytest.mark.parametrize("name", DIVERGENCES)
def test_many_samples_at_once_are_those_one_by_one(name: str) -> None:
    many = RNG.multinomial(200, P, size=20)
    by_one = [float(DIVERGENCES[name](BEFORE, one)) for one in many]

    assert DIVERGENCES[name](BEFORE, many) == pytest.approx(by_one, abs=1e-12)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_empty_bins_and_no_rows_give_numbers(name: str) -> None:
    for before, now in (([0, 9, 0], [5, 0, 0]), ([5, 5, 5], [0, 0, 0]), ([0, 0], [0, 0])):
        score = float(DIVERGENCES[name](np.array(before), np.array(now)))
        assert np.isfinite(score)
        assert score >= 0


@pytest.mark.parametrize("name", DIVERGENCES)
def test_a_larger_shift_has_a_larger_score(name: str) -> None:
    from scipy.stats import norm

    edges = norm.ppf(np.arange(1, 10) / 10)
    before = np.full(10, 10_000)
    scores = []
    for shift in (0.0, 0.1, 0.3, 1.0):
        below = np.concatenate([[0], norm.cdf(edges - shift), [1]])
        scores.append(float(DIVERGENCES[name](before, np.round(1e5 * np.diff(below)))))

    assert scores == sorted(scores)
    assert scores[0] < DIVERGENCES[name].least < scores[2]
