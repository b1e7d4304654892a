"""The record of an experiment, in MLflow and as a file: `python -m PACKAGE.stages.track`."""

import json
from dataclasses import asdict, replace

import structlog
import yaml

from ..config import Config
from ..errors import ResourceError
from ..paths import (
    BEST,
    CONTRACT,
    EXPERIMENT,
    IMPORTANCE,
    METRICS,
    PARAMS,
    PLOTS,
    QUALITY,
    SHAP,
    SLICES,
    TRIALS,
    TUNING_REPORT,
)
from ..runtime import tracking
from ..runtime.artifacts import sha256_of, write_json
from ..runtime.dvc import run
from ..runtime.stage import stage

ARTIFACTS = [
    *(METRICS, SLICES, IMPORTANCE, SHAP, PLOTS, QUALITY, CONTRACT, BEST, TRIALS, TUNING_REPORT),
]

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Send one run to MLflow and write reports/experiment.json; without MLflow, warn and go on."""
    numbers = {
        name: float(value)
        for name, value in json.loads(METRICS.read_text(encoding="utf-8")).items()
        if isinstance(value, int | float)
    }
    record = tracking.ExperimentMetadata(
        experiment_id="",
        name=config.tracking.experiment,
        timestamp=tracking.now(),
        config_hash=sha256_of(PARAMS),
        git_commit=run.git_commit(),
        parameters=yaml.safe_load(PARAMS.read_text(encoding="utf-8")),
        metrics=numbers,
        artifacts=[path.as_posix() for path in ARTIFACTS],
        run_id=run.run_id(),
        experiment=run.experiment_name(),
    )
    if config.tracking.kind != "none":
        try:
            uri = tracking.tracking_uri(config.tracking.kind, config.tracking.uri_env)
            trials = tracking.trial_runs(json.loads(TRIALS.read_text(encoding="utf-8")))
            identifier = tracking.log_run(uri, record, ARTIFACTS, trials)
            record = replace(record, experiment_id=identifier)
        except ResourceError as error:
            log.warning("not tracked", reason=error.message)
            record = replace(record, warnings=[error.message])
    write_json(EXPERIMENT, asdict(record))


if __name__ == "__main__":
    main()
