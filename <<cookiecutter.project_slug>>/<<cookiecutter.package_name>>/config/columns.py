"""Names of columns in ``conf/``: each is a column, or refused with those that may be meant."""

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
