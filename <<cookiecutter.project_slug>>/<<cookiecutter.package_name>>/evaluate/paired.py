"""Is one model better than another? A paired test by units of independence, on the same rows."""

from dataclasses import dataclass
from math import ceil, isfinite
from typing import Any

import numpy as np

from ..split.target import Array
from ..split.units import Units
from .intervals import Interval, Precision, Replicates, least_units, variance

FLIPS = 10_000  # patterns of sign that are drawn where there are more than these
POWER = 0.8  # with which `more_units` would decide
MOST = 10**9  # of `more_units`, where the gain is next to nothing


@dataclass(frozen=True)
class Comparison:
    """A first model beside a second one, on the same rows; None stands for what is undefined."""

    metric: str
    first: float | None
    second: float | None
    gain: float | None  # positive: the first is better, also where lower is better
    interval: Interval  # of the gain
    p_value: float | None  # two-sided
    precision: Precision  # of the gain
    more_units: int | None  # that would decide at this gain; None where nothing is left to decide
    reason: str | None = None  # why there is no p-value
    margin: float = 0.0  # the gain that is tested against

    def significant(self, level: float) -> bool:
        """Whether the first is better than the second by more than the margin, at this level."""
        return self._decided(level) and self.gain is not None and self.gain > self.margin

    def significantly_worse(self, level: float) -> bool:
        """Whether the gain is below the margin at this level; without one, the first is worse."""
        return self._decided(level) and self.gain is not None and self.gain < self.margin

    def _decided(self, level: float) -> bool:
        return self.p_value is not None and self.p_value < level

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Comparison":
        """What ``dataclasses.asdict`` made of a comparison."""
        parts = {
            "interval": Interval(**values["interval"]),
            "precision": Precision(**values["precision"]),
        }
        return cls(**values | parts)


def compare(
    first: Replicates,
    second: Replicates,
    *,
    level: float,
    seed: int,
    margin: float = 0.0,
    decided_at: float | None = None,
) -> Comparison:
    """Compare two models by a metric that was replicated alike for both (same units, same seed).

    The interval is a cluster bootstrap. The p-value is of a sign-flip test (Fisher 1935) on the
    jackknife pseudo-values of the gain, one a unit, so it takes any metric: of two equal models,
    each unit's share of the gain is as likely to have the one sign as the other.

    Args:
        first: the model whose gain it is.
        second: the one that it is compared with.
        level: of the interval, and of the decision that ``more_units`` is about.
        seed: of the signs.
        margin: the gain that counts as none.
        decided_at: the level of the decision, if it is another than the interval's.
    """
    gain = first.gain(second)
    reason, p_value, more_units = _tested(gain, margin, decided_at or level, seed)
    return Comparison(
        metric=gain.metric.name,
        first=_defined(first.whole),
        second=_defined(second.whole),
        gain=_defined(gain.whole),
        interval=gain.interval(level),
        p_value=p_value,
        precision=gain.precision(),
        more_units=more_units,
        reason=reason,
        margin=margin,
    )


def _tested(
    gain: Replicates, margin: float, level: float, seed: int
) -> tuple[str | None, float | None, int | None]:
    """Why there is no test of a gain, if so; its p-value; and how many more units would decide."""
    if reason := _undefined(gain):
        return reason, None, None
    shares = gain.pseudo_values - margin
    p_value = sign_flip(shares, seed=seed)
    if gain.whole <= margin or p_value < level:
        return None, p_value, None
    return None, p_value, _more_units(gain.whole - margin, shares, gain.units, level)


def _undefined(gain: Replicates) -> str | None:
    """Why a gain cannot be tested, if so."""
    name, unit = gain.metric.name, gain.units.name
    if not isfinite(gain.whole):
        return f"{name} is undefined on these rows"
    if gain.units.count < 2:
        return f"all rows are of one {unit}"
    if not np.isfinite(gain.without_unit).all():
        return f"{name} is undefined without one {unit}"
    return None


def _defined(value: float) -> float | None:
    return value if isfinite(value) else None


def sign_flip(values: Array, *, seed: int) -> float:
    """The two-sided p-value of values, (n,), whose signs are by chance if the truth is zero.

    Exact where there are fewer than FLIPS patterns of sign; else by FLIPS of them, drawn, and the
    observed one (Phipson, Smyth 2010).
    """
    number = values.size
    exact = 2**number < FLIPS
    if exact:
        bits = np.arange(2**number)[:, np.newaxis] >> np.arange(number) & 1
    else:
        bits = np.random.default_rng(seed).integers(2, size=(FLIPS, number), dtype=np.int8)
    observed, rounding = values.sum(), 1e-12 * np.abs(values).sum()
    flipped = observed - 2 * (bits @ values)
    reached = int((np.abs(flipped) >= abs(observed) - rounding).sum())
    return reached / len(bits) if exact else (reached + 1) / (FLIPS + 1)


def _more_units(gain: float, values: Array, units: Units, level: float) -> int:
    """How many more units would decide with POWER, if the true gain is the observed one."""
    from scipy.special import ndtri

    errors = float(ndtri(1 - level / 2) + ndtri(POWER))  # that the gain must lie from zero
    needed = min(units.count * variance(values) * (errors / gain) ** 2, MOST)
    return ceil(max(needed, least_units(level), units.count + 1)) - units.count
