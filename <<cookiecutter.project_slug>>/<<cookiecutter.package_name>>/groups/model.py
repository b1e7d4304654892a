"""Groups `preprocess`, `model`, `tune`, `evaluate`, `gate`, `compute`: what is trained and kept."""

from dataclasses import dataclass, field
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


@dataclass
class Dimension:
    """One hyperparameter's range, or its choices."""

    low: float | None = None
    high: float | None = None
    log: bool = False
    whole: bool = False  # whole numbers only
    choices: list[Any] | None = None

    def __post_init__(self) -> None:
        if self.choices is None and (
            self.low is None or self.high is None or self.low >= self.high
        ):
            raise RuleError("a tune.space entry needs choices, or low < high")


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
        within("compute.workers", self.workers, -1, 1024)
