"""The stage on sources that a test names: as a process of its own, or here, which is quicker."""

from pathlib import Path

import polars as pl
from hydra import compose, initialize_config_dir

from <<cookiecutter.package_name>>.config import load
from <<cookiecutter.package_name>>.stages.ingest import main

from ..conftest import ROOT, by_hand, run
from ..fixture import CONF

INGESTED = Path("data/ingested.parquet")


def settings(sources: str, *overrides: str) -> list[str]:
    Path("any.json").write_text('{"properties": {}}')
    return ["data.retry_s=0", "data.schema=any.json", f"data.sources=[{sources}]", *overrides]


def command(package: str, sources: str, *overrides: str) -> list[str]:
    here = ("hydra.run.dir=.", "hydra.output_subdir=null")
    return by_hand(package, "ingest", *here, *settings(sources, *overrides))


def ingest(package: str, sources: str, *overrides: str, code: int = 0, **env: str) -> str:
    """What the stage prints, as a user runs it."""
    done = command(package, sources, *overrides)
    return run(Path.cwd(), *done, code=code, PYTHONPATH=str(ROOT), **env)


def ingested(sources: str, *overrides: str) -> pl.DataFrame:
    """The table that the stage writes, run in this process."""
    with initialize_config_dir(str(CONF)):
        config = load(compose("config", overrides=settings(sources, *overrides)))
    main.__wrapped__(config)  # type: ignore[attr-defined]
    return pl.read_parquet(INGESTED)
