"""One trial after the other, in this process."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from ..config.tune import Tune
from ..errors import ConfigError, ModelError
from ..model.estimators import at_most, entry
from ..model.fitting import first_line
from ..model.flavors import flavor
from ..model.training import learns_in_rounds
from .objective import REFUSED, Problem, Pruned, Space
from .samplers import pruner, sampler
from .space import draw
from .study import Place, fail, opened

log = structlog.get_logger()


APART = 100_003  # between the seeds of two workers: more than a study has trials


@dataclass(frozen=True)
class Job:
    """All that a process needs to run trials."""

    problem: Problem
    space: Space
    settings: Tune
    place: Place

    @property
    def is_by_round(self) -> bool:
        """Whether rounds are compared, not folds: where a loss means the same in all trials."""
        name = self.problem.spec.estimator
        if self.problem.held_out is None or not learns_in_rounds(name):
            return False
        return not self.space.keys() & set(flavor(entry(name).flavor).LOSS_PARAMS)


def run_here(job: Job, left: int, deadline: float, step: Callable[[], None]) -> None:
    """Run so many trials, none that would begin after the deadline.

    Args:
        deadline: by ``time.monotonic``.
        step: called after each.
    """
    with at_most(job.problem.spec.workers), opened(job.place) as study:
        prepare(study, job, worker=0)
        for _ in range(left):
            if time.monotonic() >= deadline:
                return
            run_trial(study, study.ask(), job)
            step()


def prepare(study: Any, job: Job, worker: int) -> None:
    """Give the study its sampler and pruner; the sampler repeats neither itself nor another's."""
    drawn = len(study.get_trials(deepcopy=False))  # differs between workers that start in turn
    seed = job.problem.spec.seed + drawn + worker * APART
    study.sampler = sampler(job.settings.sampler, seed)
    study.pruner = pruner(job.settings.pruner)


def run_trial(study: Any, trial: Any, job: Job) -> None:
    """Draw parameters, score them, tell the study.

    Raises:
        PipelineError: what other parameters would not change, such as a metric that raises.
    """
    from optuna.trial import TrialState

    params = _draw(trial, job)
    try:
        values = job.problem.score(params, **_reports(trial, job))
    except Pruned:
        study.tell(trial, state=TrialState.PRUNED)
    except ModelError as error:
        if error.code != REFUSED:
            raise
        log.warning("a trial failed", params=params, reason=error.message)
        fail(study, trial.number, error.message)
    else:
        study.tell(trial, values)


def _draw(trial: Any, job: Job) -> dict[str, Any]:
    from optuna.exceptions import StorageInternalError

    try:
        return draw(trial, job.space)
    except StorageInternalError:
        raise
    except Exception as error:  # a sampler may lack a package, or not fit the space
        raise ConfigError(
            f"tune.sampler {job.settings.sampler.name} cannot draw from this space: "
            f"{first_line(error)}. Install what it needs, or take another in conf/tune.",
            "config.sampler",
        ) from error


def _reports(trial: Any, job: Job) -> dict[str, Callable[..., None]]:
    """Where the pruner is asked: of rounds or of folds, the same in all trials of a study.

    A round's value is its loss, with the sign that the study's direction asks for.
    """
    if job.settings.pruner.name == "none":
        return {}
    sign = -1 if job.problem.metrics[0].greater_is_better else 1

    def report(step: int, value: float) -> None:
        trial.report(value, step)
        if trial.should_prune():
            raise Pruned

    def of_round(number: int, most: int, loss: float) -> None:
        if number > job.settings.warmup * most and _is_step(number):
            report(number, sign * loss)

    return {"of_round": of_round} if job.is_by_round else {"of_fold": report}


def _is_step(number: int) -> bool:
    """Whether the pruner is asked after this round: each at first, then eight times a doubling.

    To ask takes 10 ms, as long as many a round.
    """
    return number % (1 << max(number.bit_length() - 4, 0)) == 0
