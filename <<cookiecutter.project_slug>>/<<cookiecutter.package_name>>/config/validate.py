"""Group `validate`: what happens to rows that break the schema."""

from dataclasses import dataclass, field

from .checks import one_of, within


@dataclass
class Validate:
    """What to do with rows that break the schema, and what else to look for."""

    max_quarantined: float = 0.01  # share of all rows; more stops the pipeline
    changed_columns: str = "warning"  # level of a column that is new, gone or of another type
    anomalies: dict[str, float] = field(default_factory=dict)  # method: its limit

    def __post_init__(self) -> None:
        within("validate.max_quarantined", self.max_quarantined, 0.0, 1.0)
        one_of("validate.changed_columns", self.changed_columns, ("warning", "critical"))
        most = {"robust_z": 1000.0, "iqr": 1000.0, "isolation_forest": 1.0, "duplicates": 1.0}
        for method, limit in self.anomalies.items():
            one_of("validate.anomalies", method, most)
            within(f"validate.anomalies.{method}", limit, 0.0, most[method])
