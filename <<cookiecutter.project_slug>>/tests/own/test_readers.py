from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
)
from <<cookiecutter.package_name>>.ingest.tables import SourceFile
from <<cookiecutter.package_name>>.own.readers import fixed_width

PLACES = {"id": [1, 3], "city": [4, 9], "price": [10, 14]}


def read(text: str, columns: Any = PLACES) -> pl.DataFrame:
    Path("in.txt").write_text(text, encoding="utf-8")
    source = SourceFile("fixed", "in.txt", path="in.txt", options={"columns": columns})
    return fixed_width(source, Path()).collect()


def test_columns_are_cut_at_their_places_and_blanks_are_null() -> None:
    rows = read("001Zürich 12.5\n002       3\n003Genf  1\n")

    assert rows.rows() == [("001", "Zürich", "12.5"), ("002", None, "3"), ("003", "Genf", "1")]


def test_a_line_that_ends_too_early_is_named() -> None:
    with pytest.raises(DataError, match="line 2: it has '002Genf'"):
        read("001Zürich 12.5\n002Genf\n")


@pytest.mark.parametrize("columns", [None, {}, {"id": 3}, {"id": [3, 1]}, {"id": ["a", 2]}])
def test_places_that_are_none_are_refused(columns: Any) -> None:
    with pytest.raises(ConfigError, match=r"options\.columns"):
        read("001\n", columns)
