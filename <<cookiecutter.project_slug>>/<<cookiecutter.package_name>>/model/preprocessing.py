"""The configured steps as one scikit-learn ColumnTransformer, fitted with the model only."""

import importlib
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
    "one_hot": "sklearn.preprocessing.OneHotEncoder",
    "target_encoder": "sklearn.preprocessing.TargetEncoder",
    "date_parts": "..model.steps.DateParts",
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "label_encoder": {"handle_unknown": "use_encoded_value", "unknown_value": -1},
    "one_hot": {"handle_unknown": "infrequent_if_exist", "sparse_output": False},
    "target_encoder": {"target_type": "binary"},
}
SELECTORS = {"numeric": cs.numeric() | cs.boolean(), "text": cs.string(), "datetime": cs.temporal()}


@dataclass(frozen=True)
class StepSpec:
    """One step: its name or dotted path, the columns it takes, its parameters."""

    step: str
    columns: str | list[str]
    params: dict[str, Any]


def preprocessor(steps: list[StepSpec], features: pl.Schema, seed: int) -> Any:
    """An unfitted ColumnTransformer; columns with the same chain of steps go through together.

    Raises:
        ConfigError: a step or a column does not exist, or a text or datetime column would reach
            the model as it is.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline

    chains = _chains(steps, features)
    groups: dict[tuple[int, ...], list[str]] = {}
    for column, chain in chains.items():
        groups.setdefault(chain, []).append(column)
    transformers = [
        (
            "-".join(steps[i].step for i in chain) or "as_is",
            make_pipeline(*(_make(steps[i], seed) for i in chain)) if chain else "passthrough",
            columns,
        )
        for chain, columns in groups.items()
    ]
    return ColumnTransformer(transformers, verbose_feature_names_out=False)


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
    return chains


def _select(step: StepSpec, empty: pl.DataFrame) -> list[str]:
    if isinstance(step.columns, str) and step.columns in SELECTORS:
        return empty.select(SELECTORS[step.columns]).columns
    names = [step.columns] if isinstance(step.columns, str) else list(step.columns)
    unknown = [name for name in names if name not in empty.columns]
    if unknown:
        raise ConfigError(
            f"preprocess step {step.step!r} names {', '.join(unknown)}; the features are "
            f"{', '.join(empty.columns)}, and the types {', '.join(SELECTORS)}.",
            "config.preprocess",
        )
    return names


def _make(step: StepSpec, seed: int) -> Any:
    from sklearn.model_selection import StratifiedKFold

    defaults = dict(DEFAULTS.get(step.step, {}))
    if step.step == "target_encoder":  # each training row is encoded by what the others tell
        defaults["cv"] = StratifiedKFold(5, shuffle=True, random_state=seed)
    return build(STEPS.get(step.step, step.step), defaults | step.params)


def build(path: str, params: dict[str, Any]) -> Any:
    """An object of the class at a dotted path.

    Raises:
        ConfigError: there is no such class, or it does not take these parameters.
    """
    module, _, name = path.rpartition(".")
    try:
        made = getattr(importlib.import_module(module, __package__), name)
        return made(**params)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise ConfigError(
            f"cannot make {path!r} with {params}: {error}. Known steps: {', '.join(STEPS)}.",
            "config.class",
        ) from error
