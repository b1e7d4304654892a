"""Whether a model takes the champion's place: both answer rows that neither learned from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import log10
from typing import Any

import numpy as np
import polars as pl

from ..errors import ModelError
from ..evaluate.intervals import replicate
from ..evaluate.paired import Comparison, compare
from ..model.contract import Contract
from ..model.metric import Metric, Predictions
from ..model.model import Model
from ..split.keys import digests
from ..split.target import Array, Target
from ..split.units import Units, counted
from .budget import Challenge, challenge_on
from .conditions import Condition

CONSTANT = "a constant answer"
BY_HAND = "If the table has changed for good, release once by hand with gate.compare=false."


class Verdict(StrEnum):
    """What becomes of a challenger."""

    PROMOTE = "promote"  # it is better, and reaches all that is asked
    HOLD = "hold"  # that cannot be said yet
    REJECT = "reject"  # it is not better, or misses a floor


@dataclass(frozen=True)
class Decision:
    """What becomes of a challenger, and why."""

    verdict: Verdict
    reason: str
    rows: int | None = None  # on which the two were compared
    units: int | None = None  # of these rows
    comparison: Comparison | None = None  # the challenger is the first
    conditions: tuple[Condition, ...] = ()  # each thing that was asked of the challenger
    challenge: Challenge | None = None  # what the look at the rows spends


@dataclass(frozen=True)
class Candidate:
    """A model, as people call it."""

    name: str  # such as "version 3"
    model: Model


@dataclass(frozen=True)
class Rules:
    """How two models are compared."""

    metric: Metric
    min_rows: int  # with fewer rows that neither knows, nothing is decided
    resamples: int
    level: float  # of all challenges on the same rows, and of the interval
    seed: int
    margin: float = 0.0  # by which the challenger must be better

    @property
    def asked(self) -> list[str]:
        """What the p-value follows from, besides the models and the rows."""
        return [self.metric.name, f"{self.margin!r}", f"{self.seed}"]


def judge(comparison: Comparison, rival: str, level: float) -> Decision:
    """The verdict on the first model of a comparison; ``rival`` is the second, for people."""
    precision, gain, p_value = comparison.precision, comparison.gain, comparison.p_value
    margin = f" by more than {comparison.margin:g}" if comparison.margin else ""
    asked = f"{comparison.metric} gain above {comparison.margin:g} with p below {level:.4g}"
    verdict, result = Verdict.REJECT, f"it is not better than {rival}{margin}"
    if gain is None or p_value is None:
        verdict = Verdict.HOLD
        reason = f"nobody can say whether it is better than {rival}: {comparison.reason}."
    else:
        if comparison.significant(level):
            verdict, result = Verdict.PROMOTE, f"it is better than {rival}{margin}"
        elif not margin and comparison.significantly_worse(level):
            result = f"it is worse than {rival}"
        elif gain > comparison.margin:
            verdict = Verdict.HOLD
            result = f"it looks better than {rival}{margin}, but that may be chance"
        number = counted(precision.units, precision.unit)
        figures = f"{comparison.metric} gain {gain:+.4f}, p = {p_value:.4f}, over {number}"
        reason = f"{result}: {figures}."
    if verdict is Verdict.HOLD and comparison.more_units is not None:
        more = counted(_rounded(comparison.more_units), precision.unit, more=True)
        reason += f" If the gain stays as it is, about {more} would decide."
    better = Condition(f"better than {rival}", asked, gain, verdict is Verdict.PROMOTE)
    return Decision(verdict, reason, precision.rows, precision.units, comparison, (better,))


def _rounded(number: int) -> int:
    """A count to two digits: more would claim what nobody knows."""
    return round(number, min(0, 1 - int(log10(number))))


def unopposed(
    challenger: Candidate,
    constant: Comparison,
    rows: pl.DataFrame,
    rules: Rules,
    why: str,
    *,
    earlier: Sequence[Challenge] = (),
) -> Decision:
    """The verdict by a comparison with a constant answer, where none is with a champion.

    A model that looks better than a constant answer, but on too few units, is held, not rejected.

    Args:
        challenger: the model that asks to be champion.
        constant: its comparison, on ``rows``.
        rows: (n, …) its test rows.
        rules: how it is compared.
        why: there is no comparison with a champion.
        earlier: challenges of this registry.
    """
    asked = [challenger.name, constant.precision.unit, *rules.asked]
    look = challenge_on(challenger.model.contract.keys(rows), "constant", asked, earlier)
    decision = judge(constant, CONSTANT, look.level(rules.level))
    if decision.verdict is Verdict.PROMOTE:
        decision = replace(decision, reason=f"{why}, and {decision.reason}")
    return _spending(decision, look, rules)


def _spending(decision: Decision, look: Challenge, rules: Rules) -> Decision:
    """The decision, which says what the look at the rows cost; one without a p-value costs none."""
    if decision.comparison is None or decision.comparison.p_value is None:
        return decision
    reason = decision.reason
    if look.before:
        number = f"{look.before:.1f}".removesuffix(".0")
        came = "1 challenge" if number == "1" else f"{number} challenges"
        level = look.level(rules.level)
        reason += f" Decided at level {level:.4g}: {came} on these rows came before."
    return replace(decision, reason=reason, challenge=look)


def with_conditions(decision: Decision, measured: Sequence[Condition]) -> Decision:
    """The decision once all else that is asked has been measured: what misses it is no champion."""
    if not measured:
        return decision
    decision = replace(decision, conditions=(*decision.conditions, *measured))
    missed = [one for one in measured if not one.holds]
    if not missed:
        reached = "; ".join(map(str, measured))
        return replace(decision, reason=f"{decision.reason} It reaches {reached}.")
    verdict = Verdict.REJECT
    if decision.verdict is not Verdict.REJECT and all(one.measured is None for one in missed):
        verdict = Verdict.HOLD
    listed = "; ".join(map(str, missed))
    reason = f"it misses what is asked: {listed}. Besides, {decision.reason}"
    return replace(decision, verdict=verdict, reason=reason)


def challenge(
    challenger: Candidate,
    champion: Candidate,
    rows: pl.DataFrame,
    units: Units,
    rules: Rules,
    *,
    earlier: Sequence[Challenge] = (),
) -> Decision:
    """Compare the two on the rows that neither learned from, each row by its key.

    Args:
        challenger, champion: the model that asks to be champion, and the one that is.
        rows, units: (n, …) test rows of the challenger, and the units of these n rows.
        rules: how they are compared.
        earlier: challenges of this registry.
    """
    ours, theirs = challenger.model.contract, champion.model.contract
    if reason := _other_table(theirs, ours):
        return Decision(Verdict.HOLD, f"the champion ({champion.name}) {reason}. {BY_HAND}")
    try:
        unseen = unseen_by(ours.keys(rows), challenger, champion).to_numpy()
        rows, units = rows.filter(unseen), units.subset(unseen)
        where = f"{rows.height:,} of {unseen.size:,} test rows are unknown to both models"
        truth = ours.truth(rows)
        if reason := _too_few(truth, ours.target, units, rules, where):
            return Decision(Verdict.HOLD, f"{reason}. Wait for new rows.", rows.height, units.count)
        first = Predictions.of(challenger.model, rows)
    except ModelError as error:
        return Decision(Verdict.REJECT, f"it cannot answer its own test rows: {error.message}")
    try:
        second = in_order_of(ours.target, champion.model, rows)
    except ModelError as error:
        return incomparable(champion.name, error)
    asked = [challenger.name, champion.name, units.name, *rules.asked]
    look = challenge_on(ours.keys(rows), "champion", asked, earlier)
    level, pair = look.level(rules.level), (first, second)
    comparison = _compare(pair, ours.target, truth, units, rules=rules, decided_at=level)
    decision = judge(comparison, f"the champion ({champion.name})", level)
    return _spending(replace(decision, reason=f"{decision.reason} {where}."), look, rules)


def _other_table(theirs: Contract, ours: Contract) -> str | None:
    """Why the champion's answers cannot stand beside the challenger's, if so."""
    if theirs.key != ours.key:
        return (
            f"learned from rows named by {theirs.key!r}, today they are named by {ours.key!r}: "
            "nobody knows which of them it learned from"
        )
    for word in ("column", "task"):
        old, new = getattr(theirs.target, word), getattr(ours.target, word)
        if old != new:
            return f"has {old!s} as {word} of its target, the challenger {new!s}"
    if set(theirs.target.classes) != set(ours.target.classes):
        old, new = (", ".join(map(str, one.target.classes)) for one in (theirs, ours))
        return f"knows the classes {old}, the challenger {new}"
    return None


def _too_few(truth: Array, target: Target, units: Units, rules: Rules, where: str) -> str | None:
    """Why the rows that neither knows, with this truth (n,), decide nothing, if so."""
    if truth.size < rules.min_rows:
        return f"only {where}; gate.min_rows asks for {rules.min_rows:,}"
    if target.is_classification and np.unique(truth).size < 2:
        return f"{where}, and they hold one class only"
    if units.count < 2:
        return f"{where}, and they are all of one {units.name}"
    return None


def in_order_of(target: Target, model: Model, rows: pl.DataFrame) -> Predictions:
    """What a model says, by its own threshold, with the classes in the order of ``target``."""
    predictions, classes = Predictions.of(model, rows), model.contract.target.classes
    if classes == target.classes:
        return predictions
    order = [classes.index(value) for value in target.classes]
    codes = np.argsort(order)[predictions.answers.astype(np.intp)]
    return Predictions(predictions.outputs[:, order], codes.astype(np.float64))


def _compare(
    pair: tuple[Predictions, Predictions],
    target: Target,
    truth: Array,
    units: Units,
    *,
    rules: Rules,
    decided_at: float,
) -> Comparison:
    drawn: dict[str, Any] = {"units": units, "resamples": rules.resamples, "seed": rules.seed}
    first, second = (replicate(rules.metric, target, truth, said, **drawn) for said in pair)
    tested: dict[str, Any] = {"level": rules.level, "seed": rules.seed, "margin": rules.margin}
    return compare(first, second, decided_at=decided_at, **tested)


def incomparable(champion: str, error: ModelError) -> Decision:
    """The verdict where the champion itself cannot be asked."""
    return Decision(
        Verdict.HOLD,
        f"the champion ({champion}) cannot answer today's rows: {error.message} {BY_HAND}",
    )


def unseen_by(keys: pl.Series, *candidates: Candidate) -> pl.Series:
    """A boolean for each key, (n,): whether no candidate learned from it."""
    learned = np.concatenate([candidate.model.learned_keys for candidate in candidates])
    return pl.Series(~np.isin(digests(keys), learned))
