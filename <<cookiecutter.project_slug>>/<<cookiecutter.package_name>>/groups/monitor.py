"""Groups `tracking`, `drift`, `alert` and `few_shot`: what is recorded, watched and told."""

import re
from dataclasses import dataclass

from omegaconf import MISSING

from .rules import RuleError, one_of, within


@dataclass
class Tracking:
    """Where runs and models are recorded."""

    kind: str = MISSING
    experiment: str = MISSING
    registry: str = MISSING
    uri_env: str | None = None  # name of the variable that holds the server's address

    def __post_init__(self) -> None:
        one_of("tracking.kind", self.kind, ("none", "sqlite", "server"))
        if self.kind == "server" and not self.uri_env:
            raise RuleError("tracking.uri_env is empty; kind 'server' needs a variable's name")
        _refuse_name("tracking.experiment", self.experiment, 500)
        _refuse_name("tracking.registry", self.registry, 256)
        if any(sign in self.registry for sign in "/:") or re.match(r"\.\.|\.$", self.registry):
            raise RuleError(
                f"tracking.registry is {self.registry!r}; MLflow takes no name with / or :, and "
                "none that begins like a path. It is `name` unless it is set"
            )


def _refuse_name(key: str, name: str, longest: int) -> None:
    if not name.strip() or len(name) > longest:
        raise RuleError(f"{key} has {len(name)} characters; allowed is 1 to {longest}, not blank")


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

    def __post_init__(self) -> None:
        within("drift.nulls", self.nulls, 0.0, 1.0)
        within("drift.column", self.column, 0.0, 100.0)
        within("drift.prediction_drift", self.prediction_drift, 0.0, 100.0)
        within("drift.data_drift", self.data_drift, 0.0, 1.0)
        within("drift.rows", self.rows, 100, 1_000_000)


@dataclass
class AlertRoutes:
    """Who is alerted, and how often."""

    channels: list[str] = MISSING
    webhook_env: str | None = None  # name of the variable that holds the webhook's address
    suppress_min: float = 60.0  # minutes in which the same event is not sent again
    timeout_s: float = 30.0  # from the connection to the webhook's answer

    def __post_init__(self) -> None:
        if not self.channels:
            raise RuleError("alert.channels is empty; name at least one, such as log")
        within("alert.suppress_min", self.suppress_min, 0.0, 525_600.0)  # a year
        within("alert.timeout_s", self.timeout_s, 0.1, 600.0)
        if any("://" in channel for channel in self.channels):
            raise RuleError(
                "alert.channels holds an address, which is a secret; name log or webhook there, "
                "put the address into a variable, and the variable's name into alert.webhook_env"
            )
        if self.webhook_env and not re.fullmatch(r"[A-Za-z_]\w*", self.webhook_env, re.ASCII):
            raise RuleError(
                "alert.webhook_env is no name of a variable; put the address into a variable, "
                "and the variable's name there"
            )
        for channel in self.channels:
            one_of("alert.channels", channel, ("log", "webhook"))
        if "webhook" in self.channels and not self.webhook_env:
            raise RuleError("alert.webhook_env is empty; channel 'webhook' needs a variable's name")


@dataclass
class FewShot:
    """Whether the few-shot pipeline is part of this repository."""

    enabled: bool = False

    def __post_init__(self) -> None:
        if self.enabled:
            raise RuleError("few_shot.enabled is true; this repository has no few-shot pipeline")
