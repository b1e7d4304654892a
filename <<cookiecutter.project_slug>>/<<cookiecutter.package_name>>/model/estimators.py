"""Estimators by name; any other of scikit-learn's interface by its dotted path."""

import inspect
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigError, PipelineError
from ..runtime.names import build, locate, shortfall
from ..split.target import Task

CATEGORIES, TEXTS = "categories", "texts"


@dataclass(frozen=True)
class Entry:
    """An estimator by name: the class for each kind of task, and what else the package knows."""

    classifier: str | None = None
    regressor: str | None = None
    flavor: str = "sklearn"  # the module of `flavors` that trains, saves and loads it
    takes: frozenset[str] = frozenset()  # what columns it takes beside numbers
    params: dict[str, Any] = field(default_factory=dict)  # unless conf/ says otherwise


ESTIMATORS = {
    "linear": Entry(
        "sklearn.linear_model.LogisticRegression",
        "sklearn.linear_model.Ridge",
        params={"max_iter": 1000},
    ),
    "logistic": Entry("sklearn.linear_model.LogisticRegression", params={"max_iter": 1000}),
    "ridge": Entry(regressor="sklearn.linear_model.Ridge"),
    "forest": Entry(
        "sklearn.ensemble.RandomForestClassifier", "sklearn.ensemble.RandomForestRegressor"
    ),
    "hist_gradient_boosting": Entry(
        "sklearn.ensemble.HistGradientBoostingClassifier",
        "sklearn.ensemble.HistGradientBoostingRegressor",
    ),
    "xgboost": Entry(
        "xgboost.XGBClassifier",
        "xgboost.XGBRegressor",
        "xgboost",
        frozenset({CATEGORIES}),
        {"enable_categorical": True},
    ),
    "torch_mlp": Entry(
        "..model.neural.estimators.NeuralClassifier",
        "..model.neural.estimators.NeuralRegressor",
        "torch",
        frozenset({CATEGORIES}),
    ),
    "transformer": Entry(
        "..model.language.estimators.TransformerClassifier",
        "..model.language.estimators.TransformerRegressor",
        "transformers",
        frozenset({TEXTS}),
    ),
    "dummy": Entry(
        "sklearn.dummy.DummyClassifier",
        "sklearn.dummy.DummyRegressor",
        takes=frozenset({CATEGORIES, TEXTS}),
    ),
}
METHODS = ("fit", "predict", "get_params", "set_params")
NO_JOBS = ("linear", "logistic")  # their n_jobs does nothing any more, and warns
UNKNOWN_PARAMETER = "config.unknown_parameter"  # the code of that error
FOLDS = 5  # in which the probabilities of a classifier without predict_proba are calibrated


def build_estimator(
    name: str, params: dict[str, Any], task: Task, *, seed: int, workers: int
) -> Any:
    """An unfitted estimator for the task, seeded, on at most ``workers`` cores.

    A class named by its dotted path whose constructor takes ``**kwargs`` (as LightGBM's) gets all
    parameters, if it gives them back by ``get_params``. A classifier that has a decision function
    and no probabilities, such as a linear SVM, is calibrated by folds of the training rows
    (Platt 1999).

    Raises:
        ConfigError: there is no such estimator, it is of another task, or it does not know a
            parameter.
    """
    located, params = estimator_class(name, task), entry(name).params | params
    signature = _parameters(located)
    listed = name in ESTIMATORS
    takes_any = not listed and any(p.kind is p.VAR_KEYWORD for p in signature.values())
    named = {key: params[key] for key in params if takes_any or key in signature}
    estimator = build(located, named, "model.estimator")
    try:
        known = estimator.get_params()
        shared = {"random_state": seed, "n_jobs": workers}
        if name in NO_JOBS:
            shared.pop("n_jobs")
        _refuse_unknown(name, params, known, takes_any=takes_any)
        later = {k: v for k, v in (shared | params).items() if k in known and k not in named}
        estimator = estimator.set_params(**later)
    except PipelineError:
        raise
    except Exception as error:  # a class of one's own may raise anything
        raise ConfigError(
            f"{name} does not take {params}: {error}. Edit model.params.", "config.model_params"
        ) from error
    return _with_probabilities(name, estimator, task, params)


