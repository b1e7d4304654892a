"""The evidence for a retrained model: `python -m PACKAGE.commands.propose --against REV`.

The challenger is the model in this workspace; the champion is the one that dvc.lock of REV names.
The gate of `make release` judges them; reports/proposal.md is the text of a pull request.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import structlog

from ..config import Config, load, read
from ..errors import ConfigError, DataError, ResourceError
from ..evaluate.paired import Comparison
from ..model.metrics import metrics
from ..model.model import Model
from ..model.origin import model_of_split
from ..paths import METRICS, MODEL, PARAMS, PROPOSAL, PROPOSAL_PAGE, TEST, TRAIN, VALIDATION
from ..registry.gate import Candidate, Decision, Verdict
from ..registry.offers import Offer, Rival, units_of, weigh
from ..registry.side_by_side import Sampling, learned_by, one_sided, side_by_side
from ..report.proposal import page
from ..runtime import logs
from ..runtime.artifacts import atomic_write, scratch, sha256_of, write_json
from ..runtime.dvc.revisions import fetch
from ..runtime.dvc.run import commit_of, run_id
from ..runtime.stage import exit_on_error
from ..split.units import unit_column

DEFAULTS = ("origin/main", "main", "HEAD")

log = structlog.get_logger()


@dataclass(frozen=True)
class Champion:
    """The model of a revision, as far as it is there."""

    files: Path
    is_named: bool  # by dvc.lock of the revision
    reason: str | None = None  # why it cannot be had, though it is named


def propose(config: Config, against: str) -> dict[str, Any]:
    """The verdict on the model in the workspace, and all that it rests on; as JSON can hold it.

    Args:
        config: what the gate asks.
        against: the revision whose model is the champion.

    Raises:
        ConfigError: there is no such revision; or a metric or a column is not there.
        DataError: the pipeline has not run to its end.
        ModelError: the model in the workspace cannot be used.
    """
    model, rows, results = model_of_split(config.trusted), pl.read_parquet(TEST), _results()
    challenger = Candidate("the challenger", model)
    offer = Offer(MODEL, rows, Comparison.from_json(results["against_constant"]))
    with scratch(PROPOSAL) as folder:
        champion = _champion(against, folder / "model")
        decision = _decide(config, challenger, offer, against, champion)
        old = None
        if decision.challenge is not None and decision.challenge.rival == "champion":
            old = Candidate(against, Model.load(champion.files, config.trusted))
        facts = _evidence(config, challenger, old, offer, results)
        hashes = {"challenger": {"model": sha256_of(MODEL), **model.contract.hashes}}
        if champion.files.exists():
            hashes["champion"] = {"model": sha256_of(champion.files)}
    return {
        "verdict": decision.verdict,
        "reason": decision.reason,
        "first": not champion.is_named,
        "against": {"revision": against, "commit": commit_of(against)},
        "rows": decision.rows,
        "units": decision.units,
        "unit": decision.comparison and decision.comparison.precision.unit,
        "more_units": decision.comparison and decision.comparison.more_units,
        **facts,
        "conditions": [asdict(one) for one in decision.conditions],
        "hashes": hashes,
    }


def _results() -> dict[str, Any]:
    """What `evaluate` measured of the model in the workspace."""
    try:
        results: dict[str, Any] = json.loads(METRICS.read_bytes())
        Comparison.from_json(results["against_constant"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{METRICS} cannot be read ({type(error).__name__}). Run `make repro`.", "data.metrics"
        ) from error
    return results


def _champion(against: str, to: Path) -> Champion:
    try:
        return Champion(to, is_named=fetch(against, MODEL, to))
    except ResourceError as error:
        return Champion(to, is_named=True, reason=error.message)


def _decide(
    config: Config, challenger: Candidate, offer: Offer, against: str, champion: Champion
) -> Decision:
    if champion.reason is not None:
        missing = f"the champion cannot be compared with: {champion.reason}"
        return Decision(Verdict.HOLD, missing)
    if not champion.is_named:
        return weigh(config, challenger, offer, None)
    if sha256_of(champion.files) == sha256_of(MODEL):
        return Decision(Verdict.HOLD, f"it is the champion: {against} has the same model.")
    return weigh(config, challenger, offer, Rival(against, champion.files))


def _evidence(
    config: Config,
    challenger: Candidate,
    champion: Candidate | None,
    offer: Offer,
    results: dict[str, Any],
) -> dict[str, Any]:
    """Metrics, tests and periods; beside a constant answer where no champion was compared with."""
    settings, rows = config.evaluate, offer.rows
    wanted = metrics(settings.metrics, challenger.model.contract.target)
    if champion is None:
        facts: dict[str, Any] = {"metrics": _alone(results), "tests": {}}
    else:
        sampling = Sampling(settings.bootstrap, settings.level, config.seed)
        facts = side_by_side(
            *(challenger, champion),
            rows=rows,
            units=units_of(config, rows),
            metrics=wanted,
            sampling=sampling,
        )
    return {
        "deciding": wanted[0].name,
        "level": settings.level,
        **facts,
        **rows_of(config, challenger, champion),
    }


def rows_of(config: Config, challenger: Candidate, champion: Candidate | None) -> dict[str, Any]:
    """Which of today's rows each model learned from, and which of the test rows favour one."""
    data, settings = config.data, config.evaluate
    unit = unit_column(settings.unit, group=config.split.group, time=data.time)
    columns = [name for name in dict.fromkeys([data.key, data.time, unit]) if name is not None]
    parts = [pl.read_parquet(file, columns=columns) for file in (TRAIN, VALIDATION, TEST)]
    rows = pl.concat(parts)
    learned = {"challenger": learned_by(challenger.model, rows[data.key])}
    favouring = np.zeros(rows.height, dtype=bool)
    if champion is not None:
        learned["champion"] = learned_by(champion.model, rows[data.key])
        favouring = one_sided(learned["challenger"], learned["champion"], units_of(config, rows))
        favouring &= ~learned["champion"] & ~learned["challenger"]
        favouring[: -parts[-1].height] = False  # no test rows
    return {
        "learned_from": {
            who: _extent(rows.filter(mask), data.time) for who, mask in learned.items()
        },
        "tested_on": _extent(parts[-1], data.time),
        "favouring": int(favouring.sum()),
    }


