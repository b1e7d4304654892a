"""A metric: one measure of how good predictions are, which knows its tasks and its direction."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from numpy.typing import NDArray

from ..errors import ModelError, PipelineError
from ..split.target import Array, Target, Task
from .model import Model

Needs = Literal["probabilities", "classes", "values"]


@dataclass(frozen=True)
class Predictions:
    """What one model says of n rows."""

    outputs: Array  # (n, k) probabilities in the order of the classes, or (n,) values
    answers: Array  # (n,) class codes, by the model's own threshold; or the values

    @classmethod
    def of(cls, model: Model, rows: pl.DataFrame) -> "Predictions":
        """What a model says of rows with its features, by its own threshold."""
        outputs, contract = model.outputs(rows), model.contract
        return cls(outputs, contract.target.answers(outputs, contract.threshold))

    def __getitem__(self, rows: NDArray[Any]) -> "Predictions":
        """The predictions of some rows, by number or by a mask."""
        return Predictions(self.outputs[rows], self.answers[rows])

    def __len__(self) -> int:
        return len(self.answers)


Function = Callable[[Target, Array, Predictions], float]


@dataclass(frozen=True)
class Metric:
    """One measure of how good predictions are, for evaluation, tuning, folds, gate and card."""

    name: str
    needs: Needs
    tasks: frozenset[Task]
    greater_is_better: bool
    function: Function

    def __call__(self, target: Target, truth: Array, predictions: Predictions) -> float:
        """The value on these rows; NaN where it is undefined, as where one class is absent.

        Args:
            target: what is predicted.
            truth: (n,) class codes, or numbers.
            predictions: of the same n rows.

        Raises:
            ModelError: an own metric raised, or did not return a number.
        """
        try:
            return float(self.function(target, truth, predictions))
        except PipelineError:
            raise
        except Exception as error:  # an own metric may raise anything
            raise ModelError(
                f"the metric {self.name} failed with {type(error).__name__}: {error}. Fix its "
                "function, or choose others in conf/evaluate.",
                "model.metric",
            ) from error

    def score(self, target: Target, truth: Array, predictions: Predictions) -> float:
        """The value, of which more is always better."""
        value = self(target, truth, predictions)
        return value if self.greater_is_better else -value


def metric(
    *, needs: Needs, tasks: Iterable[str], greater_is_better: bool
) -> Callable[[Function], Metric]:
    """Make a metric of a function of target, truth and predictions; for PACKAGE.own.metrics."""

    def decorate(function: Function) -> Metric:
        kinds = frozenset(Task(task) for task in tasks)
        return Metric(function.__name__, needs, kinds, greater_is_better, function)

    return decorate
