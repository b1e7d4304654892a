"""Drift on rows whose truth is known, for `drift_accuracy.py`; prints one JSON object.

`python drifting_truth.py PACKAGE PART NUMBERS…` runs inside of a bake that has trained its model.
"""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

REFERENCE, COLUMNS = 5000, 20
NAMES = [f"c{number}" for number in range(COLUMNS)]
LEVEL = 0.05
WEEK, MONTH, PAST = "week", "month", 17
ORDINARY = 100  # rows of a real week, at least
EVIDENTLY = 0.1  # the limit of its defaults
SHIFTED = ("temperature_f", "plane_year")  # weeks differ much in the one, little in the other
SIZES = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)  # sigma
LAST = 4  # month before the later ones


def ours(module: str) -> Any:
    """A module of the bake's package, which the command names."""
    return importlib.import_module(f"{sys.argv[1]}.{module}")


def rules(**settings: Any) -> Any:
    """The configuration of drift."""
    return ours("config.drift").Drift(**settings)


def batch(name: str, rows: pl.DataFrame, bins: Any) -> Any:
    """Rows as one batch."""
    (counted,) = ours("monitor.batches").count_batches([(name, name, rows)], bins)
    return counted


def baseline_of(batches: list[Any], bins: Any, kind: str, asked: Any) -> Any:
    """The baseline whose reference is the sum of batches."""
    module, rows = ours("monitor.baseline"), sum(one.rows for one in batches)
    watched = module.watch(bins, batches, asked, 1)
    sentences = ours("monitor.texts").Sentences("words", {})
    return module.Baseline(kind, None, rows, rows, watched, {}, sentences, {})


def drifted(baseline: Any, batches: list[Any], asked: Any) -> list[list[str]]:
    """The columns that drifted in each batch."""
    return [one.drifted for one in ours("monitor.drift").judge(baseline, batches, asked, 1)]


# Independent rows -----------------------------------------------------------------------------


def mixed(rng: Any, rows: int) -> pl.DataFrame:
    """Columns of four kinds: normal, heavy-tailed, whole numbers, 50 categories."""
    makes: list[Callable[[], Any]] = [
        lambda: rng.normal(size=rows),
        lambda: rng.standard_t(2, size=rows),
        lambda: rng.poisson(20, size=rows),
        lambda: np.char.add("v", (50 * rng.beta(1, 2, rows)).astype(int).astype(str)),
    ]
    return pl.DataFrame({name: makes[place % 4]() for place, name in enumerate(NAMES)})


def alarms(resamples: int, *sizes: int) -> dict[str, float]:
    """The share of resamples in which any of the columns alarms, by number of rows."""
    asked = rules(false_alarms_per_year=2 * LEVEL * 52)  # LEVEL a batch, for the features
    shares = {}
    for size in sizes:
        over = 0
        for seed in range(resamples):
            rng = np.random.default_rng([seed, size])
            reference = mixed(rng, REFERENCE)
            bins = ours("monitor.bins").learn_bins(reference)
            baseline = baseline_of([batch("0", reference, bins)], bins, "rows", asked)
            over += bool(drifted(baseline, [batch("1", mixed(rng, size), bins)], asked)[0])
        shares[str(size)] = over / resamples
    return shares


def _new(values: Any, rng: Any) -> Any:
    return np.where(rng.random(values.size) < 0.05, "new", values)


def power(repeats: int) -> dict[str, float]:
    """The share of repeats in which a change of one column is seen."""
    asked = rules(false_alarms_per_year=2 * LEVEL * 52)
    cases: dict[str, tuple[int, str, Callable[[Any, Any], Any]]] = {
        "0.25 sigma, 1,000 rows": (1000, "c0", lambda x, _: x + 0.25),
        "0.15 sigma, 5,000 rows": (5000, "c0", lambda x, _: x + 0.15),
        "variance x 1.3, 5,000 rows": (5000, "c0", lambda x, _: x * np.sqrt(1.3)),
        "10 % of rows to another category, 1,000 rows": (
            1000, "c3", lambda x, rng: np.where(rng.random(x.size) < 0.1, "v0", x)
        ),
        "a new category of 5 %, 1,000 rows": (1000, "c3", _new),
    }  # fmt: skip
    seen = dict.fromkeys(cases, 0)
    for seed in range(repeats):
        rng = np.random.default_rng([seed, 7])
        reference = mixed(rng, REFERENCE)
        bins = ours("monitor.bins").learn_bins(reference)
        baseline = baseline_of([batch("0", reference, bins)], bins, "rows", asked)
        for case, (rows, column, change) in cases.items():
            now = mixed(rng, rows)
            now = now.with_columns(pl.Series(column, change(now[column].to_numpy(), rng)))
            seen[case] += column in drifted(baseline, [batch("1", now, bins)], asked)[0]
    return {case: times / repeats for case, times in seen.items()}


