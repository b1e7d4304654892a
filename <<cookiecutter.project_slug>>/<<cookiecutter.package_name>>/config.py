"""The schema of ``conf/``: one dataclass a group, and the rules that its values must keep.

Hydra checks names and types against these classes before anything runs, in the stages and in DVC's
own process (see ``hydra_plugins/``). The rules run once, when the configuration becomes an object.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from .errors import ConfigError


class _RuleError(ValueError):
    """A rule that a value breaks; ``load`` turns it into a ConfigError."""


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise _RuleError(f"{name} is {value}; allowed is {low} to {high}")


def _one_of(name: str, value: str, allowed: Iterable[str]) -> None:
    if value not in allowed:
        raise _RuleError(f"{name} is {value!r}; allowed is one of: {', '.join(sorted(allowed))}")


KINDS = ("csv", "json", "ndjson", "parquet", "sql")
_SECRET = re.compile(
    r"://[^/]*@|[?&](sig|signature|token|key|password|x-amz-[a-z-]+)=", re.IGNORECASE
)
_SECRET_NAME = re.compile(
    r"password|passwd|secret|token|credential|api_?key|account_?key", re.IGNORECASE
)


@dataclass
class Join:
    """How a source meets the rows before it: all of those stay, its columns come beside them."""

    by: list[str] = MISSING  # the key, named alike on both sides (`on` is true in YAML)
    cardinality: str = MISSING  # rows before it : its rows, for one key

    def __post_init__(self) -> None:
        _one_of("data.sources.join.cardinality", self.cardinality, ("1:1", "1:n", "n:1"))
        if not self.by:
            raise _RuleError("data.sources.join.by is empty; a join needs a key")


@dataclass
class Source:
    """A table to read: what it is, where it lies, and the reader's own options."""

    kind: str = MISSING  # or the dotted name of a function, see data/tables.py
    path: str | None = None  # file, folder, pattern, or address: http, https, s3, gs, az
    uri_env: str | None = None  # or the variable that holds the address of a file or a database
    query: str | None = None  # sql: this,
    table: str | None = None  # or all of this
    options: dict[str, Any] = field(default_factory=dict)
    join: Join | None = None  # None: stacked below the sources before it

    def __post_init__(self) -> None:
        if "." not in self.kind:
            _one_of("data.sources.kind", self.kind, KINDS)
        if bool(self.path) == bool(self.uri_env):
            raise _RuleError("data.sources needs one of path and uri_env for each source")
        if (self.kind == "sql") != (bool(self.query) != bool(self.table)):
            raise _RuleError(
                "data.sources needs one of query and table for kind sql, and only there"
            )
        if self.path and _SECRET.search(self.path):
            raise _RuleError(
                "data.sources.path holds a password or a signed address; put it into an "
                "environment variable, and the variable's name into uri_env"
            )
        if any(_SECRET_NAME.search(name) for name in _names(self.options)):
            raise _RuleError(
                "data.sources.options names a credential; libraries take those from the environment"
            )


def _names(options: Any) -> list[str]:
    """All keys of nested options."""
    if not isinstance(options, dict):
        return []
    return [name for key, value in options.items() for name in (str(key), *_names(value))]


@dataclass
class Data:
    """Where rows come from and what their columns mean."""

    sources: list[Source] = MISSING
    schema: str = MISSING  # JSON Schema file of one row
    target: str = MISSING
    key: str = MISSING  # names one row; unique
    time: str | None = None  # orders the rows; needed by a split by time
    ignore: list[str] = field(default_factory=list)  # columns that are no features
    retry_s: float = 30.0  # how long a source that does not answer, or is locked, is tried again

    def __post_init__(self) -> None:
        if not self.sources:
            raise _RuleError("data.sources is empty; at least one source is needed")
        if self.sources[0].join is not None:
            raise _RuleError("data.sources.join of the first source has no rows to join with")
        _within("data.retry_s", self.retry_s, 0.0, 3600.0)


@dataclass
class Validate:
    """What to do with rows that break the schema."""

    max_quarantined: float = 0.01  # share of all rows; more stops the pipeline

    def __post_init__(self) -> None:
        _within("validate.max_quarantined", self.max_quarantined, 0.0, 1.0)


@dataclass
class Split:
    """How rows are dealt to training, validation and test."""

    kind: str = MISSING
    validation: float = 0.1
    test: float = 0.2

    def __post_init__(self) -> None:
        _one_of("split.kind", self.kind, ("stratified", "time"))
        _within("split.validation", self.validation, 0.01, 0.5)
        _within("split.test", self.test, 0.01, 0.5)


