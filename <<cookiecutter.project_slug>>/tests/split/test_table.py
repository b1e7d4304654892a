"""Parts of tables that are larger than memory."""

import hashlib
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from <<cookiecutter.package_name>>.runtime import parquet
from <<cookiecutter.package_name>>.split import table
from <<cookiecutter.package_name>>.split.splits import (
    SplitSpec,
    split,
)
from <<cookiecutter.package_name>>.split.table import (
    ROW,
    SplitTable,
    read_columns,
)
from <<cookiecutter.package_name>>.split.target import Target, Task

from ..conftest import ROOT, run

FILE = Path("valid.parquet")
OUTPUTS = [Path(f"{name}.parquet") for name in ("train", "validation", "test")]
KINDS = ["stratified", "group", "time"]
ODD = {
    "text": pl.when(pl.col("id") % 5 > 0).then(pl.format("a text of {} words", "id")),
    "choice": pl.lit("EWR").cast(pl.Enum(["JFK", "EWR"])),
    "category": pl.col("origin").cast(pl.Categorical),
    "nothing": pl.lit(None),
    "price": pl.col("id").cast(pl.Decimal(10, 2)),
    "large": pl.col("id").cast(pl.Int128) * 2**80,
    "larger": pl.col("id").cast(pl.UInt128) * 2**80,
    "items": pl.concat_list("id", "seats"),
    "record": pl.struct("id", "origin"),
    "zoned": pl.col("departure").cast(pl.Datetime("ns", "UTC")),
    "bytes": pl.col("origin").cast(pl.Binary),
}


def spec(kind: str = "stratified") -> SplitSpec:
    group = "origin" if kind == "stratified" else "seats"
    return SplitSpec(kind, Target("late", Task.BINARY, (0, 1)), "id", "departure", group)


def dealt(rows: pl.DataFrame, planned: SplitSpec) -> SplitTable:
    """The rows in a file of several row groups, and their parts."""
    rows.write_parquet(FILE, row_group_size=77)
    light = read_columns(FILE, "id", "late", "departure", "origin", "seats").with_row_index(ROW)
    return SplitTable(FILE, split(light, planned, validation=0.1, test=0.2))


def written(rows: pl.DataFrame, planned: SplitSpec) -> list[str]:
    """The digests of the parts' files."""
    dealt(rows, planned).write(OUTPUTS)
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in OUTPUTS]


@pytest.fixture
def _many_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "ROW_GROUP", 30)
    monkeypatch.setattr(parquet, "ROW_GROUP", 100)


@pytest.mark.usefixtures("_many_buckets")
@pytest.mark.parametrize("kind", KINDS)
def test_parts_written_by_buckets_equal_those_of_all_rows_at_once(
    rows: pl.DataFrame, kind: str
) -> None:
    odd = rows.with_columns(**ODD).sample(fraction=1, shuffle=True, seed=3)
    dealt(odd, spec(kind)).write(OUTPUTS)

    at_once = split(odd, spec(kind), validation=0.1, test=0.2).named().values()
    for file, part in zip(OUTPUTS, at_once, strict=True):
        assert_frame_equal(pl.read_parquet(file), part)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_rows_give_the_same_bytes_in_any_order_and_any_buckets(
    rows: pl.DataFrame, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = rows.with_columns(**ODD)
    first = written(odd, spec(kind))

    for size, buckets in ((30, 100), (256, 100), (30, 5)):
        monkeypatch.setattr(table, "ROW_GROUP", size)
        monkeypatch.setattr(table, "BUCKETS", buckets)
        assert written(odd.sample(fraction=1, shuffle=True, seed=size), spec(kind)) == first


@pytest.mark.usefixtures("_many_buckets")
def test_a_column_is_dealt_as_the_rows_are(rows: pl.DataFrame) -> None:
    shuffled = rows.with_columns(**ODD).sample(fraction=1, shuffle=True, seed=3)
    at_once = split(shuffled, spec(), validation=0.1, test=0.2)
    stored = dealt(shuffled, spec())
    columns = stored.deal(stored.read("text", (pl.col("wind") * 2).alias("double")))

    for name, part in columns.named().items():
        whole = at_once.named()[name]
        assert_frame_equal(part, whole.select("text", double=pl.col("wind") * 2))


def test_a_write_that_fails_leaves_all_of_the_last_parts(
    rows: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, sink = written(rows, spec()), table.sink_batches

    def full_at_the_last(*arguments: object) -> None:
        if "test" in str(arguments[-1]):
            raise OSError(28, "No space left on device")
        sink(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(table, "sink_batches", full_at_the_last)
    with pytest.raises(OSError, match="No space"):
        dealt(rows.with_columns(wind=1.0), spec()).write(OUTPUTS)

    assert [hashlib.sha256(file.read_bytes()).hexdigest() for file in OUTPUTS] == before
    assert list(Path().glob(".*")) == []


SCRIPT = """
from pathlib import Path
import polars as pl
from {package}.runtime import parquet
from {package}.split import leaks, table
from {package}.split.splits import SplitSpec, split
from {package}.split.target import Target, Task

def peak():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])

parquet.ROW_GROUP = table.ROW_GROUP = 5_000
spec = SplitSpec("stratified", Target("late", Task.BINARY, (0, 1)), "id")
for file in (Path("small.parquet"), Path("large.parquet")):
    light = table.read_columns(file, "id", "late").with_row_index(table.ROW)
    dealt = table.SplitTable(file, split(light, spec, validation=0.1, test=0.2))
    leaks.check(dealt, spec, ["x1", "x2", "x3"], max_repeated=1, max_alone=1)
    dealt.write([Path(name) for name in ("train", "validation", "test")])
    print(peak())
"""


def test_memory_does_not_hold_the_rows(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 5_000)
    for name, count in (("small", 10_000), ("large", 100_000)):
        number = pl.int_range(count)
        rows = pl.select(number.alias("id"), (number * 7919 % 3 == 0).cast(pl.Int64).alias("late"))
        columns = [(pl.col("id") % (900 + k)).alias(f"x{k}") for k in range(126)]
        parquet.sink(rows.lazy().with_columns(columns), Path(f"{name}.parquet"))
    Path("peak.py").write_text(SCRIPT.format(package=package))

    output = run(Path.cwd(), sys.executable, "peak.py", PYTHONPATH=str(ROOT), LOG_LEVEL="error")
    small, large = map(int, output.split())
    assert (large - small) * 1024 < 100_000 * 128 * 8
