"""Group `tune`: the search for hyperparameters."""

from dataclasses import dataclass, field
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
class Tune:
    """The search for hyperparameters."""

    method: str = MISSING
    trials: int = 20
    timeout_s: float | None = None
    folds: int = 3
    space: dict[str, dict[str, Dimension]] = field(
        default_factory=dict
    )  # estimator: {param: range}

    def __post_init__(self) -> None:
        one_of("tune.method", self.method, ("none", "optuna"))
        within("tune.trials", self.trials, 1, 10_000)
        within("tune.folds", self.folds, 2, 20)
        if self.timeout_s is not None:
            within("tune.timeout_s", self.timeout_s, 1.0, 2_592_000.0)
        for estimator, params in self.space.items():
            for name, dimension in params.items():
                dimension.check(f"tune.space.{estimator}.{name}")
