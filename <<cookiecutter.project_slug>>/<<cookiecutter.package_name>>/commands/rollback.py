"""Give the alias `champion` back to a former champion: `make rollback WHY="…"`, TO=version."""

import argparse
import tempfile
from pathlib import Path

import structlog

from ..config import Config, load, read
from ..errors import ConfigError
from ..model.model import Model
from ..paths import MODEL, PARAMS
from ..registry import versions
from ..registry.ledger import rollback_record, write_down
from ..registry.signatures import signer_of
from ..runtime import logs, tracking
from ..runtime.artifacts import sha256_of
from ..runtime.dvc.run import run_id
from ..runtime.stage import exit_on_error

log = structlog.get_logger()


def roll_back(config: Config, to: str | None, why: str) -> str:
    """Make a former champion the champion once more, and write it down; returns its version.

    Args:
        config: where the registry is, and how signatures are checked.
        to: the version; None for the champion before this one.
        why: for the ledger, and for whoever offers the model again.

    Raises:
        ConfigError: no reason is given, or there is no registry.
        ModelError: that version cannot be champion, or its files or signature are wrong.
        ResourceError: the registry or the files cannot be reached.
    """
    settings = config.tracking
    if not why.strip():
        raise ConfigError(
            'the ledger should say why: make rollback WHY="it ignores the new airport".',
            "config.why",
        )
    if settings.kind == "none":
        raise ConfigError("tracking=none has no registry; choose sqlite.", "config.tracking")
    name, uri = settings.registry, tracking.tracking_uri(settings.kind, settings.uri_env)
    with tracking.store(uri) as client:
        to = to or versions.champion_before(client, name)
        former = versions.former_champion(client, name, to)
        with tempfile.TemporaryDirectory() as folder:
            files = versions.fetch(client, former, Path(folder))
            signer_of(client, former, files, config.gate.signing)
            Model.load(files, config.trusted)
        before = versions.champion_of(client, name)
        versions.roll_back(client, name, to, why)
    write_down(rollback_record(why, before=before, champion=former))
    if sha256_of(MODEL) != former.tags["sha256"]:
        log.warning(
            f"{MODEL} is another model, and predictions come from it: bring dvc.lock and "
            "params.yaml of its release back with git, then `dvc checkout`",
            released_at=former.tags.get("git_commit") or "unknown",
        )
    return to


def main() -> None:
    """Roll back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", default="", help="a version; else the champion before this one")
    parser.add_argument("--why", default="", help="for the ledger")
    arguments = parser.parse_args()
    logs.configure(run_id=run_id(), stage="rollback")
    with exit_on_error():
        config = load(read(str(PARAMS)))
        version = roll_back(config, arguments.to or None, arguments.why)
        log.info("champion", version=version, why=arguments.why)


if __name__ == "__main__":
    main()
