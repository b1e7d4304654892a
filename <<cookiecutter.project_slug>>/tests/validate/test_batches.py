"""Batch by batch, rows get the verdicts that the whole file gets."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from <<cookiecutter.package_name>>.schema import failures
from <<cookiecutter.package_name>>.schema.row import (
    RowSchema,
    parse_schema,
)
from <<cookiecutter.package_name>>.validate.batches import (
    BatchValidator,
    combine,
)
from <<cookiecutter.package_name>>.validate.quarantine import (
    Quality,
    column_problems,
    duplicate_flags,
    validate,
)

SCHEMA = parse_schema(
    {
        "properties": {
            "id": {"type": "integer", "x-unique": True},
            "a": {"type": ["number", "null"], "maximum": 9, "x-max-null-share": 0.1},
            "b": {"type": "string", "enum": ["x", "y"], "x-level": "warning"},
            "c": {"type": ["integer", "null"], "minimum": 0, "x-level": "critical"},
        },
        "x-rules": {"a before c": "c IS NULL OR a <= c + 5"},
    }
)
N = 60
ROWS = pl.DataFrame(
    {
        "id": [str(i % 50) for i in range(N)],
        "a": [None if i % 7 == 0 else str(i % 11) for i in range(N)],
        "b": ["xyz"[i % 3] for i in range(N)],
        "c": [i % 13 - 1 for i in range(N)],
        "more": range(N),
    }
)


def whole(rows: pl.DataFrame) -> Quality:
    rows.write_parquet("raw.parquet")
    return validate(Path("raw.parquet"), SCHEMA, Path("valid.parquet"), Path("bad.parquet"))


def dealt(rows: pl.DataFrame, sizes: list[int], parts: list[int]) -> list[Any]:
    """The valid rows, the others, and the quality, of parts that are dealt in batches."""
    flags, first = duplicate_flags(rows.lazy(), SCHEMA), 0
    valid, quarantined, qualities = [], [], []
    for part in parts:
        mine = {name: series.slice(first, part) for name, series in flags.items()}
        validator = BatchValidator(SCHEMA, rows.schema, mine)
        of_part, start = rows.slice(first, part), 0
        for size in sizes:
            good, bad = validator.split(of_part.slice(start, size))
            valid, quarantined, start = [*valid, good], [*quarantined, bad], start + size
        qualities.append(validator.quality)
        first += part
    odd = column_problems(SCHEMA, rows.lazy(), rows.height, "warning")
    return [pl.concat(valid), pl.concat(quarantined), combine(qualities, odd)]


@pytest.mark.parametrize("sizes", [[N], [25, 35], [1, 0, 59], [7] * 9])
@pytest.mark.parametrize("parts", [[N], [13, 47], [0, 60, 0]])
def test_batches_and_parts_are_dealt_as_the_whole_is(sizes: list[int], parts: list[int]) -> None:
    quality = whole(ROWS)
    valid, quarantined, summed = dealt(ROWS, sizes, parts)

    assert_frame_equal(valid, pl.read_parquet("valid.parquet"))
    assert_frame_equal(quarantined, pl.read_parquet("bad.parquet"))
    assert summed == quality
    assert 0 < summed.quarantined < N
    assert all((summed.rules, summed.warned, summed.warnings, summed.critical))


@pytest.mark.parametrize("rows", [ROWS.clear(), ROWS.with_columns(a=pl.lit("99"))])
def test_no_row_and_no_valid_row_are_dealt_as_well(rows: pl.DataFrame) -> None:
    quality = whole(rows)
    valid, _, summed = dealt(rows, [N], [rows.height])

    assert summed == quality
    assert valid.schema == pl.read_parquet_schema("valid.parquet")


def test_after_many_rows_of_all_batches_a_reason_names_the_rule_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failures, "WITH_VALUES", 2)
    schema = RowSchema(SCHEMA.columns, [], closed=False)
    validator = BatchValidator(schema, ROWS.schema, {"id": pl.zeros(3, pl.Boolean, eager=True)})
    bad = ROWS.head(1).with_columns(a=pl.lit("99"))
    reasons = [validator.split(bad)[1]["reason"][0] for _ in range(3)]

    assert ["a=99" in reason for reason in reasons] == [True, True, False]
