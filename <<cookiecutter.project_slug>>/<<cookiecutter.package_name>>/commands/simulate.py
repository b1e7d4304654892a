"""Plays a year offline: rows arrive, drift is judged, models are trained anew and compared.

python -m PACKAGE.commands.simulate                 by `drift.retrain` of conf/
python -m PACKAGE.commands.simulate --policies      under each policy, beside each other

The valid rows of `make repro` arrive in the order of `data.time`: the first third of the months, or
weeks, is there at the start. Nothing is written but reports/simulation.json and its page.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ..config import Config, load, read
from ..errors import DataError
from ..paths import BEST, PARAMS, SIMULATION, SIMULATION_PAGE, SPLIT, VALID
from ..report.simulation import page, table
from ..runtime import logs
from ..runtime.artifacts import atomic_write, write_json
from ..runtime.dvc.run import run_id
from ..runtime.stage import exit_on_error
from ..simulate.costs import Prices, rank
from ..simulate.player import play
from ..simulate.policies import Policy
from ..simulate.stream import cut
from ..simulate.summary import describe
from ..simulate.training import Recipe, Rules
from ..split.target import read_target


def simulate(
    config: Config, policies: Sequence[Policy], prices: Prices, later: Path | None = None
) -> dict[str, Any]:
    """What came of the year under each policy.

    Args:
        config: of the pipeline, which has run.
        policies: to play.
        prices: of what costs.
        later: a file of more rows than the valid ones, of the same columns.

    Raises:
        ConfigError: the rows have no time.
        DataError: rows are missing, too few, or of other columns.
        ModelError: a model cannot be trained, or is no better than a constant answer.
    """
    stream, target = cut(_rows(later, config.data.key), config.data.time), read_target(SPLIT)
    tuned = json.loads(BEST.read_text(encoding="utf-8"))
    recipe, rules = Recipe.from_config(config, target, tuned), Rules.from_config(config, target)
    start, years = play(stream, recipe, rules, policies)
    arrived = pl.concat([period.rows for period in stream.periods])
    ranking = rank(start, years, recipe.units(arrived, rules.unit), rules, prices)
    return describe(stream, ranking, rules, prices)


def _rows(later: Path | None, key: str) -> pl.DataFrame:
    """The valid rows, and those of another file that are not among them, by their key."""
    if not VALID.is_file():
        raise DataError(f"{VALID} is missing. Run `make repro`.", "data.missing_file")
    rows = pl.read_parquet(VALID)
    if later is None:
        return rows
    try:
        more = pl.read_parquet(later).select(rows.columns).cast(rows.schema)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{later} should be a Parquet file with the columns of {VALID}: {reason}.",
            "data.later",
        ) from error
    return pl.concat([rows, more.join(rows, on=key, how="anti", maintain_order="left")])


def main() -> None:
    """Play, print the outcome, and write reports/simulation.json and its page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--policies", action="store_true", help="all of them, beside each other")
    parser.add_argument("--later", type=Path, help="a Parquet file of rows that came later")
    parser.add_argument(
        "--retraining",
        type=float,
        default=Prices.retraining,
        help="what one costs, in any unit (%(default)g)",
    )
    parser.add_argument(
        "--value",
        type=float,
        default=Prices.value,
        help="what the model is worth a period, beside a constant answer (%(default)g)",
    )
    wanted = parser.parse_args()
    logs.configure(stage="simulate", run_id=run_id())
    with exit_on_error():
        config = load(read(str(PARAMS)))
        policies = list(Policy) if wanted.policies else [Policy(config.drift.retrain)]
        prices = Prices(wanted.retraining, wanted.value)
        summary = simulate(config, policies, prices, wanted.later)
        write_json(SIMULATION, summary)
        with atomic_write(SIMULATION_PAGE) as partial:
            partial.write_text(page(config.name, summary), encoding="utf-8")
        sys.stdout.write(f"{table(summary)}\nPeriod by period: {SIMULATION_PAGE}\n")


if __name__ == "__main__":
    main()
