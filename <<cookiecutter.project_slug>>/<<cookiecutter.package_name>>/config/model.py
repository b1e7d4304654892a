"""Group `model`: the estimator and its parameters."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from .checks import RuleError, one_of, within


@dataclass
class Model:
    """An estimator by name, or by dotted path, and the simpler one to fall back to."""

    estimator: str = MISSING
    params: dict[str, Any] = field(default_factory=dict)
    fallback: str | None = None
    trusted: list[str] = field(default_factory=list)  # more names that its file may hold, dotted
    calibration: str = "none"  # of probabilities, on the validation rows
    batch_rows: int = 0  # training rows in memory; 0: all

    def __post_init__(self) -> None:
        one_of("model.calibration", self.calibration, ("none", "sigmoid", "isotonic"))
        if self.batch_rows:
            within("model.batch_rows, if not 0,", self.batch_rows, 1000, 100_000_000)
        for name in self.trusted:
            if "." not in name:
                raise RuleError(f"model.trusted is {name!r}; allowed is module and name, dotted")
