"""Values of conf/ that are to be filled in (``???``), named with their files."""

from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ..config.data import PURPOSES
from ..errors import ConfigError
from .overrides import ABSENT, choices


def refuse_blanks(composed: DictConfig) -> None:
    """Stop where conf/ leaves a value open.

    Raises:
        ConfigError: it does; the message names the files and, of each, all that is to be filled in.
    """
    blanks: dict[str, list[str]] = {}
    for key in _blanks(OmegaConf.to_container(composed)):
        purpose = f" ({PURPOSES[key]})" if key in PURPOSES else ""
        blanks.setdefault(_file(key.partition(".")[0]), []).append(f"{key}{purpose}")
    if blanks:
        blank = "; ".join(f"{file} leaves open {', '.join(keys)}" for file, keys in blanks.items())
        raise ConfigError(f"{blank}. Fill in each ??? there.", "config.blank")


def _blanks(values: Any, prefix: str = "") -> Iterator[str]:
    """The dotted keys of what is missing, in order."""
    items = values.items() if isinstance(values, dict) else enumerate(values)
    for name, value in items:
        if value == ABSENT:
            yield f"{prefix}{name}"
        elif isinstance(value, dict | list):
            yield from _blanks(value, f"{prefix}{name}.")


def _file(group: str) -> str:
    """The file of conf/ that holds a group's values."""
    chosen = choices()
    return f"conf/{group}/{chosen[group]}.yaml" if group in chosen else "conf/config.yaml"