# Real time ------------------------------------------------------------------------------------


def flights() -> pl.DataFrame:
    """All flights that the demo has, with the features of its model, week and month."""
    rows = [pl.read_parquet(f"data/{name}.parquet") for name in ("raw/flights", "demo/later")]
    contract = ours("model.contract_file").read_contract(Path("models/model/contract.json"))
    every = pl.concat(rows, how="diagonal_relaxed")
    when = pl.col("scheduled_departure").dt
    every = every.with_columns(when.truncate("1w").alias("week"), when.month().alias("month"))
    return every.select(*contract.features, "week", "month")


def weeks() -> dict[str, Any]:
    """Ordinary weeks beside the others, and later weeks beside all of them."""
    asked, (known, later, features, bins) = rules(), _known_and_later()
    past = ours("monitor.batches").whole(_batches(known, WEEK, bins))
    ordinary = by_chance = 0
    for one in past:
        others = [other for other in past if other is not one]
        ordinary += bool(drifted(baseline_of(others, bins, WEEK, asked), [one], asked)[0])
        short = baseline_of([_sum(others)], bins, WEEK, asked)
        by_chance += bool(drifted(short, [one], asked)[0])
    moved = drifted(baseline_of(past, bins, WEEK, asked), _batches(later, WEEK, bins), asked)
    return {
        "weeks": len(past),
        "ordinary": ordinary,
        "by chance": by_chance,
        "evidently": sum(_by_evidently(known, one.name, features) for one in past),
        "later": sum(map(bool, moved)),
        "of later": len(moved),
    }


def whole_months() -> dict[str, Any]:
    """How many columns drift in each later month: four past ones, so that limits are of chance."""
    asked, (known, later, _features, bins) = rules(), _known_and_later()
    baseline = baseline_of(_batches(known, MONTH, bins), bins, MONTH, asked)
    months = _batches(later, MONTH, bins)
    moved = drifted(baseline, months, asked)
    return {one.name: len(names) for one, names in zip(months, moved, strict=True)}


def _known_and_later() -> tuple[pl.DataFrame, pl.DataFrame, list[str], Any]:
    """The flights to April, those after, their features, and bins of the first."""
    every = flights()
    features = [name for name in every.columns if name not in (WEEK, MONTH)]
    known, later = (every.filter((pl.col(MONTH) <= LAST) == side) for side in (True, False))
    return known, later, features, ours("monitor.bins").learn_bins(known.select(features))


def _batches(rows: pl.DataFrame, by: str, bins: Any) -> list[Any]:
    def pieces() -> Iterator[tuple[str, str, pl.DataFrame]]:
        for (name,), piece in sorted(rows.partition_by(by, as_dict=True).items()):
            label = f"{name:02}" if by == MONTH else f"{name:%Y-%m-%d}"
            if piece.height >= ORDINARY:
                yield label, "", piece

    counted: list[Any] = ours("monitor.batches").count_batches(pieces(), bins)
    return counted


def _sum(batches: list[Any]) -> Any:
    total = type(batches[0])("all", sum(one.rows for one in batches))
    total.counts = {name: sum(one.counts[name] for one in batches) for name in batches[0].counts}
    return total


def _by_evidently(known: pl.DataFrame, week: str, features: list[str]) -> bool:
    """Whether its defaults for large samples (a distance above 0.1) say that a column drifted."""
    name = pl.col("week").dt.strftime("%Y-%m-%d")
    sides = [known.filter(name != week), known.filter(name == week)]
    scores = ours("monitor.scores")
    before, now = (scores.comparable(side.select(features)) for side in sides)
    methods = {
        c: "wasserstein" if before[c].dtype.is_numeric() else "jensenshannon"
        for c in before.columns
    }
    page = Path("evidently.html")
    by_column = scores.compare(before, now, methods, EVIDENTLY, seed=1, page=page)
    return any(has for _, has in by_column.values())


