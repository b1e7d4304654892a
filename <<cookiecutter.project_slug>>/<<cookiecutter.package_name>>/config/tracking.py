"""Group `tracking`: where runs and models are recorded."""

import re
from dataclasses import dataclass

from omegaconf import MISSING

from .checks import RuleError, one_of


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
