"""Checks of values in conf/, which the dataclasses of the groups share."""

from collections.abc import Iterable


class RuleError(ValueError):
    """A value breaks a rule of its group; ``config.load`` turns it into a ConfigError."""


def within(name: str, value: float, low: float, high: float) -> None:
    """Refuse a number out of range."""
    if not low <= value <= high:
        raise RuleError(f"{name} is {value}; allowed is {low} to {high}")


def one_of(name: str, value: str, allowed: Iterable[str]) -> None:
    """Refuse a word that is none of the allowed ones."""
    if value not in allowed:
        raise RuleError(f"{name} is {value!r}; allowed is one of: {', '.join(sorted(allowed))}")
