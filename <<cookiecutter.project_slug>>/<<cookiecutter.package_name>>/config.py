"""The schema of ``conf/``: all groups as one configuration, checked.

Hydra checks names and types against these classes before anything runs, in the stages and in DVC's
own process (see ``hydra_plugins/``). The rules run once, when the configuration becomes an object.
"""

from dataclasses import dataclass

from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from .errors import ConfigError
from .groups.data import Data, Split, Validate
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
        within("seed", self.seed, 0, 2**32 - 1)
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
    try:
        config = OmegaConf.to_object(composed)
    except (OmegaConfBaseException, RuleError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{reason}. Edit conf/ or the override.", "config.value") from error
    if not isinstance(config, Config):
        raise ConfigError("the schema is missing: conf/config.yaml must begin with `schema`")
    return config


def register() -> None:
    """Make the schema known to Hydra under the name ``schema``."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="schema", node=Config, replace=True)
