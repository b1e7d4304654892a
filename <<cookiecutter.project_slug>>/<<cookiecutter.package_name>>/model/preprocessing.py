"""The configured steps as one scikit-learn ColumnTransformer, fitted with the model only."""

import importlib
import re
from dataclasses import dataclass
from typing import Any

import polars as pl
import polars.selectors as cs

from ..errors import ConfigError

STEPS = {
    "imputer": "sklearn.impute.SimpleImputer",
    "standard_scaler": "sklearn.preprocessing.StandardScaler",
    "min_max": "sklearn.preprocessing.MinMaxScaler",
    "robust_scaler": "sklearn.preprocessing.RobustScaler",
    "label_encoder": "sklearn.preprocessing.OrdinalEncoder",
    "ordinal": "sklearn.preprocessing.OrdinalEncoder",
    "one_hot": "sklearn.preprocessing.OneHotEncoder",
    "target_encoder": "sklearn.preprocessing.TargetEncoder",
    "date_parts": "..model.steps.DateParts",
    "hash": "..model.steps.HashBuckets",
    "text_tfidf": "..model.steps.TextTfidf",
}
_ORDINAL = {"handle_unknown": "use_encoded_value", "unknown_value": -1}  # a null is a value too
DEFAULTS: dict[str, dict[str, Any]] = {
    "label_encoder": _ORDINAL,
    "ordinal": _ORDINAL,
    "one_hot": {"handle_unknown": "infrequent_if_exist", "sparse_output": False},
    "target_encoder": {"target_type": "binary"},
}
SELECTORS = {
    "numeric": cs.numeric() | cs.boolean(),
    "text": cs.string(),
    "datetime": cs.date() | cs.datetime(),
}
PATTERN = "re:"
INTERFACE = ("fit", "transform", "get_params", "get_feature_names_out")


@dataclass(frozen=True)
class StepSpec:
    """One step: its name or dotted path, the columns it takes, its parameters.

    A column is taken by its name, its type (``numeric``, ``text``, ``datetime``) or a pattern
    (``re:^temp_``: Python's ``re``, found anywhere in the name).
    """

    step: str
    columns: str | list[str]
    params: dict[str, Any]


def preprocessor(steps: list[StepSpec], features: pl.Schema, seed: int) -> Any:
    """An unfitted ColumnTransformer; columns with the same chain of steps go through together.

    Its result is always dense: the gradient boosting of scikit-learn takes nothing else, and
    xgboost would read what a sparse table leaves out as missing.

    Raises:
        ConfigError: a step or a column does not exist, a function's columns come by different
            ways, or a text or datetime column would reach the model as it is.
    """
    from sklearn.compose import ColumnTransformer

    chains = _chains(steps, features)
    groups: dict[tuple[int, ...], list[str]] = {}
    for column, chain in chains.items():
        groups.setdefault(chain, []).append(column)
    transformers = [
        (
            "-".join(_name(i, steps[i]) for i in chain) or "as_is",
            _pipeline(chain, steps, seed) if chain else "passthrough",
            columns,
        )
        for chain, columns in groups.items()
    ]
    return ColumnTransformer(transformers, sparse_threshold=0, verbose_feature_names_out=False)


def _chains(steps: list[StepSpec], features: pl.Schema) -> dict[str, tuple[int, ...]]:
    empty = pl.DataFrame(schema=features)
    selected = [_select(step, empty) for step in steps]
    chains = {
        name: tuple(i for i, columns in enumerate(selected) if name in columns) for name in features
    }
    for name, chain in chains.items():
        if not chain and not (features[name].is_numeric() or features[name] == pl.Boolean):
            raise ConfigError(
                f"column {name!r} is {features[name]} and no preprocess step selects it. Add a "
                "step in conf/preprocess, or list the column under data.ignore.",
                "config.preprocess",
            )
    for step, columns in zip(steps, selected, strict=True):
        ways = {chains[name] for name in columns}
        if step.step not in STEPS and len(ways) > 1:
            raise ConfigError(
                f"{step.step!r} sees {', '.join(columns)} together, but not all of them go through "
                "the same steps. Select them alike in every step of conf/preprocess.",
                "config.preprocess",
            )
    return chains


def _select(step: StepSpec, empty: pl.DataFrame) -> list[str]:
    """The names that a step's ``columns`` mean, in the table's order."""
    wanted = [step.columns] if isinstance(step.columns, str) else list(step.columns)
    names: set[str] = set()
    for item in wanted:
        if item in SELECTORS:
            names.update(empty.select(SELECTORS[item]).columns)
            continue
        found = _match(item, empty.columns) if item.startswith(PATTERN) else {item}
        if not found or not found <= set(empty.columns):
            raise ConfigError(
                f"preprocess step {step.step!r} names {item!r}, which is no feature. There are "
                f"{', '.join(empty.columns)}; types {', '.join(SELECTORS)}; patterns 're:^temp_'.",
                "config.preprocess",
            )
        names.update(found)
    return [name for name in empty.columns if name in names]


def _match(item: str, columns: list[str]) -> set[str]:
    try:
        pattern = re.compile(item.removeprefix(PATTERN))
    except re.error as error:
        raise ConfigError(
            f"{item!r} in conf/preprocess is no pattern of Python's re: {error}.",
            "config.preprocess",
        ) from error
    return {name for name in columns if pattern.search(name)}


def _name(number: int, step: StepSpec) -> str:
    return f"{number + 1}_{step.step.rpartition('.')[2]}".replace("__", "_")


def _pipeline(chain: tuple[int, ...], steps: list[StepSpec], seed: int) -> Any:
    """The steps of a chain; each hands the next one a polars frame, so that names stay."""
    from sklearn.pipeline import Pipeline

    made = [(_name(i, steps[i]), _make(steps[i], seed)) for i in chain]
    for _, step in made[:-1]:
        step.set_output(transform="polars")
    return Pipeline(made)


def _make(step: StepSpec, seed: int) -> Any:
    from sklearn.model_selection import StratifiedKFold

    defaults = dict(DEFAULTS.get(step.step, {}))
    if step.step == "target_encoder":  # each training row is encoded by what the others tell
        defaults["cv"] = StratifiedKFold(5, shuffle=True, random_state=seed)
    path = STEPS.get(step.step, step.step)
    found = _locate(path, step.params)
    if not isinstance(found, type):
        return build("..model.steps.FrameFunction", {"function": found, "params": step.params})
    made = build(path, defaults | step.params)
    lacking = [name for name in INTERFACE if not hasattr(made, name)]
    if lacking:
        raise ConfigError(
            f"{path!r} is no step: it lacks {', '.join(lacking)}. Write it like DateParts in "
            "model/steps.py, or as a function that takes and returns a polars frame.",
            "config.class",
        )
    return made


def build(path: str, params: dict[str, Any]) -> Any:
    """An object of the class at a dotted path.

    Raises:
        ConfigError: there is no such class, or it does not take these parameters.
    """
    try:
        return _locate(path, params)(**params)
    except (ValueError, TypeError) as error:
        raise _cannot(path, params, error) from error


def _locate(path: str, params: dict[str, Any]) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module, __package__), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise _cannot(path, params, error) from error


def _cannot(path: str, params: dict[str, Any], error: Exception) -> ConfigError:
    return ConfigError(
        f"cannot make {path!r} with {params}: {error}. Known steps: {', '.join(STEPS)}.",
        "config.class",
    )
