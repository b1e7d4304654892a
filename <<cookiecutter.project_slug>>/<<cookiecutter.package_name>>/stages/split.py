"""Training, validation and test rows: `python -m PACKAGE.stages.split`."""

from dataclasses import asdict, replace

import polars as pl
import structlog

from ..config import Config
from ..config.columns import check_names
from ..paths import SPLIT, TEST, TRAIN, VALID, VALIDATION
from ..runtime.artifacts import atomic_write, write_json
from ..runtime.stage import stage
from ..schema.row import read_schema
from ..split import leaks
from ..split.features import features
from ..split.splits import SplitSpec, size_warnings, split

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Deal the valid rows to data/split/, if nothing leaks; say how in reports/split.json."""
    data, settings = config.data, config.split
    rows = pl.read_parquet(VALID)
    check_names(rows.columns, _named(config), _dropped(config))
    planned = plan(config)
    parts = split(rows, planned, validation=settings.validation, test=settings.test)
    found = leaks.check(
        parts,
        planned,
        features(rows, data.target, data.key, data.ignore).columns,
        max_repeated=settings.max_repeated,
        max_alone=settings.max_alone,
    )
    off = size_warnings(parts, planned, validation=settings.validation, test=settings.test)
    found = replace(found, warnings=found.warnings + off)
    for warning in found.warnings:
        log.warning(warning)

    for path, frame in zip((TRAIN, VALIDATION, TEST), parts.named().values(), strict=True):
        with atomic_write(path) as partial:
            frame.write_parquet(partial)
        log.info("part", name=path.stem, rows=frame.height)
    sizes = {name: part.height for name, part in parts.named().items()}
    write_json(SPLIT, {"by": planned.by, "rows": sizes} | asdict(found))


def _named(config: Config) -> dict[str, list[str]]:
    """The columns that the configuration names, which no stage before this one needs."""
    data = config.data
    named = {
        "data.target": [data.target],
        "data.key": [data.key],
        "data.time": [data.time],
        "data.ignore": data.ignore,
        "split.group": [config.split.group],
    }
    return {key: [name for name in names if name is not None] for key, names in named.items()}


def _dropped(config: Config) -> list[str]:
    personal = read_schema(config.data.schema).personal
    return [name for name, how in personal.items() if how == "drop"]


def plan(config: Config) -> SplitSpec:
    """How the configuration asks to deal rows."""
    data, settings = config.data, config.split
    return SplitSpec(settings.kind, data.target, data.key, data.time, settings.group, settings.seed)


if __name__ == "__main__":
    main()
