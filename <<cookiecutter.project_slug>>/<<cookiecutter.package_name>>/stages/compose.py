"""conf/ becomes params.yaml, by the steps of `dvc exp run`.

python -m PACKAGE.stages.compose            write it
python -m PACKAGE.stages.compose --check    only say whether it is what conf/ composes to
"""

import os
import sys
from pathlib import Path

import structlog
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from ..config import load
from ..errors import ConfigError
from ..runtime import logs
from ..runtime.artifacts import replacing
from ..runtime.run import run_id
from ..runtime.stage import reported

PARAMS = Path("params.yaml")

log = structlog.get_logger()


def render(config_name: str = "config") -> str:
    """The text of params.yaml, its values checked."""
    with initialize_config_dir(str(Path("conf").resolve()), job_name="compose"):
        composed = compose(config_name)
    load(composed)
    OmegaConf.resolve(composed)
    return OmegaConf.to_yaml(composed)


def main() -> None:
    """Write or check params.yaml."""
    logs.configure(run_id=run_id(), stage="compose")
    with reported():
        if "--check" in sys.argv[1:]:
            if not PARAMS.exists() or PARAMS.read_text(encoding="utf-8") != render():
                raise ConfigError(
                    "params.yaml is not what conf/ composes to. Run `dvc repro`.", "config.stale"
                )
        elif os.environ.get("DVC_EXP_NAME") and PARAMS.exists():
            render("pipeline")
            log.info("params.yaml left as `dvc exp run` composed it, overrides included")
        else:
            with replacing(PARAMS) as partial:
                partial.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
