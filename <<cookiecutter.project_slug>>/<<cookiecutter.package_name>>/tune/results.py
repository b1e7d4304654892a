"""What a search found: its trials, the best, the Pareto front, what mattered."""

import warnings
from dataclasses import dataclass
from typing import Any

from ..model.metric import Metric
from .study import REASON, has_answer

ENOUGH = 10  # complete trials from which on importances are computed


@dataclass(frozen=True)
class Trial:
    """Parameters that were tried."""

    number: int
    state: str  # complete, pruned or fail
    params: dict[str, Any]
    values: dict[str, float]  # of each objective, if complete
    reason: str | None  # why it failed
    started_ms: int  # since 1970, UTC
    seconds: float
    is_best: bool = False
    on_front: bool = False  # no other is better by one objective and as good by the rest


@dataclass(frozen=True)
class Search:
    """All trials with an answer, by number; the best is None if none is complete."""

    objectives: list[str]
    trials: list[Trial]
    best: Trial | None
    importance: dict[str, float]  # of each parameter for the first objective; they add up to 1

    @property
    def params(self) -> dict[str, Any]:
        """Those of the best trial."""
        return self.best.params if self.best else {}

    def count(self, state: str) -> int:
        """How many trials ended so."""
        return sum(trial.state == state for trial in self.trials)


def read_search(study: Any, metrics: list[Metric], tolerance: float) -> Search:
    """The result that a study holds."""
    answers = [trial for trial in study.get_trials(deepcopy=False) if has_answer(trial)]
    complete = [trial for trial in answers if trial.state.name == "COMPLETE"]
    front = {trial.number for trial in study.best_trials} if complete else set()
    best = _best([one for one in complete if one.number in front], metrics, tolerance)
    names = [metric.name for metric in metrics]
    trials = [_trial(one, names, front, best) for one in answers]
    return Search(
        names,
        trials,
        next((trial for trial in trials if trial.is_best), None),
        _importance(study, metrics[0]) if len(complete) >= ENOUGH else {},
    )


def _best(front: list[Any], metrics: list[Metric], tolerance: float) -> int | None:
    """The number of the best trial of the front; None if it is empty.

    The first objective decides, then the second between those that are worse by the tolerance at
    most, and so on between equals.
    """
    left = front
    for place, metric in enumerate(metrics):
        sign = 1 if metric.greater_is_better else -1
        most = max((sign * trial.values[place] for trial in left), default=0.0)
        room = tolerance if place == 0 else 0.0
        left = [trial for trial in left if sign * trial.values[place] >= most - room]
    return left[0].number if left else None


def _trial(trial: Any, names: list[str], front: set[int], best: int | None) -> Trial:
    complete = trial.state.name == "COMPLETE"
    return Trial(
        number=trial.number,
        state=trial.state.name.lower(),
        params=dict(trial.params),
        values=dict(zip(names, trial.values, strict=True)) if complete else {},
        reason=trial.user_attrs.get(REASON),
        started_ms=int(trial.datetime_start.timestamp() * 1000),
        seconds=round((trial.datetime_complete - trial.datetime_start).total_seconds(), 3),
        is_best=trial.number == best,
        on_front=trial.number in front,
    )


def _importance(study: Any, metric: Metric) -> dict[str, float]:
    """By PED-ANOVA (Watanabe, Bansal, Hutter 2023), of parameters that all complete trials have."""
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    sign = -1 if metric.greater_is_better else 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # says that less is better: so it is
        shares = get_param_importances(
            study,
            evaluator=PedAnovaImportanceEvaluator(),
            target=lambda trial: sign * trial.values[0],
        )
    return {name: round(float(share), 4) for name, share in shares.items()}
