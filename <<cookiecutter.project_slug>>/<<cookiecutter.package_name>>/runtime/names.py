"""Importing classes and functions by dotted names in conf/, checked before they are called."""

import importlib
import inspect
from collections.abc import Sequence
from typing import Any

from ..errors import ConfigError


def locate(name: str, setting: str, package: str | None = None) -> Any:
    """The object at a dotted name such as ``sklearn.svm.SVC``; its module is imported.

    Args:
        name: module and attribute; it may begin with dots, then ``package`` says where.
        setting: the key of conf/ that holds the name, for the message.
        package: where a relative name begins.

    Raises:
        ConfigError: the module cannot be imported, or has no such attribute.
    """
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module, package), attribute)
    except (Exception, SystemExit) as error:  # a module may raise anything while it is imported
        reason = f"{type(error).__name__}: {error}"
        raise ConfigError(
            f"{setting} is {name!r}, which cannot be imported ({reason}). Name a class or function "
            "by its module and its name, such as sklearn.svm.SVC.",
            "config.name",
        ) from error


def shortfall(located: Any, methods: Sequence[str]) -> str | None:
    """Why an object is no class with these methods, in words; None if it is one."""
    if not isinstance(located, type):
        kind = "module" if inspect.ismodule(located) else type(located).__name__
        return f"it is no class but a {kind}"
    if inspect.isabstract(located):
        return "the class is abstract"
    missing = [name for name in methods if not callable(getattr(located, name, None))]
    return f"the class lacks {', '.join(missing)}" if missing else None


def build(factory: Any, params: dict[str, Any], setting: str) -> Any:
    """An object of a class, or the result of a function, that was checked.

    Raises:
        ConfigError: the class does not take these parameters.
    """
    try:
        return factory(**params)
    except Exception as error:  # a constructor may raise anything
        raise ConfigError(
            f"{setting}: {factory.__name__} cannot be made with {params}: {error}. Edit its params "
            "in conf/.",
            "config.params",
        ) from error
