"""Signatures of models: who holds the private key vouches for a champion's files.

The format is that of OpenSSF Model Signing, so that others can verify it without this package:
``model_signing verify key model --signature model.sig --public_key conf/champion.pub``.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

from ..config.gate import Signing
from ..errors import ConfigError, ModelError

SIGNATURE = "model.sig"  # beside the model among a version's artifacts
SIGNED_BY = "signed_by"  # tag of a version, for people
ADVICE = "README, `Sign the champion`, says how to make a pair of keys."


def private_key(signing: Signing) -> Path | None:
    """The file of the private key; None where nothing is to be signed.

    Raises:
        ConfigError: signatures are required, and the variable is not set; or there is no such file.
    """
    if signing.public_key is None:
        return None
    named = os.environ.get(signing.key_env, "")
    if not named and not signing.required:
        return None
    if not named or not Path(named).is_file():
        state = "names no file" if named else "is not set"
        raise ConfigError(
            f"the variable {signing.key_env} should name the file of the private key that signs "
            f"the champion; it {state}. {ADVICE}",
            "config.signing_key",
        )
    return Path(named)


def sign_once(client: Any, version: Any, model: Path, signing: Signing) -> None:
    """Sign a version's model if there is a key; one that is signed already is checked instead.

    Raises:
        ConfigError: a key is missing or cannot be used, or the two are no pair.
        ModelError: there is a signature, which is not of these files or not by this key.
    """
    key = private_key(signing)
    if _is_signed(client, version):
        signer_of(client, version, model, signing)
    elif key is not None and signing.public_key is not None:
        with tempfile.TemporaryDirectory() as folder:
            signature = Path(folder) / SIGNATURE
            _sign(model, signature, key)
            if reason := _mismatch(model, signature, Path(signing.public_key)):
                raise ConfigError(
                    f"{signing.public_key} does not belong to the private key: {reason}. {ADVICE}",
                    "config.signing_key",
                )
            client.log_artifact(version.run_id, str(signature))
        signer = fingerprint(signing.public_key)
        client.set_model_version_tag(version.name, version.version, SIGNED_BY, signer)


def _is_signed(client: Any, version: Any) -> bool:
    return SIGNATURE in {file.path for file in client.list_artifacts(version.run_id)}


def _sign(model: Path, signature: Path, key: Path) -> None:
    from model_signing.signing import Config

    try:
        signer = Config()  # type: ignore[no-untyped-call]
        signer.use_elliptic_key_signer(private_key=key)
    except (ValueError, TypeError, AttributeError, OSError) as error:  # TypeError: a passphrase
        raise ConfigError(
            "the private key cannot be used: expected is a PEM file of an elliptic curve key "
            f"(P-256, P-384 or P-521) without a passphrase ({type(error).__name__}). {ADVICE}",
            "config.signing_key",
        ) from None
    signer.set_hashing_config(_hashing()).sign(model, signature)


def signer_of(client: Any, version: Any, model: Path, signing: Signing) -> str | None:
    """The fingerprint of who signed these files; None where signatures are not required.

    Args:
        client: of MLflow.
        version: whose signature it is.
        model: the files.
        signing: the public key, and whether a signature is required.

    Raises:
        ModelError: the signature is not of these files, or not by this key; or there is none, and
            it is required.
    """
    if signing.public_key is None:
        return None
    number = f"version {version.version} of {version.name}"
    if not _is_signed(client, version):
        if not signing.required:
            return None
        raise ModelError(
            f"{number} is not signed, and gate.signing.required is true. Release its model again "
            f"with the private key in {signing.key_env}, which signs it; or go back to a champion "
            "that is signed: `make rollback`.",
            "model.unsigned",
        )
    with tempfile.TemporaryDirectory() as folder:
        signature = Path(client.download_artifacts(version.run_id, SIGNATURE, folder))
        if reason := _mismatch(model, signature, Path(signing.public_key)):
            raise ModelError(
                f"{number} is not what the holder of {signing.public_key} signed: {reason}. "
                "Restore mlruns/ from a copy, or go back to another champion: `make rollback`.",
                "model.signature",
            )
    return fingerprint(signing.public_key)


def fingerprint(public_key: str) -> str:
    """The SHA-256 of a public key, as `openssl pkey -pubin -outform DER | sha256sum` has it."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_public_key,
    )

    key = load_pem_public_key(Path(public_key).read_bytes())
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def _mismatch(model: Path, signature: Path, public_key: Path) -> str | None:
    """Why a signature is none of this model by this key, if so.

    Raises:
        ConfigError: the public key cannot be used.
    """
    from cryptography.exceptions import InvalidSignature
    from model_signing.verifying import Config

    try:
        verifier = Config()  # type: ignore[no-untyped-call]
        verifier.use_elliptic_key_verifier(public_key=public_key)
    except (ValueError, TypeError, AttributeError, OSError) as error:
        raise ConfigError(
            f"gate.signing.public_key is {public_key}, which cannot be used ({error}). {ADVICE}",
            "config.signing_key",
        ) from error
    try:
        verifier.set_hashing_config(_hashing()).verify(model, signature)
    except InvalidSignature:
        return "another key signed it"
    except Exception as error:  # of a broken file anything, from several libraries
        return (str(error).splitlines() or [type(error).__name__])[0]
    return None


def _hashing() -> Any:
    """All files of the folder; by default those of git would be left out."""
    from model_signing.hashing import Config

    config = Config()  # type: ignore[no-untyped-call]
    return config.set_ignored_paths(paths=(), ignore_git_paths=False)
