"""Errors by kind. Every message says what was expected, what was found, and what to do.

PipelineError        exit 1
├── ConfigError      exit 2   the configuration: a key, a type, a range, a missing value
├── DataError        exit 3   the data: a file, a column, a value
├── ModelError       exit 4   the model: training, loading, the contract
└── ResourceError    exit 5   the machine or a service: disk, permission, memory, network
"""

import re
from typing import Any, ClassVar


class PipelineError(Exception):
    """An error that a user can act on.

    Attributes:
        message: what was expected, what was found, what to do.
        code: a short stable name, such as ``data.missing_column``.
        context: the values behind the message, for machines.
    """

    exit_code: ClassVar[int] = 1
    kind: ClassVar[str] = "pipeline"

    def __init__(
        self, message: str, code: str | None = None, context: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.kind
        self.context = context or {}


class ConfigError(PipelineError):
    """The configuration does not say something that can be run."""

    exit_code = 2
    kind = "config"


class DataError(PipelineError):
    """The data is not what the configuration or the contract promises."""

    exit_code = 3
    kind = "data"


class ModelError(PipelineError):
    """The model cannot be trained, loaded or used."""

    exit_code = 4
    kind = "model"


class ResourceError(PipelineError):
    """The machine or a service refuses: disk, permission, memory, network."""

    exit_code = 5
    kind = "resource"


def from_system(error: BaseException) -> bool:
    """Whether the system refused, such as for a full disk; polars says ``(os error 28)``."""
    return isinstance(error, OSError) or re.search(r"\(os error \d+\)", str(error)) is not None
