"""Which features a model leans on."""

from typing import Any

import polars as pl


def permutation(
    pipeline: Any, features: pl.DataFrame, truth: pl.Series, *, seed: int, rows: int = 2000
) -> dict[str, float]:
    """The loss of ROC AUC when a column is shuffled (Breiman 2001), largest first."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    sample = features.with_columns(truth.alias("__truth")).sample(
        min(rows, features.height), seed=seed, shuffle=True
    )
    truth, sample = sample["__truth"], sample.drop("__truth")
    if truth.n_unique() < 2:
        return dict.fromkeys(features.columns, 0.0)

    def auc(frame: pl.DataFrame) -> float:
        return float(roc_auc_score(truth, pipeline.predict_proba(frame)[:, -1]))

    whole = auc(sample)
    order = np.random.default_rng(seed).permutation(sample.height)
    losses = {c: whole - auc(sample.with_columns(sample[c][order])) for c in sample.columns}
    return dict(sorted(losses.items(), key=lambda item: -item[1]))
