"""Libraries that are installed only if conf/extras.txt asks for them."""

from importlib.util import find_spec

from ..errors import ConfigError


def require(extra: str, what: str) -> None:
    """Refuse to go on without the library that an extra is named after.

    Args:
        extra: a name of ``optional-dependencies`` in pyproject.toml.
        what: needs it, for people.

    Raises:
        ConfigError: it is not installed.
    """
    if find_spec(extra) is None:
        raise ConfigError(
            f"{what} needs {extra}, which is not installed. Write {extra} into conf/extras.txt, "
            "then run `make setup`.",
            "config.extra",
        )
