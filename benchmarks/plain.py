"""The default graph's work as one plain script with MLflow, as one would write it in a notebook.

`python plain.py FLIGHTS.parquet FOLDER`; it knows nothing of the template, of DVC or of Hydra.
"""

import json
import sys
from pathlib import Path
from typing import Any, TypeAlias

import mlflow
import numpy as np
import polars as pl
import skops.io
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder

TARGET, TIME = "late", "scheduled_departure"
TEXT = ["carrier", "origin", "destination"]
NUMBERS = [
    "distance_miles", "plane_year", "seats", "temperature_f", "humidity_pct", "wind_speed_mph",
    "precipitation_in", "visibility_miles", "pressure_mbar",
]  # fmt: skip
PARTS = ["hour", "weekday", "ordinal_day"]
RESAMPLES = 200
PARAMETERS = {
    "learning_rate": 0.1, "max_iter": 200, "max_leaf_nodes": 31, "l2_regularization": 1.0,
}  # fmt: skip
Array: TypeAlias = NDArray[np.float64]


def read(path: Path) -> pl.DataFrame:
    """The rows that keep the rules of the flights' schema."""
    return pl.read_parquet(path).filter(
        pl.col("flight_id").is_first_distinct(),
        pl.col(TIME).is_not_null(),
        pl.col("carrier").str.contains("^[A-Z0-9]{2}$"),
        pl.col("destination").str.contains("^[A-Z]{3}$"),
        pl.col("origin").is_in(["EWR", "JFK", "LGA"]),
        pl.col("flight") >= 1,
        pl.col("distance_miles").is_between(0, 12_000),
        _null_or_in("plane_year", 1930, 2030),
        _null_or_in("seats", 1, 900),
        _null_or_in("temperature_f", -60, 140),
        _null_or_in("humidity_pct", 0, 100),
        _null_or_in("wind_speed_mph", 0, 250),
        _null_or_in("precipitation_in", 0, 20),
        _null_or_in("visibility_miles", 0, 100),
        _null_or_in("pressure_mbar", 850, 1100),
        pl.col(TARGET).is_in([0, 1]),
    )


def _null_or_in(column: str, low: float, high: float) -> pl.Expr:
    return pl.col(column).is_null() | pl.col(column).is_between(low, high)


def features(rows: pl.DataFrame) -> pl.DataFrame:
    """What the model sees, the moment of departure as numbers."""
    parts = [getattr(pl.col(TIME).dt, part)().alias(part) for part in PARTS]
    return rows.select(*TEXT, *NUMBERS, *parts)


def metrics(truth: Array, scores: Array, threshold: float) -> dict[str, float]:
    """The six metrics of the default configuration."""
    answers = scores >= threshold
    return {
        "roc_auc": float(roc_auc_score(truth, scores)),
        "average_precision": float(average_precision_score(truth, scores)),
        "log_loss": float(log_loss(truth, scores)),
        "brier": float(brier_score_loss(truth, scores)),
        "accuracy": float(accuracy_score(truth, answers)),
        "f1": float(f1_score(truth, answers)),
    }


def intervals(truth: Array, scores: Array, threshold: float) -> dict[str, list[float]]:
    """95% intervals by the bootstrap."""
    resampled = pl.DataFrame([metrics(truth[r], scores[r], threshold) for r in draws(len(truth))])
    return {name: quantiles(resampled[name]) for name in resampled.columns}


def gain(truth: Array, scores: Array, dummy: Array) -> list[float]:
    """95% interval of the paired difference of ROC AUC to the dummy."""
    drawn = draws(len(truth))
    pairs = [roc_auc_score(truth[r], scores[r]) - roc_auc_score(truth[r], dummy[r]) for r in drawn]
    return quantiles(pl.Series(pairs))


def importance(model: Any, rows: pl.DataFrame) -> dict[str, float]:
    """The loss of ROC AUC when a feature is shuffled."""
    known = features(rows)

    def auc(frame: pl.DataFrame) -> float:
        return float(roc_auc_score(rows[TARGET], model.predict_proba(frame)[:, 1]))

    shuffled = {name: known.with_columns(known[name].shuffle(1)) for name in known.columns}
    return {name: auc(known) - auc(frame) for name, frame in shuffled.items()}


