"""Each method beside scipy's, and what all of them share."""

import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, wasserstein_distance

from <<cookiecutter.package_name>>.monitor.bins import (
    Bins,
    count,
    learn_bins,
)
from <<cookiecutter.package_name>>.monitor.divergences import (
    DIVERGENCES,
    MISSING,
    Divergence,
    shares,
)

RNG = np.random.default_rng(2)
ONE_EDGE = Bins(edges=(0.0,))
BEFORE, NOW = RNG.integers(1, 500, ONE_EDGE.size), RNG.integers(0, 90, ONE_EDGE.size)
P, Q = shares(BEFORE, NOW)


def method(name: str, bins: Bins = ONE_EDGE) -> Divergence:
    """On bins as they are, but that distances need their gaps."""
    return DIVERGENCES[name].on(bins) if name == "wasserstein" else DIVERGENCES[name]


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
    assert float(method(name)(BEFORE, NOW)) == pytest.approx(EXPECTED[name], abs=1e-12)


def test_wasserstein_is_scipys_at_the_middles_of_bins_in_standard_deviations() -> None:
    bins = Bins(edges=(0.0, 1.0, 4.0), scale=2.0)
    before, now = (np.append(RNG.integers(100, 900, bins.size - 1), 0) for _ in range(2))
    middles = np.concatenate([[0], np.cumsum(bins.gaps)])
    expected = wasserstein_distance(middles, middles, before[:-1], now[:-1])

    assert float(method("wasserstein", bins)(before, now)) == pytest.approx(expected, rel=0.01)
    gone = np.append(np.zeros(bins.size - 1), 10_000)
    assert float(method("wasserstein", bins)(before, gone)) == pytest.approx(MISSING, abs=0.02)


def test_what_lies_outside_of_the_quantiles_is_one_bin_for_shares() -> None:
    bins = Bins(edges=(0.0, 1.0))
    counts = np.array([*[1] * 5, 7, *[2] * 5, 9])

    assert bins.size == counts.size
    assert bins.at_quantiles(counts).tolist() == [5, 7, 10, 9]
    assert float(DIVERGENCES["psi"].on(bins)(counts, counts[::-1])) == float(
        DIVERGENCES["psi"](np.array([5, 7, 10, 9]), bins.at_quantiles(counts[::-1]))
    )


def test_wasserstein_sees_how_far_new_values_are_and_one_far_value_is_nothing() -> None:
    before = pl.DataFrame({"x": RNG.normal(size=5000)})
    bins = learn_bins(before)

    def score(values: np.ndarray) -> float:
        now = count(pl.DataFrame({"x": values}), bins)["x"]
        return float(method("wasserstein", bins["x"])(count(before, bins)["x"], now))

    assert [score(RNG.normal(shift, 1, 5000)) for shift in (0.5, 1, 2, 3, 4)] == pytest.approx(
        [0.5, 1, 2, 3, 4], rel=0.15
    )
    assert score(np.append(RNG.normal(size=5000), 1e30)) < 0.05


@pytest.mark.parametrize("name", DIVERGENCES)
def test_equal_shares_are_no_distance_apart(name: str) -> None:
    same = np.full(ONE_EDGE.size, 10**6)
    assert float(method(name)(same, same)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_many_samples_at_once_are_those_one_by_one(name: str) -> None:
    many = RNG.multinomial(200, P, size=20)
    by_one = [float(method(name)(BEFORE, one)) for one in many]

    assert method(name)(BEFORE, many) == pytest.approx(by_one, abs=1e-12)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_empty_bins_and_no_rows_give_numbers(name: str) -> None:
    none = np.zeros(ONE_EDGE.size)
    below, absent, full = none.copy(), none.copy(), none + 5
    below[0] = absent[-1] = 9
    for before, now in ((below, absent), (full, none), (none, absent), (none, none)):
        score = float(method(name)(before, now))
        assert np.isfinite(score)
        assert score >= 0


@pytest.mark.parametrize("name", DIVERGENCES)
def test_a_larger_shift_has_a_larger_score(name: str) -> None:
    from scipy.stats import norm

    bins = Bins(edges=tuple(norm.ppf(np.arange(1, 10) / 10)))

    def normal(shift: float) -> np.ndarray:
        below = np.concatenate([[0], norm.cdf(bins.every_edge - shift), [1]])
        return np.append(np.round(1e5 * np.diff(below)), 0)

    shifts = (0.0, 0.03, 0.3, 1.0)
    scores = [float(DIVERGENCES[name].on(bins)(normal(0), normal(shift))) for shift in shifts]

    assert scores == sorted(scores)
    assert scores[1] < DIVERGENCES[name].least < scores[2]
