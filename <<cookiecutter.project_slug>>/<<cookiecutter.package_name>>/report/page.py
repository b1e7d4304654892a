"""Rendering pages for people: autoescaped templates, and how numbers and labels are formatted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from .markdown import code, text

FOLDER = Path(__file__).parent
LONGEST = 60  # characters of a label


def html(template: str, facts: Mapping[str, Any]) -> str:
    """An HTML page of one file; every value is escaped, nothing is fetched, no script may run."""
    return _render(template, facts, autoescape=True, finalize=None)


def markdown(template: str, facts: Mapping[str, Any]) -> str:
    """A Markdown page; every text is escaped, ``| code`` shows a name as code."""
    return _render(template, facts, autoescape=False, finalize=_escape)


def _render(template: str, facts: Mapping[str, Any], **options: Any) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(  # noqa: S701 - Markdown is escaped as it is put out
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )
    environment.filters.update(FILTERS)
    return environment.get_template(template).render(facts)


def _escape(value: Any) -> Any:
    return value if isinstance(value, Markup | int | float) else text(value)


def number(value: Any) -> Any:
    """A float with four significant digits, or none behind the point; others as they are."""
    if not isinstance(value, float):
        return value
    whole = value.is_integer() or abs(value) >= 1e4
    return f"{value:.0f}" if whole and abs(value) < 1e15 else f"{value:.4g}"


def fixed(value: float, digits: int = 4) -> Markup:
    """A number with so many digits behind the point."""
    return Markup(f"{value:.{digits}f}")  # noqa: S704 - digits


def interval(bound: Mapping[str, Any]) -> Markup:
    """The two ends of an interval, or why there is none."""
    if bound["reason"]:
        return Markup("none: ") + text(bound["reason"])
    return fixed(bound["low"]) + Markup(" to ") + fixed(bound["high"])


def percent(share: float) -> str:
    """A share as percent; what is not none or all never looks so."""
    if 0 < share < 0.001:
        return "<\u00a00.1\u00a0%"
    if 0.999 < share < 1:
        return ">\u00a099.9\u00a0%"
    return f"{100 * share:.{0 if share in (0, 1) else 1}f}\u00a0%"


def label(value: Any, longest: int = LONGEST) -> str:
    """A text for a narrow place: a long one is cut in its middle, for its end may tell it apart."""
    line = str(value)
    if len(line) <= longest:
        return line
    head = longest * 2 // 3
    return f"{line[:head]}…{line[head - longest + 1 :]}"


def labels(values: list[str], longest: int = LONGEST) -> list[str]:
    """A label for each of some different texts; those that would be alike get a number."""
    cut: list[str] = []
    for value in values:
        short, again = label(value, longest), 1
        while (short if again == 1 else f"{short} ({again})") in cut:
            again += 1
        cut.append(short if again == 1 else f"{short} ({again})")
    return cut


def aligned(lines: Sequence[Sequence[Any]]) -> str:
    """Lines of cells as a table for a terminal; None is an empty cell."""
    texts = [["" if value is None else str(value) for value in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    padded = (
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in texts
    )
    return "\n".join(padded)


FILTERS = {
    "code": code,
    "fixed": fixed,
    "interval": interval,
    "label": label,
    "number": number,
    "percent": percent,
}