def draws(rows: int) -> list[NDArray[np.int64]]:
    """Row numbers of each resample."""
    random = np.random.default_rng(1)
    return [random.integers(0, rows, rows) for _ in range(RESAMPLES)]


def quantiles(values: pl.Series) -> list[float]:
    """The ends of a 95% interval."""
    return [float(values.quantile(share) or 0) for share in (0.025, 0.975)]


def split(rows: pl.DataFrame, folder: Path) -> list[pl.DataFrame]:
    """Training, validation and test rows, 70:10:20, also written down."""
    rest, test = train_test_split(rows, test_size=0.2, stratify=rows[TARGET], random_state=1)
    train, held = train_test_split(rest, test_size=0.125, stratify=rest[TARGET], random_state=1)
    for name, part in {"train": train, "validation": held, "test": test}.items():
        part.write_parquet(folder / f"{name}.parquet")
    return [train, held, test]


def fit(train: pl.DataFrame, folder: Path) -> Any:
    """Preprocessing and trees, fitted and saved."""
    scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    encoded = TargetEncoder(target_type="binary", random_state=1)
    steps = ColumnTransformer(
        [("text", encoded, TEXT), ("numbers", scaled, NUMBERS)], remainder="passthrough"
    )
    model = make_pipeline(steps, HistGradientBoostingClassifier(**PARAMETERS, random_state=1))
    model.fit(features(train), train[TARGET])
    skops.io.dump(model, folder / "model.skops")
    known = features(train).select(
        pl.col(NUMBERS).quantile(q).name.suffix(f"_{q}") for q in (0.1, 0.5, 0.9)
    )
    (folder / "baseline.json").write_text(json.dumps(known.to_dicts()))
    return model


def best_threshold(model: Any, held: pl.DataFrame) -> float:
    """The score from which on to answer 1: it maximises F1."""
    scores = model.predict_proba(features(held))[:, 1]
    precision, recall, cuts = precision_recall_curve(held[TARGET].to_numpy(), scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(cuts[np.argmax(f1[:-1])])


def assess(
    model: Any, train: pl.DataFrame, held: pl.DataFrame, test: pl.DataFrame, folder: Path
) -> dict[str, float]:
    """Write the report and the scored rows; return the metrics."""
    truth, scores = test[TARGET].to_numpy(), model.predict_proba(features(test))[:, 1]
    threshold = best_threshold(model, held)
    prior = DummyClassifier().fit(features(train), train[TARGET])
    dummy = prior.predict_proba(features(test))[:, 1]
    values = metrics(truth, scores, threshold)
    report = {
        "metrics": values,
        "intervals": intervals(truth, scores, threshold),
        "dummy": metrics(truth, dummy, threshold),
        "gain": gain(truth, scores, dummy),
        "importance": importance(model, test.sample(2000, seed=1)),
        "roc": [axis.tolist() for axis in roc_curve(truth, scores)[:2]],
        "calibration": [axis.tolist() for axis in calibration_curve(truth, scores, n_bins=10)],
    }
    (folder / "report.json").write_text(json.dumps(report))
    scored = test.select("flight_id", TARGET).with_columns(score=scores)
    scored.write_parquet(folder / "scored.parquet")
    return values


def track(values: dict[str, float], folder: Path) -> None:
    """One MLflow run in a new sqlite store."""
    mlflow.set_tracking_uri(f"sqlite:///{folder.resolve()}/mlflow.db")
    mlflow.create_experiment("plain", artifact_location=str(folder.resolve() / "mlruns"))
    mlflow.set_experiment("plain")
    with mlflow.start_run():
        mlflow.log_params(PARAMETERS)
        mlflow.log_metrics(values)
        mlflow.log_artifact(str(folder / "model.skops"))
        mlflow.log_artifact(str(folder / "report.json"))


def main(source: Path, folder: Path) -> None:
    """Everything from the file to the tracked run."""
    folder.mkdir(parents=True)
    train, held, test = split(read(source), folder)
    model = fit(train, folder)
    track(assess(model, train, held, test, folder), folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
