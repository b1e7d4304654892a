import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import ConfigError, ModelError
from <<cookiecutter.package_name>>.model.contract import Contract, infer_contract, read
from <<cookiecutter.package_name>>.model.preprocessing import StepSpec
from <<cookiecutter.package_name>>.model.training import ModelSpec, fit
from <<cookiecutter.package_name>>.runtime.artifacts import write_json

FILE = Path("contract.json")
CONTRACT = Contract(
    features={"a": "Float64"},
    target="late",
    key="id",
    classes=[0, 1],
    threshold=0.5,
    adapter="dummy",
    fell_back=None,
    rows=3,
    never_null=["a"],
    known_only={},
    gives=["a"],
    preprocessing=[],
)
TYPES = [
    *(pl.Int8(), pl.UInt64(), pl.Int128(), pl.Float32(), pl.Boolean(), pl.String(), pl.Binary()),
    *(pl.Date(), pl.Time(), pl.Null(), pl.Datetime("ms"), pl.Datetime("us", "Etc/GMT+3")),
    *(pl.Datetime("ns", "America/New_York"), pl.Duration("us"), pl.List(pl.Int64)),
    pl.List(pl.List(pl.Datetime("us", "UTC"))),
]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_a_type_is_read_as_it_was_written(dtype: pl.DataType) -> None:
    changes = {"features": {"a": str(dtype)}, "never_null": []}
    write_json(FILE, asdict(CONTRACT) | changes)
    rows = pl.DataFrame({"a": pl.Series([None], dtype=dtype)})

    assert read(FILE).select(rows).schema == rows.schema


@pytest.mark.parametrize(
    "text",
    [
        "read_csv(source='http://127.0.0.1:9/x')",
        "read_csv",
        "scan_parquet(source='/etc/passwd')",
        "Config",
        "__builtins__",
        "Datetime(time_unit='us', time_zone='No/Where')",
        "Datetime(time_unit='h', time_zone=None)",
        "Datetime",
        "List(read_csv)",
        "List(" * 5000,
        "List(" * 5000 + "Int64" + ")" * 5000,
        "Int64()",
        "",
    ],
)
def test_a_text_that_is_no_type_is_refused_and_not_carried_out(text: str) -> None:
    write_json(FILE, asdict(CONTRACT) | {"features": {"a": text}})

    with pytest.raises(ModelError, match=r"no usable contract.*make repro"):
        read(FILE)


WRONG: dict[str, tuple[Any, str]] = {
    "no object": ([], "no object"),
    "a field is missing": ({"rows": ...}, "rows is missing"),
    "all are missing": (dict.fromkeys(asdict(CONTRACT), ...), "features is missing; target is"),
    "one too many": ({"more": 1}, "more is not known"),
    "a number for a text": ({"target": 1}, "target is no str"),
    "a text for a number": ({"threshold": "0.5"}, "threshold is no float"),
    "a truth value for a number": ({"rows": True}, "rows is no int"),
    "no number": ({"threshold": float("nan")}, "threshold is no float"),
    "without end": ({"threshold": float("inf")}, "threshold is no float"),
    "too large": ({"threshold": 10**400}, "no usable contract"),
    "a null": ({"classes": None}, "classes is no list"),
    "no class": ({"classes": []}, "classes is empty"),
    "no feature": ({"features": {}}, "features is empty"),
    "a list for a dictionary": ({"features": ["a"]}, "features is no dict"),
    "a number for a type": ({"features": {"a": 1}}, "features is no dict"),
    "texts of numbers": ({"never_null": [1]}, "never_null is no list"),
    "a reason that is a list": ({"fell_back": []}, "fell_back is no str"),
    "known by a text": ({"known_only": {"a": "xyz"}}, "known_only is no dict"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_contract_of_another_form_is_refused_by_field(case: str) -> None:
    change, named = WRONG[case]
    values: Any = change
    if isinstance(change, dict):
        values = {k: v for k, v in (asdict(CONTRACT) | change).items() if v is not ...}
    FILE.write_text(json.dumps(values))

    with pytest.raises(ModelError, match=named):
        read(FILE)


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, "nothing", '{"features": {"a": "\\ud800"}}']
)
def test_a_contract_that_is_no_json_is_refused(text: str) -> None:
    FILE.write_text(text)

    with pytest.raises(ModelError, match=r"no usable contract in contract\.json"):
        read(FILE)


def test_a_contract_that_is_gone_or_no_text_is_refused() -> None:
    with pytest.raises(ModelError, match="No such file"):
        read(FILE)
    FILE.write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match="utf-8"):
        read(FILE)


def test_what_was_written_is_read(rows: pl.DataFrame) -> None:
    x = rows.drop("id", "late")
    fitted = fit(ModelSpec("dummy", {}, [StepSpec("hash", "re:.", {})], 1), x, rows["late"])
    contract = infer_contract(fitted, x, target="late", key="id", threshold=0.5)
    write_json(FILE, asdict(contract))

    assert read(FILE) == contract


def test_a_feature_that_a_contract_cannot_hold_is_refused_by_name(rows: pl.DataFrame) -> None:
    x = rows.select(pair=pl.struct("wind", "seats"))
    step = StepSpec(f"{__name__}.unnest", "pair", {})
    fitted = fit(ModelSpec("dummy", {}, [step], 1), x, rows["late"])

    with pytest.raises(ConfigError, match="'pair' is Struct"):
        infer_contract(fitted, x, target="late", key="id", threshold=0.5)


def unnest(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.unnest("pair")
