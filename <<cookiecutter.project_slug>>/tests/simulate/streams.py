"""Streams whose truth is known, and how models of them are trained and judged."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from <<cookiecutter.package_name>>.config.drift import Drift
from <<cookiecutter.package_name>>.config.evaluate import Threshold
from <<cookiecutter.package_name>>.config.gate import Gate
from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.model.adjustment import (
    AdjustmentSpec,
)
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.model.training import ModelSpec
from <<cookiecutter.package_name>>.simulate.training import (
    Recipe,
    Rules,
)
from <<cookiecutter.package_name>>.split.splits import SplitSpec
from <<cookiecutter.package_name>>.split.target import Target, Task

LATE = Target("late", Task.BINARY, (0, 1))
DAYS, A_DAY = 274, 12  # nine months
STEPS = [Step("standard_scaler", "numeric"), Step("target_encoder", "text")]


def table(
    jump: datetime | None = None, days: int = DAYS, turn: datetime | None = None
) -> pl.DataFrame:
    """Rows of days in 2024: ``late`` follows ``wind``.

    Args:
        jump: from here on it follows another carrier, too.
        days: how many.
        turn: from here on it follows the other direction of ``wind``, which no input shows.
    """
    rng, rows = np.random.default_rng(1), days * A_DAY
    start, step = datetime(2024, 1, 1), timedelta(days=1) / A_DAY
    time = [start + row * step for row in range(rows)]
    new, turned = (
        np.array([since is not None and one >= since for one in time]) for since in (jump, turn)
    )
    wind = rng.normal(size=rows)
    chance = 1 / (1 + np.exp(-(2 * np.where(turned, -wind, wind) - 1 + 3 * new)))
    return pl.DataFrame(
        {
            "id": range(rows),
            "time": time,
            "wind": wind,
            "carrier": np.where(new, "ZZ", rng.choice(["AA", "DL"], rows)),
            "late": (rng.random(rows) < chance).astype(np.int64),
        }
    )


def recipe() -> Recipe:
    return Recipe(
        ModelSpec("logistic", {}, STEPS, seed=1),
        AdjustmentSpec(Threshold(), "none", None, 1),
        SplitSpec("stratified", LATE, "id", time="time", seed=1),
        validation=0.1,
        test=0.2,
        ignore=["time"],
    )


def rules(**gate: Any) -> Rules:
    return Rules(
        metrics=[METRICS["log_loss"]],
        unit="day",
        drift=Drift(batch="month", false_alarms_per_year=0.1),
        gate=Gate(**{"min_rows": 50, **gate}),
        bootstrap=50,
        level=0.05,
        seed=1,
    )
