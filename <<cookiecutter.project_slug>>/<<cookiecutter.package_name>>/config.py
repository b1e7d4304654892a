"""The schema of ``conf/``: all groups as one configuration, checked.

Hydra checks names and types against these classes before anything runs, in the stages and in DVC's
own process (see ``hydra_plugins/``). The rules run once, when the configuration becomes an object.

No secret may stand in it: what is composed is written to params.yaml, to git and to MLflow.
"""

import functools
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import (
    InterpolationResolutionError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)
from yaml import YAMLError

from .errors import ConfigError
from .groups.data import PURPOSES, Data, Split, Validate
from .groups.model import Compute, Evaluate, Gate, Model, Preprocess, Tune
from .groups.monitor import AlertRoutes, Drift, FewShot, Tracking
from .groups.rules import RuleError, within
from .runtime.redaction import hide_variables, is_secret, names_secret

READS_ENVIRONMENT = re.compile(r"\$\{\s*oc\.env\b")
NO_ENVIRONMENT = "configuration does not read the environment"
VARIABLE = re.compile(r"[A-Za-z_]\w*")
INSTEAD = (
    "it would be written to params.yaml, and so to git. Put the secret into an environment "
    "variable, and the variable's name into a key that ends in _env: data.sources.uri_env, "
    "tracking.uri_env, alert.webhook_env, data.hash_key_env"
)


@dataclass
class Config:
    """All of ``conf/``."""

    name: str = MISSING
    seed: int = 0
    data: Data = MISSING
    validate: Validate = MISSING
    split: Split = MISSING
    preprocess: Preprocess = MISSING
    model: Model = MISSING
    tune: Tune = MISSING
    evaluate: Evaluate = MISSING
    gate: Gate = MISSING
    tracking: Tracking = MISSING
    drift: Drift = MISSING
    alert: AlertRoutes = MISSING
    few_shot: FewShot = MISSING
    compute: Compute = MISSING

    def __post_init__(self) -> None:
        within("seed", self.seed, 0, 2**31 - 1)  # room for seeds that follow from it
        if self.split.kind == "time" and not self.data.time:
            raise RuleError("data.time is empty; a split by time needs the column that orders rows")


def read(path: str) -> DictConfig:
    """A composed file such as params.yaml, its names and types checked against the schema.

    Raises:
        ConfigError: it is missing, or not what the schema allows; the message names the key.
    """
    try:
        values = OmegaConf.load(path)
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing. Run `dvc repro`.", "config.missing") from None
    composed: DictConfig = OmegaConf.structured(Config)
    if not isinstance(values, DictConfig):
        raise ConfigError(f"{path} holds no `name: value`. Run `dvc repro`.", "config.value")
    composed.merge_with(values)
    return composed


def load(composed: DictConfig) -> Config:
    """The configuration as an object, checked.

    Raises:
        ConfigError: a value is missing, breaks a rule or is a secret; the message names the key.
    """
    refuse_secrets(composed)
    config = checked(lambda: OmegaConf.to_object(composed))
    if not isinstance(config, Config):
        raise ConfigError("the schema is missing: conf/config.yaml must begin with `schema`")
    return config


def checked(make: Callable[[], Any]) -> Any:
    """What ``make`` returns.

    Raises:
        ConfigError: a value is missing or breaks a rule; the message names the key.
    """
    try:
        return make()
    except MissingMandatoryValue as error:
        what = PURPOSES.get(str(error.full_key), "a value is needed here")
        raise ConfigError(
            f"{error.full_key} is not filled in: {what}. Edit conf/ or the override.",
            "config.value",
        ) from error
    except (OmegaConfBaseException, RuleError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{reason}. Edit conf/ or the override.", "config.value") from error


def check_names(
    columns: Sequence[str], named: Mapping[str, Sequence[str]], dropped: Collection[str] = ()
) -> None:
    """Refuse a name in the configuration that no column has.

    Args:
        columns: of the table.
        named: by the key of the configuration.
        dropped: columns that ingest takes away (x-personal); to ignore one is no mistake.

    Raises:
        ConfigError: tells the key, the name, and the columns that are called much alike.
    """
    for key, names in named.items():
        for name in names:
            if name in columns or (key == "data.ignore" and name in dropped):
                continue
            if bare := [column for column in columns if _read(column) == name]:
                advice = f"YAML reads a bare {bare[0]} so: put it into quotes, '{bare[0]}'"
            elif name in dropped:
                advice = "the schema's x-personal: drop takes it away"
            else:
                lower = {column.lower(): column for column in columns}
                near = [lower[match] for match in get_close_matches(name.lower(), lower)]
                advice = f"{'much alike' if near else 'there'} are {', '.join(near or columns)}"
            raise ConfigError(
                f"{key} names {name!r}, which is no column; {advice}. Edit conf/ or the override.",
                "config.column",
            )


def _read(name: str) -> str:
    """What becomes of a name that is written into YAML as it is."""
    try:
        return str(OmegaConf.create(f"- {name}")[0])
    except (OmegaConfBaseException, YAMLError):
        return name


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
        values = OmegaConf.to_container(groups)  # told when it becomes an object
    if "hydra" in composed:
        values["hydra"] = OmegaConf.to_container(composed.hydra)
    for path, value in _strings(values):
        _refuse_secret(path, value)


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


def register() -> None:
    """Make the schema known to Hydra as ``schema``, and let it compose no secret.

    Hydra has no public hook between composition and the files that it, and DVC, write of it.
    """
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="schema", node=Config, replace=True)
    compose = ConfigLoaderImpl._load_configuration
    if hasattr(compose, "__wrapped__"):
        return

    @functools.wraps(compose)
    def without_secrets(
        loader: ConfigLoaderImpl, config_name: str | None, overrides: list[str], **how: Any
    ) -> DictConfig:
        for override in overrides:  # Hydra's own errors repeat them
            key, _, value = override.partition("=")
            _refuse_secret(key.lstrip("+~"), value)
        composed = compose(loader, config_name, overrides, **how)
        refuse_secrets(composed)
        return composed

    ConfigLoaderImpl._load_configuration = without_secrets  # type: ignore[method-assign, assignment]
