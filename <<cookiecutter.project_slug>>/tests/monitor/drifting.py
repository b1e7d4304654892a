"""Rows in which nothing drifted, and the verdict on others beside them."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from <<cookiecutter.package_name>>.config.drift import Drift
from <<cookiecutter.package_name>>.monitor.baseline import (
    Baseline,
    watch,
)
from <<cookiecutter.package_name>>.monitor.batches import (
    Batch,
    count_batches,
)
from <<cookiecutter.package_name>>.monitor.bins import learn_bins
from <<cookiecutter.package_name>>.monitor.drift import (
    Judged,
    judge,
)
from <<cookiecutter.package_name>>.monitor.texts import Sentences

N = 3000
SELDOM = Drift(false_alarms_per_year=0.1)  # so that chance fails no test
RNG = np.random.default_rng(0)


def table(rows: int = N, **columns: Any) -> pl.DataFrame:
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


def baseline_of(reference: pl.DataFrame = REFERENCE, rules: Drift | None = None) -> Baseline:
    """Of rows without past batches; ``score…`` are answers."""
    sides, rules = [], rules or Drift()
    for answers in (False, True):
        names = [name for name in reference.columns if name.startswith("score") is answers]
        bins = learn_bins(reference.select(names))
        batches = count_batches([("0", "", reference)], bins)
        sides.append(watch(bins, batches, rules, 1))
    rows, sentences = reference.height, Sentences("words", {})
    return Baseline("rows", None, rows, rows, *sides, sentences, rules.of_baseline)


def batch_of(rows: pl.DataFrame, baseline: Baseline, name: str = "june") -> Batch:
    (batch,) = count_batches([(name, f"{name}.parquet", rows)], baseline.bins)
    return batch


def compare(
    current: pl.DataFrame, reference: pl.DataFrame = REFERENCE, rules: Drift | None = None
) -> Judged:
    baseline, rules = baseline_of(reference, rules), rules or SELDOM
    (judged,) = judge(baseline, [batch_of(current, baseline)], rules, 1)
    return judged
