"""Group `drift`: how new data is compared."""

from dataclasses import dataclass

from .checks import within


@dataclass
class Drift:
    """How new data is compared with the training data."""

    numeric: str = "wasserstein"
    categorical: str = "jensenshannon"
    column: float = 0.1  # a column's values have drifted above this
    nulls: float = 0.1  # and its nulls, when their share differs by more than this
    data_drift: float = 0.3  # the data has drifted above this share of columns
    prediction_drift: float = 0.1
    rows: int = 5000  # sample on each side
    performance: float = 0.2  # share of the gain over a constant answer; a loss of more is a fall

    def __post_init__(self) -> None:
        within("drift.nulls", self.nulls, 0.0, 1.0)
        within("drift.column", self.column, 0.0, 100.0)
        within("drift.prediction_drift", self.prediction_drift, 0.0, 100.0)
        within("drift.data_drift", self.data_drift, 0.0, 1.0)
        within("drift.rows", self.rows, 100, 1_000_000)
        within("drift.performance", self.performance, 0.0, 1.0)
