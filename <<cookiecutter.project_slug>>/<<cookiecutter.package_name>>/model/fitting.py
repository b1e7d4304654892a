"""Preprocessing and an estimator, trained; why they cannot be, in words for people."""

import re
import warnings
from typing import Any

import polars as pl

from ..errors import ModelError, PipelineError
from ..split.target import Array
from .estimators import entry
from .flavors import flavor
from .rounds import Rounds

OUT_OF_MEMORY = re.compile(
    "bad_alloc|out of memory|not enough memory|unable to allocate", re.IGNORECASE
)


def prepare(steps: Any, features: pl.DataFrame, y: Array) -> Any:
    """Fit the preprocessing; returns its result, (n, columns that it makes)."""
    try:
        return steps.fit_transform(features, y)
    except (PipelineError, OSError, MemoryError):
        raise
    except Exception as error:  # a step may raise anything
        culprit = _culprit(steps, features, y)
        raise ModelError(
            f"preprocessing could not be fitted{culprit}: {first_line(error)}. Fix the steps in "
            "conf/preprocess, or the data; no other model would do without them.",
            "model.preprocess",
        ) from error


def _culprit(steps: Any, features: pl.DataFrame, y: Array) -> str:
    """Which chain of steps fails on which columns, in words."""
    from sklearn.base import clone

    for name, chain, columns in steps.transformers:
        if chain == "passthrough":
            continue
        try:
            clone(chain).fit_transform(features.select(columns), y)
        except Exception:  # that is the answer
            return f": {name} fails on {', '.join(columns)}"
    return ""


def failure(
    name: str, estimator: Any, rows: tuple[Any, Array], rounds: Rounds, *, converging: bool = True
) -> ModelError | None:
    """Why the estimator cannot be trained on (n, k) prepared rows and (n,) labels; None if it is.

    ``converging``: one that stops before it has converged counts as failed.
    """
    from sklearn.exceptions import ConvergenceWarning

    try:
        with warnings.catch_warnings():
            if converging:
                warnings.simplefilter("error", ConvergenceWarning)
            flavor(entry(name).flavor).fit(estimator, *rows, rounds)
    except ModelError as error:
        return error
    except (PipelineError, OSError):  # no fault of the model's
        raise
    except ConvergenceWarning as error:
        return _model_error(error, "Raise model.params.max_iter, or scale the numbers")
    except Exception as error:  # an estimator may raise anything
        if isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error)):
            advice = "Memory does not suffice: take fewer rows or columns, or a smaller model"
            return _model_error(error, advice, "model.memory")
        return _model_error(error, "Fix model.params or the data")
    return None


def _model_error(error: Exception, advice: str, code: str = "model.training") -> ModelError:
    caused = ModelError(f"{first_line(error)}. {advice}.", code)
    caused.__cause__ = error
    return caused


def first_line(error: Exception) -> str:
    """What went wrong, without the advice that libraries add below it."""
    return (str(error).splitlines() or [""])[0].rstrip(".: ") or type(error).__name__
