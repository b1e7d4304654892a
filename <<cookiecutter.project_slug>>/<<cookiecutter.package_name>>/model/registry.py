"""The model registry: versions, and the alias ``champion`` that moves only through a gate."""

from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..runtime.artifacts import sha256_of
from ..runtime.tracking import experiment_of

CHAMPION, CHALLENGER = "champion", "challenger"
MODEL, CONTRACT = "model", "contract.json"  # names among a version's artifacts


def register(
    client: Any, uri: str, name: str, *, model: Path, contract: Path, tags: dict[str, str]
) -> str:
    """The version that holds this model, made if need be; the same model is one version.

    It gets the alias ``challenger``.
    """
    digest = sha256_of(model)
    if not any(found.name == name for found in client.search_registered_models(f"name = '{name}'")):
        client.create_registered_model(name)
    for version in client.search_model_versions(f"name = '{name}'"):
        if version.tags.get("sha256") == digest:
            client.set_registered_model_alias(name, CHALLENGER, version.version)
            return str(version.version)
    run = client.create_run(experiment_of(client, uri, name), tags=tags, run_name="release")
    client.log_artifacts(run.info.run_id, str(model), MODEL)
    client.log_artifact(run.info.run_id, str(contract))
    client.set_terminated(run.info.run_id)
    source = f"{run.info.artifact_uri}/{MODEL}"
    made = client.create_model_version(
        name, source, run.info.run_id, tags=tags | {"sha256": digest}
    )
    client.set_registered_model_alias(name, CHALLENGER, made.version)
    return str(made.version)


def champion(client: Any, name: str) -> Any | None:
    """The registry's version with the alias ``champion``; None if there is none."""
    if not client.search_registered_models(f"name = '{name}'"):
        return None
    aliases = client.get_registered_model(name).aliases
    return client.get_model_version(name, aliases[CHAMPION]) if CHAMPION in aliases else None


def fetch(client: Any, version: Any, folder: Path) -> tuple[Path, Path]:
    """Download a version; returns the paths of its model and of its contract.

    Raises:
        ModelError: the files are not those that were registered.
    """
    model = Path(client.download_artifacts(version.run_id, MODEL, str(folder)))
    contract = Path(client.download_artifacts(version.run_id, CONTRACT, str(folder)))
    if sha256_of(model) != version.tags["sha256"]:
        raise ModelError(
            f"version {version.version} of {version.name} is not what was registered: its files "
            "changed. Take the alias `champion` from it, or restore mlruns/.",
            "model.changed",
        )
    return model, contract


def promote(client: Any, name: str, version: str) -> None:
    """Move the alias ``champion`` to this version."""
    client.set_registered_model_alias(name, CHAMPION, version)
