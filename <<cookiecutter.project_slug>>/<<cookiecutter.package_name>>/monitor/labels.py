"""Which labels say what came true of a row that was predicted; the others, with their reasons."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ..errors import DataError
from ..ingest.labels import LabelFile
from ..model.contract import Contract
from ..schema.failures import BROKEN_RULES, REASON
from ..schema.row import Column, RowSchema
from ..split.keys import Digests, digests
from ..split.target import LARGEST, PREDICTION_ID, Target
from ..validate.batches import BatchValidator

FILE, ROW, NAME, LABEL, RULE = "file", "row", "key_or_id", "label", "rule"
ASIDE = {  # the columns of what is set aside
    FILE: pl.String(),
    ROW: pl.UInt32(),  # in the file, from 1
    NAME: pl.String(),  # by which it names the predicted row
    LABEL: pl.String(),
    RULE: pl.String(),
    REASON: pl.String(),
}
KEY, NUMBER = "key", "row of the label"  # while labels are matched

UNKNOWN_CLASS, TOO_LARGE = "unknown class", "too large"
NO_PREDICTION, LEARNED = "no prediction", "learned from"
CONTRADICTING, REPEATED = "contradicting", "repeated"
REASONS = {
    UNKNOWN_CLASS: "the model does not know this class",
    TOO_LARGE: f"its square overflows beyond {LARGEST:g}; no such number may train a model either",
    NO_PREDICTION: "no prediction has this name: the row has not arrived, joined the sources or "
    "was taken away, is in quarantine, or (of a prediction id) was answered by another model since",
    LEARNED: "the model learned from this row, so it does not tell how good the model is",
    CONTRADICTING: "another label of this row says something else, so none of them counts",
    REPEATED: "another label of this row says the same; that one counts",
}


@dataclass(frozen=True)
class Labels:
    """The labels that count, and all others."""

    used: pl.DataFrame  # the key, each once, and the target
    set_aside: pl.DataFrame  # with the columns of ASIDE
    files: list[dict[str, int | str]]  # of each file: name, rows, and how many of them are used

    @property
    def counts(self) -> dict[str, int]:
        """How many labels each rule has set aside, the most first."""
        counts = self.set_aside[RULE].value_counts(name="rows")
        return dict(counts.sort(["rows", RULE], descending=[True, False]).iter_rows())


def match(
    files: Sequence[LabelFile],
    schema: RowSchema,
    contract: Contract,
    predictions: pl.LazyFrame,
    learned: Digests,
) -> Labels:
    """The labels of rows that were predicted. Each label is used, or set aside with a reason.

    Args:
        files: of labels, by the key or by PREDICTION_ID.
        schema: of the training rows; labels keep its types, and its rules of the target.
        contract: of the model.
        predictions: with the key and PREDICTION_ID, each once.
        learned: digests of the keys that the model learned from.
    """
    target, key = contract.target, contract.key
    columns = _columns(schema, contract, predictions.collect_schema()[key])
    aside, fitting = [pl.DataFrame(schema=ASIDE)], [_empty(columns, contract)]
    for file in files:
        valid, broken = _by_the_schema(file, columns, target.column)
        aside.append(broken)
        fitting.append(_with_keys(valid, file, predictions, contract))
    labels = pl.concat(fitting)
    for rule, wrong in _checks(target, learned):
        flags = labels.select(wrong).to_series()
        aside.append(_aside(labels.filter(flags), pl.lit(rule), pl.lit(REASONS[rule])))
        labels = labels.filter(~flags)
    used = dict(labels[FILE].value_counts().iter_rows())
    return Labels(
        labels.select(pl.col(KEY).alias(key), pl.col(LABEL).alias(target.column)),
        pl.concat(aside).sort(FILE, ROW),
        [
            {"file": file.label, "rows": file.rows.height, "used": used.get(file.label, 0)}
            for file in files
        ],
    )


def _columns(schema: RowSchema, contract: Contract, key: pl.DataType) -> dict[str, Column]:
    """The columns that label files may have; ``key`` is its type in the predictions."""
    target = contract.target
    values = pl.Series(target.classes).dtype if target.is_classification else pl.Float64()
    declared = schema.columns.get(target.column, Column(target.column, values, False, {}))
    rules = {name: limit for name, limit in declared.rules.items() if name != "x-unique"}
    by_key = schema.columns.get(contract.key, Column(contract.key, key, False, {}))
    return {
        PREDICTION_ID: Column(PREDICTION_ID, pl.String(), False, {}),
        contract.key: replace(by_key, dtype=key, nullable=False, rules={}),
        target.column: replace(declared, nullable=False, rules=rules),
    }


def _empty(columns: dict[str, Column], contract: Contract) -> pl.DataFrame:
    types = {KEY: columns[contract.key].dtype, LABEL: columns[contract.target.column].dtype}
    return pl.DataFrame(schema={FILE: pl.String(), ROW: pl.UInt32(), NAME: pl.String(), **types})


def _by_the_schema(
    file: LabelFile, columns: dict[str, Column], target: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of a file that keep the schema, and the others as they are set aside."""
    rows = file.rows.with_row_index(NUMBER, 1)
    rules = RowSchema({name: columns[name] for name in (file.by, target)}, [], closed=False)
    valid, broken = BatchValidator(rules, rows.schema, {}).split(rows)
    named = broken.select(
        pl.lit(file.label).alias(FILE),
        pl.col(NUMBER).alias(ROW),
        _text(broken, file.by).alias(NAME),
        _text(broken, target).alias(LABEL),
        BROKEN_RULES,
        REASON,
    )
    fitting = valid.select(
        pl.col(NUMBER).alias(ROW), pl.col(file.by).alias(NAME), pl.col(target).alias(LABEL)
    )
    return fitting, _aside(named, pl.col(BROKEN_RULES).list.first(), pl.col(REASON))


