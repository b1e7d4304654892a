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
from ..model.persistence import learned_keys, load
from ..paths import CONTRACT, METRICS, MODEL, REGISTRY, TEST
from ..registry import versions as registry
from ..registry.gate import Candidate, Decision, Rules, challenge, decide, incomparable
from ..runtime import tracking
from ..runtime.artifacts import write_json
from ..runtime.dvc import run
from ..runtime.stage import stage
from .train import own

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Register the model, compare it with the champion on the same rows, and write the verdict."""
    settings = config.tracking
    if settings.kind == "none":
        raise ConfigError(
            "tracking=none has no registry. Choose sqlite or server.", "config.tracking"
        )
    uri = tracking.tracking_uri(settings.kind, settings.uri_env)

    with tracking.store(uri) as client:
        tags = {"run_id": run.run_id(), "git_commit": run.git_commit() or ""}
        version = registry.register(
            client, uri, settings.registry, model=MODEL, contract=CONTRACT, tags=tags
        )
        champion = registry.champion(client, settings.registry)
        decision = _decide(config, client, version, champion)
        if decision.promote:
            registry.promote(client, settings.registry, version)
    holder = version if decision.promote else champion and str(champion.version)
    ids = {"version": version, "champion": holder, "run_id": run.run_id()}
    write_json(REGISTRY, asdict(decision) | ids)
    log.info(
        "promoted" if decision.promote else "not promoted", version=version, reason=decision.reason
    )


def _decide(config: Config, client: Any, version: str, champion: Any | None) -> Decision:
    better = json.loads(METRICS.read_text(encoding="utf-8"))["better_than_dummy"]
    settings = config.evaluate
    if champion is not None and str(champion.version) == version:
        return Decision(promote=False, reason="it is the champion")
    if champion is None or not config.gate.compare or not better:
        return decide(None, better_than_dummy=better, level=settings.level)
    name = f"version {champion.version}"
    with tempfile.TemporaryDirectory() as folder:
        files = registry.fetch(client, champion, Path(folder))
        try:
            old = Candidate(name, *load(*files, own(config)), learned_keys(files[0]))
        except ModelError as error:
            return incomparable(name, error)
    return challenge(
        Candidate(f"version {version}", *load(MODEL, CONTRACT, own(config)), learned_keys(MODEL)),
        old,
        pl.read_parquet(TEST),
        Rules(
            settings.metrics[0],
            config.gate.min_rows,
            settings.bootstrap,
            settings.level,
            config.seed,
        ),
    )


if __name__ == "__main__":
    main()
