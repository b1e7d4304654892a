"""Group `split`: which rows train, validate and test."""

from dataclasses import dataclass

from omegaconf import MISSING

from .checks import RuleError, one_of, within


@dataclass
class Split:
    """How rows are dealt to training, validation and test, and what must not leak between them."""

    kind: str = MISSING
    period: str = "month"  # or day, week: of kind `latest`, the newest of data.time tests
    seed: int = 1  # of this alone: experiments with another `seed` compare on the same test rows
    validation: float = 0.1
    test: float | None = None  # not of kind `latest`: the newest period tests
    group: str | None = None  # column; rows that share its value stay on one side
    folds: int = 0  # of cross-validation on the training rows; 0: none
    repeats: int = 1  # of the folds
    max_repeated: float = 0.01  # share of scored rows that equal a training row; more is refused
    max_alone: float = 0.98  # how well one feature may tell the target; above is a warning

    def __post_init__(self) -> None:
        one_of("split.kind", self.kind, ("stratified", "group", "time", "latest"))
        one_of("split.period", self.period, ("day", "week", "month"))
        within("split.seed", self.seed, 0, 2**32 - 1)
        within("split.validation", self.validation, 0.01, 0.5)
        self._check_test()
        if self.kind == "group" and not self.group:
            raise RuleError("split.group is empty; kind 'group' needs the column that names one")
        if self.folds:
            within("split.folds", self.folds, 2, 20)
        within("split.repeats", self.repeats, 1, 1 if self.kind == "time" else 20)
        within("split.max_repeated", self.max_repeated, 0.0, 1.0)
        within("split.max_alone", self.max_alone, 0.5, 1.0)

    def _check_test(self) -> None:
        if self.kind == "latest":
            if self.test is not None:
                raise RuleError(
                    f"split.test is {self.test}, which has no effect with split.kind 'latest': the "
                    f"newest {self.period} tests, however large. Remove split.test, as "
                    "conf/split/latest.yaml does, or choose another split"
                )
            return
        if self.test is None:
            raise RuleError(f"split.test is empty; kind {self.kind!r} needs a share of the rows")
        within("split.test", self.test, 0.01, 0.5)
        within("split.validation + split.test", self.validation + self.test, 0.02, 0.9)
