"""The model becomes champion if it is better: `python -m PACKAGE.stages.register`."""

import json
from typing import Any

import polars as pl
import structlog

from ..config import Config
from ..errors import ConfigError
from ..evaluate.paired import Comparison
from ..model.contract_file import read_contract
from ..paths import CONTRACT, METRICS, MODEL, TEST
from ..registry.gate import Decision, Verdict
from ..registry.ledger import FELL_BACK, verdict_record, write_down
from ..registry.offers import Offer, decide
from ..registry.signatures import private_key, sign_once
from ..registry.versions import champion_of, promote, record_challenge, register
from ..runtime import tracking
from ..runtime.dvc import run
from ..runtime.stage import stage

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Register the model, compare it with the champion on the same rows, and write the verdict."""
    settings = config.tracking
    if settings.kind == "none":
        raise ConfigError("tracking=none has no registry; choose sqlite.", "config.tracking")
    uri, name = tracking.tracking_uri(settings.kind, settings.uri_env), settings.registry
    private_key(config.gate.signing)  # before anything is registered

    with tracking.store(uri) as client:
        version = register(client, uri, name, model=MODEL, tags=_tags())
        before = champion_of(client, name)
        constant = json.loads(METRICS.read_text(encoding="utf-8"))["against_constant"]
        rows = pl.read_parquet(TEST)
        offer = Offer(MODEL, rows, Comparison.from_json(constant))
        decision = decide(config, client, version, offer, before)
        _carry_out(config, client, version, before, decision)
        champion = champion_of(client, name)
    record = verdict_record(
        decision, config.gate.level, version=version, before=before, champion=champion
    )
    write_down(record)
    signed = record["signed_by"] or "nobody"
    log.info(
        str(decision.verdict), version=record["version"], reason=decision.reason, signed_by=signed
    )


def _tags() -> dict[str, str]:
    """Where a version comes from."""
    contract = read_contract(CONTRACT)
    tags = {"run_id": run.run_id(), "git_commit": run.git_commit() or ""} | contract.hashes
    return tags | ({FELL_BACK: contract.fell_back} if contract.fell_back else {})


def _carry_out(
    config: Config, client: Any, version: Any, before: Any | None, decision: Decision
) -> None:
    """Spend what the decision cost, and move the alias, with a signature, if it says so."""
    gate, name = config.gate, config.tracking.registry
    if decision.challenge is not None:
        record_challenge(client, name, decision.challenge)
    promoted = decision.verdict is Verdict.PROMOTE
    if promoted or (before is not None and before.version == version.version):
        sign_once(client, version, MODEL, gate.signing)
    if promoted:
        promote(client, name, str(version.version))


if __name__ == "__main__":
    main()