def _extent(rows: pl.DataFrame, time: str | None) -> dict[str, Any]:
    """The number of rows, and from when to when they are."""
    ends = (rows[time].min(), rows[time].max()) if time else (None, None)
    first, last = (None if end is None else str(end) for end in ends)
    return {"rows": rows.height, "from": first, "to": last}


def _alone(results: dict[str, Any]) -> dict[str, Any]:
    """Each metric of the challenger on its test rows, beside a constant answer's."""
    return {
        name: {
            "challenger": {"value": results[name], "interval": results["interval"][name]},
            "constant": {"value": value},
        }
        for name, value in results["dummy"].items()
    }


def main() -> None:
    """Write reports/proposal.json and .md; whatever the verdict, the exit code is 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    defaults = ", else ".join(DEFAULTS)
    parser.add_argument("--against", default="", help=f"the champion's revision; {defaults}")
    asked = parser.parse_args().against
    logs.configure(stage="propose", run_id=run_id())
    with exit_on_error():
        config = load(read(str(PARAMS)))
        proposal = propose(config, asked or _default())
        write_json(PROPOSAL, proposal)
        with atomic_write(PROPOSAL_PAGE) as partial:
            partial.write_text(page(config.name, proposal), encoding="utf-8")
        log.info(str(proposal["verdict"]), reason=proposal["reason"], page=str(PROPOSAL_PAGE))


def _default() -> str:
    """The first of DEFAULTS that git knows."""
    for revision in DEFAULTS:
        if commit_of(revision):
            return revision
    raise ConfigError(
        f"none of {', '.join(DEFAULTS)} is a commit here. Commit once, or name the champion's "
        "revision: --against.",
        "config.revision",
    )


if __name__ == "__main__":
    main()
