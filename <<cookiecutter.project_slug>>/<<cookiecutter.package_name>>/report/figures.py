"""The plots of an experiment as PNG: for the model card, a mail, a slide."""

import re
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .page import labels

Rows = list[dict[str, Any]]
SIZE, DPI = (5.0, 4.0), 200  # inches; letters stay readable at a third of it
SETTINGS: Any = {
    "font.size": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,  # a class may be called $x_1
}
MOST_CLASSES = 15  # of a confusion matrix; the rarer ones are one class together
OTHERS = "all others"
LONGEST = 18  # characters of a class
BLUE, ORANGE, GREY = "#1f5fa8", "#d9731a", "#8a8a8a"


@dataclass(frozen=True)
class Figure:
    """How the rows of one plot are drawn, or of two in one."""

    title: str
    draw: Callable[..., None]  # takes axes and the rows of each of ``plots``
    plots: tuple[str, ...]  # the first must have rows


def draw(rows: dict[str, Rows], folder: Path) -> dict[str, str]:
    """Write each plot that has rows to a file; returns the title of each, by file name.

    Args:
        rows: of each plot, by name.
        folder: that exists.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure as Canvas  # without pyplot, which keeps state

    titles = {}
    for name, figure in FIGURES.items():
        parts = [rows.get(plot, []) for plot in figure.plots]
        if not parts[0]:
            continue
        with rc_context(SETTINGS), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph")  # a letter that the font lacks is a box
            canvas = Canvas(figsize=SIZE, layout="constrained")
            axes = canvas.subplots()
            axes.set_title(figure.title)
            figure.draw(axes, *parts)
            canvas.savefig(folder / f"{name}.png", dpi=DPI)
        titles[f"{name}.png"] = figure.title
    return titles


def _curve(axes: Any, rows: Rows, x: str, y: str, **style: Any) -> None:
    axes.plot([row[x] for row in rows], [row[y] for row in rows], **style)
    axes.set_xlabel(x.replace("_", " "))
    axes.set_ylabel(y.replace("_", " "))


def _unit_square(axes: Any) -> None:
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))


def _diagonal(axes: Any, low: float = 0.0, high: float = 1.0) -> None:
    axes.plot([low, high], [low, high], color=GREY, linestyle=":", zorder=1)


def _roc(axes: Any, rows: Rows) -> None:
    _diagonal(axes)
    _curve(axes, rows, "false_positive_rate", "true_positive_rate", color=BLUE, linewidth=2)
    _unit_square(axes)


def _precision_recall(axes: Any, rows: Rows) -> None:
    _curve(axes, rows, "recall", "precision", color=BLUE, linewidth=2)
    _unit_square(axes)


def _calibration(axes: Any, rows: Rows, uncalibrated: Rows) -> None:
    _diagonal(axes)
    if uncalibrated:
        before = {"color": ORANGE, "marker": "s", "linestyle": "--", "label": "before calibration"}
        _curve(axes, uncalibrated, "predicted", "happened", **before)
    after = {"color": BLUE, "marker": "o", "label": "calibrated" if uncalibrated else "model"}
    _curve(axes, rows, "predicted", "happened", **after)
    axes.legend(frameon=False)


def _confusion(axes: Any, rows: Rows) -> None:
    """Shares of each actual class, with counts."""
    pairs = Counter((row["actual"], row["predicted"]) for row in rows)
    names = _classes(pairs)
    place = {name: number for number, name in enumerate(names)}
    counts = [[0] * len(names) for _ in names]
    for (actual, predicted), number in pairs.items():
        others = len(names) - 1
        counts[place.get(actual, others)][place.get(predicted, others)] += number
    shares = [[number / max(sum(row), 1) for number in row] for row in counts]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    size = 12 if len(names) <= 6 else 7
    for i, row in enumerate(counts):
        for j, number in enumerate(row):
            color = "white" if shares[i][j] > 0.6 else "black"
            axes.text(j, i, f"{number:,}", ha="center", va="center", color=color, fontsize=size)
    turned = 0 if sum(map(len, names)) <= 40 else 90
    ticks = range(len(names)), labels(names, LONGEST)
    axes.set_xticks(*ticks, fontsize=size, rotation=turned)
    axes.set_yticks(*ticks, fontsize=size)
    axes.set(xlabel="predicted", ylabel="actual")


def _classes(pairs: Counter[tuple[str, str]]) -> list[str]:
    """The names of rows and columns."""
    sizes: Counter[str] = Counter()
    for pair, number in pairs.items():
        for name in pair:
            sizes[name] += number
    if len(sizes) <= MOST_CLASSES:
        return sorted(sizes, key=_by_number)
    frequent = sorted(sizes, key=lambda name: (-sizes[name], name))[: MOST_CLASSES - 1]
    return [*sorted(frequent, key=_by_number), OTHERS]


def _by_number(name: str) -> list[tuple[int, str]]:
    """Puts class 2 before class 10."""
    return [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"(\d+)", name)]


def _predicted_actual(axes: Any, rows: Rows) -> None:
    values = [row[name] for row in rows for name in ("predicted", "actual")]
    _diagonal(axes, min(values), max(values))
    _curve(axes, rows, "predicted", "actual", **_dots(rows))


def _residuals(axes: Any, rows: Rows) -> None:
    axes.axhline(0, color=GREY, linestyle=":", zorder=1)
    _curve(axes, rows, "predicted", "residual", **_dots(rows))


def _dots(rows: Rows) -> dict[str, Any]:
    return {
        "color": BLUE,
        "linestyle": "",
        "marker": "o",
        "markersize": 4,
        "markeredgewidth": 0,
        "alpha": 0.7 if len(rows) < 300 else 0.3,
    }


def _learning_curve(axes: Any, rows: Rows) -> None:
    each = [(row["rows"], value) for row in rows for value in row["values"]]
    axes.plot(*zip(*each, strict=True), color=GREY, linestyle="", marker="o", markersize=4)
    _curve(axes, rows, "rows", "value", color=BLUE, marker="o", linewidth=2)
    axes.set_xlabel("training rows")
    axes.locator_params(axis="x", nbins=5)


def _history(axes: Any, rows: Rows) -> None:
    _curve(axes, rows, "trial", "best", color=BLUE, linewidth=2, drawstyle="steps-post")


FIGURES = {  # by the name of the file
    "roc": Figure("ROC", _roc, ("roc",)),
    "precision_recall": Figure("Precision and recall", _precision_recall, ("precision_recall",)),
    "calibration": Figure("Calibration", _calibration, ("calibration", "uncalibrated")),
    "confusion": Figure("Confusion", _confusion, ("confusion",)),
    "predicted_actual": Figure("Predicted and actual", _predicted_actual, ("predicted_actual",)),
    "residuals": Figure("Residuals", _residuals, ("residuals",)),
    "learning_curve": Figure("More training rows", _learning_curve, ("learning_curve",)),
    "tuning_history": Figure("Best trial so far", _history, ("tuning_history",)),
}
PLOTS = tuple(dict.fromkeys(plot for figure in FIGURES.values() for plot in figure.plots))
