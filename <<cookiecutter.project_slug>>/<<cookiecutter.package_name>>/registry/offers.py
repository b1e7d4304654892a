"""The verdict on a model that is offered: beside the champion, or alone where there is none."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from ..config import Config
from ..errors import ModelError
from ..evaluate.paired import Comparison
from ..model.metrics import metrics
from ..model.model import Model
from ..split.units import Units, units
from .budget import Challenge
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
    """A model that asks to be champion, and what its reports say."""

    files: Path
    rows: pl.DataFrame  # its test rows
    constant: Comparison  # with a constant answer, on these rows


def decide(
    config: Config, client: Any, version: Any, offer: Offer, champion: Any | None
) -> Decision:
    """What becomes of a version of the registry; nothing is changed.

    Raises:
        ConfigError: the configuration asks for what the rows or the target do not have.
        ModelError: the model cannot be loaded, or the champion's files or signature are wrong.
        ResourceError: the champion's files cannot be fetched.
    """
    number = str(version.version)
    if champion is not None and str(champion.version) == number:
        return Decision(Verdict.HOLD, "it is the champion")
    if why := version.tags.get(ROLLED_BACK):
        reason = f"it was rolled back: {why}. `make rollback TO={number}` would bring it back."
        return Decision(Verdict.REJECT, reason)
    challenger = Candidate(f"version {number}", Model.load(offer.files, config.trusted))
    earlier = challenges(client, version.name)
    if champion is None or not config.gate.compare:
        return weigh(config, challenger, offer, None, earlier=earlier)
    with tempfile.TemporaryDirectory() as folder:
        files = fetch(client, champion, Path(folder))
        signer_of(client, champion, files, config.gate.signing)
        rival = Rival(f"version {champion.version}", files)
        return weigh(config, challenger, offer, rival, earlier=earlier)


@dataclass(frozen=True)
class Rival:
    """The champion, as people call it, and its files."""

    name: str
    files: Path


def weigh(
    config: Config,
    challenger: Candidate,
    offer: Offer,
    champion: Rival | None,
    *,
    earlier: Sequence[Challenge] = (),
) -> Decision:
    """The verdict on a model beside the champion, or alone where there is none, or none counts.

    Args:
        config: what is asked.
        challenger: the model of the offer.
        offer: its files and results.
        champion: that it is compared with.
        earlier: challenges that looked at test rows before.

    Raises:
        ConfigError: the configuration asks for what the rows or the target do not have.
    """
    gate, settings, model = config.gate, config.evaluate, challenger.model
    deciding = metrics(settings.metrics, model.contract.target)[0]
    rules = Rules(
        *(deciding, gate.min_rows, settings.bootstrap, gate.level),
        seed=config.seed,
        margin=gate.margin,
    )
    if champion is None or not gate.compare:
        why = "there is no champion to beat" if gate.compare else "gate.compare is false"
        decision = unopposed(challenger, offer.constant, offer.rows, rules, why, earlier=earlier)
    else:
        decision = _beside(config, challenger, offer, champion, rules, earlier=earlier)
    return with_conditions(decision, conditions(model, offer.files, offer.rows, deciding, gate))


def _beside(
    config: Config,
    challenger: Candidate,
    offer: Offer,
    champion: Rival,
    rules: Rules,
    *,
    earlier: Sequence[Challenge],
) -> Decision:
    """The decision by the champion, whom nobody challenges that is no better than a constant."""
    first = judge(offer.constant, CONSTANT, rules.level)
    if first.verdict is not Verdict.PROMOTE:
        return first
    try:
        old = Candidate(champion.name, Model.load(champion.files, config.trusted))
    except ModelError as error:
        return incomparable(champion.name, error)
    decision = challenge(
        challenger, old, offer.rows, units_of(config, offer.rows), rules, earlier=earlier
    )
    return replace(decision, conditions=(*first.conditions, *decision.conditions))


def units_of(config: Config, rows: pl.DataFrame) -> Units:
    """The unit of each of some test rows, by the configuration."""
    return units(rows, config.evaluate.unit, group=config.split.group, time=config.data.time)
