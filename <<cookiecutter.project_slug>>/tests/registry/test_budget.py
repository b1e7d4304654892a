import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.evaluate.paired import sign_flip
from <<cookiecutter.package_name>>.registry.budget import (
    SKETCH,
    Challenge,
    challenge_on,
)

TRIALS, CHALLENGERS, UNITS, LEVEL = 400, 10, 12, 0.05


def keys(start: int, stop: int) -> pl.Series:
    return pl.int_range(start, stop, eager=True)


def asked_one_by_one(*sets: pl.Series) -> list[Challenge]:
    """A new model on each of these test sets, one after the other."""
    earlier: list[Challenge] = []
    for number, rows in enumerate(sets):
        earlier.append(challenge_on(rows, "champion", [f"version {number}"], earlier))
    return earlier


@pytest.fixture(scope="module")
def wrongly_promoted() -> dict[str, float]:
    """The share of trials in which ten equal challengers in a row bring a wrong promotion.

    The gain of a challenger in a unit is its own noise less the champion's, which all ten share.
    """
    rng = np.random.default_rng(1)
    levels = [one.level(LEVEL) for one in asked_one_by_one(*[keys(0, 500)] * CHALLENGERS)]
    wrong = {"spending": 0, "naive": 0, "first": 0}
    for _ in range(TRIALS):
        champion = rng.normal(size=UNITS)
        gains = rng.normal(size=(CHALLENGERS, UNITS)) - champion
        p_values = np.array([sign_flip(gain, seed=1) for gain in gains])
        p_values[gains.mean(axis=1) < 0] = 1
        wrong["spending"] += (p_values < levels).any()
        wrong["naive"] += (p_values < LEVEL).any()
        wrong["first"] += p_values[0] < levels[0]
    return {name: number / TRIALS for name, number in wrong.items()}


@pytest.mark.no_cover
def test_ten_equal_challengers_in_a_row_seldom_bring_a_wrong_promotion(
    wrongly_promoted: dict[str, float],
) -> None:
    error = (LEVEL * (1 - LEVEL) / TRIALS) ** 0.5
    assert wrongly_promoted["spending"] <= LEVEL + 2.5 * error
    assert wrongly_promoted["spending"] <= 0.06
    assert wrongly_promoted["naive"] > 2 * 0.06  # each at the whole level


def test_the_first_challenge_is_tested_as_if_it_were_the_only_one() -> None:
    levels = [one.level(LEVEL) for one in asked_one_by_one(*[keys(0, 500)] * 50)]

    assert levels[:3] == pytest.approx([LEVEL, LEVEL / 3, LEVEL / 6])
    assert sum(levels) / 2 < LEVEL  # of a two-sided level, half are promotions


def test_the_same_question_again_spends_nothing() -> None:
    first, second = asked_one_by_one(keys(0, 500), keys(0, 500))
    again = challenge_on(keys(0, 500), "champion", ["version 0"], [second, first])

    assert again == first
    assert second.before == 1


def test_the_order_of_the_rows_makes_no_new_test_set() -> None:
    first, second = asked_one_by_one(keys(0, 500), keys(0, 500).reverse())

    assert first.test_set == second.test_set


@pytest.mark.parametrize("rows", [100, 5000], ids=["all keys known", "estimated"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9, 1.0])
def test_a_challenge_counts_by_the_share_of_the_rows_that_it_had_seen(
    rows: int, share: float
) -> None:
    start = round(rows * (1 - share))
    (_, second) = asked_one_by_one(keys(0, rows), keys(start, start + rows))

    assert second.before == pytest.approx(share, abs=0.1 if rows > SKETCH else 1e-9)


def test_a_test_set_without_one_row_is_no_new_one() -> None:
    tried = asked_one_by_one(*(keys(number, 5000) for number in range(10)))

    assert len({one.test_set for one in tried}) == 10
    assert tried[-1].before > 8.9


def test_new_rows_renew_the_budget_as_far_as_they_are_new() -> None:
    (*_, grown) = asked_one_by_one(*[keys(0, 200)] * 4, keys(0, 800))
    (*_, other) = asked_one_by_one(*[keys(0, 200)] * 4, keys(200, 400))

    assert grown.before == pytest.approx(1)
    assert other.before == 0
    assert other.level(LEVEL) == LEVEL


def test_challenges_of_a_constant_answer_spend_another_budget() -> None:
    tried = asked_one_by_one(*[keys(0, 200)] * 4)

    assert challenge_on(keys(0, 200), "constant", ["version 9"], tried).before == 0


def test_a_challenge_is_read_as_it_was_written() -> None:
    (*_, last) = asked_one_by_one(keys(0, 5000), keys(9, 5000))

    assert Challenge.from_json(last.to_json()) == last
    assert len(last.to_json()) < 5000  # of a tag, in any store of MLflow
