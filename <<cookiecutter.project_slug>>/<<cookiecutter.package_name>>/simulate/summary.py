"""What a simulated year came to, as JSON holds it and the page shows it."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from math import isfinite
from typing import Any

from ..evaluate.intervals import Replicates
from ..registry.gate import Verdict
from .costs import Outcome, Prices, Ranking
from .player import Turn
from .stream import Stream
from .training import Rules


def describe(stream: Stream, ranking: Ranking, rules: Rules, prices: Prices) -> dict[str, Any]:
    """The policies, the cheapest first, and whether that is more than chance."""
    deciding = rules.metrics[0].name
    units = ranking.outcomes[0].metrics[deciding].units
    return {
        "kind": stream.kind,
        "deciding": deciding,
        "level": rules.level,
        "prices": asdict(prices),
        "first": stream.first.height,
        "rows": sum(period.rows.height for period in stream.periods),
        "unit": units.name,
        "units": units.count,
        "told_apart": ranking.told_apart(rules.level),
        "second": ranking.second and str(ranking.second.policy),
        "comparison": ranking.beside and asdict(ranking.beside),
        "policies": [_outcome(one, rules.level) for one in ranking.outcomes],
    }


def _outcome(outcome: Outcome, level: float) -> dict[str, Any]:
    turns = outcome.year.turns
    return {
        "policy": str(outcome.policy),
        "cost": outcome.cost,
        "interval": asdict(outcome.interval),
        "metrics": {name: _figure(one, level) for name, one in outcome.metrics.items()},
        "alerts": sum(turn.alarmed for turn in turns),
        "retrainings": outcome.year.retrainings,
        "promoted": sum(turn.promoted for turn in turns),
        "champions": _reigns(turns),
        "periods": [_period(turn) for turn in turns],
    }


def _figure(one: Replicates, level: float) -> dict[str, Any]:
    value = one.whole if isfinite(one.whole) else None
    return {"value": value, **asdict(one.interval(level))}


def _reigns(turns: Sequence[Turn]) -> list[dict[str, str]]:
    """Each champion, and the first and the last period that it answered."""
    reigns = []
    for champion, group in groupby(turns, key=lambda turn: turn.champion):
        periods = [turn.period for turn in group]
        reigns.append({"champion": champion, "first": periods[0], "last": periods[-1]})
    return reigns


def _period(turn: Turn) -> dict[str, Any]:
    drift, decision = turn.drift, turn.decision
    return {
        "name": turn.period,
        "rows": turn.answers.evidence.truth.size,
        "champion": turn.champion,
        "scores": turn.answers.scores,
        "severity": drift["severity"],
        "drifted": [*drift["data"]["drifted"], *drift["predictions"]["drifted"]],
        "performance": drift["performance"],
        "fell": turn.answers.fell,
        "verdict": str(decision.verdict) if decision else None,
        "promoted": decision is not None and decision.verdict is Verdict.PROMOTE,
        "reason": decision.reason if decision else "",
    }
