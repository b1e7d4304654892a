"""Column names in ``conf/``, checked against a table, with similar names as suggestions."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ..errors import ConfigError


def check_names(
    columns: Sequence[str], named: Mapping[str, Sequence[str]], dropped: Collection[str] = ()
) -> None:
    """Refuse a name in the configuration that no column has.

    Args:
        columns: of the table.
        named: by the key of the configuration.
        dropped: columns that ingest drops (x-personal); to ignore one is no mistake.

    Raises:
        ConfigError: says the key, the name, and the columns with similar names.
    """
    for key, names in named.items():
        for name in names:
            if name in columns or (key == "data.ignore" and name in dropped):
                continue
            if bare := [column for column in columns if _as_yaml(column) == name]:
                advice = f"YAML reads a bare {bare[0]} so: put it into quotes, '{bare[0]}'"
            elif name in dropped:
                advice = "ingest drops it (x-personal: drop in the schema)"
            else:
                lower = {column.lower(): column for column in columns}
                similar = [lower[match] for match in get_close_matches(name.lower(), lower)]
                verb = "similar" if similar else "there"
                advice = f"{verb} are {', '.join(similar or columns)}"
            raise ConfigError(
                f"{key} names {name!r}, which is no column; {advice}. Edit conf/ or the override.",
                "config.column",
            )


def _as_yaml(name: str) -> str:
    """What YAML reads where a name is written without quotes."""
    try:
        return str(OmegaConf.create(f"- {name}")[0])
    except (OmegaConfBaseException, YAMLError):
        return name
