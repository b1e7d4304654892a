"""Curves as rows, for `dvc plots` and VS Code."""

from typing import Any

import numpy as np

from .metrics import Array

Rows = list[dict[str, Any]]


def curves(truth: Array, scores: Array, threshold: float, points: int = 200) -> dict[str, Rows]:
    """``roc``, ``precision_recall``, ``calibration`` and ``confusion`` of these rows."""
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import precision_recall_curve, roc_curve

    false_positive, true_positive, _ = roc_curve(truth, scores)
    precision, recall, _ = precision_recall_curve(truth, scores)
    happened, predicted = calibration_curve(truth, scores, n_bins=10, strategy="quantile")
    return {
        "roc": _rows(points, false_positive_rate=false_positive, true_positive_rate=true_positive),
        "precision_recall": _rows(points, recall=recall, precision=precision),
        "calibration": _rows(points, predicted=predicted, happened=happened),
        "confusion": [
            {"actual": str(int(t)), "predicted": str(int(s >= threshold))}
            for t, s in zip(truth, scores, strict=True)
        ],
    }


def _rows(points: int, **columns: Array) -> Rows:
    """At most ``points`` rows, evenly spread, ends included."""
    size = len(next(iter(columns.values())))
    kept = np.unique(np.linspace(0, size - 1, min(points, size)).astype(int))
    return [{name: round(float(values[i]), 6) for name, values in columns.items()} for i in kept]
