"""Two models on the rows that neither learned from: every metric, its gain, and paired tests."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from ..evaluate.row_predictions import RowPredictions
from ..evaluate.several import Contender, Figure, Ranking, rank
from ..model.metric import Metric, Predictions
from ..model.model import Model
from ..split.keys import digests
from ..split.units import Units
from .gate import Candidate, in_order_of, unseen_by

CHALLENGER, CHAMPION = "challenger", "champion"


@dataclass(frozen=True)
class Sampling:
    """How intervals and tests are drawn."""

    resamples: int
    level: float
    seed: int


def side_by_side(
    challenger: Candidate,
    champion: Candidate,
    rows: pl.DataFrame,
    units: Units,
    metrics: Sequence[Metric],
    sampling: Sampling,
) -> dict[str, Any]:
    """Both models on the rows that the gate compared them on, as JSON can hold it.

    Args:
        challenger, champion: the two; the gate has compared them.
        rows, units: (n, …) test rows of the challenger, and the units of these n rows.
        metrics: the first one decides.
        sampling: of intervals and tests.

    Returns:
        ``metrics``: of each by name the two values and the gain, with intervals; ``tests``: each
        paired test by name. A gain is positive where the challenger is better.
    """
    contract = challenger.model.contract
    unseen = unseen_by(contract.keys(rows), challenger, champion).to_numpy()
    rows, units = rows.filter(unseen), units.subset(unseen)
    known = contract.keys(rows), contract.truth(rows)
    answered = {
        CHALLENGER: Predictions.of(challenger.model, rows),
        CHAMPION: in_order_of(contract.target, champion.model, rows),
    }
    contenders = [
        Contender(name, RowPredictions(contract.target, *known, said, units), {})
        for name, said in answered.items()
    ]
    return _described(rank(contenders, metrics, **asdict(sampling)))


def _described(ranking: Ranking) -> dict[str, Any]:
    (pair,), models = ranking.pairs, ranking.models
    sign = 1 if pair.first == CHALLENGER else -1
    metrics = {
        name: {
            CHALLENGER: asdict(models[CHALLENGER][name]),
            CHAMPION: asdict(models[CHAMPION][name]),
            "gain": asdict(_turned(pair.gains[name], sign)),
        }
        for name in models[CHALLENGER]
    }
    tests = {
        name: asdict(_turned(Figure(test.gain, test.interval), sign))
        | {"p_value": test.p_value, "detail": test.detail}
        for name, test in pair.tests.items()
    }
    return {"metrics": metrics, "tests": tests}


def _turned(figure: Figure, sign: int) -> Figure:
    """A gain, or that of the other model."""
    low, high = figure.interval.low, figure.interval.high
    if sign == 1 or figure.value is None:
        return figure
    if low is None or high is None:
        return Figure(-figure.value, figure.interval)
    return Figure(-figure.value, type(figure.interval)(-high, -low, figure.interval.reason))


def learned_period(model: Model, keys: pl.Series, times: pl.Series | None) -> dict[str, Any]:
    """How many of some rows a model learned from, and of what time they are.

    Args:
        model: any.
        keys: (n,) of the rows.
        times: (n,) of them; None where rows have none.
    """
    learned = pl.Series(np.isin(digests(keys), model.learned_keys))
    return {"rows": int(learned.sum()), **period(None if times is None else times.filter(learned))}


def period(times: pl.Series | None) -> dict[str, str | None]:
    """From when to when, as text; None without times."""
    ends = (None, None) if times is None else (times.min(), times.max())
    return {name: end and str(end) for name, end in zip(("from", "to"), ends, strict=True)}
