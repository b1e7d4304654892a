"""The contract of a trained model; what its pipeline can answer is tried, not assumed."""

import polars as pl

from ..errors import ConfigError, ModelError
from ..split.target import Target
from .contract import Contract
from .dtypes import parse_dtype
from .fitted_state import feature_names_out, fitted_state
from .flavors import versions
from .predictor import PipelinePredictor
from .training import Fitted

NEW = "a value that training never had"


def infer_contract(
    fitted: Fitted, features: pl.DataFrame, *, target: Target, key: str, threshold: float | None
) -> Contract:
    """The contract of a model that was trained on these rows, (n, k), or on these among others.

    Raises:
        ConfigError: a feature has a type that a contract cannot hold.
    """
    pipeline, predictor = fitted.predictor.pipeline, fitted.predictor
    used = {name for _, _, columns in pipeline[0].transformers for name in columns}
    features = features.select(name for name in features.columns if name in used)
    _refuse_nested(features.schema)
    texts = [name for name, dtype in features.schema.items() if dtype == pl.String]
    without_nulls = [name for name in features.columns if not features[name].null_count()]
    complete = features.drop_nulls()
    row = (complete if complete.height else features).head(1)
    return Contract(
        features={name: str(dtype) for name, dtype in features.schema.items()},
        target=target,
        key=key,
        threshold=threshold,
        flavor=fitted.flavor,
        estimator=fitted.estimator,
        fell_back=fitted.fell_back,
        rows=fitted.rows,
        never_null=[n for n in without_nulls if not _answers(predictor, row, n, None)],
        known_only={
            name: features[name].drop_nulls().unique().sort().to_list()
            for name in texts
            if not _answers(predictor, row, name, NEW)
        },
        feature_names_out=feature_names_out(pipeline),
        preprocessing=fitted_state(pipeline),
        versions=versions(fitted.flavor),
        files={},
    )


def _refuse_nested(features: pl.Schema) -> None:
    for name, dtype in features.items():
        try:
            parse_dtype(str(dtype))
        except ValueError as error:
            raise ConfigError(
                f"column {name!r} is {dtype}, no type of a feature. List it under data.ignore.",
                "config.preprocess",
            ) from error


def _answers(predictor: PipelinePredictor, row: pl.DataFrame, name: str, value: str | None) -> bool:
    """Whether the model answers this row with another value in one column."""
    changed = row.with_columns(pl.lit(value, dtype=row.schema[name]).alias(name))
    try:
        predictor.predict(changed)
    except ModelError:
        return False
    return True
