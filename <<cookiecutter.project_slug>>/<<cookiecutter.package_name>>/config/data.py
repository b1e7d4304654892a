"""Group `data`: where rows come from, and what their columns mean."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from .checks import RuleError, one_of, within

KINDS = ("csv", "json", "ndjson", "parquet", "sql")


PURPOSES = {  # of the values that a person has to fill in
    "data.schema": "the JSON Schema file of one row; the command `schema infer` drafts one",
    "data.target": "the column to predict",
    "data.key": (
        "the column that names a row: by it a row stays in its part, and an answer meets what came "
        "true. A table without one gets a number for each row, on a source of one csv or parquet "
        "file by options: {row_index_name: row}, in sql by a query with row_number() OVER (ORDER "
        "BY …) AS row, and then key: row"
    ),
}


@dataclass
class Join:
    """How a source meets the rows before it: all of those stay, its columns come beside them."""

    by: list[str] = MISSING  # the key, named alike on both sides
    cardinality: str = MISSING  # rows before it : its rows, for one key

    def __post_init__(self) -> None:
        one_of("data.sources.join.cardinality", self.cardinality, ("1:1", "1:n", "n:1"))
        if not self.by:
            raise RuleError("data.sources.join.by is empty; a join needs a key")


@dataclass
class Source:
    """A table to read: what it is, where it lies, and the reader's own options."""

    kind: str = MISSING  # or the dotted name of a function, see ingest/tables.py
    path: str | None = None  # file, folder, pattern, or address: https, s3, gs, az …
    uri_env: str | None = None  # or the variable that holds the address of a file or a database
    query: str | None = None  # sql: this,
    table: str | None = None  # or all of this
    options: dict[str, Any] = field(default_factory=dict)
    join: Join | None = None  # None: stacked below the sources before it

    def __post_init__(self) -> None:
        if "." not in self.kind:
            one_of("data.sources.kind", self.kind, KINDS)
        if bool(self.path) == bool(self.uri_env):
            raise RuleError("data.sources needs one of path and uri_env for each source")
        if (self.kind == "sql") != (bool(self.query) != bool(self.table)):
            raise RuleError(
                "data.sources needs one of query and table for kind sql, and only there"
            )


@dataclass
class Limits:
    """Where files may lie beside the repository, and how far packed ones may grow."""

    folders: list[str] = field(default_factory=list)  # outside of the repository, read too
    unpacked_gb: float = 20.0  # size of one file, unpacked
    unpacked_ratio: float = 200.0  # unpacked : packed, of a file that unpacks to over 256 MB

    def __post_init__(self) -> None:
        within("data.limits.unpacked_gb", self.unpacked_gb, 0.001, 1e6)
        within("data.limits.unpacked_ratio", self.unpacked_ratio, 1.0, 1e6)


@dataclass
class Data:
    """Where rows come from and what their columns mean."""

    sources: list[Source] = MISSING
    incoming: list[Source] = field(default_factory=list)  # empty: the files in data/incoming
    labels: list[Source] = field(default_factory=list)  # empty: the files in data/labels
    min_labelled: float = 0.9  # share of an incoming file's rows with labels, to join the sources
    schema: str = MISSING  # JSON Schema file of one row
    target: Any = MISSING  # text; Any, so that null gets a word of its own
    key: Any = MISSING  # text; names one row; unique
    task: str = "auto"  # binary, multiclass or regression; auto: by the target's type and values
    positive: Any = None  # of a binary target, the class whose probability counts; null: the last
    time: str | None = None  # orders the rows; needed by a split by time
    ignore: list[str] = field(default_factory=list)  # columns that are no features
    hash_key_env: str | None = None  # name of the variable whose value keys `x-personal: hash`
    retry_s: float = 30.0  # how long a source that does not answer, or is locked, is tried again
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not self.sources:
            raise RuleError("data.sources is empty; at least one source is needed")
        if self.sources[0].join is not None:
            raise RuleError("data.sources.join of the first source has no rows to join with")
        for key, name in (("data.target", self.target), ("data.key", self.key)):
            if not isinstance(name, str) or not name:
                held = "empty" if name in (None, "") else repr(name)
                raise RuleError(
                    f"{key} is {held}; expected is {PURPOSES[key]}. A name that YAML takes for "
                    "something else, such as no or 007, goes into quotes"
                )
        if any(source.join for source in self.incoming):
            raise RuleError(
                "data.incoming.join is not taken: what arrives is joined with the joined ones of "
                "data.sources"
            )
        if any(source.join for source in self.labels):
            raise RuleError("data.labels.join is not taken: labels are joined with predictions")
        one_of("data.task", self.task, ("auto", "binary", "multiclass", "regression"))
        if self.positive is not None and not isinstance(self.positive, bool | int | float | str):
            raise RuleError(f"data.positive is {self.positive!r}; allowed is one value")
        within("data.min_labelled", self.min_labelled, 0.0, 1.0)
        within("data.retry_s", self.retry_s, 0.0, 3600.0)

    @property
    def stacked(self) -> list[Source]:
        """The sources whose rows stand one below the other."""
        return [source for source in self.sources if source.join is None]

    @property
    def joined(self) -> list[Source]:
        """The sources whose columns come beside those rows, in this order."""
        return [source for source in self.sources if source.join is not None]
