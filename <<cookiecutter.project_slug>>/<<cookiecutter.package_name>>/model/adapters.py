"""Estimators by name; any other of scikit-learn's interface by its dotted path."""

from typing import Any

from ..errors import ConfigError
from .preprocessing import build

ADAPTERS = {
    "logistic": "sklearn.linear_model.LogisticRegression",
    "forest": "sklearn.ensemble.RandomForestClassifier",
    "hist_gradient_boosting": "sklearn.ensemble.HistGradientBoostingClassifier",
    "xgboost": "xgboost.XGBClassifier",
    "dummy": "sklearn.dummy.DummyClassifier",
}


def estimator(adapter: str, params: dict[str, Any], *, seed: int, workers: int) -> Any:
    """An unfitted estimator, seeded, on at most ``workers`` cores.

    Raises:
        ConfigError: there is no such estimator, or it does not know a parameter.
    """
    if adapter not in ADAPTERS and "." not in adapter:
        raise ConfigError(
            f"model.adapter is {adapter!r}; known are {', '.join(ADAPTERS)}, or a dotted path.",
            "config.adapter",
        )
    made = build(ADAPTERS.get(adapter, adapter), {})
    known = made.get_params()
    shared = {"random_state": seed, "n_jobs": workers}
    if adapter == "logistic":  # its n_jobs does nothing any more, and warns
        shared.pop("n_jobs")
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise ConfigError(
            f"{adapter} has no parameter {', '.join(unknown)}; it has {', '.join(sorted(known))}.",
            "config.model_params",
        )
    return made.set_params(**{k: v for k, v in shared.items() if k in known}, **params)


def at_most(workers: int) -> Any:
    """A context in which OpenMP and BLAS use so many cores; -1: all.

    ``n_jobs`` does not reach them. Sums depend on the number of threads, in their last digits, so
    a fixed number makes the same model the same bytes on any machine.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(None if workers < 0 else workers)
