"""XGBoost on rows that memory does not hold: read in batches, kept as pages of bins on disk."""

from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from ...split.target import Array
from ..rounds import Rounds

# Takes the trees so far, a booster or its file, and adds the rounds that the estimator is set to.
Learn = Callable[[Any], Any]
OF_COLUMNS = ("feature_types", "feature_weights")  # parameters


def from_disk(estimator: Any, x: Any, y: Array, rounds: Rounds, folder: Path) -> Learn:
    """What learns as ``estimator.fit`` would, from rows in memory and on disk; returns the booster.

    Args:
        estimator: unfitted; for its parameters.
        x: (n, k) prepared rows in memory; ``y``, (n,), are their labels.
        rounds: with the rows on disk.
        folder: for the pages.

    Raises:
        ValueError: the rows lack a class that is not the last one.
    """
    from sklearn.base import is_classifier
    from xgboost import ExtMemQuantileDMatrix, QuantileDMatrix, train

    params = estimator.get_params()
    shared = {name: params[name] for name in ("missing", "max_bin", "enable_categorical")}
    shared["nthread"] = params["n_jobs"]
    of_columns = {name: params[name] for name in OF_COLUMNS}
    batches = _batches((x, y), rounds, of_columns, folder / "pages")
    try:
        matrix = ExtMemQuantileDMatrix(batches, **shared)
    except InterruptedError as error:
        raise KeyboardInterrupt from error
    known = [rounds.held_out] if rounds.held_out else []
    evals = [QuantileDMatrix(*rows, ref=matrix, **shared, **of_columns) for rows in known]
    of_classes = _of_classes(params, batches.classes) if is_classifier(estimator) else {}

    def learn(trees: Any) -> Any:
        return train(
            estimator.get_xgb_params() | of_classes,
            matrix,
            estimator.n_estimators,
            evals=[(rows, "validation") for rows in evals],
            callbacks=estimator.callbacks,
            xgb_model=trees,
            verbose_eval=False,
        )

    return learn


def _batches(
    in_memory: tuple[Any, Array], rounds: Rounds, of_columns: dict[str, Any], pages: Path
) -> Any:
    """The rows in memory and then those on disk, as XGBoost reads them, several times over."""
    from xgboost import DataIter

    class Batches(DataIter):
        classes = np.empty(0, dtype=np.intp)

        def reset(self) -> None:
            on_disk = rounds.on_disk.batches() if rounds.on_disk else ()
            self.rows = chain([in_memory], on_disk)

        def next(self, input_data: Callable[..., None]) -> bool:
            try:
                batch = next(self.rows, None)
                if batch is None:
                    return False
                prepared, labels = batch
                if labels.dtype == np.intp:
                    self.classes = np.union1d(self.classes, labels)
                input_data(data=prepared, label=labels, **of_columns)
            except KeyboardInterrupt as error:  # no Exception: XGBoost would not see it
                raise InterruptedError from error
            return True

    return Batches(cache_prefix=str(pages))


def _of_classes(params: dict[str, Any], classes: Any) -> dict[str, Any]:
    """The parameters that follow from the classes, as XGBClassifier sets them."""
    if not np.array_equal(classes, np.arange(classes.size)):
        raise ValueError(f"the training rows have no more classes than {classes.tolist()}")
    if classes.size <= 2:
        return {}
    softmax = "multi:softmax"
    objective = softmax if params["objective"] == softmax else "multi:softprob"
    return {"objective": objective, "num_class": classes.size}
