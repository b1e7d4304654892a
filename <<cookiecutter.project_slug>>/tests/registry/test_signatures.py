import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from <<cookiecutter.package_name>>.config.checks import RuleError
from <<cookiecutter.package_name>>.config.gate import Signing
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ModelError,
)
from <<cookiecutter.package_name>>.registry import versions
from <<cookiecutter.package_name>>.registry.signatures import (
    SIGNED_BY,
    fingerprint,
    private_key,
    sign_once,
    signer_of,
)
from <<cookiecutter.package_name>>.runtime import tracking

OURS, THEIRS = "ours.pub", "theirs.pub"


def key_pair(folder: Path, name: str) -> None:
    """As the README makes one."""
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    make = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(private)]
    subprocess.run(make, check=True)
    share = ["openssl", "ec", "-in", str(private), "-pubout", "-out", str(public)]
    subprocess.run(share, check=True, capture_output=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def client(store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("DVC_ROOT", str(store))
    with tracking.store(tracking.tracking_uri("sqlite", None)) as opened:
        yield opened


@pytest.fixture
def version(client: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A registered version of the model in `model`, and two pairs of keys, in this folder."""
    for name in ("ours", "theirs"):
        key_pair(Path(), name)
    monkeypatch.setenv("MODEL_SIGNING_KEY", "ours.pem")
    folder = Path("model")
    folder.mkdir()
    (folder / "model.skops").write_text(request.node.name)
    uri = tracking.tracking_uri("sqlite", None)
    return versions.register(client, uri, request.node.name, model=folder, tags={})


def signing(public_key: str | None = OURS, *, required: bool = False) -> Signing:
    return Signing(required, "MODEL_SIGNING_KEY", public_key)


def fetched(client: Any, version: Any) -> Path:
    Path("fetched").mkdir(exist_ok=True)
    return Path(client.download_artifacts(version.run_id, "model", "fetched"))


def test_what_the_key_signed_is_known_by_its_public_key(client: Any, version: Any) -> None:
    sign_once(client, version, Path("model"), signing())

    signer = signer_of(client, version, fetched(client, version), signing(required=True))
    assert signer == fingerprint(OURS)
    assert client.get_model_version(version.name, version.version).tags[SIGNED_BY] == signer
    sign_once(client, version, Path("model"), signing())  # checked, not signed again


@pytest.mark.parametrize("name", ["model.skops", "added.txt", ".gitignore"])
def test_a_file_that_was_changed_or_added_is_refused(client: Any, version: Any, name: str) -> None:
    sign_once(client, version, Path("model"), signing())
    files = fetched(client, version)
    (files / name).write_text("tampered")

    with pytest.raises(ModelError, match=r"is not what the holder of ours.pub signed: .*" + name):
        signer_of(client, version, files, signing())


def test_a_signature_by_another_key_is_refused(client: Any, version: Any) -> None:
    sign_once(client, version, Path("model"), signing())

    with pytest.raises(ModelError, match=r"is not what the holder of theirs.pub signed"):
        signer_of(client, version, Path("model"), signing(THEIRS))


def test_a_broken_signature_is_refused(client: Any, version: Any) -> None:
    Path("model.sig").write_text("{}")
    client.log_artifact(version.run_id, "model.sig")

    with pytest.raises(ModelError, match=r"is not what the holder of ours.pub signed"):
        signer_of(client, version, Path("model"), signing())


def test_an_unsigned_champion_is_refused_only_where_signatures_are_required(
    client: Any, version: Any
) -> None:
    assert signer_of(client, version, Path("model"), signing(None)) is None
    assert signer_of(client, version, Path("model"), signing()) is None
    with pytest.raises(ModelError, match=r"is not signed, and gate.signing.required is true"):
        signer_of(client, version, Path("model"), signing(required=True))


def test_keys_that_are_no_pair_sign_nothing(client: Any, version: Any) -> None:
    with pytest.raises(ConfigError, match=r"theirs.pub does not belong to the private key"):
        sign_once(client, version, Path("model"), signing(THEIRS))
    assert signer_of(client, version, Path("model"), signing()) is None


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ("openssl", "genrsa", "-out", "ours.pem", "1024"),
            "expected is a PEM file of an elliptic",
        ),
        (("cp", "ours.pub", "ours.pem"), "expected is a PEM file of an elliptic curve key"),
        (("cp", "ours.pem", "ours.pub"), "gate.signing.public_key is ours.pub, which cannot"),
        (("rm", "ours.pub"), "gate.signing.public_key is ours.pub, which cannot be used"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused(
    client: Any, version: Any, command: tuple[str, ...], message: str
) -> None:
    secret = Path("ours.pem").read_text().splitlines()[1]
    subprocess.run(command, check=True, capture_output=True)

    with pytest.raises(ConfigError, match=message) as caught:
        sign_once(client, version, Path("model"), signing())
    assert secret not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "required", "message"),
    [
        ("gone.pem", False, "the variable MODEL_SIGNING_KEY should name .*; it names no file"),
        ("", True, "the variable MODEL_SIGNING_KEY should name the file .*; it is not set"),
    ],
)
def test_a_private_key_that_is_missing_is_an_error(
    value: str, required: bool, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_SIGNING_KEY", value)

    with pytest.raises(ConfigError, match=message):
        private_key(signing(required=required))


def test_without_a_public_key_or_a_private_one_nothing_is_signed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MODEL_SIGNING_KEY", "gone.pem")
    assert private_key(signing(None)) is None
    monkeypatch.delenv("MODEL_SIGNING_KEY")
    assert private_key(signing()) is None
    unsigned = SimpleNamespace(list_artifacts=lambda _: [])
    sign_once(unsigned, SimpleNamespace(run_id="r1"), Path("model"), signing())


def test_signatures_cannot_be_required_without_a_key_to_check_them() -> None:
    with pytest.raises(RuleError, match=r"gate\.signing\.public_key is empty"):
        signing(None, required=True)
