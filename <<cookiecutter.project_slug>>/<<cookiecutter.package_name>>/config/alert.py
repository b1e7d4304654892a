"""Group `alert`: who is alerted, of what, and how often."""

import re
from dataclasses import dataclass, field
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from omegaconf import MISSING

from .checks import RuleError, one_of, within

KINDS = ("log", "webhook", "slack", "apprise")
SEVERITIES = ("warning", "error", "critical")  # in rising order
VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
CLOCK_TIMES = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
A_YEAR_H = 8760.0


@dataclass
class Channel:
    """One way to people."""

    kind: str = MISSING
    address_env: str | None = None  # name of the variable that holds the address
    severity: str = "warning"  # from which on

    def __post_init__(self) -> None:
        one_of("alert.channels.kind", self.kind, KINDS)
        one_of("alert.channels.severity", self.severity, SEVERITIES)
        if self.kind != "log" and not self.address_env:
            raise RuleError(
                "alert.channels.address_env is empty; put the address into a variable, and the "
                "variable's name there"
            )
        _check_variable("alert.channels.address_env", self.address_env)


@dataclass
class AlertRoutes:
    """Who is alerted, of what, and how often."""

    channels: dict[str, Channel] = MISSING
    hosts: list[str] = field(default_factory=list)  # that addresses may lead to, and no others
    timeout_s: float = 30.0
    give_up_h: float = 168.0
    suppress_min: float = 60.0
    escalate_after: int = 3
    escalate_h: float = 72.0
    flapping: int = 3
    flapping_h: float = 24.0
    quiet_hours: str | None = None
    time_zone: str = "UTC"
    overdue_h: float = 336.0
    ping_env: str | None = None

    def __post_init__(self) -> None:
        if not self.channels:
            raise RuleError("alert.channels is empty; name at least one, such as log")
        within("alert.timeout_s", self.timeout_s, 0.1, 600.0)
        within("alert.give_up_h", self.give_up_h, 0.0, A_YEAR_H)
        within("alert.suppress_min", self.suppress_min, 0.0, 60 * A_YEAR_H)
        within("alert.escalate_after", self.escalate_after, 1, 1000)
        within("alert.escalate_h", self.escalate_h, 0.0, A_YEAR_H)
        within("alert.flapping", self.flapping, 3, 1000)
        within("alert.flapping_h", self.flapping_h, 0.0, A_YEAR_H)
        within("alert.overdue_h", self.overdue_h, 0.0, A_YEAR_H)
        _check_variable("alert.ping_env", self.ping_env)
        if any("/" in host or "@" in host for host in self.hosts):
            raise RuleError("alert.hosts holds an address; name hosts, such as hooks.slack.com")
        self.quiet  # noqa: B018 - what it cannot read, it refuses
        self.zone  # noqa: B018

    @property
    def quiet(self) -> tuple[time, time] | None:
        """From when until when only critical alerts are sent, by the clock of ``zone``."""
        if self.quiet_hours is None:
            return None
        try:
            begin, end = CLOCK_TIMES.fullmatch(self.quiet_hours).groups()  # type: ignore[union-attr]
            return time.fromisoformat(begin), time.fromisoformat(end)
        except (AttributeError, ValueError):
            raise RuleError(
                "alert.quiet_hours should be as '22:00-07:00', in quotes, or null"
            ) from None

    @property
    def zone(self) -> ZoneInfo:
        """Of the quiet hours."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise RuleError(
                "alert.time_zone is unknown here; name one such as Europe/Berlin, or UTC"
            ) from None


def _check_variable(key: str, name: Any) -> None:
    if name is not None and not VARIABLE.fullmatch(name):
        raise RuleError(
            f"{key} is no name of a variable; put the address into a variable, and the "
            "variable's name there"
        )
