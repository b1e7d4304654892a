"""Two models on the rows that neither learned from: every metric, its gain, and paired tests."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

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
    *,
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

    def named(detail: str) -> str:
        one = detail.replace("only the first", f"only the {pair.first}")
        return one.replace("only the second", f"only the {pair.second}")

    tests = {
        name: asdict(_turned(Figure(test.gain, test.interval), sign))
        | {"p_value": test.p_value, "detail": named(test.detail)}
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


def learned_by(model: Model, keys: pl.Series) -> NDArray[np.bool_]:
    """Of each key, (n,), whether the model learned from its row."""
    return np.isin(digests(keys), model.learned_keys)


def one_sided(
    by_challenger: NDArray[np.bool_], by_champion: NDArray[np.bool_], units: Units
) -> NDArray[np.bool_]:
    """Of n rows, which are of a unit that the challenger saw other rows of, and the champion not.

    Such rows favour the challenger, though it did not learn from them.

    Args:
        by_challenger, by_champion: (n,) whether each learned from the row.
        units: of the n rows.
    """
    of_challenger, of_champion = (
        np.isin(units.codes, units.codes[learned]) for learned in (by_challenger, by_champion)
    )
    return np.asarray(of_challenger & ~of_champion)
