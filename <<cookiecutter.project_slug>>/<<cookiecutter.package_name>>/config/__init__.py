"""The schema of ``conf/``: all groups as one configuration, checked.

Hydra checks names and types against these classes before anything runs, in the stages and in DVC's
own process (see ``hydra_plugins/``). The rules run once, when the configuration becomes an object.

No secret may stand in it: what is composed is written to params.yaml, to git and to MLflow.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from ..errors import ConfigError
from .alert import AlertRoutes
from .checks import RuleError, one_of, within
from .compute import Compute
from .data import PURPOSES, Data
from .drift import Drift
from .evaluate import Evaluate
from .gate import Gate
from .model import Model
from .preprocess import Preprocess
from .secrets import refuse_override, refuse_secrets
from .split import Split
from .tracking import Tracking
from .tune import Tune
from .validate import Validate


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
    compute: Compute = MISSING

    def __post_init__(self) -> None:
        within("seed", self.seed, 0, 2**31 - 1)  # room for seeds that follow from it
        if self.split.kind in ("time", "latest") and not self.data.time:
            raise RuleError(
                f"data.time is empty; split.kind {self.split.kind!r} needs the column that orders "
                "rows"
            )
        for name in self.tune.objectives:
            one_of("tune.objectives, out of evaluate.metrics,", name, self.evaluate.metrics)

    @property
    def trusted(self) -> list[str]:
        """The dotted names that a model file may hold beside the types that we trust."""
        model, steps = self.model, [step.step for step in self.preprocess.steps]
        names = [model.estimator, model.fallback, *steps, *model.trusted]
        return [name for name in names if name and "." in name]


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
    """The composed configuration as an object, its values checked.

    Raises:
        ConfigError: a value is missing, breaks a rule or is a secret; the message names the key.
    """
    refuse_secrets(composed)
    config = checked(lambda: OmegaConf.to_object(composed))
    if not isinstance(config, Config):
        raise ConfigError("the schema is missing: conf/config.yaml must begin with `schema`")
    return config


def checked(make: Callable[[], Any]) -> Any:
    """The result of ``make``, whose configuration errors become a ConfigError.

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
            refuse_override(override)
        composed = compose(loader, config_name, overrides, **how)
        refuse_secrets(composed)
        return composed

    ConfigLoaderImpl._load_configuration = without_secrets  # type: ignore[method-assign, assignment]
