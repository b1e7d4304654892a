"""The configured steps as one scikit-learn ColumnTransformer, fitted with the model only."""

import inspect
import re
from collections.abc import Collection
from typing import Any, get_type_hints

import polars as pl
import polars.selectors as cs

from ..config.preprocess import Step
from ..errors import ConfigError
from ..runtime.names import build, locate, shortfall
from ..split.target import Task
from .estimators import CATEGORIES, TEXTS

STEPS = {
    "imputer": "sklearn.impute.SimpleImputer",
    "standard_scaler": "sklearn.preprocessing.StandardScaler",
    "min_max": "sklearn.preprocessing.MinMaxScaler",
    "robust_scaler": "sklearn.preprocessing.RobustScaler",
    "label_encoder": "sklearn.preprocessing.OrdinalEncoder",
    "ordinal": "sklearn.preprocessing.OrdinalEncoder",
    "one_hot": "sklearn.preprocessing.OneHotEncoder",
    "target_encoder": "sklearn.preprocessing.TargetEncoder",
    "date_parts": "..model.transforms.DateParts",
    "hash": "..model.transforms.HashBuckets",
    "category": "..model.transforms.Categories",
    "text_as_is": "..model.transforms.TextAsIs",
    "text_tfidf": "..model.transforms.TextTfidf",
}
_ORDINAL = {"handle_unknown": "use_encoded_value", "unknown_value": -1}  # a null is a value too
DEFAULTS: dict[str, dict[str, Any]] = {
    "imputer": {"keep_empty_features": True},  # a fold may hold no value of a column
    "label_encoder": _ORDINAL,
    "ordinal": _ORDINAL,
    "one_hot": {
        "handle_unknown": "infrequent_if_exist",
        "sparse_output": False,
        "max_categories": 1000,  # a column each; the rarer values share one
    },
}
SELECTORS = {
    "numeric": cs.numeric() | cs.boolean(),
    "text": cs.string(),
    "datetime": cs.date() | cs.datetime(),
}
PATTERN = "re:"
CATEGORICAL = ("label_encoder", "ordinal", "one_hot", "target_encoder", "category")
GIVES = {"category": CATEGORIES, "text_as_is": TEXTS}  # what a step gives that are no numbers
DISTINCT = 0.5  # share of different values above which a text column is none of categories
INTERFACE = ("fit", "transform", "get_params", "get_feature_names_out", "set_output")


def preprocessor(
    steps: list[Step], features: pl.Schema, task: Task, seed: int, *, without: Collection[str] = ()
) -> Any:
    """An unfitted ColumnTransformer; columns with the same chain of steps go through together.

    The columns ``without`` are left out. Its result is always dense: the gradient boosting of
    scikit-learn takes nothing else, and xgboost would read what a sparse table leaves out as
    missing.

    Raises:
        ConfigError: a step or a column does not exist, a function's columns come by different
            ways, or a text or datetime column would reach the model as it is.
    """
    from sklearn.compose import ColumnTransformer

    chains = _chains(steps, features, without)
    groups: dict[tuple[int, ...], list[str]] = {}
    for column, chain in chains.items():
        groups.setdefault(chain, []).append(column)
    transformers = [
        (
            "-".join(_name(i, steps[i]) for i in chain) or "as_is",
            _pipeline(chain, steps, task, seed) if chain else "passthrough",
            columns,
        )
        for chain, columns in groups.items()
    ]
    result = ColumnTransformer(transformers, sparse_threshold=0, verbose_feature_names_out=False)
    if columns_beside_numbers(steps):
        result.set_output(transform="polars")
    return result


def columns_beside_numbers(steps: list[Step]) -> set[str]:
    """What the steps give to the estimator beside numbers: categories, texts."""
    return {GIVES[step.step] for step in steps if step.step in GIVES}


def sentences(
    steps: list[Step], features: pl.DataFrame, *, without: Collection[str] = ()
) -> list[str]:
    """The text columns of nearly as many values as rows, (n, k), that a step takes for categories.

    Such a column holds sentences or names; nothing of a new row's text is learned from others.
    """
    chains = _chains(steps, features.schema, without)
    return [
        name
        for name, chain in chains.items()
        if chain
        and steps[chain[0]].step in CATEGORICAL
        and features[name].n_unique() > DISTINCT * features.height
    ]


