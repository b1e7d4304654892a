"""When a new model is trained."""

from dataclasses import replace
from enum import StrEnum

from ..config.drift import NEVER, Drift


class Policy(StrEnum):
    """A rule that says when: the simplest comes first."""

    NEVER = "never"
    LOSS = "loss"  # the deciding metric fell, by the estimate or by the labels
    DRIFT = "drift"  # data or predictions drifted, or it fell by the labels
    EACH = "each"  # at the end of each period

    def rules(self, rules: Drift) -> Drift:
        """The configuration under which the report on drift asks for it."""
        return replace(rules, retrain=NEVER if self is Policy.EACH else self.value)
