"""The reference of drift, out of the rows that were split: counts of all, and a sample of some."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from ..config.drift import Drift
from ..model.contract import Contract
from ..model.model import Model
from ..runtime.parquet import count_rows, read_batches, sample
from .baseline import Baseline, watch
from .batches import MOST_PIECES, TIME, Batch, choose, count_batches, days_of, pieces, whole
from .bins import Bins, learn_bins
from .limits import FEWEST
from .texts import Sentences, learn_sentences

BIN_ROWS = 200_000  # a sample whose quantiles become the bins


def learn_baseline(
    model: Model, parts: Sequence[Path], test: Path, rules: Drift, *, time: str | None, seed: int
) -> Baseline:
    """The baseline of a model; memory holds some rows at a time.

    Args:
        model: whose contract names the features, and whose answers to the test rows are watched.
        parts: all rows that were split, the test rows among them.
        test: those that it did not learn from.
        time: the column of a row's time.

    Raises:
        ModelError: the model cannot answer the rows.
        ConfigError: a method does not fit its column.
    """
    contract, every = model.contract, pl.concat([pl.scan_parquet(one) for one in parts])
    days, rows = days_of(every, time), count_rows(every)
    kind, dated = choose(days, rules.batch), time if days is not None else None

    def batches(tables: Iterable[pl.DataFrame], bins: dict[str, Bins]) -> list[Batch]:
        cut = pieces(tables, kind, max(rules.batch_rows, rows // MOST_PIECES))
        return count_batches(((name, "", piece) for name, piece in cut), bins)

    drawn = contract.select(sample(every, BIN_ROWS, seed))
    sentences = learn_sentences(drawn.head(rules.rows), rules.text)
    of_features = learn_bins(sentences.add(drawn))
    tables = (table for one in parts for table in _features(contract, sentences, one, dated))
    features = watch(of_features, batches(tables, of_features), rules, seed)

    tested = pl.concat(list(_answers(model, test, dated)))
    of_answers = learn_bins(tested.select(contract.target.watched_columns))
    answers, past = batches([tested], of_answers), None
    if len(whole(answers)) < FEWEST:  # test rows of a short time do not say how much weeks vary
        known = (table for one in parts for table in _answers(model, one, dated))
        past = batches(known, of_answers)
    return Baseline(
        *(kind, dated, rows, tested.height),
        *(features, watch(of_answers, answers, rules, seed, past)),
        *(sentences, rules.of_baseline),
    )


def _features(
    contract: Contract, sentences: Sentences, part: Path, time: str | None
) -> Iterator[pl.DataFrame]:
    columns = dict.fromkeys([*contract.features, *([time] if time else [])])
    for rows in read_batches(part, columns=list(columns)):
        yield _dated(sentences.add(contract.select(rows)), rows, time)


def _answers(model: Model, part: Path, time: str | None) -> Iterator[pl.DataFrame]:
    for rows in read_batches(part):
        answers = model.predict(rows).select(model.contract.target.watched_columns)
        yield _dated(answers, rows, time)


def _dated(table: pl.DataFrame, rows: pl.DataFrame, time: str | None) -> pl.DataFrame:
    return table.with_columns(rows[time].alias(TIME)) if time else table


def sample_with_answers(model: Model, rows: pl.DataFrame, size: int, seed: int) -> pl.DataFrame:
    """At most ``size`` rows, drawn without replacement: features, and the answers to watch.

    Raises:
        ModelError: the model cannot answer the rows.
    """
    contract = model.contract
    drawn = rows.sample(min(size, rows.height), seed=seed, shuffle=True)
    answers = model.predict(drawn).select(contract.target.watched_columns)
    return contract.select(drawn).hstack(answers)
