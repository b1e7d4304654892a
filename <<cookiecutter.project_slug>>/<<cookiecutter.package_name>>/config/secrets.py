"""Refusal of secrets in ``conf/``, which is written to params.yaml, to git and to MLflow."""

import re
from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationResolutionError, OmegaConfBaseException

from ..errors import ConfigError
from ..redaction import hide_variables, is_secret, names_secret
from .checks import RuleError

READS_ENVIRONMENT = re.compile(r"\$\{\s*oc\.env\b")
NO_ENVIRONMENT = "configuration does not read the environment"
VARIABLE = re.compile(r"[A-Za-z_]\w*")
INSTEAD = (
    "it would be written to params.yaml, and so to git. Put the secret into an environment "
    "variable, and the variable's name into a key that ends in _env: data.sources.uri_env, "
    "tracking.uri_env, alert.channels.*.address_env, data.hash_key_env"
)


def refuse_secrets(composed: DictConfig) -> None:
    """Refuse what must not be written down; hide the variables that are named in its place.

    Raises:
        ConfigError: a value is a secret, or comes from the environment by ``${oc.env:…}``; the
            message names the key and does not repeat the value.
    """
    OmegaConf.register_resolver("oc.env", _environment, replace=True)
    groups = composed
    if "hydra" in composed:
        groups = OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"])
    try:
        values: Any = OmegaConf.to_container(groups, resolve=True)
    except InterpolationResolutionError as error:
        if NO_ENVIRONMENT in str(error):
            raise _reads_environment(str(error.full_key)) from None
        values = OmegaConf.to_container(groups)  # such as ${hydra:…}: known only while it runs
    except OmegaConfBaseException:
        values = OmegaConf.to_container(groups)  # refused when it becomes an object
    if "hydra" in composed:
        values["hydra"] = OmegaConf.to_container(composed.hydra)
    for path, value in _strings(values):
        _refuse_secret(path, value)


def refuse_override(override: str) -> None:
    """Refuse an override such as ``name=value`` that holds a secret, before anything repeats it.

    Raises:
        ConfigError: it does; the message names the key.
    """
    key, _, value = override.partition("=")
    _refuse_secret(key.lstrip("+~"), value)


def _refuse_secret(path: str, value: str) -> None:
    name = path.rpartition(".")[2]
    if READS_ENVIRONMENT.search(value):
        raise _reads_environment(path)
    if is_secret(value) or (names_secret(name) and value not in ("", "???", "null")):
        raise ConfigError(
            f"{path} holds a credential (a password, a token, a signed address): {INSTEAD}.",
            "config.value",
        )
    if name.endswith("_env") and value != "???":
        if not VARIABLE.fullmatch(value):
            raise ConfigError(
                f"{path} should be the name of an environment variable, such as DATABASE_URL; what "
                "it holds is none. Put that into the variable.",
                "config.value",
            )
        hide_variables([value])


def _reads_environment(path: str) -> ConfigError:
    return ConfigError(
        f"{path} takes a value from the environment (oc.env): {INSTEAD}.", "config.environment"
    )


def _environment(*_: Any) -> str:
    raise RuleError(NO_ENVIRONMENT)


def _strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in nested values, with its key as Hydra writes it: ``data.sources.0.path``."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _strings(item, f"{path}.{key}" if path else str(key))
