from pathlib import Path

import polars as pl
import pytest

from <<cookiecutter.package_name>>.commands.schema import (
    read_sources,
)
from <<cookiecutter.package_name>>.config.data import Source
from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.ingest.parts import ReadPolicy
from <<cookiecutter.package_name>>.ingest.tables import stack


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name, value in (("b", 2), ("a", 1)):
        pl.DataFrame({"x": [value]}).write_parquet(tmp_path / f"{name}.parquet")

    assert read_sources(
        [Source(kind="parquet", path=f"{tmp_path}/*.parquet")], tmp_path / "scratch", ReadPolicy(0)
    ).collect()["x"].to_list() == [1, 2]


def test_csv_values_stay_text_for_validation_to_judge(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,two\n,3\n")

    rows = read_sources(
        [Source(kind="csv", path=f"{tmp_path}/a.csv")], tmp_path / "scratch", ReadPolicy(0)
    ).collect()

    assert rows.to_dict(as_series=False) == {"x": ["1", None], "y": ["two", "3"]}


def test_stacked_sources_keep_all_columns() -> None:
    frames = [pl.LazyFrame({"x": [1]}), pl.LazyFrame({"x": [2], "y": ["b"]})]

    assert stack(frames).collect().rows() == [(1, None), (2, "b")]


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "data.missing_file"), (b"", "data.empty_file"), (b"not parquet", "data.unreadable")],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    file = tmp_path / "a.parquet"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(DataError, match=r"a\.parquet") as raised:
        read_sources([Source(kind="parquet", path=str(file))], tmp_path / "scratch", ReadPolicy(0))

    assert raised.value.code == code
