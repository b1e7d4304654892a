"""Sentences as numbers whose drift can be counted: the directions in which they differ most.

Sentences are nearly all different, so their values cannot be counted. Each becomes a vector, by its
hashed words or by a sentence encoder, and the drift along the reference's first principal
directions is judged as that of any other number: latent semantic analysis (Deerwester et al. 1990).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import ResourceError

WORDS = "words"  # the way that needs no model
DIRECTIONS = 5
HASHED = 2**12  # dimensions of a vector of words
DIFFERENT, LONG = 0.2, 20  # sentences: share of different texts, and their mean length, at least

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Sentences:
    """The columns of sentences, and their directions: of each a matrix (dimensions, DIRECTIONS)."""

    way: str  # WORDS, or the name of a sentence encoder
    directions: dict[str, Matrix]

    def add(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with a number a direction beside each column of sentences; null stays null.

        Raises:
            ResourceError: the encoder cannot be loaded.
        """
        for name, directions in self.directions.items():
            texts = rows[name].cast(pl.String)
            filled = texts.fill_null("").to_list()
            numbers = encode(self.way, filled) @ directions if filled else np.empty((0, DIRECTIONS))
            columns = [
                pl.select(pl.when(texts.is_not_null()).then(pl.Series(number)))
                .to_series()
                .alias(direction_name(name, place))
                for place, number in enumerate(np.asarray(numbers).T, start=1)
            ]
            rows = rows.with_columns(columns)
        return rows

    def write(self, file: Path) -> None:
        """As numpy's archive, without pickles."""
        arrays: dict[str, Any] = {f"m{n}": m for n, m in enumerate(self.directions.values())}
        np.savez(file, names=np.array([self.way, *self.directions]), **arrays)

    @classmethod
    def read(cls, file: Path) -> "Sentences":
        """What ``write`` wrote."""
        with np.load(file, allow_pickle=False) as archive:
            way, *names = archive["names"].tolist()
            return cls(way, {name: archive[f"m{number}"] for number, name in enumerate(names)})


def direction_name(column: str, place: int) -> str:
    """What a direction of a column is called in reports."""
    return f"{column}: direction {place}"


def learn_sentences(rows: pl.DataFrame, way: str) -> Sentences:
    """The directions of each column of sentences in (n, k) reference rows.

    Args:
        way: WORDS, or the name or folder of a sentence encoder.

    Raises:
        ResourceError: the encoder cannot be loaded.
    """
    columns = [column for column in rows.get_columns() if _holds_sentences(column)]
    vectors = {c.name: encode(way, c.drop_nulls().to_list()) for c in columns}
    return Sentences(way, {name: _directions(matrix) for name, matrix in vectors.items()})


def _holds_sentences(column: pl.Series) -> bool:
    if column.dtype != pl.String or not column.count():
        return False
    filled = column.drop_nulls()
    lengths: Any = filled.str.len_chars().mean()
    return bool(filled.n_unique() >= DIFFERENT * filled.len() and lengths >= LONG)


def _directions(vectors: Any) -> Matrix:
    """The first right singular vectors, (dimensions, DIRECTIONS), signs fixed."""
    from sklearn.decomposition import TruncatedSVD

    wanted = min(DIRECTIONS, vectors.shape[0], vectors.shape[1])
    learned = TruncatedSVD(wanted, algorithm="randomized", random_state=0).fit(vectors)
    return np.asarray(learned.components_.T, dtype=np.float64)


def encode(way: str, texts: Sequence[str]) -> Any:
    """A vector of length 1 of each text: (n, dimensions), sparse for words.

    Raises:
        ResourceError: the encoder cannot be loaded.
    """
    return (_by_words if way == WORDS else _by_encoder(way))(texts)


def _by_words(texts: Sequence[str]) -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(n_features=HASHED, alternate_sign=False).transform(texts)


@lru_cache(maxsize=1)  # batches come a few rows at a time
def _by_encoder(way: str) -> Callable[[Sequence[str]], Any]:
    try:
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(way, device="cpu")
    except (ImportError, OSError, ValueError) as error:
        raise ResourceError(
            f"drift.text names the sentence encoder {way!r}, which cannot be loaded "
            f"({type(error).__name__}). Name a folder, or a hub's model that can be reached, and "
            "put `embeddings` into conf/extras.txt; or set drift.text: words.",
            "resource.encoder",
        ) from error
    return lambda texts: model.encode(list(texts), normalize_embeddings=True)
