"""Searches inside of a bake, for `tune.py`; each prints one JSON object.

`python searches.py PACKAGE search WORKERS TRIALS LOOPS FOLDER`: a search in which a trial takes
LOOPS of an empty loop. `… overhead TRIALS`: seconds a trial, by ours and by bare Optuna.
`… spread`: of the folds' scores at the best point that the stage tune has written.
"""

import functools
import importlib
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ROWS, FEATURES, ROUNDS = 2000, 10, 3


def ours(module: str) -> Any:
    """A module of the bake's package, which the command names."""
    return importlib.import_module(f"{sys.argv[1]}.{module}")


def table() -> pl.DataFrame:
    """Simulated rows: a key, columns of noise, and a target that the first of them moves."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, FEATURES))
    late = (rng.random(ROWS) < 1 / (1 + np.exp(-x[:, 0]))).astype(int)
    columns = {f"x{number}": x[:, number] for number in range(FEATURES)}
    return pl.DataFrame({"id": np.arange(ROWS), **columns, "late": late})


def busy(loops: int, *_: Any) -> float:
    """A metric that takes its time; as good whatever the model."""
    for _number in range(loops):
        pass
    return 0.5


def problem(metric: Any) -> Any:
    """A logistic regression on three folds."""
    target = ours("split.target").Target("late", ours("split.target").Task.BINARY, (0, 1))
    rows, splits = table(), ours("split.splits")
    steps = [ours("config.preprocess").Step("standard_scaler", "numeric")]
    return ours("tune.objective").Problem(
        ours("model.training").ModelSpec("logistic", {}, steps, seed=1),
        rows.drop("id", "late"),
        target,
        target.encode(rows["late"]),
        splits.folds(rows, splits.SplitSpec("stratified", target, "id"), number=3),
        [metric],
    )


def settings(trials: int, workers: int = 1) -> Any:
    """A search for `C`."""
    config = ours("config.tune")
    space = {"logistic": {"C": config.Dimension(low=0.01, high=10.0, log=True)}}
    return config.Tune("optuna", trials=trials, workers=workers, space=space)


def search(workers: int, trials: int, loops: int, folder: Path) -> dict[str, float]:
    """Seconds of a search, cold."""
    metric = ours("model.metric").Metric
    tasks = frozenset({ours("split.target").Task.BINARY})
    asked = problem(metric("busy", "probabilities", tasks, True, functools.partial(busy, loops)))
    start = time.perf_counter()
    result = ours("tune.search").search(asked, settings(trials, workers), folder)
    return {"seconds": time.perf_counter() - start, "trials": len(result.trials)}


def overhead(trials: int) -> dict[str, float]:
    """Seconds a trial, medians of rounds that take turns, with the same storage and sampler."""
    asked = problem(ours("model.metrics").METRICS["roc_auc"])
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    _bare(asked, 2, Path("warm-up"))
    for number in range(ROUNDS):
        for name in seconds:
            start = time.perf_counter()
            if name == "ours":
                ours("tune.search").search(asked, settings(trials), Path(f"ours-{number}"))
            else:
                _bare(asked, trials, Path(f"bare-{number}"))
            seconds[name].append((time.perf_counter() - start) / trials)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def _bare(asked: Any, trials: int, folder: Path) -> None:
    """The same search as its user would write it with Optuna and scikit-learn alone.

    The table stays a frame, whose columns a `ColumnTransformer` names, as with mixed columns.
    """
    import optuna
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, study = asked.features, ours("tune.study")

    def objective(trial: Any) -> float:
        c = trial.suggest_float("C", 0.01, 10.0, log=True)
        scaled = make_column_transformer((StandardScaler(), x.columns))
        pipeline = make_pipeline(scaled, LogisticRegression(C=c, random_state=1))
        scores = cross_val_score(pipeline, x, asked.truth, cv=asked.folds, scoring="roc_auc")
        return float(scores.mean())

    folder.mkdir()
    with study.opened(study.Place(folder, "sqlite", "bare", ("maximize",))) as opened:
        opened.sampler = optuna.samplers.TPESampler(seed=1)
        opened.optimize(objective, n_trials=trials)


def spread() -> dict[str, float]:
    """The standard deviation of the folds' scores at the best point, and the best itself."""
    config = ours("config")
    paths, cv = ours("paths"), ours("evaluate.cross_validation")
    loaded = config.load(config.read("params.yaml"))
    target = ours("split.target").read_target(paths.SPLIT)
    parts = pl.read_parquet(paths.TRAIN), pl.read_parquet(paths.VALIDATION)
    asked = ours("tune.objective").Problem.from_config(loaded, *parts, target)
    best = json.loads(paths.BEST.read_text(encoding="utf-8"))
    scores = cv.cross_validate(
        ours("model.training").ModelSpec.from_config(loaded, best),
        asked.features,
        target,
        asked.truth,
        folds=asked.folds,
        wanted=asked.metrics,
        held_out=asked.held_out,
    )[asked.metrics[0].name]
    return {"spread": scores["spread"], "best": scores["mean"]}


def main() -> None:
    """Do what the command asks."""
    what, *given = sys.argv[2:]
    if what == "search":
        workers, trials, loops, folder = given
        result = search(int(workers), int(trials), int(loops), Path(folder))
    elif what == "overhead":
        result = overhead(int(given[0]))
    else:
        result = spread()
    print(json.dumps(result))


if __name__ == "__main__":  # workers of a search import this file again
    sys.path.insert(0, ".")
    main()
