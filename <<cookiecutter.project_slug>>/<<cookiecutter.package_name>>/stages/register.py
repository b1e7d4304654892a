"""The model becomes champion if it is better: `python -m PACKAGE.stages.register`."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
import structlog

from ..config import Config
from ..errors import ConfigError
from ..evaluate.paired import Comparison, paired_bootstrap
from ..model import registry
from ..model.store import load
from ..model.training import score
from ..runtime import run, tracking
from ..runtime.artifacts import write_json
from ..runtime.stage import stage
from .evaluate import METRICS
from .split import TEST
from .train import CONTRACT, MODEL

REGISTRY = Path("reports/registry.json")

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Register the model, compare it with the champion on the same rows, and write the verdict."""
    settings = config.tracking
    if settings.kind == "none":
        raise ConfigError(
            "tracking=none has no registry. Choose sqlite or server.", "config.tracking"
        )
    metrics = json.loads(METRICS.read_text(encoding="utf-8"))
    uri = tracking.tracking_uri(settings.kind, settings.uri_env)

    with tracking.store(uri) as client:
        tags = {"run_id": run.run_id(), "git_commit": run.git_commit() or ""}
        version = registry.register(
            client, uri, settings.registry, model=MODEL, contract=CONTRACT, tags=tags
        )
        champion = registry.champion(client, settings.registry)
        if champion is not None and str(champion.version) == version:
            decision = registry.Decision(promote=False, reason="it is the champion")
        else:
            compared = _compare(config, client, champion) if champion is not None else None
            decision = registry.decide(
                compared,
                better_than_dummy=metrics["better_than_dummy"],
                level=config.evaluate.level,
            )
        if decision.promote:
            registry.promote(client, settings.registry, version)
    write_json(REGISTRY, asdict(decision) | {"version": version, "run_id": run.run_id()})
    log.info(
        "promoted" if decision.promote else "not promoted", version=version, reason=decision.reason
    )


def _compare(config: Config, client: Any, champion: Any) -> Comparison:
    """The challenger beside the champion, on the test rows."""
    rows = pl.read_parquet(TEST)
    pipeline, contract = load(MODEL, CONTRACT)
    with tempfile.TemporaryDirectory() as folder:
        old_pipeline, old_contract = load(*registry.fetch(client, champion, Path(folder)))
    return paired_bootstrap(
        config.evaluate.metrics[0],
        contract.truth(rows).to_numpy(),
        score(pipeline, contract.select(rows)).to_numpy(),
        score(old_pipeline, old_contract.select(rows)).to_numpy(),
        threshold=contract.threshold,
        resamples=config.evaluate.bootstrap,
        level=config.evaluate.level,
        seed=config.seed,
    )


if __name__ == "__main__":
    main()