def _text(rows: pl.DataFrame, column: str) -> pl.Expr:
    if rows.schema[column].is_nested():
        return pl.lit(None, pl.String)
    return pl.col(column).cast(pl.String, strict=False)


def _with_keys(
    valid: pl.DataFrame, file: LabelFile, predictions: pl.LazyFrame, contract: Contract
) -> pl.DataFrame:
    """Each label with the key of the prediction that it is about; null where there is none."""
    known = predictions.select(pl.col(file.by).alias(NAME), pl.col(contract.key).alias(KEY))
    keyed = valid.lazy().join(known, on=NAME, how="left", maintain_order="left")
    named = pl.lit(file.label).alias(FILE), ROW, pl.col(NAME).cast(pl.String), KEY, LABEL
    return keyed.select(named).collect(engine="streaming")


def _checks(target: Target, learned: Digests) -> Iterator[tuple[str, pl.Expr]]:
    """What a label that keeps the schema may still lack, each for those that passed the last."""
    is_learned = pl.col(KEY).map_batches(
        lambda keys: pl.Series(np.isin(digests(keys), learned)), return_dtype=pl.Boolean
    )
    if target.is_classification:
        yield UNKNOWN_CLASS, ~pl.col(LABEL).is_in(pl.Series(target.classes).implode())
    else:
        yield TOO_LARGE, pl.col(LABEL).abs() >= LARGEST
    yield NO_PREDICTION, pl.col(KEY).is_null()
    yield LEARNED, is_learned
    yield CONTRADICTING, pl.col(LABEL).n_unique().over(KEY) > 1
    yield REPEATED, ~pl.col(KEY).is_first_distinct()


def labelled_rows(
    labels: Labels, predictions: pl.LazyFrame, rows: pl.LazyFrame, key: str, column: str | None
) -> pl.DataFrame:
    """The predictions whose label is used, with that label and a column of their row, by the key.

    Args:
        labels: those of ``used`` count.
        predictions: of the model.
        rows: that it answered.
        key: of labels, predictions and rows.
        column: of the rows; None: no more than the key.

    Raises:
        DataError: the rows lack it.
    """
    if column is not None and column not in rows.collect_schema():
        raise DataError(
            f"what arrived lacks {column!r}, by which rows belong together (evaluate.unit). Bring "
            "it with the rows, or name another unit in conf/evaluate.",
            "data.missing_column",
        )
    columns = dict.fromkeys([key, column or key])
    labelled = rows.select(*columns).join(labels.used.lazy(), on=key)
    return predictions.join(labelled, on=key).sort(key).collect(engine="streaming")


def _aside(rows: pl.DataFrame, rule: pl.Expr, reason: pl.Expr) -> pl.DataFrame:
    label = pl.col(LABEL).cast(pl.String)
    return rows.select(FILE, ROW, NAME, label, rule.alias(RULE), reason.alias(REASON))
