"""Groups `preprocess`, `model`, `tune`, `evaluate`, `gate`, `compute`: what is trained and kept."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from omegaconf import MISSING

from .rules import RuleError, one_of, within


@dataclass
class Step:
    """One preprocessing step, on columns by name, type (numeric, text, datetime) or pattern."""

    step: str = MISSING
    columns: Any = MISSING  # one, or a list; a pattern is `re:` and a regular expression
    params: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        listed = self.columns if isinstance(self.columns, list) else [self.columns]
        if not listed or not all(isinstance(item, str) for item in listed):
            raise RuleError(
                f"preprocess.steps: columns of {self.step!r} is {self.columns!r}; allowed is a "
                "name, a type, a pattern, or a list of them"
            )


@dataclass
class Preprocess:
    """The steps; a column goes through those that select it, in this order."""

    steps: list[Step] = MISSING


@dataclass
class Model:
    """An estimator by name, or by dotted path, and the simpler one to fall back to."""

    adapter: str = MISSING
    params: dict[str, Any] = field(default_factory=dict)
    fallback: str | None = None
    trusted: list[str] = field(default_factory=list)  # more names that its file may hold, dotted

    def __post_init__(self) -> None:
        for name in self.trusted:
            if "." not in name:
                raise RuleError(f"model.trusted is {name!r}; allowed is module and name, dotted")


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
    space: dict[str, dict[str, Dimension]] = field(default_factory=dict)  # adapter: {param: range}

    def __post_init__(self) -> None:
        one_of("tune.method", self.method, ("none", "optuna"))
        within("tune.trials", self.trials, 1, 10_000)
        within("tune.folds", self.folds, 2, 20)
        if self.timeout_s is not None:
            within("tune.timeout_s", self.timeout_s, 1.0, 2_592_000.0)
        for adapter, params in self.space.items():
            for name, dimension in params.items():
                dimension.check(f"tune.space.{adapter}.{name}")


@dataclass
class Evaluate:
    """What is measured on the test rows, and how sure of it we want to be."""

    metrics: list[str] = MISSING  # first: the one that decides
    bootstrap: int = 200  # resamples
    level: float = 0.05  # of the paired tests, and of the intervals

    def __post_init__(self) -> None:
        within("evaluate.bootstrap", self.bootstrap, 50, 100_000)
        within("evaluate.level", self.level, 0.0001, 0.5)


@dataclass
class Gate:
    """When a model may take the champion's place."""

    min_rows: int = 200  # test rows that neither model learned from; fewer decide nothing
    compare: bool = True  # false: take over from a champion that cannot answer these rows any more

    def __post_init__(self) -> None:
        within("gate.min_rows", self.min_rows, 1, 1_000_000_000)


@dataclass
class Compute:
    """What the estimators may use."""

    workers: int = 1

    def __post_init__(self) -> None:
        if self.workers != -1:
            within("compute.workers (-1: all cores)", self.workers, 1, 1024)
