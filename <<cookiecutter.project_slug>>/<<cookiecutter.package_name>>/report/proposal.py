"""The text of a pull request with a retrained model: the verdict first, then what it rests on."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from ..paths import FIGURES
from ..split.units import counted
from .comparison import p_text
from .page import interval, markdown

TITLES = {
    "promote": "PROMOTE: this model is better",
    "hold": "HOLD: no reason to change yet",
    "reject": "REJECT: this model is not good enough",
}
FIRST = "PROMOTE: the first model"


def page(name: str, proposal: Mapping[str, Any]) -> str:
    """The page in Markdown.

    Args:
        name: of the project.
        proposal: what `propose` decided, or the same read from JSON.
    """
    verdict, first = str(proposal["verdict"]), bool(proposal["first"])
    title = FIRST if first and verdict == "promote" else TITLES[verdict]
    reason = str(proposal["reason"])
    rows = [_row(metric, of) for metric, of in proposal["metrics"].items()]
    facts = {
        **proposal,
        "name": name,
        "title": title,
        "reason": reason[:1].upper() + reason[1:],
        "rows_of": rows,
        "tests": [_test(test, of) for test, of in proposal["tests"].items()],
        "sample": _sample(proposal),
        "figures": sorted(file.name for file in FIGURES.glob("*.png")),
        "folder": FIGURES.as_posix(),
    }
    return markdown("proposal.md.j2", facts)


def _sample(proposal: Mapping[str, Any]) -> str:
    """On how much the two were compared."""
    rows, unit = f"{proposal['rows'] or 0:,} test rows", proposal["unit"]
    return rows if unit in (None, "row") else f"{rows} of {counted(proposal['units'], unit)}"


def _row(metric: str, of: Mapping[str, Any]) -> dict[str, Any]:
    other = of.get("champion") or of["constant"]
    gain = of.get("gain")
    return {
        "metric": metric,
        "challenger": _figure(of["challenger"]),
        "other": _figure(other),
        "gain": gain and _figure(gain, signed=True),
    }


def _figure(of: Mapping[str, Any], *, signed: bool = False) -> Markup:
    """A value, with its interval where it has one."""
    if of["value"] is None:
        return Markup("undefined")
    value = Markup(f"{of['value']:{'+' if signed else ''}.4f}")  # noqa: S704 - digits
    if "interval" not in of:
        return value
    return value + Markup(" (") + interval(of["interval"]) + Markup(")")


def _test(name: str, of: Mapping[str, Any]) -> dict[str, Any]:
    gain = "undefined" if of["value"] is None else _figure(of, signed=True)
    return {"name": name, "gain": gain, "p": p_text(of["p_value"]) or "-", "detail": of["detail"]}
