"""Group `compute`: what estimators may use."""

from dataclasses import dataclass

from .checks import within


@dataclass
class Compute:
    """What the estimators may use."""

    workers: int = 1

    def __post_init__(self) -> None:
        if self.workers != -1:
            within("compute.workers (-1: all cores)", self.workers, 1, 1024)
