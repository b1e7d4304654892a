"""Limits hold their promise on simulated truth: independent rows, and rows that share a week."""

import numpy as np
import pytest

from <<cookiecutter.package_name>>.monitor.divergences import (
    DIVERGENCES,
)
from <<cookiecutter.package_name>>.monitor.limits import (
    chance_limit,
    learn_history,
)

SHARES = np.array([0.3, 0.25, 0.2, 0.1, 0.1, 0.05])
LEVEL = 0.05


def weeks(rng: np.random.Generator, number: int, rows: int, spread: float) -> list[np.ndarray]:
    """Counts of weeks; with a spread, the rows of each share what the week is like."""
    kinds = SHARES * np.exp(spread * rng.normal(size=(number, SHARES.size)))
    return [rng.multinomial(rows, kind / kind.sum()) for kind in kinds]


def alarms(spread: float, *, by_history: bool, name: str = "psi", repeats: int = 300) -> float:
    """The share of ordinary weeks above their limit, each beside 16 others."""
    method, over = DIVERGENCES[name], 0
    for seed in range(repeats):
        *past, now = weeks(np.random.default_rng(seed), 17, 800, spread)
        reference = np.sum(past, axis=0)
        if by_history:
            limit = learn_history(method, reference, past, 1).limit(method, 800, 800 * 16, LEVEL)
        else:
            limit = chance_limit(method, reference, 800, LEVEL, 1)
        over += float(method(reference, now)) > limit
    return over / repeats


@pytest.mark.parametrize("name", DIVERGENCES)
def test_chance_alone_holds_its_level_on_independent_rows(name: str) -> None:
    assert alarms(0.0, by_history=False, name=name, repeats=200) < LEVEL + 2.5 * 0.0154


@pytest.mark.parametrize("spread", [0.0, 0.1, 0.3])
def test_past_weeks_hold_their_level_where_rows_share_a_week(spread: float) -> None:
    assert alarms(spread, by_history=True) < LEVEL + 2.5 * 0.0126


def test_chance_alone_alarms_where_rows_share_a_week() -> None:
    assert alarms(0.1, by_history=False) > 0.3


def test_a_shift_beyond_the_ordinary_is_above_the_limit() -> None:
    past = weeks(np.random.default_rng(1), 16, 800, 0.1)
    reference, method = np.sum(past, axis=0), DIVERGENCES["psi"]
    limit = learn_history(method, reference, past, 1).limit(method, 800, 12_800, LEVEL)
    moved = np.random.default_rng(2).multinomial(800, SHARES[::-1])

    assert float(method(reference, moved)) > limit


def test_smaller_batches_have_larger_limits() -> None:
    past = weeks(np.random.default_rng(1), 16, 800, 0.1)
    method = DIVERGENCES["psi"]
    history = learn_history(method, np.sum(past, axis=0), past, 1)

    assert history.limit(method, 100, 12_800, LEVEL) > history.limit(method, 800, 12_800, LEVEL)