def shifts() -> dict[str, dict[str, float]]:
    """The share of real weeks in which an injected shift of a column is seen, by its size."""
    asked, (known, _later, _features, bins) = rules(), _known_and_later()
    baseline = baseline_of(
        ours("monitor.batches").whole(_batches(known, WEEK, bins)), bins, WEEK, asked
    )
    shares: dict[str, dict[str, float]] = {}
    for column in SHIFTED:
        sigma, shares[column] = float(known[column].std() or 0), {}
        for size in SIZES:
            moved = _batches(known.with_columns(pl.col(column) + size * sigma), WEEK, bins)
            seen = [column in names for names in drifted(baseline, moved, asked)]
            shares[column][f"{size:g}"] = sum(seen) / len(seen)
    return shares


# A stationary year ----------------------------------------------------------------------------


def year(rng: Any, weeks: int, rows: int = 100, stays: float = 0.7) -> Iterator[pl.DataFrame]:
    """Weeks whose days share their weather, each day's near that of the day before."""
    level = rng.normal(size=COLUMNS // 2)
    for _week in range(weeks):
        days = []
        for _day in range(7):
            level = stays * level + np.sqrt(1 - stays**2) * rng.normal(size=COLUMNS // 2)
            shared = 0.5 * level + rng.normal(size=(rows, COLUMNS // 2))
            days.append(np.hstack([shared, rng.normal(size=(rows, COLUMNS // 2))]))
        yield pl.DataFrame(np.vstack(days), schema=NAMES)


def years(number: int) -> dict[str, float]:
    """Alarms a year, where nothing changes, with limits from the 17 weeks before it."""
    asked = rules(false_alarms_per_year=2.0)  # one of them for features
    counts, by_chance = [], []
    for seed in range(number):
        rng = np.random.default_rng([seed, 9])
        every = list(year(rng, PAST + 52))
        bins = ours("monitor.bins").learn_bins(pl.concat(every[:PAST]))
        batches = [batch(f"{place:02}", rows, bins) for place, rows in enumerate(every)]
        baseline = baseline_of(batches[:PAST], bins, WEEK, asked)
        counts.append(sum(map(bool, drifted(baseline, batches[PAST:], asked))))
        if seed < 10:
            short = baseline_of([_sum(batches[:PAST])], bins, WEEK, asked)
            by_chance.append(sum(map(bool, drifted(short, batches[PAST:], asked))))
    mean, error = float(np.mean(counts)), float(np.std(counts, ddof=1) / np.sqrt(number))
    return {
        "mean": mean,
        "low": mean - 2 * error,
        "high": mean + 2 * error,
        "promised": 1.0,
        "by chance": float(np.mean(by_chance)),
    }


# Performance without labels -------------------------------------------------------------------


def months() -> dict[str, dict[str, float]]:
    """The mean absolute error over May to December, of the estimate and of no change."""
    model = ours("model.model").Model.load(Path("models/model"))
    rows = ours("evaluate.row_predictions")
    tested = rows.read(Path("reports/test_predictions.parquet").read_bytes(), "the test rows")
    results = json.loads(Path("reports/metrics.json").read_text())
    later = pl.read_parquet("data/demo/later.parquet")
    metrics, predictions = ours("model.metrics").METRICS, ours("model.metric").Predictions
    errors: dict[str, dict[str, list[float]]] = {}
    for name in ("roc_auc", "log_loss"):
        errors[name] = {"estimated": [], "unchanged": []}
        before = {name: metrics[name](tested.target, tested.truth, tested.predictions)}
        known = results | before | {"dummy": {name: 0.5 if name == "roc_auc" else 1.0}}
        for month in range(5, 13):
            piece = later.filter(pl.col("scheduled_departure").dt.month() == month)
            answers = predictions.of(model, piece)
            real = metrics[name](tested.target, model.contract.truth(piece), answers)
            estimated = ours("monitor.estimate").estimate_loss(
                metrics[name], answers, tested, known, size=20_000, seed=1
            )
            errors[name]["estimated"].append(abs(estimated.estimated - real))
            errors[name]["unchanged"].append(abs(before[name] - real))
    return {
        name: {way: float(np.mean(values)) for way, values in ways.items()}
        for name, ways in errors.items()
    }


def main() -> None:
    """Run the part that the command names."""
    parts: dict[str, Callable[..., Any]] = {
        part.__name__: part for part in (alarms, power, weeks, whole_months, shifts, years, months)
    }
    print(json.dumps(parts[sys.argv[2]](*map(int, sys.argv[3:]))))


if __name__ == "__main__":
    sys.path.insert(0, ".")
    main()
