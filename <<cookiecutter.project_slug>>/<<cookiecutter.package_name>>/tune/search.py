"""The search for hyperparameters with Optuna; it goes on where it was stopped."""

import time
from math import inf
from pathlib import Path
from typing import Any

import structlog

from ..config.tune import Tune
from ..errors import ModelError
from ..model.metric import Metric
from ..model.training import unfitted
from ..runtime.progress import progress
from .objective import Problem
from .results import Search, read_search
from .samplers import GRID, pruner, sampler
from .space import grid, space_of
from .study import FILES, Direction, Place, answered, exclusive, interrupt, opened
from .trials import Job, run_here
from .workers import Pool

POINT = "point"  # an attribute of a trial: its number in the grid

log = structlog.get_logger()


def search(problem: Problem, settings: Tune, folder: Path, code: str = "") -> Search:
    """All trials of the search, and the best.

    ``folder`` keeps a study for each question; a second call with the same question goes on there
    until ``settings.trials`` have an answer. Trials of a killed process are run again first.

    Args:
        code: a digest of all code that a score depends on, which belongs to the question.

    Raises:
        ConfigError: the space for this estimator, the sampler or the pruner is wrong.
        ModelError: no trial could be trained and scored, or a metric raised.
        ResourceError: the study cannot be read or written.
    """
    space = space_of(problem, settings.space)
    unfitted(problem.spec, problem.features, problem.target.task)  # what no trial would change
    sampler(settings.sampler, 0)
    pruner(settings.pruner)
    directions = tuple(_direction(metric) for metric in problem.metrics)
    place = Place(folder, settings.storage, problem.question(space, code), directions)
    job = Job(problem, space, settings, place)
    with exclusive(place):
        _run(job)
        with opened(place) as study:
            result = read_search(study, problem.metrics, settings.tolerance)
    if result.best is None:
        raise _nothing(problem.spec.estimator, result, timed_out=bool(settings.timeout_s))
    return result


def _direction(metric: Metric) -> Direction:
    return "maximize" if metric.greater_is_better else "minimize"


def _run(job: Job) -> None:
    """Run the trials that are left, until the time is over."""
    settings, left = job.settings, _left(job)
    if not left:
        return
    deadline = time.monotonic() + (settings.timeout_s or inf)
    with progress("tune", left, "trials") as step:
        if settings.workers == 1:
            run_here(job, left, deadline, step)
        else:
            Pool(job, left, deadline, step).run(settings.workers)
    if time.monotonic() >= deadline:
        log.warning("tune.timeout_s is over; the next run of the stage goes on")


def _left(job: Job) -> int:
    """How many trials are to be run, those that a killed process left first."""
    from optuna.trial import TrialState

    _warn_of_another(job.place)
    with opened(job.place) as study:
        for trial in study.get_trials(states=[TrialState.RUNNING]):
            interrupt(study, trial)
        left = job.settings.trials - answered(study)
        if job.settings.sampler.name == GRID:
            left = min(left, _enqueue(study, grid(job.space)))
        return max(left, 0)


def _enqueue(study: Any, points: list[dict[str, Any]]) -> int:
    """Put the points of a grid in line, if they are not; returns how many wait."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    present = {trial.user_attrs.get(POINT) for trial in trials}
    for number, point in enumerate(points):
        if number not in present:
            study.enqueue_trial(point, user_attrs={POINT: number})
    return len(study.get_trials(deepcopy=False, states=[TrialState.WAITING]))


def _warn_of_another(place: Place) -> None:
    for storage, name in FILES.items():
        if storage != place.storage and (place.folder / name).exists():
            log.warning(
                "the search starts anew: trials in another kind of storage are not read",
                unread=name,
                storage=place.storage,
            )


def _nothing(estimator: str, result: Search, *, timed_out: bool) -> ModelError:
    reasons = [trial.reason for trial in result.trials if trial.reason]
    if not reasons and timed_out:
        return ModelError(
            f"no trial of {estimator} was complete within tune.timeout_s. Give more time, or fewer "
            "tune.folds.",
            "model.tuning",
        )
    return ModelError(
        f"no trial of {estimator} could be trained and scored; the last failed because "
        f"{reasons[-1] if reasons else 'it was pruned'}. Fix tune.space, model.params, or the "
        "objective.",
        "model.tuning",
    )
