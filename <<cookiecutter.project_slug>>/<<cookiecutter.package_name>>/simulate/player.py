"""Plays a stream under a policy: the champion answers, drift is judged, challengers are trained.

The labels of a period are known at its end. A model that is trained then, on all rows known, is
compared with the champion by the gate, on test rows of the newest periods that neither learned
from; if it is promoted, it answers from the next period on. After the last period none is trained.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import structlog

from ..registry.budget import Challenge
from ..registry.gate import (
    CONSTANT,
    Candidate,
    Decision,
    Verdict,
    challenge,
    judge,
    with_conditions,
)
from ..registry.gate import Rules as GateRules
from ..runtime.progress import progress
from .answers import Answers, Models
from .policies import Policy
from .stream import Stream
from .training import Recipe, Rules, Trained

log = structlog.get_logger()

NEWEST = 3  # periods whose test rows the gate compares on
START = "the start"  # the name of the first model; others have that of the last period they know


@dataclass(frozen=True, eq=False)
class Turn:
    """What happened in a period."""

    period: str
    champion: str  # the model that answered
    answers: Answers
    drift: dict[str, Any]  # the report
    decision: Decision | None  # on the model that was trained at its end, if one was

    @property
    def alarmed(self) -> bool:
        """Whether people were told: of drift, or that labels show a fall."""
        return bool(self.drift["severity"] != "none") or self.answers.fell

    @property
    def promoted(self) -> bool:
        """Whether the model that was trained became champion."""
        return self.decision is not None and self.decision.verdict is Verdict.PROMOTE


@dataclass(frozen=True, eq=False)
class Year:
    """What happened under a policy."""

    policy: Policy
    turns: Sequence[Turn]

    @property
    def champions(self) -> list[str]:
        """The model that answered, of each period."""
        return [turn.champion for turn in self.turns]

    @property
    def acts(self) -> list[tuple[str, bool]]:
        """Who answered each period, and whether a model was trained at its end."""
        return [(turn.champion, turn.decision is not None) for turn in self.turns]

    @property
    def retrainings(self) -> int:
        """How many models were trained after the first."""
        return sum(turn.decision is not None for turn in self.turns)


def play(
    stream: Stream, recipe: Recipe, rules: Rules, policies: Sequence[Policy]
) -> tuple[Trained, list[Year]]:
    """The first model, and what happens under each policy.

    Args:
        stream: rows with labels.
        recipe: how models are trained.
        rules: how they are measured, watched and compared.
        policies: that are played, each from the start.

    Raises:
        ConfigError, DataError, ModelError: a model cannot be trained, or cannot answer a period.
    """
    models, years = Models(stream, recipe, rules), []
    with progress("simulate", len(policies) * len(stream.periods), "periods") as step:
        for policy in policies:
            turns = []
            for turn in _turns(models, policy):
                turns.append(turn)
                step()
            years.append(Year(policy, turns))
            log.info("played", policy=str(policy), retrainings=years[-1].retrainings)
    return models.trained(0), years


def _turns(models: Models, policy: Policy) -> Iterator[Turn]:
    periods, rules = models.stream.periods, policy.rules(models.rules.drift)
    champion, earlier = 0, list[Challenge]()  # the number of periods that the champion knows
    for number, period in enumerate(periods):
        answers, name = models.answers(champion, number), _name(models.stream, champion)
        drift, ended, decision = answers.drift(rules), number + 1, None
        if ended < len(periods) and (policy is Policy.EACH or answers.asks(rules)):
            decision = _decide(models, ended, champion, earlier)
            earlier += [decision.challenge] if decision.challenge else []
        turn = Turn(period.name, name, answers, drift, decision)
        yield turn
        champion = ended if turn.promoted else champion


def _name(stream: Stream, ended: int) -> str:
    return stream.periods[ended - 1].name if ended else START


def _decide(models: Models, ended: int, champion: int, earlier: Sequence[Challenge]) -> Decision:
    """As ``register`` does: beside a constant answer, then the champion, and what else is asked."""
    rules, new, old = models.rules, models.trained(ended), models.trained(champion)
    first = judge(new.constant, CONSTANT, rules.level)
    if first.verdict is not Verdict.PROMOTE:
        return with_conditions(first, new.conditions)
    rows, gate = _newest(models, new, ended), rules.gate
    asked = GateRules(
        *(rules.metrics[0], gate.min_rows, rules.bootstrap, gate.level, rules.seed, gate.margin)
    )
    decision = challenge(
        Candidate(f"the model of {_name(models.stream, ended)}", new.model),
        Candidate(f"the model of {_name(models.stream, champion)}", old.model),
        *(rows, models.recipe.units(rows, rules.unit), asked),
        earlier=earlier,
    )
    decision = replace(decision, conditions=(*first.conditions, *decision.conditions))
    return with_conditions(decision, new.conditions)


def _newest(models: Models, trained: Trained, ended: int) -> pl.DataFrame:
    """Test rows of the NEWEST periods that arrived, or as many as the gate asks for at least."""
    time = str(models.recipe.split.time)
    rows, start = trained.test, models.stream.periods[max(ended - NEWEST, 0)].start
    newest = int((rows[time] >= start).sum())
    return rows.sort(time, models.recipe.split.key).tail(max(newest, models.rules.gate.min_rows))
