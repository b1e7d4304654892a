"""What was decided about which version: the last verdict as a file, all of them as a ledger."""

import json
from dataclasses import asdict
from typing import Any

from ..paths import LEDGER, REGISTRY
from ..runtime.artifacts import append_line, write_json
from ..runtime.dvc.run import git_commit, run_id
from ..runtime.dvc.workspace import repository_root
from ..runtime.tracking import now
from .gate import Decision
from .signatures import SIGNED_BY

FELL_BACK = "fell_back"  # tag of a version: why the configured estimator was not trained
HASHES = ("train", "validation", "config", "lock")  # of a contract, and tags of a version


def verdict_record(
    decision: Decision, level: float, *, version: Any, before: Any | None, champion: Any | None
) -> dict[str, Any]:
    """A verdict as it is written down.

    Args:
        decision: about ``version``.
        level: of all challenges on the same rows.
        version: that asked to be champion.
        before: the champion until then.
        champion: from now on.
    """
    look = decision.challenge
    spent = look and {
        "test_set": look.test_set,
        "before": round(look.before, 3),
        "level": look.level(level),
    }
    record = {key: value for key, value in asdict(decision).items() if key != "challenge"}
    return _who(version, before, champion) | record | {"challenge": spent}


def rollback_record(why: str, *, before: Any | None, champion: Any) -> dict[str, Any]:
    """A rollback to ``champion`` as it is written down."""
    return _who(champion, before, champion) | {"verdict": "rollback", "reason": why}


def _who(version: Any, before: Any | None, champion: Any | None) -> dict[str, Any]:
    return {
        "time": now(),
        "version": str(version.version),
        "champion_before": before and str(before.version),
        "champion": champion and str(champion.version),
        FELL_BACK: version.tags.get(FELL_BACK),
        "signed_by": champion and champion.tags.get(SIGNED_BY),
        "run_id": run_id(),
        "git_commit": git_commit(),
        "hashes": {"model": version.tags["sha256"]}
        | {name: version.tags.get(name) for name in HASHES},
    }


def write_down(record: dict[str, Any]) -> None:
    """Append a record to the ledger, and write it as the last one."""
    line = json.dumps(record, allow_nan=False, ensure_ascii=False)
    append_line(repository_root() / LEDGER, line)
    write_json(REGISTRY, record)
