"""Group `alert`: who is alerted, and how often."""

import re
from dataclasses import dataclass

from omegaconf import MISSING

from .checks import RuleError, one_of, within


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
