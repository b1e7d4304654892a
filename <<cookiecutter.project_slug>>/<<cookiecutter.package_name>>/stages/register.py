"""The model becomes champion if it is better: `python -m PACKAGE.stages.register`."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
import structlog

from ..config import Config
from ..errors import ConfigError, ModelError
from ..evaluate.paired import Comparison
from ..model.metrics import metrics
from ..model.model import Model
from ..paths import METRICS, MODEL, REGISTRY, TEST
from ..registry.gate import Candidate, Decision, Rules, Verdict, challenge, incomparable, unopposed
from ..registry.versions import champion_of, fetch, promote, register
from ..runtime import tracking
from ..runtime.artifacts import write_json
from ..runtime.dvc import run
from ..runtime.stage import stage
from ..split.units import units

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Register the model, compare it with the champion on the same rows, and write the verdict."""
    settings = config.tracking
    if settings.kind == "none":
        raise ConfigError("tracking=none has no registry; choose sqlite.", "config.tracking")
    uri = tracking.tracking_uri(settings.kind, settings.uri_env)

    with tracking.store(uri) as client:
        tags = {"run_id": run.run_id(), "git_commit": run.git_commit() or ""}
        version = register(client, uri, settings.registry, model=MODEL, tags=tags)
        champion = champion_of(client, settings.registry)
        decision = _decide(config, client, version, champion)
        better = decision.verdict is Verdict.PROMOTE
        if better:
            promote(client, settings.registry, version)
    holder = version if better else champion and str(champion.version)
    ids = {"version": version, "champion": holder, "run_id": tags["run_id"]}
    write_json(REGISTRY, asdict(decision) | ids)
    log.info(str(decision.verdict), version=version, reason=decision.reason)


def _decide(config: Config, client: Any, version: str, champion: Any | None) -> Decision:
    if champion is not None and str(champion.version) == version:
        return Decision(Verdict.HOLD, "it is the champion")
    against = json.loads(METRICS.read_text(encoding="utf-8"))["against_constant"]
    why = "there is no champion to beat" if champion is None else "gate.compare is false"
    alone = unopposed(Comparison.from_json(against), config.evaluate.level, why)
    if champion is None or not config.gate.compare or alone.verdict is not Verdict.PROMOTE:
        return alone
    name = f"version {champion.version}"
    with tempfile.TemporaryDirectory() as folder:
        files = fetch(client, champion, Path(folder))
        try:
            old = Model.load(files, config.trusted)
        except ModelError as error:
            return incomparable(name, error)
        return _compare(config, version, Candidate(name, old))


def _compare(config: Config, version: str, champion: Candidate) -> Decision:
    settings, rows = config.evaluate, pl.read_parquet(TEST)
    model = Model.load(MODEL, config.trusted)
    metric = metrics(settings.metrics, model.contract.target)[0]
    rules = Rules(metric, config.gate.min_rows, settings.bootstrap, settings.level, config.seed)
    of_rows = units(rows, settings.unit, group=config.split.group, time=config.data.time)
    return challenge(Candidate(f"version {version}", model), champion, rows, of_rows, rules)


if __name__ == "__main__":
    main()
