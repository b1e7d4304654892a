"""Estimators by name; any other of scikit-learn's interface by its dotted path."""

import inspect
from typing import Any

from ..errors import ConfigError, PipelineError
from ..runtime.names import build, locate, shortfall

ESTIMATORS = {
    "logistic": "sklearn.linear_model.LogisticRegression",
    "forest": "sklearn.ensemble.RandomForestClassifier",
    "hist_gradient_boosting": "sklearn.ensemble.HistGradientBoostingClassifier",
    "xgboost": "xgboost.XGBClassifier",
    "dummy": "sklearn.dummy.DummyClassifier",
}
METHODS = ("fit", "predict", "predict_proba", "get_params", "set_params")


def estimator(adapter: str, params: dict[str, Any], *, seed: int, workers: int) -> Any:
    """An unfitted estimator, seeded, on at most ``workers`` cores.

    A class named by its dotted path whose constructor takes ``**kwargs`` (as LightGBM's) gets all
    parameters, if it gives them back by ``get_params``.

    Raises:
        ConfigError: there is no such estimator, or it does not know a parameter.
    """
    made_by = _estimator_class(adapter)
    signature = _parameters(made_by)
    takes_any = adapter not in ESTIMATORS and any(
        p.kind is p.VAR_KEYWORD for p in signature.values()
    )
    named = {key: params[key] for key in params if takes_any or key in signature}
    made = build(made_by, named, "model.adapter")
    try:
        known = made.get_params()
        shared = {"random_state": seed, "n_jobs": workers}
        if adapter == "logistic":  # its n_jobs does nothing any more, and warns
            shared.pop("n_jobs")
        _refuse_unknown(adapter, params, known, takes_any=takes_any)
        later = {k: v for k, v in (shared | params).items() if k in known and k not in named}
        made = made.set_params(**later)
    except PipelineError:
        raise
    except Exception as error:  # a class of your own may raise anything
        raise ConfigError(
            f"{adapter} does not take {params}: {error}. Edit model.params.", "config.model_params"
        ) from error
    if not hasattr(made, "predict_proba"):  # scikit-learn hides it where params rule it out
        raise _no_estimator(adapter, f"with {params} it lacks predict_proba")
    return made


def _estimator_class(adapter: str) -> Any:
    if adapter not in ESTIMATORS and "." not in adapter:
        raise ConfigError(
            f"model.adapter is {adapter!r}; known are {', '.join(ESTIMATORS)}, or a dotted path.",
            "config.adapter",
        )
    located = locate(ESTIMATORS.get(adapter, adapter), "model.adapter")
    reason = shortfall(located, METHODS)
    if reason:
        raise _no_estimator(adapter, reason)
    return located


def _no_estimator(adapter: str, reason: str) -> ConfigError:
    return ConfigError(
        f"model.adapter is {adapter!r}, but {reason}. Expected is a classifier of scikit-learn's "
        f"interface: a class with {', '.join(METHODS)}. One without predict_proba can be wrapped: "
        "a class of your own around sklearn.calibration.CalibratedClassifierCV.",
        "config.adapter",
    )


def _parameters(made_by: Any) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(made_by).parameters)
    except (ValueError, TypeError):  # a compiled class may tell nothing
        return {}


def _refuse_unknown(
    adapter: str, params: dict[str, Any], known: dict[str, Any], *, takes_any: bool
) -> None:
    unknown = sorted(set(params) - set(known))
    if not unknown:
        return
    names = ", ".join(unknown)
    reason = f"{adapter} has no parameter {names}"
    if takes_any:
        reason = f"{adapter} takes {names}, but get_params does not give it back"
    raise ConfigError(f"{reason}; it has {', '.join(sorted(known))}.", "config.model_params")


def at_most(workers: int) -> Any:
    """A context in which OpenMP and BLAS use so many cores; -1: all.

    ``n_jobs`` does not reach them. Sums depend on the number of threads, in their last digits, so
    a fixed number makes the same model the same bytes on any machine.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(None if workers < 0 else workers)
