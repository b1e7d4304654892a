"""How much each feature moves a model's answers: SHAP values (Lundberg, Lee 2017); an extra.

They are of the columns of the table and of the answers that people see, calibrated probabilities or
values, for every estimator alike: a model is asked again about rows in which some columns are of
another row.
"""

import numpy as np
import polars as pl

from ..errors import ConfigError
from ..model.model import Model
from ..runtime.extras import require
from ..runtime.progress import progress
from ..split.target import Array, Task

ROWS, BACKGROUND = 100, 20  # rows that are explained, at most, and that lend their values
ORDERS = 3  # in which the columns of a row change, each there and back
ANSWERS = 200_000  # that the model is asked for, about, at most: many columns, fewer rows
MOST = 1000  # columns, each of which is a change of all


def shap_values(explain: str, model: Model, rows: pl.DataFrame, *, seed: int) -> dict[str, float]:
    """The mean absolute SHAP value of each feature, largest first; none if it is not asked for.

    Of more than two classes it is half the sum over them, which of two would be that of one.

    Args:
        explain: ``none`` or ``shap``.
        model: any.
        rows: (n, …) with its features.
        seed: draws rows and orders.

    Raises:
        ConfigError: the extra is not installed, or there are too many columns.
        ModelError: the rows break the contract, or the predictor cannot answer them.
    """
    if explain == "none":
        return {}
    require("shap", "evaluate.explain")
    x = model.contract.select(rows)
    if x.width > MOST:
        raise ConfigError(
            f"evaluate.explain is shap, which takes {MOST} columns at most; there are {x.width}. "
            "Set it to none in conf/evaluate, or list columns under data.ignore.",
            "config.explain",
        )
    evaluations = ORDERS * (2 * x.width + 1)
    size = max(min(ROWS, ANSWERS // (evaluations * BACKGROUND)), 5)
    drawn = np.random.default_rng(seed).permutation(rows.height)[: size + BACKGROUND]
    values = _values(model, x[drawn], evaluations, seed)
    mean = np.abs(values).mean(axis=0)  # (k,) or (k, classes)
    by_feature = mean if mean.ndim == 1 else mean.sum(axis=1) / 2
    named = zip(x.columns, by_feature.tolist(), strict=True)
    return dict(sorted(named, key=lambda item: -item[1]))


def _values(model: Model, x: pl.DataFrame, evaluations: int, seed: int) -> Array:
    """Of all rows but the first BACKGROUND: (n, k), or (n, k, classes) for more than two."""
    import shap

    def answers(numbers: Array) -> Array:
        """Of rows whose every column is that of the row of this number, (m, k)."""
        columns = zip(x.get_columns(), numbers.astype(np.uint32).T, strict=True)
        outputs = model.outputs(pl.DataFrame([column.gather(rows) for column, rows in columns]))
        return outputs[:, 1] if model.contract.target.task is Task.BINARY else outputs

    numbers = np.tile(np.arange(x.height, dtype=np.float64)[:, np.newaxis], x.width)
    lent = min(BACKGROUND, x.height // 2)
    explainer = shap.PermutationExplainer(
        answers, shap.maskers.Independent(numbers[:lent], lent), seed=seed
    )
    values = []
    with progress("SHAP", x.height - lent, "rows") as step:
        for row in numbers[lent:]:
            explained = explainer(row[np.newaxis], max_evals=evaluations, silent=True)
            values.append(explained.values)
            step()
    return np.concatenate(values)
