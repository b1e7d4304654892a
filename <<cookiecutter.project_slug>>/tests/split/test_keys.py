import polars as pl
import pytest

from <<cookiecutter.package_name>>.runtime import parquet
from <<cookiecutter.package_name>>.split.keys import digests

KEYS = pl.Series([f"LGA-{number}" for number in range(9)] + [None])


def test_digests_of_many_keys_are_those_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    one_by_one = [int(digests(KEYS[i : i + 1], seed=3)[0]) for i in range(KEYS.len())]
    monkeypatch.setattr(parquet, "ROW_GROUP", 4)

    assert digests(KEYS, seed=3).tolist() == one_by_one
    assert len(set(one_by_one)) == 10
    assert digests(KEYS.clear()).tolist() == []
