"""Rows judged a batch at a time: by the same rules as a whole file, in the memory of one batch."""

from collections.abc import Mapping, Sequence

import polars as pl

from ..schema.constraints import compiled, typed
from ..schema.failures import breaks, explained, words
from ..schema.row import RowSchema
from .duplicates import at_row
from .quarantine import ROW, Quality, as_it_came, count_broken, most_broken


class Judge:
    """Deals the rows of one table, batch by batch, and counts what they break."""

    def __init__(
        self, schema: RowSchema, found: pl.Schema, repeated: Mapping[str, pl.Series]
    ) -> None:
        """Compile the rules.

        Args:
            schema: what a row must be.
            found: the columns of each batch.
            repeated: of each unique column, for each row of the table: whether it is a repeat.

        Raises:
            ConfigError: a rule of the row cannot be evaluated.
            DataError: a column is missing or unknown.
        """
        schema.check_columns(found.names())
        self.schema, self.found = schema, found
        self.rules = compiled(schema, found, {n: at_row(repeated[n], ROW) for n in repeated})
        self.refusing = [rule for rule in self.rules if rule.level != "warning"]
        self.rows = self.quarantined = 0
        self.broke = dict.fromkeys((rule.name for rule in self.rules), 0)
        self.nulls = dict.fromkeys(found, 0)

    def deal(self, batch: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The next rows of the table, in two: as ``quarantine.validate`` writes them."""
        expressions = words(self.rules)
        judged = typed(batch.lazy().with_row_index(ROW, self.rows), self.schema)
        judged = judged.with_columns(expressions).collect().lazy()
        flags = breaks(self.rules, self.refusing)
        bad = explained(
            judged.filter(flags), self.rules, self.refusing, self.schema, self.quarantined
        )
        valid, quarantined, counts = pl.collect_all(
            [
                judged.filter(~flags).select(self.found.names()),
                bad.select(as_it_came(bad, self.found)),
                judged.group_by(e.meta.output_name() for e in expressions).len(),
            ]
        )
        self.rows += batch.height
        self.quarantined += quarantined.height
        for name, n in count_broken(self.rules, counts).items():
            self.broke[name] += n
        for column in valid:
            self.nulls[column.name] += column.null_count()
        return valid, quarantined

    @property
    def quality(self) -> Quality:
        """What is known of the rows so far; not what is odd about columns as a whole."""
        valid = self.rows - self.quarantined
        by_level = {
            warns: {
                rule.name: self.broke[rule.name]
                for rule in self.rules
                if (rule.level == "warning") == warns
            }
            for warns in (False, True)
        }
        return Quality(
            rows=self.rows,
            valid=valid,
            quarantined=self.quarantined,
            rules=most_broken(by_level[False]),
            nulls={name: n / valid if valid else 0.0 for name, n in self.nulls.items()},
            warned=most_broken(by_level[True]),
            critical=[r.name for r in self.rules if r.level == "critical" and self.broke[r.name]],
        )


def total(parts: Sequence[Quality], odd_columns: Sequence[tuple[str, str]]) -> Quality:
    """The quality of a table of which these are the parts, at least one, with the same columns.

    Args:
        odd_columns: what is odd about columns as a whole, and its level: `quarantine.odd_columns`.
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
        warnings=[text for text, level in odd_columns if level == "warning"],
        critical=[*(text for text, level in odd_columns if level != "warning"), *critical],
    )


def _sum(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    names = dict.fromkeys(name for part in counts for name in part)
    return most_broken({name: sum(part.get(name, 0) for part in counts) for name in names})