def _chains(
    steps: list[Step], features: pl.Schema, without: Collection[str]
) -> dict[str, tuple[int, ...]]:
    empty = pl.DataFrame(schema=features)
    selected = [_select(step, empty) for step in steps]
    chains = {
        name: tuple(i for i, columns in enumerate(selected) if name in columns)
        for name in features
        if name not in without
    }
    for name, chain in chains.items():
        if not chain and not (features[name].is_numeric() or features[name] == pl.Boolean):
            raise ConfigError(
                f"column {name!r} is {features[name]} and no preprocess step selects it. Add a "
                "step in conf/preprocess, or list the column under data.ignore.",
                "config.preprocess",
            )
    for step, columns in zip(steps, selected, strict=True):
        ways = {chains[name] for name in columns if name in chains}
        if step.step not in STEPS and len(ways) > 1:
            raise ConfigError(
                f"{step.step!r} sees {', '.join(columns)} together, but not all of them go through "
                "the same steps. Select them alike in every step of conf/preprocess.",
                "config.preprocess",
            )
    return chains


def _select(step: Step, empty: pl.DataFrame) -> list[str]:
    """The names that a step's ``columns`` mean, in the table's order."""
    wanted = [step.columns] if isinstance(step.columns, str) else list(step.columns)
    names: set[str] = set()
    for item in wanted:
        if item in SELECTORS:
            names.update(empty.select(SELECTORS[item]).columns)
            continue
        columns = _match(item, empty.columns) if item.startswith(PATTERN) else {item}
        if not columns or not columns <= set(empty.columns):
            raise ConfigError(
                f"preprocess step {step.step!r} names {item!r}, which is no feature. There are "
                f"{', '.join(empty.columns)}; types {', '.join(SELECTORS)}; patterns 're:^temp_'.",
                "config.preprocess",
            )
        names.update(columns)
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


def _name(number: int, step: Step) -> str:
    return f"{number + 1}_{step.step.rpartition('.')[2]}".replace("__", "_")


def _pipeline(chain: tuple[int, ...], steps: list[Step], task: Task, seed: int) -> Any:
    """The steps of a chain; each hands the next one a polars frame, so that names stay."""
    from sklearn.pipeline import Pipeline

    named = [(_name(i, steps[i]), _build_step(steps[i], task, seed)) for i in chain]
    for _, step in named[:-1]:
        step.set_output(transform="polars")
    return Pipeline(named)


def _build_step(step: Step, task: Task, seed: int) -> Any:
    defaults = dict(DEFAULTS.get(step.step, {}))
    if step.step == "target_encoder":
        defaults |= _target_encoding(task, seed)
    setting = "preprocess.steps.step"
    if step.step not in STEPS and "." not in step.step:
        raise ConfigError(
            f"{setting} is {step.step!r}. Known steps: {', '.join(STEPS)}; others by dotted name.",
            "config.class",
        )
    located = locate(STEPS.get(step.step, step.step), setting, __package__)
    if inspect.isfunction(located) and _takes_frames(located):
        _refuse_unfit(located, step.params, setting)
        function = {"function": located, "params": step.params}
        return build(
            locate("..model.transforms.FrameFunction", setting, __package__), function, setting
        )
    reason = shortfall(located, INTERFACE)
    if inspect.isfunction(located):
        reason = "the function's annotations are of another kind"
    if reason:
        raise ConfigError(
            f"{setting} is {step.step!r}, but {reason}. Expected is a class with "
            f"{', '.join(INTERFACE)}, like DateParts in model/transforms.py, or a function that "
            "takes and returns a polars DataFrame and says so by its annotations.",
            "config.class",
        )
    return build(located, defaults | step.params, setting)


def _target_encoding(task: Task, seed: int) -> dict[str, Any]:
    """What the target is, and the folds: each training row is encoded by the others' targets."""
    from sklearn.model_selection import KFold, StratifiedKFold

    if task is Task.REGRESSION:
        return {"target_type": "continuous", "cv": KFold(5, shuffle=True, random_state=seed)}
    return {"target_type": str(task), "cv": StratifiedKFold(5, shuffle=True, random_state=seed)}


def _takes_frames(function: Any) -> bool:
    """Whether its annotations say that it makes a polars frame of one."""
    try:
        hints = get_type_hints(function)
    except Exception:  # annotations may be any text: what they do not tell is no promise
        return False
    first = next(iter(inspect.signature(function).parameters), "")
    return hints.get(first) is pl.DataFrame and hints.get("return") is pl.DataFrame


def _refuse_unfit(function: Any, params: dict[str, Any], setting: str) -> None:
    try:
        inspect.signature(function).bind(None, **params)
    except TypeError as error:
        raise ConfigError(
            f"{setting}: the function {function.__name__} cannot be called with a frame and "
            f"{params}: {error}. Edit its params in conf/preprocess.",
            "config.params",
        ) from error
