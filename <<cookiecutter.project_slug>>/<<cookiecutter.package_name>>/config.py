"""The schema of ``conf/``: all groups as one configuration, checked.

Hydra checks names and types against these classes before anything runs, in the stages and in DVC's
own process (see ``hydra_plugins/``). The rules run once, when the configuration becomes an object.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from yaml import YAMLError

from .errors import ConfigError
from .groups.data import PURPOSES, Data, Split, Validate
from .groups.model import Compute, Evaluate, Gate, Model, Preprocess, Tune
from .groups.monitor import AlertRoutes, Drift, FewShot, Tracking
from .groups.rules import RuleError, within


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
        ConfigError: a value is missing or breaks a rule; the message names the key.
    """
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


def register() -> None:
    """Make the schema known to Hydra under the name ``schema``."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="schema", node=Config, replace=True)
