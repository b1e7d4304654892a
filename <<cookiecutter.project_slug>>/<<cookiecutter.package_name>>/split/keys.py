"""Keys as digests: they place a row in a part, and name the rows that a model learned from."""

from hashlib import blake2b

import numpy as np
import polars as pl
from numpy.typing import NDArray

Digests = NDArray[np.uint64]


def digests(values: pl.Series, seed: int = 0) -> Digests:
    """A 64-bit BLAKE2b digest (RFC 7693, salted by the seed) of each value's text, (n,).

    The same value gives the same digest on any machine and with any version of a library. A null
    gives one digest of its own.
    """
    salted = blake2b(digest_size=8, salt=seed.to_bytes(8, "little"))
    null = salted.copy()
    null.update(b"\0null")

    def digest(text: str) -> bytes:
        one = salted.copy()
        one.update(text.encode())
        return one.digest()

    texts = values.cast(pl.String).to_list()
    return np.frombuffer(
        b"".join(null.digest() if text is None else digest(text) for text in texts), dtype="<u8"
    )


def shares(values: pl.Series, seed: int) -> NDArray[np.float64]:
    """Each value's place between 0 and 1, spread evenly; another seed gives other places."""
    return digests(values, seed) / 2.0**64


def group_codes(values: pl.Series) -> NDArray[np.intp]:
    """A number from 0 on for each different value, (n,); of any type, and null is one of them."""
    first = pl.int_range(pl.len()).first().over("value")
    rows = values.alias("value").to_frame().select(first).to_series().to_numpy()
    return np.unique(rows, return_inverse=True)[1]
