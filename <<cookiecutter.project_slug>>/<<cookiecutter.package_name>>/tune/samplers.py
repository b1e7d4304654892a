"""Samplers and pruners of Optuna, by short name or dotted path."""

import inspect
from typing import Any

from ..config.tune import Named
from ..errors import ConfigError
from ..runtime.names import build, locate

GRID = "grid"  # all points, one after the other: nothing is drawn
SAMPLERS = {
    "tpe": "optuna.samplers.TPESampler",
    "random": "optuna.samplers.RandomSampler",
    "qmc": "optuna.samplers.QMCSampler",
    "cmaes": "optuna.samplers.CmaEsSampler",  # needs the package cmaes
    "gp": "optuna.samplers.GPSampler",  # needs the package torch
    "nsga2": "optuna.samplers.NSGAIISampler",
    GRID: "optuna.samplers.RandomSampler",
}
PRUNERS = {
    "none": "optuna.pruners.NopPruner",
    "median": "optuna.pruners.MedianPruner",
    "percentile": "optuna.pruners.PercentilePruner",
    "halving": "optuna.pruners.SuccessiveHalvingPruner",
    "hyperband": "optuna.pruners.HyperbandPruner",
}


def sampler(named: Named, seed: int) -> Any:
    """What draws parameters.

    Raises:
        ConfigError: there is no such sampler, or it does not take these parameters.
    """
    from optuna.samplers import BaseSampler

    located = _located("tune.sampler", named, SAMPLERS, BaseSampler)
    takes_seed = "seed" in inspect.signature(located).parameters
    return build(located, ({"seed": seed} if takes_seed else {}) | named.params, "tune.sampler")


def pruner(named: Named) -> Any:
    """What ends a trial early by what it reports.

    Raises:
        ConfigError: there is no such pruner, or it does not take these parameters.
    """
    from optuna.pruners import BasePruner

    located = _located("tune.pruner", named, PRUNERS, BasePruner)
    return build(located, named.params, "tune.pruner")


def _located(setting: str, named: Named, table: dict[str, str], kind: type) -> Any:
    name = named.name
    if name not in table and "." not in name:
        raise ConfigError(
            f"{setting}.name is {name!r}; allowed are {', '.join(table)}, or a dotted path. Edit "
            "conf/tune.",
            "config.sampler",
        )
    located = locate(table.get(name, name), f"{setting}.name")
    if not isinstance(located, type) or not issubclass(located, kind) or located is kind:
        raise ConfigError(
            f"{setting}.name is {name!r}, which is no class that extends optuna's "
            f"{kind.__name__}. Edit conf/tune.",
            "config.sampler",
        )
    return located
