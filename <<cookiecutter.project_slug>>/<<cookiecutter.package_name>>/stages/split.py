"""Training, validation and test rows: `python -m PACKAGE.stages.split`."""

from dataclasses import asdict, replace

import polars as pl
import structlog

from ..config import Config
from ..config.columns import check_names
from ..config.evaluate import UNITS
from ..paths import SPLIT, TEST, TRAIN, VALID, VALIDATION
from ..runtime.artifacts import write_json
from ..runtime.stage import stage
from ..schema.row import read_schema
from ..split import leaks
from ..split.features import features
from ..split.splits import SplitSpec, size_warnings, split
from ..split.table import ROW, SplitTable, read_columns
from ..split.target import check_complete, infer_target

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Deal the valid rows to data/split/, if nothing leaks; say how in reports/split.json."""
    data, settings = config.data, config.split
    columns = pl.scan_parquet(VALID).collect_schema()
    check_names(columns.names(), _named(config), _dropped(config))
    placing = [n for n in (data.key, data.target, data.time, settings.group) if n is not None]
    rows = read_columns(VALID, *dict.fromkeys(placing)).with_row_index(ROW)
    check_complete(rows[data.target])
    target = infer_target(rows[data.target], data.task, data.positive)
    inputs = features(pl.DataFrame(schema=columns), data.target, data.key, data.ignore).columns
    target.check_names([data.key, *inputs])
    log.info("target", column=target.column, task=str(target.task), classes=len(target.classes))

    spec = SplitSpec.from_config(data, settings, target)
    parts = split(rows, spec, validation=settings.validation, test=settings.test)
    del rows  # the parts hold them
    table = SplitTable(VALID, parts)
    limits = {"max_repeated": settings.max_repeated, "max_alone": settings.max_alone}
    findings = leaks.check(table, spec, inputs, **limits)
    sizes = size_warnings(parts, spec, validation=settings.validation, test=settings.test)
    findings = replace(findings, warnings=findings.warnings + sizes)
    for warning in findings.warnings:
        log.warning(warning)

    table.write((TRAIN, VALIDATION, TEST))
    rows_of = {name: part.height for name, part in parts.named().items()}
    log.info("parts", **rows_of)
    report = {"by": spec.by, "rows": rows_of, "target": target.to_json()}
    write_json(SPLIT, report | asdict(findings))


def _named(config: Config) -> dict[str, list[str]]:
    """The columns that the configuration names, which no stage before this one needs."""
    data = config.data
    named = {
        "data.target": [data.target],
        "data.key": [data.key],
        "data.time": [data.time],
        "data.ignore": data.ignore,
        "split.group": [config.split.group],
        "evaluate.unit": [] if config.evaluate.unit in UNITS else [config.evaluate.unit],
        "evaluate.slices": config.evaluate.slice_columns,
    }
    return {key: [name for name in names if name is not None] for key, names in named.items()}


def _dropped(config: Config) -> list[str]:
    personal = read_schema(config.data.schema).personal
    return [name for name, how in personal.items() if how == "drop"]


if __name__ == "__main__":
    main()
