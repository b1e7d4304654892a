"""Drift of ten columns, three ways, for `drift.py`; prints the scores as one JSON object.

`python drifts.py PACKAGE rows ROWS FOLDER` writes the tables and the reference's statistics;
`… ours FILES FOLDER`, `… evidently FILES FOLDER` and `… polars FILES FOLDER` compare.
"""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

NUMBERS = [f"n{number}" for number in range(7)]
TEXTS = [f"t{number}" for number in range(3)]


def ours(module: str) -> Any:
    """A module of the bake's package, which the command names."""
    return importlib.import_module(f"{sys.argv[1]}.{module}")


def table(rows: int, seed: int) -> pl.DataFrame:
    """Numbers of several kinds, and texts."""
    rng = np.random.default_rng(seed)
    kinds = (rng.normal, rng.exponential, rng.standard_cauchy)
    numbers = {name: kinds[place % 3](size=rows) for place, name in enumerate(NUMBERS)}
    texts = {name: rng.choice([*"abcdefghij"], rows) for name in TEXTS}
    return pl.DataFrame(numbers | texts)


def write(rows: int, folder: Path) -> None:
    """The reference, its statistics, and what arrived."""
    reference = table(rows, 1)
    reference.write_parquet(folder / "before.parquet")
    table(rows, 2).write_parquet(folder / "now.parquet", row_group_size=100_000)
    batches, rules = ours("monitor.batches"), ours("config.drift").Drift()
    bins = ours("monitor.bins").learn_bins(reference)
    counted = batches.count_batches([("0", "", reference)], bins)
    baseline = ours("monitor.baseline")
    watched = baseline.watch(bins, counted, rules, 1)
    sentences = ours("monitor.texts").Sentences("words", {})
    whole = baseline.Baseline("rows", None, rows, rows, watched, {}, sentences, {})
    whole.write(folder)


def files(number: int, folder: Path) -> list[Path]:
    """What arrived."""
    return [folder / f"many-{place:03}.parquet" for place in range(number)]


def by_ours(number: int, folder: Path) -> dict[str, float]:
    """As the stage `drift` counts and judges."""
    baseline = ours("monitor.baseline").Baseline.read(folder)
    read = ours("runtime.parquet").read_batches

    def pieces() -> Iterator[tuple[str, str, pl.DataFrame]]:
        for file in files(number, folder):
            for rows in read(file):
                yield "all", file.name, rows

    batches = ours("monitor.batches").count_batches(pieces(), baseline.bins)
    rules = ours("config.drift").Drift()
    (judged,) = ours("monitor.drift").judge(baseline, batches, rules, 1)
    return {name: one.score for name, one in judged.features.items()}


def by_polars(number: int, folder: Path) -> dict[str, float]:
    """The same bins and the same formulas, as one would write them by hand."""
    record = json.loads((folder / "baseline.json").read_text())["features"]
    edges = {name: ours("monitor.bins").Bins.from_json(record[name]["bins"]) for name in NUMBERS}
    totals = {name: np.zeros(len(one["counts"])) for name, one in record.items()}
    for file in files(number, folder):
        rows = pl.read_parquet(file)
        for name in NUMBERS:
            place = np.searchsorted(edges[name].every_edge, rows[name].to_numpy(), side="left")
            totals[name] += np.bincount(place, minlength=len(totals[name]))
        for name in TEXTS:
            values = record[name]["bins"]["values"]
            counts = dict(rows[name].value_counts().iter_rows())
            totals[name] += [*(counts.get(value, 0) for value in values), 0, 0]
    scores = {}
    for name, one in record.items():
        p, q = _shares(np.array(one["counts"]), totals[name])
        scores[name] = _wasserstein(p, q, edges[name].gaps) if name in edges else _psi(p, q)
    return scores


def _shares(before: Any, now: Any) -> tuple[Any, Any]:
    """Half a row a bin is added, spread as both are."""
    both = before + now + 1e-9
    added = 0.5 * before.size * both / both.sum()
    return (before + added) / (before + added).sum(), (now + added) / (now + added).sum()


def _psi(p: Any, q: Any) -> float:
    return float(((q - p) * np.log(q / p)).sum())


def _wasserstein(p: Any, q: Any, gaps: Any) -> float:
    old, new = p[:-1] / p[:-1].sum(), q[:-1] / q[:-1].sum()
    moved = (np.abs(np.cumsum(new - old)[:-1]) * gaps).sum()
    return float(moved + 2 * abs(q[-1] - p[-1]))


def by_evidently(number: int, folder: Path) -> dict[str, float]:
    """Evidently's full run: its report on drift with the tests, on all rows, and its page."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    definition = DataDefinition(numerical_columns=NUMBERS, categorical_columns=TEXTS)
    now = pl.concat([pl.read_parquet(file) for file in files(number, folder)])
    sides = [
        Dataset.from_pandas(rows.to_pandas(), data_definition=definition)
        for rows in (now, pl.read_parquet(folder / "before.parquet"))
    ]
    result = Report([DataDriftPreset()], include_tests=True).run(*sides)
    result.save_html(str(folder / "evidently.html"))
    columns = [one for one in result.dict()["metrics"] if "column" in one["config"]]
    return {one["config"]["column"]: float(one["value"]) for one in columns}


def main() -> None:
    """Do what the command asks."""
    what, number, folder = sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    if what == "rows":
        write(number, folder)
        return
    ways = {"ours": by_ours, "polars": by_polars, "evidently": by_evidently}
    print(json.dumps(ways[what](number, folder)))


if __name__ == "__main__":
    sys.path.insert(0, ".")
    main()
