"""A bake as a stranger uses it: its own environment, its own commands."""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Bake

EDITS = [  # of an owner: another task, another model, other values
    ("conf/config.yaml", "- model: hist_gradient_boosting", "- model: ridge"),
    ("conf/config.yaml", "- evaluate: binary", "- evaluate: regression"),
    ("conf/config.yaml", "seed: 1 ", "seed: 8 "),
    ("conf/split/stratified.yaml", "test: 0.2", "test: 0.3"),
    ("conf/evaluate/regression.yaml", "level: 0.05", "level: 0.1"),
    ("conf/data/mine.yaml", "kind: ???", "kind: csv"),
    ("conf/data/mine.yaml", "target: ???", "target: price"),
    ("conf/data/mine.yaml", "key: ???", "key: id"),
]


def bring_own_data(repository: Bake) -> None:
    """Prices of 2,000 houses in place of the demo, and an owner's edits."""
    chance = random.Random(1)
    areas = [chance.uniform(30, 200) for _ in range(2000)]
    prices = [2 * area + chance.gauss(0, 20) for area in areas]
    rows = [f"{i},{a:.1f},{p:.1f}" for i, (a, p) in enumerate(zip(areas, prices, strict=True))]
    repository.run("make", "clean-demo")
    (repository.path / "data/raw/mine.csv").write_text("\n".join(["id,area,price", *rows]))
    for name, old, new in EDITS:
        text = repository.read(name)
        assert old in text, f"{name} has no {old!r}"
        (repository.path / name).write_text(text.replace(old, new))
    for name in ("conf/model/forest.yaml", "conf/tune/optuna.yaml", "conf/experiment/tuned.yaml"):
        (repository.path / name).unlink()
    for name in ("flight_delays/own/metrics.py", "tests/own/test_metrics.py"):
        (repository.path / name).unlink()


@pytest.mark.slow
def test_a_bake_lives_with_its_demo_and_without_it(
    bake: Callable[..., Bake], tmp_path: Path
) -> None:
    repository = bake(into=tmp_path / "a spåce")
    repository.run("make", "setup")
    repository.run("make", "lint")
    demo = repository.run("make", "demo")
    again = repository.run("make", "repro")
    card = repository.read("reports/model_card.md")
    repository.run("sh", "-c", ". .venv/bin/activate && python -m pytest tests/demo")

    assert re.search(r"\bpromote\b", demo)
    assert "ALERT" in demo
    assert "Data and pipelines are up to date." in again
    assert "# Model card: flight-delays" in card

    bring_own_data(repository)
    repository.run(
        "sh", "-c", ". .venv/bin/activate && python -m flight_delays.commands.schema infer"
    )
    repository.run("make", "repro", "release")
    repository.run("make", "lint")
    before = repository.run("git", "status", "--porcelain")
    tests = repository.run("make", "test")

    assert repository.run("git", "status", "--porcelain") == before  # tests leave nothing behind
    assert '"price"' in repository.read("reports/split.json")
    assert re.search(r"Required test coverage of \d+.* reached", tests)
