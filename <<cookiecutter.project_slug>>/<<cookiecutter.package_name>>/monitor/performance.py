"""How good the model is on rows whose labels have come, beside what its test rows promised."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Any

import polars as pl

from ..config import Config
from ..config.drift import NEVER, Drift
from ..errors import DataError
from ..evaluate.change import Change, change
from ..evaluate.evidence import Evidence
from ..evaluate.intervals import Replicates
from ..evaluate.row_predictions import RowPredictions, predictions_of
from ..model.contract import Contract
from ..model.metric import Metric
from ..model.metrics import metrics
from ..paths import METRICS
from ..split.units import counted, units
from .labels import Labels

PART = "~part"  # a column: the name of an incoming file's part
EVERYTHING = "all files"


class Verdict(StrEnum):
    """Whether the metric that decides is what the test rows promised."""

    FELL = "fell"
    HOLDS = "holds"
    UNCLEAR = "unclear"  # too few labels to tell
    UNKNOWN = "unknown"  # no label at all


SAYS = {
    Verdict.FELL: "has fallen",
    Verdict.HOLDS: "holds",
    Verdict.UNCLEAR: "has too few labels to tell",
}


@dataclass(frozen=True)
class Measured:
    """The model on the labelled rows of one incoming file, or of all of them."""

    file: str | None  # None: all files
    predicted: int  # rows
    labelled: int  # of these
    unit: str  # of independence
    metrics: dict[str, dict[str, Any]]  # by name: value, low, high, reason
    change: Change  # of the metric that decides
    verdict: Verdict


@dataclass(frozen=True)
class Promise:
    """What the test rows said of the model."""

    before: Replicates  # of the metric that decides
    values: dict[str, float]  # of each metric
    intervals: dict[str, dict[str, Any]]
    tolerance: float  # what the deciding metric may lose


def predictions_by_part(folder: Path) -> pl.LazyFrame:
    """All predictions, with the name of their part."""
    rows = pl.scan_parquet(folder, include_file_paths=PART)
    return rows.with_columns(pl.col(PART).str.split("/").list.last())


def judge(
    config: Config,
    contract: Contract,
    rows: pl.DataFrame,
    *,
    files: list[dict[str, Any]],
    tested: RowPredictions,
    results: Mapping[str, Any],
) -> tuple[list[Measured], Promise]:
    """The model on labelled rows, beside what it promised.

    Args:
        config: for its metrics, units, levels and tolerance.
        contract: of the model.
        rows: (n, …) with predictions, PART, the target and the column of the unit.
        files: of the report on what arrived; see ``measure``.
        tested: the predictions of its test rows.
        results: of these: reports/metrics.json.

    Raises:
        DataError: the results lack a metric.
        ConfigError: the configuration asks for what the rows or the target do not have.
    """
    settings, target = config.evaluate, contract.target
    wanted = metrics(settings.metrics, target)
    of_rows = units(rows, settings.unit, group=config.split.group, time=config.data.time)
    labelled = Evidence(
        *(target, contract.truth(rows), predictions_of(target, rows), of_rows),
        *(settings.bootstrap, settings.level, config.seed),
    )
    before = Evidence(
        *(tested.target, tested.truth, tested.predictions, tested.units),
        *(settings.bootstrap, settings.level, config.seed),
    )
    promised = _promise(before, results, wanted, config.drift.performance)
    return measure(labelled, rows[PART], files, wanted, promised), promised


def _promise(
    before: Evidence, results: Mapping[str, Any], wanted: list[Metric], share: float
) -> Promise:
    names, deciding = [one.name for one in wanted], wanted[0]
    if missing := [name for name in names if name not in results.get("dummy", {})]:
        raise DataError(
            f"{METRICS} lacks {', '.join(missing)} of evaluate.metrics. Run `make repro`.",
            "data.report",
        )
    gain = results[deciding.name] - results["dummy"][deciding.name]
    return Promise(
        _replicate(before, deciding),
        {name: results[name] for name in names},
        {name: results["interval"][name] for name in names},
        max(0.0, share * (gain if deciding.greater_is_better else -gain)),
    )


def _replicate(rows: Evidence, metric: Metric) -> Replicates:
    """Without resamples, for a change is judged by the jackknife."""
    return replace(rows, resamples=0).replicate(metric)


def measure(
    labelled: Evidence,
    parts: pl.Series,
    files: list[dict[str, Any]],
    wanted: list[Metric],
    promised: Promise,
) -> list[Measured]:
    """Of each incoming file with labels, and of all together if they are several: that comes last.

    Of a model that is as good as promised, one of these verdicts is that it fell in at most
    ``labelled.level`` of the cases: the level is shared out among them.

    Args:
        labelled: the n labelled rows.
        parts: (n,) the part of each.
        files: of the report on what arrived: each with ``file``, ``part`` and ``valid`` rows.
        wanted: metrics; the first one decides.
        promised: of the model.
    """
    groups = list(_groups(labelled, parts, files))
    level = labelled.level / len(groups)
    return [_measure(*group, wanted=wanted, promised=promised, level=level) for group in groups]


def _groups(
    labelled: Evidence, parts: pl.Series, files: list[dict[str, Any]]
) -> Iterator[tuple[str | None, int, Evidence]]:
    """The name of each group, its predicted rows, and the labelled ones."""
    known = set(parts)
    ours = [file for file in files if file["part"] in known]
    for file in ours:
        rows = (parts == file["part"]).to_numpy()
        yield file["file"], file["valid"], labelled.subset(rows)
    if len(ours) > 1:
        yield None, sum(file["valid"] for file in files), labelled


def _measure(
    name: str | None,
    predicted: int,
    rows: Evidence,
    *,
    wanted: list[Metric],
    promised: Promise,
    level: float,
) -> Measured:
    bounds = rows.intervals(wanted)
    values = {one.name: {"value": _value(one, rows), **asdict(bounds[one.name])} for one in wanted}
    now = _replicate(rows, wanted[0])
    difference = change(now, promised.before, level=level, tolerance=promised.tolerance)
    verdict = Verdict.UNCLEAR
    if difference.fell:
        verdict = Verdict.FELL
    elif difference.holds:
        verdict = Verdict.HOLDS
    return Measured(name, predicted, rows.truth.size, rows.units.name, values, difference, verdict)


def _value(metric: Metric, rows: Evidence) -> float | None:
    value = rows.value(metric)
    return value if isfinite(value) else None


def describe(
    measured: list[Measured], labels: Labels, promised: Promise | None, rules: Drift
) -> dict[str, Any]:
    """The report that pages and alerts read, as JSON can hold it.

    Args:
        measured: what ``measure`` returned; nothing, if no label is used.
        labels: all of them.
        promised: of the model; None, if no label is used.
        rules: whether a fall asks for a new model.

    Returns:
        ``verdict`` on all (fallen if one file's rows say so), ``fallen`` names, whether to
        ``retrain``, and ``sentences``; ``labels``, ``promised``, and ``measured``, of each file and
        of all together.
    """
    fallen = [one.file or EVERYTHING for one in measured if one.verdict is Verdict.FELL]
    verdict = measured[-1].verdict if measured else Verdict.UNKNOWN
    return {
        "verdict": Verdict.FELL if fallen else verdict,
        "fallen": fallen,
        "retrain": bool(fallen) and rules.retrain != NEVER,
        "sentences": [_sentence(one) for one in measured],
        "labels": {
            "rows": sum(int(file["rows"]) for file in labels.files),
            "used": labels.used.height,
            "set_aside": labels.counts,
            "files": labels.files,
        },
        "promised": promised and {"values": promised.values, "intervals": promised.intervals},
        "measured": [asdict(one) for one in measured],
    }


def _sentence(measured: Measured) -> str:
    difference, bound = measured.change, measured.change.interval
    words = f"{measured.file or EVERYTHING}: {difference.metric} {SAYS[measured.verdict]}"
    if bound.reason:
        words += f": {bound.reason}."
    else:
        words += (
            f". It is {difference.now:.4f} on {measured.labelled:,} labelled rows, promised was "
            f"{difference.before:.4f}: a change of {difference.gain:+.4f}, which may be anything "
            f"from {bound.low:+.4f} to {bound.high:+.4f}; a loss of {difference.tolerance:.4f} "
            "counts as none."
        )
    if measured.verdict is Verdict.UNCLEAR:
        more = difference.more_units and counted(difference.more_units, measured.unit, more=True)
        words += f" About {more} would tell." if more else " More labels alone would not tell."
    return words
