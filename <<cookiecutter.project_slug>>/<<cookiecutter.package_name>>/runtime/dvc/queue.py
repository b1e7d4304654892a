"""DVC's queue of experiments: tasks of killed workers are queued again.

DVC keeps a task's message in ``broker/in`` until a worker takes it to ``broker/processed``, and
calls it running until ``result`` holds its end, whoever may be dead by then.
"""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import structlog

from .locks import TMP, alive, guard

EXPERIMENTS = TMP / "exps"
CELERY = EXPERIMENTS / "celery"

log = structlog.get_logger()


def requeue_orphans() -> None:
    """Queue tasks of dead workers again, if no worker and no experiment of the queue is alive.

    Messages to dead workers are removed: the next one would obey a `shutdown` among them.
    """
    if not any(_orphans()) or _is_working():
        return
    with guard(TMP / "lock") as ours:
        if not ours:
            log.info("another DVC process is at work; its queue of experiments stays as it is")
            return
        tasks, control = _orphans()
        for file in control:
            file.unlink(missing_ok=True)
        for copy in EXPERIMENTS.glob("tmp*"):
            shutil.rmtree(copy, ignore_errors=True)
        if tasks:
            from dvc.repo import Repo

            with Repo() as repo:
                for file in tasks:
                    _requeue(repo, file)


def _orphans() -> tuple[list[Path], list[Path]]:
    """Messages of tasks that were taken and have not ended, and of workers to each other."""
    tasks = [file for file in CELERY.glob("broker/processed/*.celery.msg") if not _has_ended(file)]
    broken = [file for file in CELERY.glob("broker/control/*") if _json(file) is None]
    return tasks, [*CELERY.glob("broker/in/*.pidbox.msg"), *broken]


def _is_working() -> bool:
    for file in (*CELERY.glob("dvc-exp-worker-*.json"), *EXPERIMENTS.glob("run/*/*.json")):
        process = _json(file)
        ended = process is None or process["returncode"] is not None
        if not ended and alive(process["pid"], file.stat().st_mtime):
            return True
    return False


def _has_ended(message: Path) -> bool:
    task = _json(message)
    return task is not None and _json(_result(task)) is not None


def _result(task: dict[str, Any]) -> Path:
    return CELERY / "result" / f"celery-task-meta-{task['headers']['id']}"


def _requeue(repo: Any, message: Path) -> None:
    from dvc.repo.experiments.refs import ExpRefInfo
    from dvc.repo.experiments.stash import ExpStash

    task = _json(message)
    if task is None:
        message.unlink(missing_ok=True)
        log.warning("removed a broken message of DVC's queue", file=str(message))
        return
    arguments, keywords, _ = json.loads(base64.b64decode(task["body"]))
    entry = keywords.get("entry_dict") or arguments[0]
    name, rev = entry["name"], entry["stash_rev"]
    _result(task).unlink(missing_ok=True)  # half-written
    if name and repo.scm.get_ref(str(ExpRefInfo(entry["baseline_rev"], name))):
        repo.experiments.celery_queue.celery.backend.mark_as_done(task["headers"]["id"], None)
        log.warning("an experiment of a killed worker had ended well", experiment=name)
        return
    stash = ExpStash(repo.scm, entry["stash_ref"])
    if rev not in stash.stash_revs:
        text = stash.format_message(entry["head_rev"], entry["baseline_rev"], name, entry["branch"])
        repo.scm.set_ref(stash.ref, rev, message=f"commit: {text}")
    message.rename(CELERY / "broker/in" / message.name)
    log.warning("an experiment of a killed worker is queued again: `make queue`", experiment=name)


def _json(file: Path) -> Any:
    """What a file holds; None if it is not there or was left half-written."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
