"""Sentences drift by what they speak of."""

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import ResourceError
from <<cookiecutter.package_name>>.monitor.texts import (
    DIRECTIONS,
    learn_sentences,
)

from .drifting import baseline_of, compare

RNG = np.random.default_rng(8)
SHOP = [
    *[
        "price",
        "order",
        "basket",
        "parcel",
        "return",
        "refund",
        "coupon",
        "size",
        "colour",
        "shipping",
    ]
]
SCHOOL = [
    *["teacher", "lesson", "exam", "grade", "homework", "pupil", "class", "book", "desk", "term"]
]


def texts(words: list[str], number: int = 800) -> list[str]:
    return [" ".join([*RNG.choice(words, 6), f"number {place}"]) for place in range(number)]


REFERENCE = pl.DataFrame({"said": texts(SHOP + SCHOOL), "city": RNG.choice(["a", "b"], 800)})
SENTENCES = learn_sentences(REFERENCE, "words")


def drifted(rows: pl.DataFrame) -> list[str]:
    return compare(SENTENCES.add(rows), SENTENCES.add(REFERENCE)).drifted


def test_only_columns_of_sentences_get_directions() -> None:
    added = SENTENCES.add(REFERENCE).columns[2:]
    assert added == [f"said: direction {place}" for place in range(1, DIRECTIONS + 1)]
    assert not learn_sentences(REFERENCE.select("city"), "words").directions
    assert not learn_sentences(pl.DataFrame({"x": [None]}, {"x": pl.String}), "words").directions


def test_sentences_about_something_else_have_drifted_and_others_have_not() -> None:
    same = REFERENCE.with_columns(said=pl.Series(texts(SHOP + SCHOOL)))
    other = REFERENCE.with_columns(said=pl.Series(texts(SCHOOL)))

    assert drifted(same) == []
    assert "said: direction" in drifted(other)[0]
    assert compare(other, REFERENCE).drifted == []  # counts of whole texts see nothing


def test_missing_sentences_are_missing_in_each_direction() -> None:
    holes = REFERENCE.with_columns(said=pl.when(pl.col("city") == "a").then("said"))
    numbers = SENTENCES.add(holes)

    assert numbers["said: direction 1"].null_count() == holes["said"].null_count()
    assert "said: direction 1" in drifted(holes)
    assert SENTENCES.add(REFERENCE.clear()).width == 2 + DIRECTIONS
    assert baseline_of(SENTENCES.add(holes)).rows == 800


def test_an_encoder_that_cannot_be_loaded_is_one_clear_error() -> None:
    with pytest.raises(ResourceError, match=r"'/no/such/folder', which cannot be loaded"):
        learn_sentences(REFERENCE, "/no/such/folder")
