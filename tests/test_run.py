"""A bake as a stranger uses it: its own environment, its own commands."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Bake


@pytest.mark.slow
def test_a_bake_lives(bake: Callable[..., Bake], tmp_path: Path) -> None:
    made = bake(into=tmp_path / "a spåce")

    made.run("make", "setup")
    made.run("make", "lint")
    made.run("make", "test")
    demo = made.run("make", "demo")
    again = made.run("make", "repro")

    assert "promoted" in demo
    assert "ALERT" in demo
    assert "Data and pipelines are up to date." in again
    assert "# Model card: flight-delays" in made.read("reports/model_card.md")