@dataclass
class Step:
    """One preprocessing step on named columns, or on all of a type: numeric, text, datetime."""

    step: str = MISSING
    columns: Any = MISSING
    params: dict[str, Any] = field(default_factory=dict)


@dataclass
class Preprocess:
    """The steps; a column goes through those that select it, in this order."""

    steps: list[Step] = MISSING


@dataclass
class Model:
    """An estimator by name, or by dotted path, and the simpler one to fall back to."""

    adapter: str = MISSING
    params: dict[str, Any] = field(default_factory=dict)
    fallback: str | None = None


@dataclass
class Dimension:
    """One hyperparameter's range, or its choices."""

    low: float | None = None
    high: float | None = None
    log: bool = False
    whole: bool = False  # whole numbers only
    choices: list[Any] | None = None

    def __post_init__(self) -> None:
        if self.choices is None and (
            self.low is None or self.high is None or self.low >= self.high
        ):
            raise _RuleError("a tune.space entry needs choices, or low < high")


@dataclass
class Tune:
    """The search for hyperparameters."""

    method: str = MISSING
    trials: int = 20
    timeout_s: float | None = None
    folds: int = 3
    space: dict[str, dict[str, Dimension]] = field(default_factory=dict)  # adapter: {param: range}

    def __post_init__(self) -> None:
        _one_of("tune.method", self.method, ("none", "optuna"))
        _within("tune.trials", self.trials, 1, 10_000)
        _within("tune.folds", self.folds, 2, 20)


@dataclass
class Evaluate:
    """What is measured on the test rows, and how sure of it we want to be."""

    metrics: list[str] = MISSING  # first: the one that decides
    bootstrap: int = 200  # resamples
    level: float = 0.05  # of the paired tests, and of the intervals

    def __post_init__(self) -> None:
        _within("evaluate.bootstrap", self.bootstrap, 50, 100_000)
        _within("evaluate.level", self.level, 0.0001, 0.5)


@dataclass
class Tracking:
    """Where runs and models are recorded."""

    kind: str = MISSING
    experiment: str = MISSING
    registry: str = MISSING
    uri_env: str | None = None  # name of the variable that holds the server's address

    def __post_init__(self) -> None:
        _one_of("tracking.kind", self.kind, ("none", "sqlite", "server"))
        if self.kind == "server" and not self.uri_env:
            raise _RuleError("tracking.uri_env is empty; kind 'server' needs a variable's name")


@dataclass
class Drift:
    """How new data is compared with the training data."""

    numeric: str = "wasserstein"
    categorical: str = "jensenshannon"
    column: float = 0.1  # a column has drifted above this
    data_drift: float = 0.3  # the data has drifted above this share of columns
    prediction_drift: float = 0.1
    rows: int = 5000  # sample on each side

    def __post_init__(self) -> None:
        _within("drift.data_drift", self.data_drift, 0.0, 1.0)
        _within("drift.rows", self.rows, 100, 1_000_000)


@dataclass
class AlertRoutes:
    """Who is told, and how often."""

    channels: list[str] = MISSING
    webhook_env: str | None = None  # name of the variable that holds the webhook's address
    suppress_min: float = 60.0  # minutes in which the same alert is not sent again

    def __post_init__(self) -> None:
        for channel in self.channels:
            _one_of("alert.channels", channel, ("log", "webhook"))
        if "webhook" in self.channels and not self.webhook_env:
            raise _RuleError(
                "alert.webhook_env is empty; channel 'webhook' needs a variable's name"
            )


@dataclass
class FewShot:
    """Whether the few-shot pipeline is part of this repository."""

    enabled: bool = False

    def __post_init__(self) -> None:
        if self.enabled:
            raise _RuleError("few_shot.enabled is true; this repository has no few-shot pipeline")


@dataclass
class Compute:
    """What the estimators may use."""

    workers: int = 1

    def __post_init__(self) -> None:
        _within("compute.workers", self.workers, -1, 1024)


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
    tracking: Tracking = MISSING
    drift: Drift = MISSING
    alert: AlertRoutes = MISSING
    few_shot: FewShot = MISSING
    compute: Compute = MISSING

    def __post_init__(self) -> None:
        _within("seed", self.seed, 0, 2**32 - 1)
        if self.split.kind == "time" and not self.data.time:
            raise _RuleError(
                "data.time is empty; a split by time needs the column that orders rows"
            )


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
    except (OmegaConfBaseException, _RuleError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{reason}. Edit conf/ or the override.", "config.value") from error
    if not isinstance(config, Config):
        raise ConfigError("the schema is missing: conf/config.yaml must begin with `schema`")
    return config


def register() -> None:
    """Make the schema known to Hydra under the name ``schema``."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="schema", node=Config, replace=True)
