"""Privacy: personal columns are dropped or hashed before a row is written to the ingested table."""

import os
from collections.abc import Callable
from hashlib import blake2b

import polars as pl

from ..errors import ConfigError
from ..schema.row import RowSchema

SHORTEST = 16  # bytes of a key; a shorter one can be guessed, and with it every value


def protect(rows: pl.LazyFrame, schema: RowSchema, key_env: str | None) -> pl.LazyFrame:
    """The rows without the columns that the schema says to drop, and others as keyed hashes.

    The same value under the same key gives the same hash, 32 hexadecimal digits of BLAKE2b (RFC
    7693, keyed); a null stays null. Without the key nobody can try values until one fits.

    Args:
        key_env: the name of the environment variable that holds the key.

    Raises:
        ConfigError: a column is to be hashed, and the variable is not set or too short.
    """
    names = set(rows.collect_schema().names())
    dropped = [name for name, how in schema.personal.items() if how == "drop" and name in names]
    hashed = [name for name, how in schema.personal.items() if how == "hash" and name in names]
    rows = rows.drop(dropped)
    if not hashed:
        return rows
    hash_all = _hasher(_key(key_env, hashed))
    return rows.with_columns(
        pl.col(name)
        .cast(pl.String)
        .map_batches(hash_all, return_dtype=pl.String, is_elementwise=True)
        for name in hashed
    )


def fingerprint(schema: RowSchema, key_env: str | None) -> str:
    """A digest of how columns are protected: another column, way or key gives another one."""
    if not schema.personal:
        return ""
    hashed = [name for name, how in schema.personal.items() if how == "hash"]
    key = _key(key_env, hashed) if hashed else b""
    return blake2b(repr(sorted(schema.personal.items())).encode(), key=key).hexdigest()


def _key(key_env: str | None, columns: list[str]) -> bytes:
    purpose = f"the key that hashes {', '.join(columns)}"
    if not key_env:
        raise ConfigError(
            f"data.hash_key_env is empty; it names the variable that holds {purpose}. Edit "
            "conf/data.",
            "config.hash_key",
        )
    key = os.environ.get(key_env, "").encode()
    if len(key) < SHORTEST:
        size = f"{len(key)} bytes" if key else "nothing"
        raise ConfigError(
            f"the environment variable {key_env} must hold {purpose}, at least {SHORTEST} bytes; "
            f"it holds {size}. Set it, always to the same value.",
            "config.hash_key",
        )
    return blake2b(key).digest()  # of any length, where BLAKE2b takes at most 64 bytes


def _hasher(key: bytes) -> Callable[[pl.Series], pl.Series]:
    keyed = blake2b(key=key, digest_size=16)

    def digest(value: str) -> str:
        one = keyed.copy()
        one.update(value.encode())
        return one.hexdigest()

    def hash_all(values: pl.Series) -> pl.Series:
        return pl.Series(
            values.name, [v if v is None else digest(v) for v in values], dtype=pl.String
        )

    return hash_all
