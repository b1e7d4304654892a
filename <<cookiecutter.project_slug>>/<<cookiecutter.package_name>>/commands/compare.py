"""Experiments, branches or commits beside each other, on the same test rows.

python -m PACKAGE.commands.compare main searched quick   the others beside main
python -m PACKAGE.commands.compare searched              the workspace beside `searched`
"""

import argparse
import io
import json
import sys

import polars as pl

from ..config import Config, load
from ..config import read as read_params
from ..errors import DataError
from ..evaluate.contest import Entrant, Result, check_same_rows, contest
from ..model.metrics import metrics
from ..paths import COMPARISON_PAGE, CONTRACT, PARAMS, TEST_PREDICTIONS
from ..report.comparison import page, table
from ..runtime import logs
from ..runtime.artifacts import atomic_write
from ..runtime.dvc.revisions import WORKSPACE, read
from ..runtime.dvc.run import run_id
from ..runtime.stage import exit_on_error
from ..split.target import Target


def entrant(revision: str) -> Entrant:
    """The model of a revision, by what `evaluate` wrote there.

    Raises:
        ConfigError: there is no such revision.
        DataError: its results are missing or broken.
    """
    contract = read(revision, CONTRACT)
    predictions = read(revision, TEST_PREDICTIONS)
    try:
        facts = json.loads(contract)
        key, target = str(facts["key"]), Target.from_json(facts["target"])
        rows = pl.read_parquet(io.BytesIO(predictions)).sort(key)
    except (ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"the results of {revision} cannot be read ({type(error).__name__}). Run it again.",
            "data.revision",
        ) from error
    return Entrant(revision, target, key, rows)


def results_of(revisions: list[str], config: Config) -> tuple[list[Entrant], list[Result]]:
    """The models of some revisions, and each but the first beside the first.

    Raises:
        ConfigError: a revision does not exist, or a metric of conf/ does not fit the task.
        DataError: the models were tested on different rows, or results are missing.
    """
    entrants = [entrant(revision) for revision in revisions]
    check_same_rows(entrants)
    settings = config.evaluate
    results = contest(
        entrants,
        metrics(settings.metrics, entrants[0].target),
        resamples=settings.bootstrap,
        level=settings.level,
        seed=config.seed,
    )
    return entrants, results


def main() -> None:
    """Print the comparison, and write reports/comparison.html."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("revisions", nargs="+", help="experiments, branches or commits")
    revisions = parser.parse_args().revisions
    if len(revisions) == 1:
        revisions.append(WORKSPACE)
    logs.configure(stage="compare", run_id=run_id())
    with exit_on_error():
        config = load(read_params(str(PARAMS)))
        entrants, results = results_of(revisions, config)
        level = config.evaluate.level
        with atomic_write(COMPARISON_PAGE) as partial:
            partial.write_text(page(config.name, entrants, results, level), encoding="utf-8")
        sys.stdout.write(table(entrants, results, level))


if __name__ == "__main__":
    main()
