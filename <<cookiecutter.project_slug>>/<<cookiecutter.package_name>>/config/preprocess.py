"""Group `preprocess`: the steps before the estimator."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from .checks import RuleError


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
