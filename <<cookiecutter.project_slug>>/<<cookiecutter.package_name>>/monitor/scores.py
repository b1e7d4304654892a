"""Evidently: its page about two samples, and its scores, for ``definition: evidently``.

Its definition differs from counts in bins of the reference: bins of equal width over both samples,
so that one far value moves all others into one bin and hides a shift of a standard deviation; and
one limit for samples of every size.
"""

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from polars import selectors as cs

from ..config.drift import EVIDENTLY, Drift
from ..errors import ConfigError
from .drift import Score, rounded

EXPECTED = 10  # values, by the other side's share; where none is there, that is no chance
MOST_TEXTS, OTHERS = 100, "all others"  # of a column
FREQUENT = 10  # rows of both tables, at least, of a text that stays where there are more
BINS = 100  # more than Evidently and its methods make of numbers
LONGEST = 60  # characters of a name or a value on Evidently's page
_MARKUP = re.compile(r"[^\w .,:;()/%+-]|__+")  # all that a script, HTML or a plot's label could be
_REFUSALS = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)  # of methods
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    'img-src data: blob:; font-src data:; worker-src blob:">'
)


def compare_samples(
    before: pl.DataFrame,
    now: pl.DataFrame,
    rules: Drift,
    *,
    seed: int,
    page: Path,
) -> dict[str, Score]:
    """Each column of two samples by Evidently, and its page.

    A column of which one side has no values, or a single one, cannot be compared: it has drifted if
    the other side has many.

    Args:
        before, now: the same columns.
        rules: under ``definition: evidently`` its methods, else those of Evidently's own choice.
        page: receives Evidently's page.

    Raises:
        ConfigError: a method cannot compare a column.
    """
    missing = {name: (_missing(before[name]), _missing(now[name])) for name in before.columns}
    old, new = with_unbinnable_as_text(comparable(before), comparable(now))
    filled = [c for c in old.columns if min(old[c].count(), new[c].count()) > 1]
    methods = {c: _method(rules, old[c]) for c in filled}
    scores = compare(
        *(old.select(filled), new.select(filled), methods, rules.limit),
        seed=seed,
        page=page,
    )
    one_sided = {c: _one_sided(old[c], new[c]) for c in old.columns if c not in filled}
    return {
        c: Score(
            *(value, rules.limit, has, times(value, has, rules.limit)),
            *(methods.get(c, "missing values"), missing[c]),
        )
        for c, (value, has) in (scores | one_sided).items()
    }


def _method(rules: Drift, column: pl.Series) -> str:
    is_number = column.dtype.is_numeric()
    if rules.definition != EVIDENTLY:
        return "wasserstein" if is_number else "jensenshannon"
    name = rules.columns.get(column.name, rules.numeric if is_number else rules.categorical)
    return {"kl": "kl_div"}.get(name, name)


def _one_sided(before: pl.Series, now: pl.Series) -> tuple[float, bool]:
    """The score and the verdict where at least one side has no values, or a single one."""
    few, many = sorted((before, now), key=lambda side: side.count() / side.len())
    gone = many.count() / many.len() * few.len() >= EXPECTED
    return (1.0, True) if gone and few.count() <= 1 else (0.0, False)


def _missing(column: pl.Series) -> float:
    plain = comparable(column.to_frame())
    filled = plain.to_series().count() if plain.width else column.count()
    return rounded(1 - filled / max(column.len(), 1))


def comparable(frame: pl.DataFrame) -> pl.DataFrame:
    """Numbers as floats, text and yes/no as text; no times, and null for what is no number.

    Evidently refuses what is not in this form, and fails on a column without a value.
    """
    numbers = cs.numeric().cast(pl.Float64)
    text = cs.string() | cs.boolean() | cs.categorical() | cs.enum()
    finite = frame.with_columns(pl.when(numbers.is_finite()).then(numbers), text.cast(pl.String))
    return finite.select(cs.float() | cs.string())


def times(score: float, drifted: bool, limit: float) -> float:
    """How many times its limit a score is; of a p-value, which drifts below it, the inverse."""
    below = drifted == (score < limit) and score != limit
    over, under = (limit, score) if below else (score, limit)
    return rounded(min(over / under, 1000.0) if under else (1000.0 if over else 0.0))


def compare(
    reference: pl.DataFrame,
    current: pl.DataFrame,
    methods: Mapping[str, str],
    limit: float,
    *,
    seed: int,
    page: Path,
) -> dict[str, tuple[float, bool]]:
    """``column: (score, drifted)``; whether it drifted is the method's verdict.

    The direction differs by method: a p-value drifts below its limit, a distance above. Equal
    tables give equal scores: they are rounded, for Evidently sums in the order of a set.

    Args:
        reference: columns of Float64 and String, each with two values at least.
        current: the same columns.
        methods: of each column.
        limit: of all.
        seed: of the methods that draw.
        page: receives Evidently's page, in which names and values are harmless.

    Raises:
        ConfigError: a method is not known, or cannot compare a column.
    """
    reference, current = _with_rare_texts_merged(reference, current)
    names = {c: f"{number}. {_harmless(c)}" for number, c in enumerate(reference.columns, start=1)}
    before, now = (frame.rename(names) for frame in _with_harmless_texts(reference, current))
    asked = {name: methods[c] for c, name in names.items()}
    try:
        snapshot = _snapshot(before, now, asked, limit, seed)
    except _REFUSALS as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise _unfit(methods.values(), reason) from error
    snapshot.save_html(str(page))
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("<head>", f"<head>{_POLICY}", 1), encoding="utf-8")
    return _verdicts(snapshot.dict(), names, methods)


