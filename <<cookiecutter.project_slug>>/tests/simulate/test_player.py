from datetime import datetime

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ModelError,
)
from <<cookiecutter.package_name>>.registry.gate import Verdict
from <<cookiecutter.package_name>>.simulate.costs import (
    Prices,
    Ranking,
    rank,
)
from <<cookiecutter.package_name>>.simulate.player import (
    Year,
    play,
)
from <<cookiecutter.package_name>>.simulate.policies import Policy
from <<cookiecutter.package_name>>.simulate.stream import cut
from <<cookiecutter.package_name>>.simulate.training import Trained
from <<cookiecutter.package_name>>.split.splits import split
from <<cookiecutter.package_name>>.split.units import Units

from .streams import recipe, rules, table

JUMP = datetime(2024, 8, 1)
Played = tuple[Trained, list[Year], Units]


def played(rows: pl.DataFrame, *policies: Policy) -> Played:
    stream = cut(rows, "time")
    arrived = pl.concat([period.rows for period in stream.periods])
    return *play(stream, recipe(), rules(), policies), recipe().units(arrived, "day")


def ranked(played: Played, prices: Prices | None = None) -> Ranking:
    return rank(*played, rules(), prices or Prices())


@pytest.fixture(scope="module")
def jump() -> Played:
    """A new carrier flies all from August on, whose flights are late much more often."""
    return played(table(JUMP), Policy.NEVER, Policy.DRIFT)


def test_a_jump_that_shows_is_answered_on_drift_once_and_that_costs_least(jump: Played) -> None:
    _, (never, drift), _ = jump
    ranking = ranked(jump)

    assert [turn.alarmed for turn in never.turns] == [False] * 4 + [True] * 2
    assert drift.champions == ["the start"] * 5 + ["2024-08"]
    assert (never.retrainings, drift.retrainings) == (0, 1)
    assert [one.policy for one in ranking.outcomes] == [Policy.DRIFT, Policy.NEVER]
    assert ranking.told_apart(0.05)
    assert ranking.outcomes[0].cost == 1.0
    assert (ranking.outcomes[1].interval.low or 0.0) > 1.0


def test_a_turn_that_only_labels_show_asks_for_a_model_on_loss_and_alerts() -> None:
    _, years, _ = played(table(turn=JUMP), Policy.NEVER, Policy.LOSS, Policy.DRIFT)

    for year in years:
        assert all(turn.drift["severity"] == "none" for turn in year.turns)
        assert [turn.alarmed for turn in year.turns] == [False] * 4 + [True] * 2
    assert [year.retrainings for year in years] == [0, 1, 1]


def test_a_retraining_that_costs_more_than_it_brings_is_not_worth_it(jump: Played) -> None:
    ranking = ranked(jump, Prices(retraining=1e6))

    assert [one.policy for one in ranking.outcomes] == [Policy.NEVER, Policy.DRIFT]
    assert ranking.told_apart(0.05)


def test_policies_are_compared_on_answers_to_the_same_rows_by_models_that_did_not_know_them(
    jump: Played,
) -> None:
    _, years, units = jump

    for year in years:
        assert sum(turn.answers.evidence.truth.size for turn in year.turns) == units.codes.size
        assert all(
            turn.champion < turn.period for turn in year.turns if turn.champion != "the start"
        )


def test_where_nothing_happens_never_to_retrain_costs_least() -> None:
    year = played(table(), Policy.EACH, Policy.DRIFT, Policy.NEVER)
    ranking = ranked(year)
    each, drift, _ = year[1]

    assert not any(turn.alarmed for turn in drift.turns)
    assert not any(turn.promoted for turn in each.turns)
    assert [one.policy for one in ranking.outcomes] == [Policy.NEVER, Policy.DRIFT, Policy.EACH]
    assert ranking.second is ranking.outcomes[2]
    assert [one.cost for one in ranking.outcomes] == [0.0, 0.0, 5.0]


def test_a_challenger_that_learned_wrong_labels_is_not_promoted() -> None:
    rows = table(days=182)
    how = recipe()
    learned = split(rows, how.split, validation=how.validation, test=how.test).train["id"]
    wrong = pl.col("id").is_in(learned.implode()) & (pl.col("time") >= datetime(2024, 3, 1))
    _, (each,), _ = played(
        rows.with_columns(pl.when(wrong).then(1 - pl.col("late")).otherwise("late").alias("late")),
        Policy.EACH,
    )
    decisions = [turn.decision for turn in each.turns if turn.decision]

    assert [decision.verdict for decision in decisions] == [Verdict.REJECT] * 3
    assert set(each.champions) == {"the start"}
    assert decisions[-1].reason.startswith("it is worse than")


def test_a_first_model_that_knows_nothing_has_nothing_to_lose() -> None:
    rows = table(days=182).with_columns(late=pl.Series(np.arange(182 * 12) % 2))
    with pytest.raises(ModelError, match="no better than a constant answer"):
        ranked(played(rows, Policy.NEVER))


@pytest.mark.parametrize("prices", [{"retraining": -1.0}, {"value": 0.0}, {"value": float("nan")}])
def test_prices_that_say_nothing_are_refused(prices: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="above 0"):
        Prices(**prices)
