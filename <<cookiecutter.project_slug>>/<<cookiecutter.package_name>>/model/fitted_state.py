"""What preprocessing learned from the training rows, in words for people."""

import math
from typing import Any

from ..errors import ModelError

LISTED = 50  # values of a list that are written out
NAMES = {  # an attribute of a fitted step: its name for people
    "statistics_": "fill",
    "mean_": "mean",
    "center_": "center",
    "scale_": "scale",
    "data_min_": "low",
    "data_max_": "high",
    "categories_": "categories",
    "encodings_": "encodings",
    "terms_": "terms",
    "idf_": "weights",
}


def feature_names_out(pipeline: Any) -> list[str]:
    """The names of the columns that preprocessing gives to the estimator.

    Raises:
        ModelError: two steps give the same name.
    """
    try:
        return [str(name) for name in pipeline[0].get_feature_names_out()]
    except ValueError as error:
        raise ModelError(
            f"{str(error).splitlines()[0]} Rename what a preprocess step gives.", "model.step"
        ) from error


def fitted_state(pipeline: Any) -> list[dict[str, Any]]:
    """For each group of columns, in order: its steps, and what each learned of each column."""
    return [
        {
            "columns": [str(name) for name in columns],
            "steps": [
                {"step": name, "learned": _state(step)}
                for name, step in getattr(transformer, "steps", [])  # none: passed as it is
            ],
        }
        for _, transformer, columns in pipeline[0].transformers_
    ]


def _state(step: Any) -> dict[str, dict[str, Any]]:
    columns = [str(name) for name in getattr(step, "feature_names_in_", [])]
    facts: dict[str, dict[str, Any]] = {name: {} for name in columns}
    for attribute, word in NAMES.items():
        values = getattr(step, attribute, None)
        if values is None or len(values) != len(columns):
            continue
        for name, value in zip(columns, values, strict=True):
            facts[name][word] = _plain(value)
    return {name: _paired(known) for name, known in facts.items() if known}


def _paired(facts: dict[str, Any]) -> dict[str, Any]:
    """Two lists of one length as one: ``{category: encoding}``, ``{term: weight}``."""
    for names, values in (("categories", "encodings"), ("terms", "weights")):
        if names in facts and values in facts:
            listed = zip(facts.pop(names), facts[values], strict=True)
            facts[values] = {str(name): value for name, value in listed}
    return facts


def _plain(value: Any) -> Any:
    """Numbers, texts, lists: as JSON holds them; NaN as null, a long list by its beginning."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        left = [f"… {len(value) - LISTED} more"] if len(value) > LISTED else []
        return [*map(_plain, value[:LISTED]), *left]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
