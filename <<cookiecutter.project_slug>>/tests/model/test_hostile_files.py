"""Model files that a stranger wrote, or that were damaged."""

import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.errors import (
    ModelError,
)
from <<cookiecutter.package_name>>.model.flavors import (
    sklearn as flavor,
)

from ..models import LATE
from .hostile import (
    HOSTILE,
    PIPELINE,
    RUN,
    keyed,
    listed,
    loss,
    node,
    packed,
    tupled,
    value,
)
from .modules import trained, write_modules


@pytest.fixture(autouse=True)
def _modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_modules(tmp_path, monkeypatch)


@pytest.fixture
def saved(rows: pl.DataFrame) -> bytes:
    """The bytes of a good model file."""
    Path("model").mkdir()
    steps = [Step("imputer", "numeric"), Step("hash", "re:.")]
    flavor.save(trained(rows, "dummy", steps).predictor.pipeline, Path("model"), [])
    return Path("model/model.skops").read_bytes()


def refused(content: bytes, own: list[str] | None = None) -> ModelError:
    Path("model/model.skops").write_bytes(content)
    with pytest.raises(ModelError) as error:
        flavor.load(Path("model"), LATE, own or [])
    return error.value


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_and_nothing_of_it_is_imported_or_called(case: str) -> None:
    attribute = node("ObjectNode", PIPELINE, content=keyed(steps=HOSTILE[case]))
    for root in (HOSTILE[case], attribute):
        assert refused(packed(root)).code in ("model.untrusted", "model.unreadable")

    assert "foreign_code" not in sys.modules
    assert not Path("imported").exists()
    assert not Path("ran").exists()


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize(
    "loader", ["ListNode", "ConstructorFromReduceNode", "LossNode", "TypeNode"]
)
def test_what_conf_names_may_be_filled_or_referred_to_but_not_called_by_a_file(loader: str) -> None:
    root = loss(RUN) if loader == "LossNode" else node(loader, RUN, content=tupled())

    assert "foreign_code.run by" in refused(packed(root), [RUN]).message
    assert not Path("ran").exists()


@pytest.mark.parametrize("protocol", [0, 1, 3, True, "2", None, 2.0])
@pytest.mark.usefixtures("saved")
def test_a_file_of_another_protocol_is_refused(protocol: Any) -> None:
    assert "protocol" in refused(packed(listed(), protocol=protocol)).message


def doubled(saved: bytes) -> bytes:
    file = io.BytesIO(saved)
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("schema.json", "{}")
    return file.getvalue()


def added(saved: bytes, name: str) -> bytes:
    file = io.BytesIO(saved)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, "x")
    return file.getvalue()


def inflated(saved: bytes) -> bytes:
    """The same file, whose directory says that a member has four gigabytes."""
    start = saved.rindex(b"PK\1\2")
    return saved[: start + 20] + b"\xfe\xff\xff\xff" * 2 + saved[start + 28 :]


def deep(_: bytes) -> bytes:
    text = '{"protocol": 2, "a": ' + "[" * 100_000 + "]" * 100_000 + "}"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("schema.json", text)
    return file.getvalue()


def nested(_: bytes) -> bytes:
    root = listed()
    for _ in range(240):
        root = listed(root)
    return packed(root)


DAMAGED = {
    "nothing": (lambda _: b"", "no usable model"),
    "no archive": (lambda _: b"not a zip", "no usable model"),
    "half of it": (lambda saved: saved[: len(saved) // 2], "no usable model"),
    "a changed byte": (lambda saved: saved[:2000] + b"~" + saved[2001:], "no usable model"),
    "a member twice": (doubled, "two members of one name"),
    "an absolute name": (lambda saved: added(saved, "/etc/x"), "a path"),
    "a name above": (lambda saved: added(saved, "../x"), "a path"),
    "a drive": (lambda saved: added(saved, "C:x"), "a path"),
    "compressed": (lambda _: packed(listed(), compression=zipfile.ZIP_DEFLATED), "compressed"),
    "a size that is not there": (inflated, "larger than the file"),
    "deep JSON": (deep, "nested too deeply"),
    "deep objects": (nested, "no usable model"),
    "no description": (lambda _: added(b"", "x.npy"), "schema.json"),
    "a list": (lambda _: packed(listed()), "no usable model"),
    "a number": (lambda _: packed(value(1)), "no usable model"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_one_clear_error(saved: bytes, case: str) -> None:
    change, reason = DAMAGED[case]

    assert reason in refused(change(saved)).message
