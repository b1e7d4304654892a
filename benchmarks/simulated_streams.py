"""Years whose best policy of retraining is known, for `simulate.py`; prints one JSON object.

`python simulated_streams.py PACKAGE STREAMS` runs inside of a bake. Twelve months, four of which
are there at the start; what happens begins with one of the third to the fifth that arrive. A
retraining costs 1, the model's gain over a constant answer 100 a month.
"""

import importlib
import json
import sys
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

MONTHS, A_DAY, DAYS = 12, 20, 365
START = datetime(2023, 1, 1)
BEST = {  # by construction
    "nothing changes": ["never"],
    "what moves does not matter": ["never", "loss"],
    "answers mean something else, unseen": ["each"],
    "answers mean something else, seen": ["drift"],
    "rows of a new kind arrive": ["loss", "drift"],
}


def ours(module: str) -> Any:
    """A module of the bake's package, which the command names."""
    return importlib.import_module(f"{sys.argv[1]}.{module}")


def stream(kind: str, seed: int) -> pl.DataFrame:
    """Rows of a year: ``late`` follows ``wind``; what else happens, ``kind`` says."""
    rng, rows = np.random.default_rng(seed), DAYS * A_DAY
    time = [START + timedelta(days=1) / A_DAY * row for row in range(rows)]
    later = np.array(time) >= datetime(2023, int(rng.integers(7, 10)), 1)
    wind, heat = rng.normal(size=rows), rng.normal(size=rows)
    carrier = rng.choice(["AA", "DL"], rows)
    logit = 1.5 * wind - 0.5
    if kind.startswith("answers"):
        logit = logit + 2 * heat * later
    if kind.endswith((", seen", "matter")):
        carrier = np.where(later, "ZZ", carrier)
    if kind.startswith("rows"):
        new = later & (rng.random(rows) < 0.7)
        carrier, logit = np.where(new, "ZZ", carrier), logit + 3 * new
    late = rng.random(rows) < 1 / (1 + np.exp(-logit))
    columns = {"id": range(rows), "time": time, "wind": wind, "heat": heat, "carrier": carrier}
    return pl.DataFrame(columns | {"late": late.astype(np.int64)})


def recipe() -> Any:
    """A logistic regression."""
    target = ours("split.target")
    steps = [("standard_scaler", "numeric"), ("target_encoder", "text")]
    return ours("simulate.training").Recipe(
        ours("model.training").ModelSpec(
            "logistic", {}, [ours("config.preprocess").Step(*step) for step in steps], seed=1
        ),
        ours("model.adjustment").AdjustmentSpec(
            ours("config.evaluate").Threshold(), "none", None, 1
        ),
        ours("split.splits").SplitSpec(
            "stratified",
            target.Target("late", target.Task.BINARY, (0, 1)),
            *("id", "time"),
            seed=1,
        ),
        validation=0.1,
        test=0.2,
        ignore=["time"],
    )


def rules() -> Any:
    """By log loss; a false alarm in ten years, so that none makes another policy the best."""
    return ours("simulate.training").Rules(
        metrics=[ours("model.metrics").METRICS["log_loss"]],
        unit="day",
        drift=ours("config.drift").Drift(batch="month", false_alarms_per_year=0.1),
        gate=ours("config.gate").Gate(),
        bootstrap=50,
        level=0.05,
        seed=1,
    )


def ranking(rows: pl.DataFrame) -> Any:
    """The policies, as a simulated year ranks them."""
    player, costs = ours("simulate.player"), ours("simulate.costs")
    year, how, asked = ours("simulate.stream").cut(rows, "time"), recipe(), rules()
    start, years = player.play(year, how, asked, list(ours("simulate.policies").Policy))
    arrived = pl.concat([period.rows for period in year.periods])
    return costs.rank(start, years, how.units(arrived, asked.unit), asked, costs.Prices())


def main() -> None:
    """Play so many streams, the kinds in turn."""
    kinds: dict[str, dict[str, Any]] = {
        kind: {"best": " or ".join(best), "streams": 0, "first": 0, "told apart": 0, "ranked": {}}
        for kind, best in BEST.items()
    }
    for seed in range(int(sys.argv[2])):
        kind = list(BEST)[seed % len(BEST)]
        ranked, counts = ranking(stream(kind, seed)), kinds[kind]
        first = str(ranked.outcomes[0].policy)
        right = first in BEST[kind]
        counts["streams"] += 1
        counts["first"] += right
        counts["told apart"] += right and ranked.told_apart(0.05)
        counts["ranked"][first] = counts["ranked"].get(first, 0) + 1
        costs = {str(one.policy): round(one.cost, 1) for one in ranked.outcomes}
        print(f"{seed} {kind}: {costs}", file=sys.stderr, flush=True)
    print(json.dumps(kinds))


if __name__ == "__main__":
    main()
