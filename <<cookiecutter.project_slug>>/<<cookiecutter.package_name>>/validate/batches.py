"""Validation in batches: by the same rules as a whole file, in the memory of one batch."""

from collections.abc import Mapping, Sequence

import polars as pl

from ..schema.constraints import Rule, cast_columns, compile_rules
from ..schema.failures import violates_any, violation_masks, with_reasons
from ..schema.row import RowSchema
from .duplicates import flag_of
from .quarantine import ROW, Quality, count_violations, most_first, uncast


class BatchValidator:
    """Validates the rows of one table, batch by batch, and counts the violations."""

    def __init__(
        self, schema: RowSchema, types: pl.Schema, duplicates: Mapping[str, pl.Series]
    ) -> None:
        """Compile the rules.

        Args:
            schema: of the row.
            types: of the columns of each batch.
            duplicates: for each unique column a boolean a row of the table: whether it is a repeat.

        Raises:
            ConfigError: a rule of the row cannot be evaluated.
            DataError: a column is missing or unknown.
        """
        schema.check_columns(types.names())
        self.schema, self.types = schema, types
        flags = {name: flag_of(ROW, duplicates[name]) for name in duplicates}
        self.rules = compile_rules(schema, types, flags)
        self.refusing = [rule for rule in self.rules if rule.level != "warning"]
        self.rows = self.quarantined = 0
        self.violations = {rule.name: 0 for rule in self.rules}
        self.nulls = dict.fromkeys(types, 0)

    def split(self, batch: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The valid and the refused rows of the next batch, as ``quarantine.validate`` does it."""
        masks = violation_masks(self.rules)
        numbered = batch.lazy().with_row_index(ROW, self.rows)
        rows = cast_columns(numbered, self.schema).with_columns(masks).collect().lazy()
        is_refused = violates_any(self.rules, self.refusing)
        refused = rows.filter(is_refused)
        explained = with_reasons(
            refused, self.rules, self.refusing, self.schema, before=self.quarantined
        )
        valid, quarantined, combinations = pl.collect_all(
            [
                rows.filter(~is_refused).select(self.types.names()),
                explained.select(uncast(explained, self.types)),
                rows.group_by(mask.meta.output_name() for mask in masks).len(),
            ]
        )
        self.rows += batch.height
        self.quarantined += quarantined.height
        for name, count in count_violations(self.rules, combinations).items():
            self.violations[name] += count
        for column in valid:
            self.nulls[column.name] += column.null_count()
        return valid, quarantined

    @property
    def quality(self) -> Quality:
        """The result for the rows so far, without the problems of columns as a whole."""
        valid = self.rows - self.quarantined
        warning = [rule for rule in self.rules if rule.level == "warning"]
        critical = [rule for rule in self.rules if rule.level == "critical"]
        return Quality(
            rows=self.rows,
            valid=valid,
            quarantined=self.quarantined,
            rules=most_first(self._of(self.refusing)),
            nulls={name: n / valid if valid else 0.0 for name, n in self.nulls.items()},
            warned=most_first(self._of(warning)),
            critical=[name for name, rows in self._of(critical).items() if rows],
        )

    def _of(self, rules: Sequence[Rule]) -> dict[str, int]:
        return {rule.name: self.violations[rule.name] for rule in rules}


def combine(parts: Sequence[Quality], problems: Sequence[tuple[str, str]]) -> Quality:
    """The quality of a table that consists of parts, at least one, with the same columns.

    Args:
        parts: their quality, in order.
        problems: of columns as a whole, from ``quarantine.column_problems``: texts and levels.
    """
    valid = sum(part.valid for part in parts)
    nulls = {
        name: sum(round(part.nulls[name] * part.valid) for part in parts) / valid if valid else 0.0
        for name in parts[0].nulls
    }
    critical = dict.fromkeys(name for part in parts for name in part.critical)
    return Quality(
        rows=sum(part.rows for part in parts),
        valid=valid,
        quarantined=sum(part.quarantined for part in parts),
        rules=_sum([part.rules for part in parts]),
        nulls=nulls,
        warned=_sum([part.warned for part in parts]),
        warnings=[text for text, level in problems if level == "warning"],
        critical=[*(text for text, level in problems if level != "warning"), *critical],
    )


def _sum(violations: Sequence[Mapping[str, int]]) -> dict[str, int]:
    names = dict.fromkeys(name for part in violations for name in part)
    return most_first({name: sum(part.get(name, 0) for part in violations) for name in names})
