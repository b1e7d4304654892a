"""Every library that is imported late works with the others: run this with new versions."""

import importlib
from pathlib import Path

import polars as pl
import pytest

from .conftest import ROOT, run

LATE = [
    "apprise",
    "cloudpickle",
    "dvc.repo",
    "evidently",
    "hydra_plugins.hydra_joblib_launcher.joblib_launcher",
    "hydra_plugins.hydra_optuna_sweeper.optuna_sweeper",
    "jinja2",
    "jsonschema",
    "mlflow",
    "optuna",
    "pandas",
    "psutil",
    "skops.io",
    "sklearn.ensemble",
    "xgboost",
]


@pytest.mark.parametrize("module", LATE)
def test_a_library_imports(module: str) -> None:
    assert importlib.import_module(module)


def test_mlflow_opens_a_database() -> None:
    from mlflow import MlflowClient

    assert MlflowClient("sqlite:///mlflow.db").create_experiment("smoke")


def test_optuna_stores_two_trials() -> None:
    import optuna

    study = optuna.create_study(storage="sqlite:///study.db")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)

    assert (
        len(optuna.load_study(study_name=study.study_name, storage="sqlite:///study.db").trials)
        == 2
    )


def test_evidently_writes_a_report(rows: pl.DataFrame) -> None:
    from evidently import Report
    from evidently.presets import DataDriftPreset

    table = rows.select("wind", "seats").to_pandas()
    Report([DataDriftPreset()]).run(table, table).save_html("drift.html")

    assert Path("drift.html").stat().st_size > 100_000


def test_the_sweeper_stores_a_study_of_two_trials(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import hydra\n@hydra.main(config_path=None)\ndef main(cfg): return cfg.x\nmain()\n"
    )
    run(
        tmp_path,
        "python",
        "app.py",
        "-m",
        "hydra/sweeper=optuna",
        "hydra.sweeper.n_trials=2",
        "hydra.sweeper.n_jobs=1",
        "hydra.sweeper.storage=sqlite:///study.db",
        "+x=interval(0, 1)",
    )

    assert (tmp_path / "study.db").stat().st_size > 0


def test_no_stage_imports_a_heavy_library_before_it_needs_it(package: str) -> None:
    heavy = {"mlflow", "evidently", "xgboost", "torch", "sklearn", "pandas", "optuna"}
    code = (
        f"import sys, {package}.config, {package}.stages.train, {package}.stages.evaluate, "
        f"{package}.stages.drift, {package}.stages.track; print(*sys.modules)"
    )
    loaded = set(run(ROOT, "python", "-c", code).split())

    assert heavy & loaded == set()
