"""Compares the models of experiments, branches, tags or commits on the same test rows.

python -m PACKAGE.commands.compare main my-experiment     two or more of them
python -m PACKAGE.commands.compare workspace main         what lies here, beside main
"""

import argparse
import json
import sys
from collections.abc import Sequence

import numpy as np

from ..config import Config, load
from ..config import read as read_config
from ..errors import ConfigError, DataError
from ..evaluate import row_predictions
from ..evaluate.several import Contender, FoldScores, Ranking, check_same_rows, rank
from ..model.metrics import metrics
from ..paths import COMPARISON_PAGE, METRICS, PARAMS, TEST_PREDICTIONS
from ..report.comparison import page, table
from ..runtime import logs
from ..runtime.artifacts import atomic_write
from ..runtime.dvc.revisions import read
from ..runtime.dvc.run import run_id
from ..runtime.stage import exit_on_error


def contender(revision: str) -> Contender:
    """The model of a revision, by what `evaluate` wrote there.

    Raises:
        ConfigError: there is no such revision.
        DataError: its results are missing or broken.
        ResourceError: its results are neither in the cache nor in the remote.
    """
    predictions, results = read(revision, [TEST_PREDICTIONS, METRICS])
    rows = row_predictions.read(predictions, revision)
    try:
        by_metric = json.loads(results).get("cross_validation", {})
        folds = {
            name: FoldScores(np.array(one["folds"], dtype=np.float64), float(one["held_out"]))
            for name, one in by_metric.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{METRICS} of {revision} cannot be read ({type(error).__name__}). Run it again.",
            "data.metrics",
        ) from error
    return Contender(revision, rows, folds)


def compare(revisions: Sequence[str], config: Config) -> Ranking:
    """The models of some revisions, by the metrics that conf/ asks for here.

    Raises:
        ConfigError: fewer than two revisions, one that does not exist, or a metric that does not
            fit the task.
        DataError: the models were tested on different rows, or results are missing.
        ResourceError: results are neither in the cache nor in the remote.
    """
    if len(set(revisions)) < 2 or len(set(revisions)) < len(revisions):
        raise ConfigError(
            "two or more different revisions are needed (experiments, branches, tags, commits, "
            f"or workspace), found {' '.join(revisions) or 'none'}. For example: "
            '`make compare OF="workspace main"`.',
            "config.revisions",
        )
    contenders = [contender(revision) for revision in revisions]
    check_same_rows(contenders)
    settings = config.evaluate
    return rank(
        contenders,
        metrics(settings.metrics, contenders[0].rows.target),
        resamples=settings.bootstrap,
        level=settings.level,
        seed=config.seed,
    )


def main() -> None:
    """Print the comparison, and write reports/comparison.html."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "revisions", nargs="*", help="experiments, branches, tags or commits; or `workspace`"
    )
    revisions = parser.parse_args().revisions
    logs.configure(stage="compare", run_id=run_id())
    with exit_on_error():
        config = load(read_config(str(PARAMS)))
        ranking = compare(revisions, config)
        with atomic_write(COMPARISON_PAGE) as partial:
            partial.write_text(page(config.name, ranking), encoding="utf-8")
        sys.stdout.write(f"{table(ranking)}\nWith charts, and by every metric: {COMPARISON_PAGE}\n")


if __name__ == "__main__":
    main()
