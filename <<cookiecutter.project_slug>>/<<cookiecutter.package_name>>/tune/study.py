"""The study: Optuna's record of all trials, which outlives the process that searches."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import structlog

from ..errors import ResourceError
from ..model.fitting import first_line

Direction = Literal["minimize", "maximize"]
FILES = {"sqlite": "study.db", "journal": "study.journal"}
REASON = "reason"  # an attribute of a trial that failed: why
BUSY_S = 120.0  # how long to wait for another worker's write

log = structlog.get_logger()


@dataclass(frozen=True)
class Place:
    """Where a study is kept, and under which name."""

    folder: Path
    storage: str  # of FILES
    name: str
    directions: tuple[Direction, ...]  # of each objective

    @property
    def file(self) -> Path:
        """The file that holds the study."""
        return self.folder / FILES[self.storage]


@contextmanager
def exclusive(place: Place) -> Iterator[None]:
    """Wait until no other process searches for the same; the lock falls when its holder dies."""
    place.folder.mkdir(parents=True, exist_ok=True)
    with (place.folder / f".{place.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("another process searches for the same; waiting for its trials")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def opened(place: Place) -> Iterator[Any]:
    """The study, made if need be.

    Raises:
        ResourceError: its file cannot be read or written.
    """
    import optuna
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        storage = _sqlite(place.file) if place.storage == "sqlite" else _journal(place.file)
        study = optuna.create_study(
            study_name=place.name,
            storage=storage,
            directions=place.directions,
            load_if_exists=True,
        )
    except Exception as error:  # a broken file may break a library anywhere
        raise _unusable(place.file, error) from error
    try:
        yield study
    except (StorageInternalError, SQLAlchemyError, sqlite3.Error) as error:
        raise _unusable(place.file, error) from error
    finally:
        if place.storage == "sqlite":
            storage.engine.dispose()  # SQLite then takes its side files away


def _unusable(file: Path, error: Exception) -> ResourceError:
    return ResourceError(
        f"the study {file} cannot be used: {first_line(error)}. Restore it from a copy, "
        "or remove the file to search anew.",
        "resource.study",
    )


class _Connection(sqlite3.Connection):
    """A connection that does not wait for the disk: a killed process loses nothing by it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute("PRAGMA synchronous = NORMAL")


def _sqlite(file: Path) -> Any:
    from optuna.storages import RDBStorage

    with closing(sqlite3.connect(file, timeout=BUSY_S)) as db:
        db.execute("PRAGMA journal_mode = WAL")
    options = {"connect_args": {"timeout": BUSY_S, "factory": _Connection}}
    return RDBStorage(f"sqlite:///{file.resolve()}", engine_kwargs=options)


def _journal(file: Path) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.storages.journal._file import BaseJournalFileLock

    class Lock(BaseJournalFileLock):
        """The system's lock of a file, which falls with its holder; Optuna's own stay behind."""

        def acquire(self) -> bool:
            self.held = file.open("ab")
            fcntl.flock(self.held, fcntl.LOCK_EX)
            return True

        def release(self) -> None:
            self.held.close()

    _trim(file)
    return JournalStorage(JournalFileBackend(str(file), Lock()))


def _trim(file: Path) -> None:
    """Take the last line off a journal, if a killed process left it unfinished."""
    with file.open("a+b") as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)  # whoever writes a line holds it
        journal.seek(0)
        content = journal.read()
        if not content.endswith(b"\n"):
            journal.truncate(content.rfind(b"\n") + 1)


def ask(study: Any, file: Path) -> Any:
    """A trial that no other process has: one asks after another.

    On SQLite, two that ask at once may both be given the trial that waits in line.
    """
    with file.with_name(f"{file.name}.ask").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # it falls with its holder
        return study.ask()


def interrupt(study: Any, trial: Any, **attributes: Any) -> None:
    """Mark a trial as failed whose process died, and put its parameters in line again."""
    from optuna.trial import TrialState

    study.tell(trial.number, state=TrialState.FAIL)
    params = trial.params or trial.system_attrs.get("fixed_params")  # drawn, or still in line
    if params:
        study.enqueue_trial(params, user_attrs=trial.user_attrs | attributes)


def fail(study: Any, number: int, reason: str) -> None:
    """Record that a trial's parameters do not work, and why: they are not tried again."""
    from optuna.trial import TrialState

    trial = study.get_trials(deepcopy=False)[number]
    study._storage.set_trial_user_attr(trial._trial_id, REASON, reason[:500])
    study.tell(number, state=TrialState.FAIL)


def answered(study: Any) -> int:
    """How many trials have an answer: complete, pruned, or refused by the estimator."""
    return sum(has_answer(trial) for trial in study.get_trials(deepcopy=False))


def has_answer(trial: Any) -> bool:
    """Whether a trial need not be run again; one that was interrupted has no answer."""
    from optuna.trial import TrialState

    if trial.state is TrialState.FAIL:
        return REASON in trial.user_attrs
    return trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
