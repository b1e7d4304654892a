"""Group `tune`: the search for hyperparameters."""

from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from math import isfinite
from typing import Any

from omegaconf import MISSING

from .checks import RuleError, one_of, within


@dataclass
class Dimension:
    """One hyperparameter's range, or its choices."""

    low: float | None = None
    high: float | None = None
    log: bool = False
    whole: bool = False  # whole numbers only
    choices: list[Any] | None = None
    when: dict[str, Any] = field(default_factory=dict)  # only if these parameters have these values

    def holds(self, value: Any) -> bool:
        """Whether a value can be drawn."""
        if self.choices is not None:
            return any(choice == value and type(choice) is type(value) for choice in self.choices)
        return self.whole and isinstance(value, int) and self.low <= value <= self.high  # type: ignore[operator]

    def check(self, name: str) -> None:
        """Refuse what nothing can be drawn from; ``name`` is the key of conf/."""
        if self.choices is not None:
            if not self.choices or not all(map(_is_choice, self.choices)):
                raise RuleError(
                    f"{name}.choices is {self.choices}; allowed are texts, finite numbers, true, "
                    "false and null, at least one"
                )
            if (self.low, self.high, self.log, self.whole) != (None, None, False, False):
                raise RuleError(f"{name} has choices; low, high, log and whole go without them")
            return
        if self.low is None or self.high is None or not self.low < self.high:
            raise RuleError(f"{name} is {self.low} to {self.high}; it needs choices, or low < high")
        most = 2.0**53 if self.whole else 1e100
        if self.log and self.low < (1.0 if self.whole else 1e-100):
            least = "at least 1" if self.whole else "above 0"
            raise RuleError(f"{name}.low is {self.low}; with log it must be {least}")
        for key, value in (("low", self.low), ("high", self.high)):
            within(f"{name}.{key}", value, -most, most)
            if self.whole and not value.is_integer():
                raise RuleError(f"{name}.{key} is {value}; with whole it must be a whole number")


def _is_choice(value: Any) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    return value is None or isinstance(value, bool | int | str)


@dataclass
class Named:
    """A class of Optuna's by a short name, or any by its dotted path, and its parameters."""

    name: str = "none"
    params: dict[str, Any] = field(default_factory=dict)


@dataclass
class Tune:
    """The search for hyperparameters."""

    method: str = MISSING
    trials: int = 20
    timeout_s: float | None = None
    folds: int = 3
    workers: int = 1
    storage: str = "sqlite"
    objectives: list[str] = field(default_factory=list)
    tolerance: float = 0.0
    sampler: Named = field(default_factory=lambda: Named("tpe"))
    pruner: Named = field(default_factory=Named)
    warmup: float = 0.33
    space: dict[str, dict[str, Dimension]] = field(
        default_factory=dict
    )  # estimator: {param: range}

    def __post_init__(self) -> None:
        one_of("tune.method", self.method, ("none", "optuna"))
        one_of("tune.storage", self.storage, ("sqlite", "journal"))
        within("tune.trials", self.trials, 1, 10_000)
        within("tune.folds", self.folds, 2, 20)
        within("tune.workers", self.workers, 1, 64)
        within("tune.tolerance", self.tolerance, 0.0, 1e100)
        within("tune.warmup", self.warmup, 0.0, 1.0)
        if self.timeout_s is not None:
            within("tune.timeout_s", self.timeout_s, 1.0, 2_592_000.0)
        self._check_objectives()
        for estimator, dimensions in self.space.items():
            for name, dimension in dimensions.items():
                dimension.check(f"tune.space.{estimator}.{name}")
            _check_conditions(f"tune.space.{estimator}", dimensions)

    def _check_objectives(self) -> None:
        if len(set(self.objectives)) < len(self.objectives):
            raise RuleError(f"tune.objectives is {self.objectives}; each may stand there once")
        several = len(self.objectives) > 1
        if several and self.pruner.name != "none":
            raise RuleError(
                f"tune.pruner.name is {self.pruner.name!r}; trials of several objectives cannot be "
                "pruned: it must be none"
            )
        if self.tolerance and not several:
            raise RuleError("tune.tolerance has no effect without a second of tune.objectives")


def _check_conditions(key: str, dimensions: dict[str, Dimension]) -> None:
    """Refuse a ``when`` that names no other parameter, or what can never be."""
    for name, dimension in dimensions.items():
        for other, value in dimension.when.items():
            if other not in dimensions:
                raise RuleError(
                    f"{key}.{name}.when names {other!r}; the parameters there are "
                    f"{', '.join(dimensions)}"
                )
            if not dimensions[other].holds(value):
                raise RuleError(
                    f"{key}.{name}.when is {other}: {value!r}, which {other} never is; it takes "
                    "one of its choices, or a whole number of its range"
                )
    try:
        in_order(dimensions)
    except CycleError as error:
        names = " and ".join(dict.fromkeys(error.args[1]))
        raise RuleError(f"{key}: the `when` of {names} wait for each other") from None


def in_order(dimensions: dict[str, Dimension]) -> list[str]:
    """The parameters, each after those that its ``when`` names.

    Raises:
        graphlib.CycleError: there is no such order.
    """
    return list(TopologicalSorter({k: list(d.when) for k, d in dimensions.items()}).static_order())
