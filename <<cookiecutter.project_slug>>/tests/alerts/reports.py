"""Reports as the other stages write them, of a day on which all is well."""

import json
from pathlib import Path
from typing import Any

STEADY = {"verdict": "steady", "drifted": []}
CALM: dict[str, Any] = {
    "run_id": "r1",
    "severity": "none",
    "retrain": False,
    "batch": {"name": "2024-06", "kind": "month", "rows": 1500},
    "data": STEADY,
    "predictions": STEADY,
    "performance": {"verdict": "steady", "metric": "roc_auc", "tested": 0.8, "estimated": 0.8},
    "recommendations": ["Look."],
}
DRIFTED = CALM | {
    "severity": "error",
    "data": {"verdict": "drifted", "drifted": ["wind", "temperature"]},
    "predictions": {"verdict": "drifted", "drifted": ["1"]},
}
CLEAN = {"rows": 1000, "quarantined": 10}
CONFIGURED = {"fell_back": None}  # the model is the configured one
ARRIVED: dict[str, Any] = {
    "run_id": "b1",
    "rows": 1000,
    "valid": 990,
    "quarantined": 10,
    "rules": {"a": 10},
    "critical": [],
    "files": ["x.csv"],
    "sha256": "june",
}
HELD = {"run_id": "p1", "verdict": "holds", "fallen": [], "sentences": []}
FELL = HELD | {"verdict": "fell", "fallen": ["june.csv"], "sentences": ["june.csv: bad"]}
PROMOTED = {"verdict": "promote", "reason": "it is better", "version": "2", "champion": "2"}


def write(folder: Path, **reports: Any) -> None:
    """Write reports/NAME.json for each."""
    (folder / "reports").mkdir(exist_ok=True)
    for name, report in reports.items():
        (folder / f"reports/{name}.json").write_text(json.dumps(report))
