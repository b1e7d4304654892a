"""Limits hold their promise on simulated truth: independent rows, and rows that share a week."""

from dataclasses import replace

import numpy as np
import pytest

from <<cookiecutter.package_name>>.monitor.divergences import (
    DIVERGENCES,
)
from <<cookiecutter.package_name>>.monitor.limits import (
    chance_limit,
    learn_history,
    pooled,
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
            limit = learn_history(method, reference, past, days=7, seed=1).limit(
                method, 800, 800 * 16, LEVEL, days=7
            )
        else:
            limit = chance_limit(method, reference, 800, LEVEL, 1)
        over += float(method(reference, now)) > limit
    return over / repeats


@pytest.mark.parametrize("name", [name for name, one in DIVERGENCES.items() if not one.by_gaps])
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
    limit = learn_history(method, reference, past, days=7, seed=1).limit(
        method, 800, 12_800, LEVEL, days=7
    )
    moved = np.random.default_rng(2).multinomial(800, SHARES[::-1])

    assert float(method(reference, moved)) > limit


def test_smaller_batches_and_pieces_of_a_week_have_larger_limits() -> None:
    past, method = weeks(np.random.default_rng(1), 16, 800, 0.1), DIVERGENCES["psi"]
    history = learn_history(method, np.sum(past, axis=0), past, days=7, seed=1)

    def limit(rows: int, days: int) -> float:
        return history.limit(method, rows, 12_800, LEVEL, days=days)

    assert limit(100, 7) > limit(800, 7)
    assert limit(800, 2) > limit(800, 7) == limit(800, 9)


def test_a_column_that_varied_little_by_chance_borrows_from_the_others() -> None:
    past, method = weeks(np.random.default_rng(1), 16, 800, 0.1), DIVERGENCES["psi"]
    one = learn_history(method, np.sum(past, axis=0), past, days=7, seed=1)
    calm = replace(one, variation=one.variation / 10)

    assert [each.variation for each in pooled([calm, one, one])] == [one.variation] * 3
    assert pooled([]) == []
