"""The model registry: versions, and the alias ``champion`` that moves only through a gate.

The registered model's tags keep what the alias forgets: who was champion before, and which
challenges have looked at which test rows.
"""

import json
from pathlib import Path
from typing import Any

from ..errors import ModelError, ResourceError
from ..redaction import redact
from ..runtime.artifacts import sha256_of
from ..runtime.dvc.workspace import repository_root
from ..runtime.store_file import lost_error, recorded_champion
from ..runtime.tracking import get_or_create_experiment, now
from .budget import Challenge

CHAMPION, CHALLENGER = "champion", "challenger"
MODEL = "model"  # name of the folder among a version's artifacts
CHALLENGE = "challenge."  # tags: one for each
CHAMPIONS = "champions"  # tag: the versions that led to the champion, which is the last
WAS_CHAMPION, ROLLED_BACK = "was_champion", "rolled_back"  # tags of a version: since when, and why


def register(client: Any, uri: str, name: str, *, model: Path, tags: dict[str, str]) -> Any:
    """The version that holds this model, made if need be; the same model is one version.

    It gets the alias ``challenger``.

    Raises:
        ResourceError: the registry does not hold the champion that the last release left.
    """
    _refuse_loss(client, name)
    digest = sha256_of(model)
    if _registered(client, name) is None:
        client.create_registered_model(name)
    for version in client.search_model_versions(f"tags.sha256 = '{digest}'"):
        if version.name == name:
            client.set_registered_model_alias(name, CHALLENGER, version.version)
            return version
    run = client.create_run(
        get_or_create_experiment(client, uri, name), tags=tags, run_name="release"
    )
    client.log_artifacts(run.info.run_id, str(model), MODEL)
    client.set_terminated(run.info.run_id)
    source = f"{run.info.artifact_uri}/{MODEL}"
    registered = client.create_model_version(
        name, source, run.info.run_id, tags=tags | {"sha256": digest}
    )
    client.set_registered_model_alias(name, CHALLENGER, registered.version)
    return registered


def champion_of(client: Any, name: str) -> Any | None:
    """The registry's version with the alias ``champion``; None if there is none.

    Raises:
        ResourceError: the registry does not hold the champion that the last release left.
    """
    _refuse_loss(client, name)
    model = _registered(client, name)
    if model is None or CHAMPION not in model.aliases:
        return None
    return client.get_model_version(name, model.aliases[CHAMPION])


def _registered(client: Any, name: str) -> Any | None:
    """The registered model; asked for by name, for a search cannot name every quote."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def _refuse_loss(client: Any, name: str) -> None:
    """Refuse a registry without the recorded champion: a new store in place of the old one."""
    from mlflow.exceptions import MlflowException

    version = recorded_champion(repository_root())
    if version is None:
        return
    try:
        client.get_model_version(name, version)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        raise lost_error(
            f"the registry holds no version {version} of {name!r}",
            "reports/registry.json records it as champion",
        ) from error


def fetch(client: Any, version: Any, folder: Path) -> Path:
    """Download a version to a folder; returns the path of its model.

    Raises:
        ModelError: the files are not those that were registered.
        ResourceError: they are gone, or cannot be reached.
    """
    from mlflow.exceptions import MlflowException

    try:
        model = Path(client.download_artifacts(version.run_id, MODEL, str(folder)))
    except (MlflowException, OSError) as error:
        reason = (redact(str(error)).splitlines() or [type(error).__name__])[0]
        raise ResourceError(
            f"the files of version {version.version} of {version.name} cannot be fetched: "
            f"{reason}. Restore mlruns/ from a copy, or take the alias `champion` from it.",
            "resource.champion_files",
        ) from error
    if version.tags["sha256"] != sha256_of(model):
        raise ModelError(
            f"version {version.version} of {version.name} is not what was registered: its files "
            "changed. Restore mlruns/ from a copy, or take the alias `champion` from it.",
            "model.changed",
        )
    return model


def challenges(client: Any, name: str) -> list[Challenge]:
    """All earlier challenges."""
    model = _registered(client, name)
    tags = {} if model is None else model.tags
    return [Challenge.from_json(text) for key, text in tags.items() if key.startswith(CHALLENGE)]


def record_challenge(client: Any, name: str, look: Challenge) -> None:
    """Keep a challenge, which spends from the budget of its rows; the same one is kept once."""
    client.set_registered_model_tag(name, f"{CHALLENGE}{look.question[:32]}", look.to_json())


def champions(client: Any, name: str) -> list[str]:
    """The versions that led to the champion, oldest first, without what was rolled back."""
    model = _registered(client, name)
    if model is None:
        return []
    if CHAMPIONS in model.tags:
        return [str(version) for version in json.loads(model.tags[CHAMPIONS])]
    return [str(model.aliases[CHAMPION])] if CHAMPION in model.aliases else []


def promote(client: Any, name: str, version: str) -> None:
    """Move the alias ``champion`` to this version."""
    _crown(client, name, version, [*champions(client, name), version])


def champion_before(client: Any, name: str) -> str:
    """The version that was champion before this one.

    Raises:
        ModelError: there is none.
    """
    line = champions(client, name)
    if len(line) < 2:
        known = f"version {line[0]} is the first" if line else "there is none"
        raise ModelError(
            f"there is no champion before this one to go back to: {known}. Name a version that "
            "was champion by TO=.",
            "model.no_champion",
        )
    return line[-2]


def former_champion(client: Any, name: str, version: str) -> Any:
    """A version that was champion and is not now.

    Raises:
        ModelError: there is no such version, it never was champion, or it is the champion.
    """
    from mlflow.exceptions import MlflowException

    champion = champion_of(client, name)
    try:
        former = client.get_model_version(name, version)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        raise ModelError(
            f"{name!r} has no version {version!r}. `make ui` lists them.", "model.version"
        ) from error
    if champion is not None and str(champion.version) == version:
        raise ModelError(f"version {version} is the champion already.", "model.champion")
    line = champions(client, name)
    if WAS_CHAMPION not in former.tags and version not in line:
        raise ModelError(
            f"version {version} never was champion, so it cannot be brought back; those that led "
            f"to today's: {', '.join(line) or 'none'}. `make release` offers a model to the gate.",
            "model.never_champion",
        )
    return former


def roll_back(client: Any, name: str, version: str, why: str) -> None:
    """Give the alias ``champion`` to a former champion; the gate takes a newer one no more.

    To go on to a newer one undoes a rollback: then today's champion stays the one before.
    """
    champion, line = champion_of(client, name), champions(client, name)
    if version in line:
        line = line[: line.index(version)]
    if champion is not None and int(version) < int(champion.version):
        client.set_model_version_tag(name, champion.version, ROLLED_BACK, why)
        line = [one for one in line if one != str(champion.version)]
    if ROLLED_BACK in client.get_model_version(name, version).tags:
        client.delete_model_version_tag(name, version, ROLLED_BACK)
    _crown(client, name, version, [*line, version])


def _crown(client: Any, name: str, version: str, line: list[str]) -> None:
    client.set_registered_model_tag(name, CHAMPIONS, json.dumps(line))
    client.set_model_version_tag(name, version, WAS_CHAMPION, now())
    client.set_registered_model_alias(name, CHAMPION, version)
