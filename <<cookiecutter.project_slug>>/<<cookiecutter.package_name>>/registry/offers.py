"""The verdict on a model that is offered: beside the champion, or alone where there is none."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from ..config import Config
from ..errors import ModelError
from ..evaluate.paired import Comparison
from ..model.metrics import metrics
from ..model.model import Model
from ..split.units import units
from .conditions import conditions
from .gate import (
    CONSTANT,
    Candidate,
    Decision,
    Rules,
    Verdict,
    challenge,
    incomparable,
    judge,
    unopposed,
    with_conditions,
)
from .signatures import signer_of
from .versions import ROLLED_BACK, challenges, fetch


@dataclass(frozen=True)
class Offer:
    """A version that asks to be champion, and what its reports say."""

    version: Any  # of the registry
    files: Path
    rows: pl.DataFrame  # its test rows
    constant: Comparison  # with a constant answer, on these rows


def decide(config: Config, client: Any, offer: Offer, champion: Any | None) -> Decision:
    """What becomes of an offer; nothing is changed.

    Raises:
        ConfigError: the configuration asks for what the rows or the target do not have.
        ModelError: the model cannot be loaded, or the champion's files or signature are wrong.
        ResourceError: the champion's files cannot be fetched.
    """
    number = str(offer.version.version)
    if champion is not None and str(champion.version) == number:
        return Decision(Verdict.HOLD, "it is the champion")
    if why := offer.version.tags.get(ROLLED_BACK):
        reason = f"it was rolled back: {why}. `make rollback TO={number}` would bring it back."
        return Decision(Verdict.REJECT, reason)
    gate, model = config.gate, Model.load(offer.files, config.trusted)
    deciding = metrics(config.evaluate.metrics, model.contract.target)[0]
    rules = Rules(
        *(deciding, gate.min_rows, config.evaluate.bootstrap, gate.level),
        seed=config.seed,
        margin=gate.margin,
    )
    challenger = Candidate(f"version {number}", model)
    if champion is None or not gate.compare:
        why = "there is no champion to beat" if champion is None else "gate.compare is false"
        earlier = challenges(client, offer.version.name)
        decision = unopposed(challenger, offer.constant, offer.rows, rules, why, earlier=earlier)
    else:
        pair = challenger, champion
        decision = _beside(config, client, offer, pair, rules)
    asked = conditions(model, offer.files, offer.rows, deciding, gate)
    return with_conditions(decision, asked)


def _beside(
    config: Config, client: Any, offer: Offer, pair: tuple[Candidate, Any], rules: Rules
) -> Decision:
    """The decision by the champion, whom nobody challenges that is no better than a constant."""
    first = judge(offer.constant, CONSTANT, rules.level)
    if first.verdict is not Verdict.PROMOTE:
        return first
    challenger, champion = pair
    name, settings = f"version {champion.version}", config.evaluate
    earlier = challenges(client, offer.version.name)
    of_rows = units(offer.rows, settings.unit, group=config.split.group, time=config.data.time)
    with tempfile.TemporaryDirectory() as folder:
        files = fetch(client, champion, Path(folder))
        signer_of(client, champion, files, config.gate.signing)
        try:
            old = Candidate(name, Model.load(files, config.trusted))
        except ModelError as error:
            return incomparable(name, error)
        decision = challenge(challenger, old, offer.rows, of_rows, rules, earlier=earlier)
    return replace(decision, conditions=(*first.conditions, *decision.conditions))
