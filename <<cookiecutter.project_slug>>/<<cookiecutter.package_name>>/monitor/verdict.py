"""The report on drift: three verdicts, how bad it is, and what to do. The same inputs, same bytes.

How bad it is follows from what the model is estimated to lose, not from how many columns moved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..config.drift import DRIFT, LOSS, NEVER, Drift
from ..split.units import counted
from .baseline import Baseline
from .batches import Batch
from .drift import MIN_ROWS, Judged, Score, Verdict, drifted, rounded
from .estimate import Estimated

NAMED = 5  # columns that a recommendation names
MISSING = 0.02  # a change of the share of missing values that a recommendation names
NONE, WARNING, ERROR, CRITICAL = "none", "warning", "error", "critical"  # how bad
HALF = 0.5  # of the gain over a constant answer: a loss of more is critical


def describe(
    baseline: Baseline,
    rules: Drift,
    judged: Sequence[Judged],
    arrived: Sequence[Batch],
    *,
    estimated: Estimated | None,
    scores: Mapping[str, Score] | None = None,
) -> dict[str, Any]:
    """The report that pages, alerts and workflows read, as JSON holds it.

    Args:
        judged: all batches with enough rows, in order.
        arrived: the newest batches, which the verdicts are about.
        estimated: performance on these, without labels.
        scores: of their columns, by another definition than counts.
    """
    features, answers = _scores(baseline, judged, arrived, scores)
    fell = _fell(estimated, rules, drifted(answers))
    severity = _severity(estimated, fell, [*drifted(features), *drifted(answers)])
    advice = _recommend(features, answers, estimated, fell=fell)
    return {
        "severity": severity,
        "retrain": _retrain(rules, severity, fell),
        "batch": _batch(baseline, arrived),
        "data": _verdict(features),
        "predictions": _verdict(answers),
        "performance": _performance(estimated, fell),
        "limits": {
            "definition": rules.definition,
            "false_alarms_per_year": rules.false_alarms_per_year,
            "past_batches": baseline.past(),
        },
        "reference": {"rows": baseline.rows, "tested": baseline.tested},
        "features": {name: asdict(one) for name, one in features.items()},
        "answers": {name: asdict(one) for name, one in answers.items()},
        "batches": [_summary(one) for one in judged],
        "quarantine": "",
        "recommendations": advice if features else [_too_few(arrived)],
    }


def _scores(
    baseline: Baseline,
    judged: Sequence[Judged],
    arrived: Sequence[Batch],
    scores: Mapping[str, Score] | None,
) -> tuple[dict[str, Score], dict[str, Score]]:
    """Of each feature and each answer, in the newest batches."""
    if scores is not None:
        sides = (baseline.features, baseline.answers)
        known = [{name: one for name, one in scores.items() if name in side} for side in sides]
        return known[0], known[1]
    names = {batch.name for batch in arrived}
    recent = [one for one in judged if one.name in names]
    return _farthest([one.features for one in recent]), _farthest([one.answers for one in recent])


def _summary(batch: Judged) -> dict[str, Any]:
    return {
        "name": batch.name,
        "rows": batch.rows,
        "drifted": batch.drifted,
        "times": batch.times,
    }


def _farthest(scores: Sequence[Mapping[str, Score]]) -> dict[str, Score]:
    """Each column in the batch in which it moved farthest."""
    names = scores[0] if scores else {}
    return {name: max((one[name] for one in scores), key=lambda s: s.times) for name in names}


def _batch(baseline: Baseline, batches: Sequence[Batch]) -> dict[str, Any]:
    """The first and the last of the batches by name, their kind, and their rows."""
    names = list(dict.fromkeys((batches[0].name, batches[-1].name))) if batches else []
    rows = sum(one.rows for one in batches)
    return {
        "name": " to ".join(names),
        "kind": baseline.batch,
        "number": len(batches),
        "rows": rows,
    }


def _verdict(scores: Mapping[str, Score]) -> dict[str, Any]:
    names = drifted(scores)
    verdict = Verdict.DRIFTED if names else Verdict.STEADY
    return {"verdict": verdict if scores else Verdict.UNKNOWN, "drifted": names}


def _fell(estimated: Estimated | None, rules: Drift, answers: Sequence[str]) -> bool:
    """Whether the loss matters; where the answers did not move, it is noise of the estimate."""
    return bool(answers) and estimated is not None and estimated.lost > rules.performance


def _severity(estimated: Estimated | None, fell: bool, moved: Sequence[str]) -> str:
    if fell and estimated:
        return CRITICAL if estimated.lost > HALF else ERROR
    return WARNING if moved else NONE


def _retrain(rules: Drift, severity: str, fell: bool) -> bool:
    return {DRIFT: severity != NONE, LOSS: fell, NEVER: False}[rules.retrain]


def _performance(estimated: Estimated | None, fell: bool) -> dict[str, Any]:
    if estimated is None:
        return {"verdict": "unknown", "metric": None, "tested": None, "estimated": None}
    return {
        "verdict": "fell" if fell else "steady",
        "metric": estimated.metric,
        "tested": rounded(estimated.tested),
        "estimated": rounded(estimated.estimated),
        "lost": rounded(estimated.lost),
    }


def _too_few(arrived: Sequence[Batch]) -> str:
    most = max((batch.rows for batch in arrived), default=0)
    if not most:
        return "No valid row has arrived, so nothing was compared."
    return (
        f"Not enough rows: {counted(most, 'row')} in the largest batch that arrived; at least "
        f"{MIN_ROWS} are needed to speak of drift."
    )


def _recommend(
    features: Mapping[str, Score],
    answers: Mapping[str, Score],
    estimated: Estimated | None,
    *,
    fell: bool,
) -> list[str]:
    moved, advice = drifted(features), []
    emptied = [name for name in moved if _other_missing(features[name])]
    if emptied:
        shares = [
            f"{name} ({features[name].missing[0]:.1%} before, {features[name].missing[1]:.1%} now)"
            for name in emptied
        ]
        advice.append(
            f"Look at the source first: another share of values is missing in {_some(shares)}."
        )
    if moved:
        advice.append(
            f"Look at {_some(moved)} in the report: is it a fault at the source, or did the world "
            "change?"
        )
    if answers_moved := drifted(answers):
        advice.append(
            f"The model answers differently ({_some(answers_moved)}): compare with the truth as "
            "soon as it is known."
        )
    if fell and estimated:
        advice.append(
            f"{estimated.metric} is estimated to have fallen from {estimated.tested:.4f} to "
            f"{estimated.estimated:.4f}: retrain on rows that include the new time."
        )
    elif moved or answers_moved:
        advice.append(
            "No loss is estimated that matters; labels tell more (reports/performance.md). Retrain "
            "once those of the new time are there."
        )
    return advice


def _other_missing(score: Score) -> bool:
    before, now = score.missing
    return abs(now - before) > MISSING


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def with_quarantine(
    report: Mapping[str, Any], incoming: Mapping[str, Any], max_quarantined: float
) -> dict[str, Any]:
    """The report, which says so where much of what arrived was not compared.

    Args:
        incoming: what ``predict`` counted: ``rows``, ``quarantined``, ``rules`` with their rows.
        max_quarantined: the share of all rows up to which that is ordinary.
    """
    rows, refused = incoming["rows"], incoming["quarantined"]
    if refused <= max_quarantined * rows:
        return dict(report)
    worst = ", ".join(f"{rule} ({n})" for rule, n in list(incoming["rules"].items())[:3])
    text = f"{refused} of {rows} rows that arrived are in quarantine; most broken: {worst}."
    advice = f"{text} Look at the source first: only the other rows were compared."
    return {
        **report,
        "quarantine": text,
        "recommendations": [advice, *report["recommendations"]],
    }