def _with_probabilities(name: str, estimator: Any, task: Task, params: dict[str, Any]) -> Any:
    # scikit-learn hides predict_proba where parameters rule it out
    if task is Task.REGRESSION or hasattr(estimator, "predict_proba"):
        return estimator
    if not hasattr(estimator, "decision_function"):
        reason = f"with {params} it has neither predict_proba nor decision_function"
        raise _no_estimator(name, task, reason)
    from sklearn.calibration import CalibratedClassifierCV

    return CalibratedClassifierCV(estimator, method="sigmoid", cv=FOLDS, ensemble=False)


def entry(name: str) -> Entry:
    """What the package knows of an estimator, by its name or by the dotted path of its class."""
    if name in ESTIMATORS:
        return ESTIMATORS[name]
    listed = (e for e in ESTIMATORS.values() if name in {e.classifier, e.regressor})
    return next(listed, Entry(name, name, takes=frozenset({CATEGORIES, TEXTS})))


def estimator_class(name: str, task: Task) -> Any:
    """The class of an estimator for a task.

    Raises:
        ConfigError: there is no such estimator, it is of another task, or not of scikit-learn's
            interface.
    """
    allowed = [known for known, one in ESTIMATORS.items() if _path(one, task)]
    if name not in ESTIMATORS and "." not in name:
        raise ConfigError(
            f"model.estimator is {name!r}; allowed are {', '.join(allowed)}, or a dotted path. "
            "Edit conf/model.",
            "config.estimator",
        )
    path = _path(entry(name), task)
    if path is None:
        raise ConfigError(
            f"model.estimator is {name!r}, which is not for a {task} target; those that are: "
            f"{', '.join(allowed)}, or a dotted path. Edit conf/config.yaml or conf/model.",
            "config.estimator",
        )
    located = locate(path if name in ESTIMATORS else name, "model.estimator", __package__)
    reason = shortfall(located, METHODS) or _other_task(located, task)
    if reason:
        raise _no_estimator(name, task, reason)
    return located


def _path(entry: Entry, task: Task) -> str | None:
    return entry.regressor if task is Task.REGRESSION else entry.classifier


def _other_task(located: Any, task: Task) -> str | None:
    """Why a class of scikit-learn's is of the other kind of task; None where it is not."""
    from sklearn.base import ClassifierMixin, RegressorMixin

    wanted = RegressorMixin if task is Task.REGRESSION else ClassifierMixin
    kinds = [kind for kind in (RegressorMixin, ClassifierMixin) if issubclass(located, kind)]
    if not kinds or wanted in kinds:
        return None
    return f"it is a {'classifier' if task is Task.REGRESSION else 'regressor'}"


def _no_estimator(name: str, task: Task, reason: str) -> ConfigError:
    kind = "regressor" if task is Task.REGRESSION else "classifier"
    return ConfigError(
        f"model.estimator is {name!r}, but {reason}. Expected for a {task} target is a {kind} of "
        f"scikit-learn's interface: a class with {', '.join(METHODS)}"
        f"{'' if kind == 'regressor' else ', and predict_proba or decision_function'}.",
        "config.estimator",
    )


def _parameters(located: Any) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(located).parameters)
    except (ValueError, TypeError):  # a compiled class may not say
        return {}


def _refuse_unknown(
    name: str, params: dict[str, Any], known: dict[str, Any], *, takes_any: bool
) -> None:
    unknown = sorted(set(params) - set(known))
    if not unknown:
        return
    names = ", ".join(unknown)
    reason = f"{name} has no parameter {names}"
    if takes_any:
        reason = f"{name} takes {names}, but get_params does not give it back"
    raise ConfigError(f"{reason}; it has {', '.join(sorted(known))}.", UNKNOWN_PARAMETER)


def at_most(workers: int) -> Any:
    """A context in which OpenMP and BLAS use so many cores; -1: all.

    ``n_jobs`` does not reach them. Sums depend on the number of threads, in their last digits, so
    a fixed number makes the same model the same bytes on any machine.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(None if workers < 0 else workers)
