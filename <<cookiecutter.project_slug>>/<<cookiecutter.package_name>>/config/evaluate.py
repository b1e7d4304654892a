"""Group `evaluate`: what is measured on the test rows, and what a model's answers must hold."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from .checks import RuleError, one_of, within

UNITS = ("auto", "row", "day", "week")  # or a column
AIMS = {  # of a threshold: the keys that it needs
    "f1": (),
    "cost": ("false_positive", "false_negative"),
    "precision": ("at_least",),
    "fixed": ("value",),
}


@dataclass
class Threshold:
    """From which probability on a binary model answers with the positive class."""

    aim: str = "f1"
    false_positive: float | None = None  # what a wrong positive answer costs
    false_negative: float | None = None  # what a positive row costs that is answered otherwise
    at_least: float | None = None  # the least precision; of what reaches it, the best recall
    value: float | None = None

    def __post_init__(self) -> None:
        one_of("evaluate.threshold.aim", self.aim, AIMS)
        for key in ("false_positive", "false_negative", "at_least", "value"):
            given = getattr(self, key)
            if (given is not None) != (key in AIMS[self.aim]):
                verb = "is missing" if given is None else "would have no effect"
                raise RuleError(
                    f"evaluate.threshold.{key} {verb}; the aim {self.aim} takes "
                    f"{' and '.join(AIMS[self.aim]) or 'nothing more'}"
                )
            if given is not None:
                most = 1e12 if key.startswith("false_") else 1.0
                within(f"evaluate.threshold.{key}", given, 0.0, most)
        if self.aim == "cost" and not (self.false_positive and self.false_negative):
            raise RuleError("evaluate.threshold: both costs must be above 0")

    def __str__(self) -> str:
        """The aim for people."""
        if self.aim == "cost":
            costs = f"{self.false_positive:g} and a false negative {self.false_negative:g}"
            return f"the least cost, where a false positive costs {costs}"
        if self.aim == "precision":
            return f"the best recall with a precision of at least {self.at_least:g}"
        return "fixed by hand" if self.aim == "fixed" else "the best F1"


@dataclass
class LearningCurve:
    """Trainings on a part of the training rows; none where there are no shares."""

    shares: list[float] = field(default_factory=list)
    repeats: int = 3  # drawings of rows for each share

    def __post_init__(self) -> None:
        for share in self.shares:
            within("evaluate.learning_curve.shares", share, 0.001, 0.999)
        if len(set(self.shares)) < len(self.shares) or len(self.shares) == 1:
            raise RuleError(
                f"evaluate.learning_curve.shares is {self.shares}; expected are none, or at least "
                "two different ones"
            )
        within("evaluate.learning_curve.repeats", self.repeats, 1, 100)


@dataclass
class Evaluate:
    """What is measured on the test rows, and how sure of it we want to be."""

    metrics: list[str] = MISSING  # first: the one that decides
    bootstrap: int = 200  # resamples
    level: float = 0.05  # of the paired tests, and of the intervals
    unit: str = "auto"  # rows that share it are one observation: see split/units.py
    threshold: Threshold = field(default_factory=Threshold)
    conformal: float | None = None  # share of rows whose set or interval may miss the truth
    slices: list[Any] = field(default_factory=list)  # a column, or two as a list
    learning_curve: LearningCurve = field(default_factory=LearningCurve)
    explain: str = "none"  # or shap: how much each feature moves the answers

    def __post_init__(self) -> None:
        within("evaluate.bootstrap", self.bootstrap, 50, 100_000)
        within("evaluate.level", self.level, 0.0001, 0.5)
        one_of("evaluate.explain", self.explain, ("none", "shap"))
        if self.conformal is not None:
            within("evaluate.conformal", self.conformal, 0.0001, 0.5)
        for columns in self.slices:
            _check_slice(columns)

    @property
    def slice_columns(self) -> list[str]:
        """The columns that ``slices`` names."""
        return [name for names in self.sliced_by for name in names]

    @property
    def sliced_by(self) -> list[list[str]]:
        """Each entry of ``slices`` as a list of one or two columns."""
        return [[one] if isinstance(one, str) else list(one) for one in self.slices]


def _check_slice(columns: Any) -> None:
    names = [columns] if isinstance(columns, str) else columns
    texts = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    if not texts or not 1 <= len(names) <= 2 or len(set(names)) < len(names):
        raise RuleError(
            f"evaluate.slices holds {columns!r}; allowed is a column, or a list of two of them"
        )
