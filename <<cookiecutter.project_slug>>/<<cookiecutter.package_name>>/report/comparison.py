"""The page and the table of a comparison of several models: which is best, and how sure that is."""

from collections.abc import Sequence
from typing import Any

from ..evaluate.intervals import Interval
from ..evaluate.several import Figure, Pair, Ranking
from ..split.units import counted
from .page import aligned, html, number
from .ranges import Line, marks

UNFOLDED = 3  # so many pairs at most show all of their figures at once
SMALLEST = 0.0001  # a p-value below is shown as smaller than this
BETTER, ALIKE, UNKNOWN = "better", "no difference shown", "cannot be said"


def page(name: str, ranking: Ranking) -> str:
    """The page in HTML; ``name`` is the project's."""
    facts = describe(ranking)
    return html("comparison.html.j2", {**facts, "name": name, "unfolded": UNFOLDED})


def describe(ranking: Ranking) -> dict[str, Any]:
    """What the page says: the verdict, the models in order, and each pair of them."""
    deciding, models, pairs = ranking.deciding, ranking.models, ranking.pairs
    scores = {
        name: {metric: _score(figure) for metric, figure in model.items()}
        for name, model in models.items()
    }
    of_models, _ = marks([_line(model[deciding]) for model in models.values()])
    of_gains, zero = marks([_line(pair.gains[deciding]) for pair in pairs], also=[0.0])
    return {
        "verdict": _verdict(ranking),
        "basis": _basis(ranking),
        "deciding": deciding,
        "models": [
            {"name": name, "mark": mark, "scores": scores[name]}
            for name, mark in zip(models, of_models, strict=True)
        ],
        "scores": scores,
        "pairs": [
            {**_pair(pair, ranking.level), "mark": mark}
            for pair, mark in zip(pairs, of_gains, strict=True)
        ],
        "zero": zero[0],
    }


def _line(figure: Figure) -> Line:
    return figure.value, figure.interval.low, figure.interval.high


def _verdict(ranking: Ranking) -> dict[str, str]:
    """Whether the leading model is better than each of the others, in a sentence."""
    leader, level = next(iter(ranking.models)), ranking.level
    pairs = [pair for pair in ranking.pairs if pair.first == leader]
    behind = [pair.second for pair in pairs if pair.decided(level)]
    beside = [pair.second for pair in pairs if not pair.decided(level)]
    if not beside:
        return {"level": "good", "title": f"{leader} is better than {_listed(behind)}"}
    if not behind and len(beside) == 1:
        title = f"No difference shown between {leader} and {beside[0]}"
    else:
        title = f"{leader} leads, but is not shown to be better than {_listed(beside)}"
    return {"level": "odd", "title": title}


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _basis(ranking: Ranking) -> str:
    sample, pairs = ranking.pairs[0].precision, len(ranking.pairs)
    units = "" if sample.units == sample.rows else f" of {counted(sample.units, sample.unit)}"
    holm = f", p-values adjusted for {pairs} pairs (Holm)" if pairs > 1 else ""
    rows = f"{sample.rows:,} test rows{units}"
    return f"By {ranking.deciding} on {rows}, at level {ranking.level:g}{holm}."


def _score(figure: Figure) -> dict[str, Any]:
    value = "undefined" if figure.value is None else number(figure.value)
    return {"value": value, "interval": _between(figure.interval, "{:.4g}")}


def _pair(pair: Pair, level: float) -> dict[str, Any]:
    word = ALIKE if pair.leading.p_value is not None else UNKNOWN
    word = BETTER if pair.decided(level) else word
    more = int(float(f"{pair.more_units or 0:.2g}"))  # more digits would claim what nobody knows
    tests = [
        {
            "name": name,
            **_gain(one.gain, one.interval),
            "p": p_text(one.p_value),
            "adjusted": p_text(pair.adjusted[name]),
            "detail": one.detail,
        }
        for name, one in pair.tests.items()
    ]
    return {
        "first": pair.first,
        "second": pair.second,
        "word": word,
        "more": counted(more, pair.precision.unit, more=True) if more and word == ALIKE else None,
        "design_effect": pair.precision.design_effect,
        "gains": {name: _gain(one.value, one.interval) for name, one in pair.gains.items()},
        "tests": tests,
    }


def _gain(value: float | None, interval: Interval) -> dict[str, str]:
    gain = "" if value is None else f"{value:+.3g}"
    return {"gain": gain, "interval": _between(interval, "{:+.3g}")}


def _between(interval: Interval, form: str) -> str:
    if interval.low is None or interval.high is None:
        return ""
    return f"{form.format(interval.low)} to {form.format(interval.high)}"


def p_text(value: float | None) -> str:
    """A p-value, never shown as zero."""
    if value is None:
        return ""
    return f"< {SMALLEST}" if value < SMALLEST else f"{value:.4f}"


def table(ranking: Ranking) -> str:
    """The same for a terminal: the models, then each pair by each test."""
    facts = describe(ranking)
    deciding, *others = facts["models"][0]["scores"]
    models: list[list[str]] = [["model", f"{deciding} (decides)", "interval", *others]]
    for model in facts["models"]:
        scores = model["scores"]
        first = [model["name"], scores[deciding]["value"], scores[deciding]["interval"]]
        models.append([*first, *(scores[name]["value"] for name in others)])
    pairs = [["pair", "test", "gain", "interval", "p", "adjusted", "the first is"]]
    for pair in facts["pairs"]:
        name, last = f"{pair['first']} over {pair['second']}", pair["word"]
        for test in pair["tests"]:
            figures = [test[key] for key in ("name", "gain", "interval", "p", "adjusted")]
            pairs.append([name, *figures, last])
            name, last = "", ""
    head = f"{facts['verdict']['title']}\n{facts['basis']}"
    return f"{head}\n\n{aligned(models)}\n\n{aligned(pairs)}\n"
