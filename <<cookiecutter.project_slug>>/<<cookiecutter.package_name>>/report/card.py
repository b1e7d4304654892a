"""The model card: one page that says what the model is, how good, and what to know before use."""

from typing import Any

import yaml
from markupsafe import Markup

from .page import markdown

MOST_SLICES = 20  # on the page
CLASSIFICATION, REGRESSION = "tabular-classification", "tabular-regression"  # on the hub


def render(facts: dict[str, Any]) -> str:
    """The card in Markdown, with the front matter that Hugging Face's hub reads.

    Args:
        facts: what ``card.md.j2`` names; a missing one is an error.
    """
    drawn_up = {"front_matter": _front_matter(facts), "worst": _worst(facts["slices"]["slices"])}
    return markdown("card.md.j2", facts | drawn_up)


def _worst(slices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The slices that look worst, at most MOST_SLICES; those that were not compared come last."""
    compared = [one for one in slices if one["gain"] is not None]
    others = [one for one in slices if one["gain"] is None]
    return [*sorted(compared, key=lambda one: (one["p_value"], one["gain"])), *others][:MOST_SLICES]


def _front_matter(facts: dict[str, Any]) -> Markup:
    """YAML without a license, which only the owner can give.

    See https://huggingface.co/docs/hub/model-cards#model-card-metadata.
    """
    target, metrics = facts["contract"]["target"], facts["metrics"]
    task = REGRESSION if target["task"] == "regression" else CLASSIFICATION
    # A page that knows no front matter shows it as Markdown: nothing of the data stands in it.
    named = [name for name in metrics["dummy"] if name.isidentifier()]
    measured = [{"type": name, "value": metrics[name]} for name in named]
    data = {"type": facts["name"], "name": f"{facts['name']}, test rows"}
    result = {"task": {"type": task}, "dataset": data, "metrics": measured}
    head = {
        "pipeline_tag": task,
        "tags": [str(facts["contract"]["estimator"])],
        "model-index": [{"name": facts["name"], "results": [result]}],
    }
    text = yaml.safe_dump(head, sort_keys=False, allow_unicode=True)
    return Markup(text.rstrip())  # noqa: S704 - YAML, not Markdown
