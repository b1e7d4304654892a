"""Rows in which nothing drifted, and the report on others beside them."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from <<cookiecutter.package_name>>.config.drift import Drift
from <<cookiecutter.package_name>>.monitor.drift import (
    DriftReport,
    detect,
)
from <<cookiecutter.package_name>>.monitor.sample import Sample

RULES = Drift(
    numeric="wasserstein",
    categorical="jensenshannon",
    column=0.1,
    nulls=0.1,
    data_drift=0.3,
    prediction_drift=0.1,
    rows=2000,
)

N = 3000
RNG = np.random.default_rng(0)


def table(rows: int = N, **columns) -> pl.DataFrame:
    usual = {
        "distance": RNG.normal(1000, 300, rows),
        "hour": RNG.integers(0, 24, rows),
        "carrier": RNG.choice(["AA", "DL", "UA"], rows),
        "weekend": RNG.random(rows) < 0.3,
        "day": [datetime(2013, 1, 1, tzinfo=UTC)] * rows,
        "score": RNG.random(rows),
    }
    return pl.DataFrame(usual | columns)


REFERENCE = table()


def compare(current: pl.DataFrame, page: Path, rules: Drift = RULES, reference=None) -> DriftReport:
    before = REFERENCE if reference is None else reference
    sides = Sample.whole(before), Sample.whole(current)
    answers = [name for name in before.columns if name.startswith(("score", "probability"))]
    return detect(*sides, rules, answers, seed=0, details=page, run_id="r1")
