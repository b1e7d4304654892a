"""The model registry: versions, and the alias ``champion`` that moves only through a gate."""

from pathlib import Path
from typing import Any

from ..errors import ModelError, ResourceError
from ..redaction import redact
from ..runtime.artifacts import sha256_of
from ..runtime.dvc.workspace import repository_root
from ..runtime.store_file import lost_error, recorded_champion
from ..runtime.tracking import get_or_create_experiment

CHAMPION, CHALLENGER = "champion", "challenger"
MODEL = "model"  # name of the folder among a version's artifacts


def register(client: Any, uri: str, name: str, *, model: Path, tags: dict[str, str]) -> str:
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
            return str(version.version)
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
    return str(registered.version)


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


def promote(client: Any, name: str, version: str) -> None:
    """Move the alias ``champion`` to this version."""
    client.set_registered_model_alias(name, CHAMPION, version)
