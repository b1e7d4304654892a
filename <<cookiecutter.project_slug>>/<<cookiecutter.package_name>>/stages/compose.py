"""conf/ becomes params.yaml, by the steps of `dvc exp run`.

python -m PACKAGE.stages.compose            write it
python -m PACKAGE.stages.compose --check    fail if it is not what conf/ composes to
python -m PACKAGE.stages.compose --drop     write it, and drop overrides of experiments
"""

import sys
from pathlib import Path

import structlog
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from ..config import load
from ..errors import ConfigError
from ..paths import PARAMS
from ..runtime import logs, overrides
from ..runtime.artifacts import atomic_write
from ..runtime.blanks import refuse_blanks
from ..runtime.dvc.run import committed_text, experiment_name, run_id
from ..runtime.stage import exit_on_error

log = structlog.get_logger()


def render(config_name: str = "config") -> str:
    """The text of params.yaml, its values checked."""
    with initialize_config_dir(str(Path("conf").resolve()), job_name="compose"):
        composed = compose(config_name)
    refuse_blanks(composed)
    load(composed)
    OmegaConf.resolve(composed)
    return OmegaConf.to_yaml(composed)


def keep_overrides(before: str) -> None:
    """Leave params.yaml as `dvc exp run` composed it, and note at its head what is not in conf/."""
    render("pipeline")
    here = overrides.flatten_yaml(before)
    recorded = overrides.recorded_overrides(committed_text(PARAMS) or "")
    for override in overrides.undone_overrides(recorded, here):
        log.warning("an experiment starts from conf/, which does not have", override=str(override))
    text = overrides.annotate(before, overrides.differences(overrides.compose_values(), here))
    if text != before:
        with atomic_write(PARAMS) as partial:
            partial.write_text(text, encoding="utf-8")
    log.info("params.yaml left as `dvc exp run` composed it, overrides included")


def main() -> None:
    """Write or check params.yaml."""
    logs.configure(run_id=run_id(), stage="compose")
    with exit_on_error():
        before = PARAMS.read_text(encoding="utf-8") if PARAMS.exists() else ""
        if experiment_name() and before and "--check" not in sys.argv[1:]:
            keep_overrides(before)
            return
        after = render()
        if "--drop" not in sys.argv[1:]:
            overrides.refuse_to_undo(before, after)
        if "--check" in sys.argv[1:]:
            if before != after:
                raise ConfigError(
                    "params.yaml is not what conf/ composes to. Run `dvc repro`.", "config.stale"
                )
            return
        with atomic_write(PARAMS) as partial:
            partial.write_text(after, encoding="utf-8")
        changed = overrides.differences(
            overrides.flatten_yaml(before), overrides.flatten_yaml(after)
        )
        if before and changed:
            log.info("composed", changed=[override.key for override in changed])


if __name__ == "__main__":
    main()
