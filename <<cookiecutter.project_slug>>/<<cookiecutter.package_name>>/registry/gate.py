"""Whether a model takes the champion's place: both answer rows that neither learned from."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ..errors import ModelError
from ..evaluate.paired import Comparison, paired_bootstrap
from ..model.contract import Contract
from ..model.metrics import Array
from ..model.training import score
from ..split.keys import Digests, digests


@dataclass(frozen=True)
class Candidate:
    """A model as the gate sees it; ``learned`` holds the digests of the keys that trained it."""

    name: str  # for people, such as "version 3"
    pipeline: Any
    contract: Contract
    learned: Digests


@dataclass(frozen=True)
class Decision:
    """Whether the challenger becomes champion, and why."""

    promote: bool
    reason: str
    rows: int | None = None  # on which the two were compared


def decide(comparison: Comparison | None, *, better_than_dummy: bool, level: float) -> Decision:
    """The gate. ``comparison`` has the challenger first; None: there is no champion to beat."""
    if not better_than_dummy:
        return Decision(promote=False, reason="it is not better than a constant answer")
    if comparison is None:
        return Decision(promote=True, reason="there is no champion to beat")
    figures = f"{comparison.metric} gain {comparison.gain:+.4f}, p = {comparison.p_value:.4f}"
    if comparison.significant(level):
        return Decision(promote=True, reason=f"it is better than the champion: {figures}")
    return Decision(promote=False, reason=f"it is not significantly better: {figures}")


@dataclass(frozen=True)
class Rules:
    """How two models are compared."""

    metric: str
    min_rows: int  # with fewer rows that neither knows, nothing is decided
    resamples: int
    level: float
    seed: int


def challenge(
    challenger: Candidate, champion: Candidate, rows: pl.DataFrame, rules: Rules
) -> Decision:
    """Compare the two on the rows that neither learned from, each row by its key.

    Args:
        rows: (n, …) test rows of the challenger.

    Raises:
        ModelError: the challenger cannot answer the rows.
    """
    unseen = rows.filter(unseen_by(challenger.contract.keys(rows), challenger, champion))
    where = f"{unseen.height} of {rows.height} test rows are unknown to both models"
    truth = challenger.contract.truth(unseen).to_numpy()
    if unseen.height < rules.min_rows:
        reason = f"only {where}; gate.min_rows asks for {rules.min_rows}. Wait for new rows."
        return Decision(promote=False, reason=reason, rows=unseen.height)
    if np.unique(truth).size < 2:
        reason = f"{where}, and they hold one class only. Wait for new rows."
        return Decision(promote=False, reason=reason, rows=unseen.height)
    ours = _scores(challenger, unseen)
    try:
        theirs = _scores(champion, unseen)
    except ModelError as error:
        return incomparable(champion.name, error)
    comparison = paired_bootstrap(
        rules.metric,
        truth,
        ours,
        theirs,
        threshold=challenger.contract.threshold,
        resamples=rules.resamples,
        level=rules.level,
        seed=rules.seed,
    )
    decision = decide(comparison, better_than_dummy=True, level=rules.level)
    return replace(decision, reason=f"{decision.reason}; {where}", rows=unseen.height)


def _scores(candidate: Candidate, rows: pl.DataFrame) -> Array:
    return score(candidate.pipeline, candidate.contract.select(rows)).to_numpy()


def incomparable(champion: str, error: ModelError) -> Decision:
    """The verdict where the champion itself cannot be asked."""
    return Decision(
        promote=False,
        reason=f"the champion ({champion}) cannot answer today's rows: {error.message} If the "
        "table has changed for good, release once by hand with gate.compare=false.",
    )


def unseen_by(keys: pl.Series, *candidates: Candidate) -> pl.Series:
    """A boolean for each key, (n,): whether no candidate learned from it."""
    learned = np.concatenate([candidate.learned for candidate in candidates])
    return pl.Series(~np.isin(digests(keys), learned))
