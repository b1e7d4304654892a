import polars as pl
import pytest

from <<cookiecutter.package_name>>.schema.constraints import (
    lossless_cast,
)

WHOLE = {
    "2": 2,
    "+2.0": 2,
    "2.00": 2,
    "-0.0": 0,
    "1e3": 1000,
    "1E+3": 1000,
    "1.5e3": 1500,
    "120e-1": 12,
    "9007199254740993.0": 9007199254740993,  # the first that Float64 does not know
    "9007199254740993e0": 9007199254740993,
    "9223372036854775807.00": 2**63 - 1,
    "-9223372036854775808.0": -(2**63),
    "1e18": 10**18,
}
NOT_WHOLE = ["2.5", "1.00000000000000000001", "1234567.00000000001e0", "12e-1", "1e-999", "1e300"]
NOT_WHOLE += ["9223372036854775808.0", "1e999999999", "inf", "NaN", "", " 2", "2.0 ", "1_0.0"]


@pytest.mark.parametrize(("text", "number"), [*WHOLE.items(), *((t, None) for t in NOT_WHOLE)])
def test_a_text_is_a_whole_number_if_nothing_stands_behind_its_point(
    text: str, number: int | None
) -> None:
    texts = pl.LazyFrame({"x": ["1", None, text]})
    read = texts.select(lossless_cast(pl.col("x"), pl.String(), pl.Int64())).collect()["x"]

    assert read.to_list() == [1, None, number]
