"""Keys as digests: they place a row in a part, and name the rows that a model learned from."""

from hashlib import blake2b

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..runtime.parquet import slices
from ..runtime.progress import progress

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

    joined = bytearray()
    with progress("digests", values.len()) as step:
        for batch in slices(values.to_frame()):  # Python's texts take much more memory
            texts = batch.to_series().cast(pl.String).to_list()
            joined += b"".join(null.digest() if text is None else digest(text) for text in texts)
            step(len(texts))
    return np.frombuffer(joined, dtype="<u8")


def shares(values: pl.Series, seed: int) -> NDArray[np.float64]:
    """Each value's place between 0 and 1, spread evenly; another seed gives other places."""
    return digests(values, seed) / 2.0**64


def group_codes(values: pl.Series) -> NDArray[np.intp]:
    """A number from 0 on for each different value, (n,); of any type, and null is one of them."""
    numbered = values.alias("value").to_frame().with_row_index("row")
    first = numbered.select(pl.col("row").first().over("value")).to_series()
    return np.unique(first.to_numpy(), return_inverse=True)[1]
