"""Group `evaluate`: what is measured on the test rows."""

from dataclasses import dataclass

from omegaconf import MISSING

from .checks import within

UNITS = ("auto", "row", "day", "week")  # or a column


@dataclass
class Evaluate:
    """What is measured on the test rows, and how sure of it we want to be."""

    metrics: list[str] = MISSING  # first: the one that decides
    bootstrap: int = 200  # resamples
    level: float = 0.05  # of the paired tests, and of the intervals
    unit: str = "auto"  # rows that share it are one observation: see evaluate/units.py

    def __post_init__(self) -> None:
        within("evaluate.bootstrap", self.bootstrap, 50, 100_000)
        within("evaluate.level", self.level, 0.0001, 0.5)
