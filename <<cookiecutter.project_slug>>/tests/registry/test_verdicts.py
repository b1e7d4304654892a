import json
import re
from dataclasses import asdict, replace

import polars as pl
import pytest

from <<cookiecutter.package_name>>.evaluate.paired import Comparison
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.registry.conditions import (
    Condition,
)
from <<cookiecutter.package_name>>.registry.gate import (
    Candidate,
    Decision,
    Rules,
    Verdict,
    judge,
    unopposed,
    with_conditions,
)

from .pairs import compared, dealt, trained, verdict

HOLD, PROMOTE, REJECT = Verdict.HOLD, Verdict.PROMOTE, Verdict.REJECT
RULES = Rules(METRICS["brier"], 50, resamples=50, level=0.05, seed=1)


@pytest.fixture
def offered(rows: pl.DataFrame) -> Candidate:
    return trained(dealt(rows))


@pytest.mark.parametrize(
    ("comparison", "expected", "reason"),
    [
        (compared(0.05, 0.01), PROMOTE, "it is better than the champion: roc_auc gain"),
        (compared(0.05, 0.2, 43), HOLD, "may be chance.* about 43 more days of departure would"),
        (compared(0.05, 0.2, 38_421), HOLD, "about 38,000 more days of departure would decide"),
        (compared(0.05, 0.2, 1), HOLD, "about 1 more day of departure would decide"),
        (compared(0.0, 1.0), REJECT, "it is not better than the champion"),
        (compared(-0.05, 0.3), REJECT, "it is not better than the champion"),
        (compared(-0.05, 0.01), REJECT, "it is worse than the champion"),
        (compared(None, None), HOLD, "nobody can say .*: all is undefined"),
        (compared(0.05, 0.01, margin=0.02), PROMOTE, "better than the champion by more than 0.02:"),
        (compared(0.05, 0.2, margin=0.02), HOLD, "looks better .* by more than 0.02, but that may"),
        (
            compared(0.01, 0.2, margin=0.02),
            REJECT,
            "it is not better .* by more than 0.02: roc_auc",
        ),
        (compared(0.01, 0.01, margin=0.02), REJECT, "it is not better .* by more than 0.02: roc"),
    ],
)
def test_the_better_is_promoted_the_undecided_held_and_the_rest_rejected(
    comparison: Comparison, expected: Verdict, reason: str
) -> None:
    decision = judge(comparison, "the champion", 0.05)

    assert decision.verdict is expected
    assert (decision.rows, decision.units) == (5000, 31)
    assert re.search(reason, decision.reason)
    (condition,) = decision.conditions
    assert condition.holds is (expected is PROMOTE)
    assert condition.measured == comparison.gain


@pytest.mark.parametrize(
    ("constant", "expected", "reason"),
    [
        (
            compared(0.05, 0.01),
            PROMOTE,
            "there is no champion to beat, and it is better than a con",
        ),
        (compared(0.05, 0.2, 43), HOLD, "looks better than a constant answer, .* about 43 more"),
        (compared(-0.05, 0.2), REJECT, "it is not better than a constant answer"),
        (compared(None, None), HOLD, "nobody can say whether it is better than a constant answer"),
    ],
)
def test_without_a_champion_a_model_must_be_better_than_a_constant_answer(
    constant: Comparison, expected: Verdict, reason: str, offered: Candidate, rows: pl.DataFrame
) -> None:
    decision = unopposed(offered, constant, rows, RULES, "there is no champion to beat")

    assert decision.verdict is expected
    assert re.search(reason, decision.reason)


def test_without_a_champion_many_models_share_one_budget_too(
    offered: Candidate, rows: pl.DataFrame
) -> None:
    def tried(number: int, *earlier: object) -> Decision:
        candidate = replace(offered, name=f"version {number}")
        return unopposed(candidate, compared(0.05, 0.03), rows, RULES, "none", earlier=earlier)

    first = tried(1)
    second = tried(2, first.challenge)

    assert (first.verdict, second.verdict) == (PROMOTE, HOLD)
    assert "Decided at level 0.01667: 1 challenge on these rows came before" in second.reason
    assert tried(1, first.challenge, second.challenge).verdict is PROMOTE


def test_a_margin_that_the_gain_does_not_reach_keeps_a_better_model_out(rows: pl.DataFrame) -> None:
    parts = dealt(rows)
    good, poor = trained(parts), trained(parts, without="wind")
    gain = verdict(good, poor, parts.test).comparison.gain

    assert verdict(good, poor, parts.test, margin=gain / 4).verdict is PROMOTE
    nearly = verdict(good, poor, parts.test, margin=gain * 0.95)
    assert (nearly.verdict, nearly.comparison.gain) == (HOLD, gain)
    assert nearly.comparison.more_units > 0
    assert verdict(good, poor, parts.test, margin=gain * 2).verdict is REJECT


SMALL, LARGE = (Condition("size in MB", "at most 10", mb, mb < 10) for mb in (2.0, 12.0))
UNDEFINED = Condition("f1 by shop", "a value with 100 rows or more", None, holds=False)


@pytest.mark.parametrize(
    ("p_value", "measured", "expected", "reason"),
    [
        (0.01, [SMALL], PROMOTE, "It reaches size in MB 2 (asked: at most 10)."),
        (
            0.01,
            [SMALL, LARGE],
            REJECT,
            "it misses what is asked: size in MB 12 (asked: at most 10).",
        ),
        (0.2, [LARGE], REJECT, "Besides, it looks better than the champion"),
        (0.01, [UNDEFINED], HOLD, "it misses what is asked: f1 by shop cannot be measured"),
        (0.01, [UNDEFINED, LARGE], REJECT, "f1 by shop cannot be measured"),
    ],
)
def test_a_better_model_that_misses_a_floor_is_rejected_with_the_figures(
    p_value: float, measured: list[Condition], expected: Verdict, reason: str
) -> None:
    before = judge(compared(0.05, p_value), "the champion", 0.05)
    decision = with_conditions(before, measured)

    assert decision.verdict is expected
    assert reason in decision.reason
    assert decision.conditions == (*before.conditions, *measured)
    assert json.loads(json.dumps(asdict(decision)))["conditions"][1]["asked"] == measured[0].asked
