"""Group `drift`: how what arrives is compared with what the model knows."""

from dataclasses import dataclass, field
from typing import Any

from .checks import RuleError, one_of, within

METHODS = ("psi", "kl", "jensenshannon", "total_variation", "chi_squared", "ks", "wasserstein")
OF_NUMBERS = ("ks", "wasserstein")
OF_EVIDENTLY = ("psi", "kl", "jensenshannon", "wasserstein")
COUNTS, EVIDENTLY = "counts", "evidently"  # definitions of a score
DRIFT, LOSS, NEVER = "drift", "loss", "never"  # what asks for a new model


@dataclass
class Drift:
    """How what arrives is compared with what the model knows."""

    definition: str = COUNTS
    numeric: str = "wasserstein"
    categorical: str = "psi"
    columns: dict[str, str] = field(default_factory=dict)  # the method of a column
    text: str = "words"  # how sentences become numbers: by words, or by an encoder of this name
    batch: str = "auto"  # day, week, month, rows
    batch_rows: int = 1000  # of a past batch, under `rows`
    files_per_year: float = 52.0  # that arrive, under `rows`
    false_alarms_per_year: float = 1.0  # if nothing changes; over all columns together
    limit: float = 0.1  # of a score under `definition: evidently`
    performance: float = 0.2  # share of the gain over a constant answer; a loss of more is a fall
    retrain: str = DRIFT  # or LOSS, NEVER
    rows: int = 5000  # sample of each side, for pages and estimates

    @property
    def of_baseline(self) -> dict[str, Any]:
        """The settings that models/baseline is learned by; the others may change after."""
        names = ("numeric", "categorical", "columns", "text", "batch", "batch_rows")
        return {f"drift.{name}": getattr(self, name) for name in names}

    def __post_init__(self) -> None:
        one_of("drift.definition", self.definition, (COUNTS, EVIDENTLY))
        one_of("drift.batch", self.batch, ("auto", "day", "week", "month", "rows"))
        one_of("drift.retrain", self.retrain, (DRIFT, LOSS, NEVER))
        methods = {"numeric": self.numeric, "categorical": self.categorical}
        methods |= {f"columns.{name}": method for name, method in self.columns.items()}
        known = METHODS if self.definition == COUNTS else OF_EVIDENTLY
        for name, method in methods.items():
            one_of(f"drift.{name}", method, known)
        if self.categorical in OF_NUMBERS:
            raise RuleError(
                f"drift.categorical is {self.categorical}, which needs an order; choose one of "
                f"{', '.join(one for one in known if one not in OF_NUMBERS)}"
            )
        within("drift.batch_rows", self.batch_rows, 30, 1_000_000_000)
        within("drift.files_per_year", self.files_per_year, 0.1, 1_000_000.0)
        within("drift.false_alarms_per_year", self.false_alarms_per_year, 0.001, 1000.0)
        within("drift.limit", self.limit, 0.0, 100.0)
        within("drift.performance", self.performance, 0.0, 1.0)
        within("drift.rows", self.rows, 100, 1_000_000)
