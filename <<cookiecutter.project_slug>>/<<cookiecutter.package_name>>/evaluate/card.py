"""The model card: one page that says what the model is, how good, and what to mind."""

from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).with_name("card.md.j2")


def render(facts: dict[str, Any]) -> str:
    """The card in Markdown.

    Args:
        facts: what ``card.md.j2`` names; a missing one is an error.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(  # noqa: S701 - Markdown, of our own figures
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(facts)
