"""Plays a year offline: rows arrive, drift is judged, models are trained anew and compared.

python -m PACKAGE.commands.simulate                 by `drift.retrain` of conf/
python -m PACKAGE.commands.simulate --policies      under each policy, beside each other

The valid rows of `make repro` arrive in the order of `data.time`: the first third of the months, or
weeks, is there at the start. Nothing is written but reports/simulation.json and its page, and what
is refused of later rows.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import structlog

from ..config import Config, load, read
from ..config.drift import COUNTS, Drift
from ..errors import ConfigError, DataError
from ..paths import BEST, LATER_QUARANTINE, PARAMS, SIMULATION, SIMULATION_PAGE, SPLIT, VALID
from ..report.simulation import page, table
from ..runtime import logs
from ..runtime.artifacts import atomic_write, write_json
from ..runtime.dvc.run import run_id
from ..runtime.stage import exit_on_error
from ..simulate.costs import Prices, rank
from ..simulate.later import Later, read_later
from ..simulate.player import play
from ..simulate.policies import Policy
from ..simulate.stream import cut
from ..simulate.summary import describe
from ..simulate.training import Recipe, Rules
from ..split.target import check_complete, read_target

log = structlog.get_logger()


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
        ConfigError: the rows have no time, or drift is not judged by counts.
        DataError: rows are missing, too few, of other columns, or break the schema.
        ModelError: a model cannot be trained, or is no better than a constant answer.
    """
    _check_definition(config.drift)
    rows, more = _rows(later, config)
    stream, target = cut(rows, config.data.time), read_target(SPLIT)
    tuned = json.loads(BEST.read_text(encoding="utf-8"))
    recipe, rules = Recipe.from_config(config, target, tuned), Rules.from_config(config, target)
    start, years = play(stream, recipe, rules, policies)
    arrived = pl.concat([period.rows for period in stream.periods])
    ranking = rank(start, years, recipe.units(arrived, rules.unit), rules, prices)
    return describe(stream, ranking, rules, prices) | {"later": more and more.to_json()}


def _check_definition(drift: Drift) -> None:
    if drift.definition != COUNTS:
        raise ConfigError(
            f"drift.definition is {drift.definition!r}, and a year is played by {COUNTS!r} alone, "
            "so other alerts and retrainings would be reported than `make monitor` gives. Set "
            f"drift.definition: {COUNTS} in conf/drift, then `make repro`.",
            "config.definition",
        )


def _rows(later: Path | None, config: Config) -> tuple[pl.DataFrame, Later | None]:
    """The valid rows, and those of another file that are not among them, by their key."""
    if not VALID.is_file():
        raise DataError(f"{VALID} is missing. Run `make repro`.", "data.missing_file")
    rows, key = pl.read_parquet(VALID), config.data.key
    if later is None:
        return rows, None
    more = read_later(later, rows.schema, config)
    if more.quality.quarantined:
        counts = more.to_json()
        log.warning("later rows break the schema", quarantine=str(LATER_QUARANTINE), **counts)
    new = more.rows.join(rows, on=key, how="anti", maintain_order="left")
    both = pl.concat([rows, new])
    check_complete(both[config.data.target])
    return both, more


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