def _snapshot(
    reference: pl.DataFrame,
    current: pl.DataFrame,
    asked: Mapping[str, str],
    limit: float,
    seed: int,
) -> Any:
    """Evidently's comparison; ``asked``: of each column, its method."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    definition = DataDefinition(
        numerical_columns=[c for c in asked if reference[c].dtype.is_numeric()],
        categorical_columns=[c for c in asked if not reference[c].dtype.is_numeric()],
    )
    sides = [
        Dataset.from_pandas(_pandas(frame), data_definition=definition)
        for frame in (current, reference)
    ]
    metrics = [ValueDrift(column=c, method=method, threshold=limit) for c, method in asked.items()]
    np.random.seed(seed)  # some of Evidently's methods draw from numpy's own state
    return Report(metrics, include_tests=True).run(*sides)


def _verdicts(
    result: Mapping[str, Any], names: Mapping[str, str], methods: Mapping[str, str]
) -> dict[str, tuple[float, bool]]:
    tests = {t["metric_config"]["params"]["column"]: t["status"] for t in result["tests"]}
    scores = {m["config"]["column"]: float(m["value"]) for m in result["metrics"]}
    undecided = [c for c, name in names.items() if not math.isfinite(scores[name])]
    if undecided:
        raise _unfit(methods.values(), f"no number comes out for {', '.join(undecided)}")
    return {c: (rounded(scores[name]), tests[name] == "FAIL") for c, name in names.items()}


def with_unbinnable_as_text(*sides: pl.DataFrame) -> list[pl.DataFrame]:
    """Tables of the same columns, in which numbers that cannot be put into bins are texts.

    Evidently fails on those: equal but for rounding, such as a constant code of 16 digits, or of a
    range that overflows.
    """
    numbers = [column for column in sides[0].columns if sides[0][column].dtype.is_numeric()]
    unbinnable = [c for c in numbers if not all(_has_bins(side[c]) for side in sides)]
    return [side.with_columns(pl.col(unbinnable).cast(pl.String)) for side in sides]


def _has_bins(values: pl.Series) -> bool:
    ends = [values.min(), values.max()] if values.count() else []
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            np.histogram_bin_edges(np.array(ends, dtype=np.float64), BINS)
    except ValueError:
        return False
    return True


def _unfit(methods: Iterable[str], reason: str) -> ConfigError:
    return ConfigError(
        f"these columns cannot be compared by {', '.join(sorted(set(methods)))}: {reason}. "
        "Choose another method in conf/drift.",
        "config.drift_method",
    )


def _harmless(text: str) -> str:
    return _MARKUP.sub("·", text)[:LONGEST]


def _with_rare_texts_merged(
    reference: pl.DataFrame, current: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both tables; of a column of very many texts all but the frequent ones are one.

    Else chance alone would part them: of a name for each row no two samples have one in common.
    """
    for column in reference.select(pl.col(pl.String)).columns:
        texts = pl.concat([reference[column], current[column]]).drop_nulls().alias("text")
        if texts.n_unique() <= MOST_TEXTS:
            continue
        counts = texts.value_counts(name="rows").filter(pl.col("rows") >= FREQUENT)
        counts = counts.sort("rows", "text", descending=[True, False])
        kept = counts["text"].head(MOST_TEXTS).implode()
        rare = pl.col(column).is_in(kept).not_()
        merged = pl.when(rare).then(pl.lit(OTHERS)).otherwise(column).alias(column)
        reference, current = reference.with_columns(merged), current.with_columns(merged)
    return reference, current


def _with_harmless_texts(
    reference: pl.DataFrame, current: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both tables with texts that no page can run; different texts stay different."""
    for column in reference.select(pl.col(pl.String)).columns:
        texts = pl.concat([reference[column], current[column]]).drop_nulls().unique().sort()
        plain = [_harmless(text) for text in texts]
        pairs = enumerate(zip(texts, plain, strict=True), start=1)
        names = [new if new == old else f"{new} #{number}" for number, (old, new) in pairs]
        renamed = pl.col(column).replace_strict(texts, pl.Series(names, dtype=pl.String))
        reference, current = reference.with_columns(renamed), current.with_columns(renamed)
    return reference, current


def _pandas(frame: pl.DataFrame) -> Any:
    """A pandas frame of plain numpy columns: Evidently fails on others."""
    import pandas as pd

    return pd.DataFrame({c.name: c.to_numpy() for c in frame})
