import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ModelError,
)
from <<cookiecutter.package_name>>.model.contract import Contract
from <<cookiecutter.package_name>>.model.contract_file import (
    read_contract,
    write_contract,
)
from <<cookiecutter.package_name>>.model.infer_contract import (
    infer_contract,
)
from <<cookiecutter.package_name>>.model.training import (
    ModelSpec,
    fit,
)
from <<cookiecutter.package_name>>.runtime.artifacts import (
    write_json,
)
from <<cookiecutter.package_name>>.split.target import Target

from ..models import LATE, SEATS, WIND, model, spec

FILE = Path("contract.json")
CONTRACT = Contract(
    features={"a": "Float64"},
    target=LATE,
    key="id",
    threshold=0.5,
    flavor="sklearn",
    estimator="dummy",
    fell_back=None,
    rows=3,
    never_null=["a"],
    known_only={},
    feature_names_out=["a"],
    preprocessing=[],
    versions={},
    files={},
)
VALUES = vars(CONTRACT) | {"target": LATE.to_json()}
TYPES = [
    *(pl.Int8(), pl.UInt64(), pl.Int128(), pl.Float32(), pl.Boolean(), pl.String(), pl.Binary()),
    *(pl.Date(), pl.Time(), pl.Null(), pl.Datetime("ms"), pl.Datetime("us", "Etc/GMT+3")),
    *(pl.Datetime("ns", "America/New_York"), pl.Duration("us"), pl.List(pl.Int64)),
    pl.List(pl.List(pl.Datetime("us", "UTC"))),
]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_a_type_is_read_as_it_was_written(dtype: pl.DataType) -> None:
    changes = {"features": {"a": str(dtype)}, "never_null": []}
    write_json(FILE, VALUES | changes)
    rows = pl.DataFrame({"a": pl.Series([None], dtype=dtype)})

    assert read_contract(FILE).select(rows).schema == rows.schema


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
    write_json(FILE, VALUES | {"features": {"a": text}})

    with pytest.raises(ModelError, match=r"no usable contract.*make repro"):
        read_contract(FILE)


WRONG: dict[str, tuple[Any, str]] = {
    "no object": ([], "no object"),
    "a field is missing": ({"rows": ...}, "rows is missing"),
    "all are missing": (dict.fromkeys(VALUES, ...), "features is missing; target is"),
    "one too many": ({"more": 1}, "more is not known"),
    "a number for a text": ({"key": 1}, "key is no str"),
    "a text for a number": ({"threshold": "0.5"}, "threshold is no float"),
    "a truth value for a number": ({"rows": True}, "rows is no int"),
    "no number": ({"threshold": float("nan")}, "threshold is no float"),
    "without end": ({"threshold": float("inf")}, "threshold is no float"),
    "too large": ({"threshold": 10**400}, "no usable contract"),
    "no target": ({"target": None}, "target is no dict"),
    "a target of another form": ({"target": {"task": "binary"}}, "no target"),
    "a task that is none": ({"target": LATE.to_json() | {"task": "luck"}}, "luck"),
    "a class too few": ({"target": LATE.to_json() | {"classes": [1]}}, "no classes of a binary"),
    "a class twice": ({"target": LATE.to_json() | {"classes": [1, 1]}}, "no classes of a binary"),
    "a class of no type": ({"target": LATE.to_json() | {"classes": [[], {}]}}, "no classes"),
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
        values = {k: v for k, v in (VALUES | change).items() if v is not ...}
    FILE.write_text(json.dumps(values))

    with pytest.raises(ModelError, match=named):
        read_contract(FILE)


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, "nothing", '{"features": {"a": "\\ud800"}}']
)
def test_a_contract_that_is_no_json_is_refused(text: str) -> None:
    FILE.write_text(text)

    with pytest.raises(ModelError, match=r"no usable contract in contract\.json"):
        read_contract(FILE)


def test_a_contract_that_is_gone_or_no_text_is_refused() -> None:
    with pytest.raises(ModelError, match="No such file"):
        read_contract(FILE)
    FILE.write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match="utf-8"):
        read_contract(FILE)


@pytest.mark.parametrize("target", [LATE, SEATS, WIND], ids=str)
def test_what_was_written_is_read(rows: pl.DataFrame, target: Target) -> None:
    contract = model(rows, spec("dummy"), target).contract
    write_contract(FILE, contract)

    assert read_contract(FILE) == contract


def test_a_feature_that_a_contract_cannot_hold_is_refused_by_name(rows: pl.DataFrame) -> None:
    x = rows.select(pair=pl.struct("wind", "seats"))
    step = Step(f"{__name__}.unnest", "pair")
    fitted = fit(
        ModelSpec("dummy", {}, [step], 1, own=(step.step,)), x, LATE, LATE.encode(rows["late"])
    )

    with pytest.raises(ConfigError, match="'pair' is Struct"):
        infer_contract(fitted, x, target=LATE, key="id", threshold=0.5)


def unnest(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.unnest("pair")
