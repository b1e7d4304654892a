"""Trials in several processes of one machine, which share a study.

The searching process gives out trials one by one, so their number is exact and it knows what a
worker that dies was at. A worker ends when the searching process does, however that dies.
"""

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from multiprocessing.connection import Connection, wait
from typing import Any

import structlog

from ..errors import PipelineError, ResourceError, from_system
from ..model.estimators import at_most
from ..model.training import unfitted
from ..runtime import logs
from .objective import Problem
from .study import ask, fail, interrupt, opened
from .trials import Job, prepare, run_trial

DEATHS = "deaths"  # an attribute of a trial: how many processes died of its parameters
MOST_DEATHS = 2

log = structlog.get_logger()


@dataclass
class Worker:
    """A process, and what it is at."""

    process: Any
    connection: Connection
    is_up: bool = False  # it has asked for a trial once
    is_busy: bool = False
    trial: int | None = None  # the number of the trial that it is at


@dataclass
class Pool:
    """The workers of one search."""

    job: Job
    left: int  # trials to give out
    deadline: float  # by ``time.monotonic``: none begins after it
    step: Callable[[], None]  # called after each trial
    workers: list[Worker] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)  # of workers, those that died included

    def run(self, size: int) -> None:
        """Run all trials in so many processes.

        Raises:
            PipelineError: what a worker raised; or none can be started.
        """
        try:
            for _ in range(min(size, self.left)):
                self._start(size)
            while self.workers:
                for connection in wait([worker.connection for worker in self.workers]):
                    worker = next(one for one in self.workers if one.connection is connection)
                    self._hear(worker, size)
        finally:
            for worker in self.workers:  # after an error or Ctrl-C
                worker.process.kill()
                worker.process.join()

    def _start(self, size: int) -> None:
        import cloudpickle  # metrics are closures, and own ones may stand in a notebook

        spawn = multiprocessing.get_context("spawn")
        here, there = spawn.Pipe()
        job = replace(self.job, problem=_share(self.job.problem, size))
        arguments = (
            there,
            cloudpickle.dumps(job),
            next(self.numbers),
            structlog.contextvars.get_contextvars(),
        )
        process = spawn.Process(target=_work, args=arguments, daemon=True)
        process.start()
        there.close()  # so that this end is told when the worker dies
        self.workers.append(Worker(process, here))

    def _hear(self, worker: Worker, size: int) -> None:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            self._bury(worker, size)
            return
        if isinstance(message, Exception):
            raise message
        if isinstance(message, int):
            worker.trial = message
            return
        if worker.is_busy:
            self.step()
        worker.is_up, worker.trial = True, None
        worker.is_busy = self.left > 0 and time.monotonic() < self.deadline
        self.left -= worker.is_busy
        with suppress(OSError):  # it died: the next message says so
            worker.connection.send(worker.is_busy)
        if not worker.is_busy:
            worker.process.join()
            self.workers.remove(worker)

    def _bury(self, worker: Worker, size: int) -> None:
        """Go on after a worker's death, with another one in its place."""
        worker.process.join()
        self.workers.remove(worker)
        code = worker.process.exitcode
        log.warning("a worker of the search died", exit_code=code)
        if worker.is_busy and not self._has_failed(worker.trial):
            self.left += 1
        if not self.left:
            return
        if worker.is_up:
            self._start(size)
        elif not self.workers:
            raise ResourceError(
                f"no worker of the search can be started: they die with exit code {code}, perhaps "
                "for lack of memory. Set tune.workers=1 to see why.",
                "resource.workers",
            )

    def _has_failed(self, number: int | None) -> bool:
        """Put the trial of a dead worker in line again, unless it killed too many."""
        if number is None:
            return False
        with opened(self.job.place) as study:
            trial = study.get_trials(deepcopy=False)[number]
            deaths = trial.user_attrs.get(DEATHS, 0) + 1
            if deaths < MOST_DEATHS:
                interrupt(study, trial, **{DEATHS: deaths})
                return False
            fail(study, number, f"{deaths} workers died of it")
        self.step()
        return True


def _share(problem: Problem, size: int) -> Problem:
    """The problem with a worker's share of the cores, where it may use all."""
    if problem.spec.workers > 0:
        return problem
    from joblib import cpu_count  # knows what a container may use

    cores = max(cpu_count() // size, 1)
    return replace(problem, spec=replace(problem.spec, workers=cores))


def _work(
    connection: Connection, pickled: bytes, number: int, context: dict[str, Any]
) -> None:  # the whole life of a worker
    import cloudpickle

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the searching process ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        logs.configure(**context, worker=number)
        job: Job = cloudpickle.loads(pickled)
        problem = job.problem
        unfitted(problem.spec, problem.features, problem.target.task)  # loads what is to be limited
        with at_most(problem.spec.workers), opened(job.place) as study:
            prepare(study, job, worker=number)
            connection.send(None)
            while connection.recv():
                trial = ask(study, job.place.file)
                connection.send(trial.number)
                run_trial(study, trial, job)
                connection.send(None)
    except Exception as error:  # the searching process reports it
        expected = isinstance(error, PipelineError | MemoryError) or from_system(error)
        text = "".join(traceback.format_exception(error))
        connection.send(error if expected else RuntimeError(text))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)
