"""A contract as JSON: written with the model, and checked when it is read."""

import json
from dataclasses import MISSING, asdict, fields, is_dataclass
from math import isfinite
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from ..errors import ModelError
from ..runtime.artifacts import write_json
from ..split.target import Target
from .contract import Contract
from .dtypes import parse_dtype


def write_contract(file: Path, contract: Contract) -> None:
    """Write a contract as ``read_contract`` reads it."""
    write_json(file, asdict(contract) | {"target": contract.target.to_json()})


def read_contract(file: Path) -> Contract:
    """The contract that a file holds.

    Raises:
        ModelError: it is missing or broken, or a field is missing, unknown or of another type.
    """
    cause: Exception | None = None
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        problems = _problems(values)
    except RecursionError as error:
        cause, problems = error, ["it is nested too deeply"]
    except (OSError, ValueError, OverflowError) as error:
        cause, problems = error, [str(error)]
    if problems:
        listed = "; ".join(problems)
        raise ModelError(
            f"no usable contract in {file}: {listed}. Run `make repro`, or `dvc pull`.",
            "model.contract",
        ) from cause
    return _contract(values)


def _contract(values: dict[str, Any]) -> Contract:
    """The contract of checked values.

    Raises:
        ValueError: a target or a calibration cannot be so.
    """
    parts = {name: _object(values[name], of) for name, of in _types().items() if name in values}
    contract = Contract(**parts | {"target": Target.from_json(values["target"])})
    classes, calibration = contract.target.classes, contract.calibration
    if calibration and len(calibration.curves) != (1 if len(classes) == 2 else len(classes) or -1):
        raise ValueError(f"no calibration of {len(classes)} classes")
    return contract


def _types() -> dict[str, Any]:
    """What each field is in JSON."""
    return get_type_hints(Contract) | {"target": dict[str, Any]}


def _problems(values: Any) -> list[str]:
    """What keeps a value of JSON from being a contract."""
    if not isinstance(values, dict):
        return ["it holds no object"]
    hints = _types()
    optional = {
        field.name
        for field in fields(Contract)
        if (field.default, field.default_factory) != (MISSING, MISSING)
    }
    problems = [f"{name} is missing" for name in hints if name not in {*values, *optional}]
    problems += [f"{name} is not known" for name in values if name not in hints]
    problems += [
        f"{name} is no {hint.__name__ if isinstance(hint, type) else hint}"
        for name, hint in hints.items()
        if name in values and not _is(values[name], hint)
    ]
    if problems:
        return problems
    problems = [f"{name} is empty" for name in ("features",) if not values[name]]
    for name, text in values["features"].items():
        try:
            parse_dtype(text)
        except ValueError as error:
            problems.append(f"{name!r}: {error}")
    try:
        _contract(values)
    except ValueError as error:
        problems.append(str(error))
    return problems


def _is(value: Any, hint: Any) -> bool:
    """Whether a value of JSON has the type that a field asks for."""
    inner = get_args(hint)
    if hint is Any:
        return True
    if is_dataclass(hint):
        value, parts = (value if isinstance(value, dict) else {}), get_type_hints(hint)
        return value.keys() == parts.keys() and all(_is(value[n], of) for n, of in parts.items())
    if get_origin(hint) is list:
        return isinstance(value, list) and all(_is(item, inner[0]) for item in value)
    if get_origin(hint) is dict:
        return isinstance(value, dict) and all(_is(item, inner[1]) for item in value.values())
    if inner:  # a union
        return any(_is(value, part) for part in inner)
    allowed = (int, float) if hint is float else (hint,)
    return type(value) in allowed and (hint is not float or isfinite(value))


def _object(value: Any, hint: Any) -> Any:
    """What a value of JSON stands for, which ``_is`` of this type."""
    inner = get_args(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return hint(**{name: _object(value[name], of) for name, of in get_type_hints(hint).items()})
    if get_origin(hint) is list:
        return [_object(item, inner[0]) for item in value]
    if inner and get_origin(hint) is not dict:  # a union
        return _object(value, next(part for part in inner if _is(value, part)))
    return value
