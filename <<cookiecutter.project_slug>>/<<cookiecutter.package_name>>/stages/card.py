"""The pages of an experiment for people: `python -m PACKAGE.stages.card`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..config import Config
from ..model.contract_file import read_contract
from ..paths import (
    CARD,
    CONTRACT,
    EXPERIMENT,
    FIGURES,
    IMPORTANCE,
    METRICS,
    MODEL,
    PLOTS,
    QUALITY,
    QUALITY_PAGE,
    SHAP,
    SLICES,
    SPLIT,
    TUNING_REPORT,
)
from ..report import card, figures, quality
from ..runtime.artifacts import atomic_write, sha256_of
from ..runtime.stage import stage


@stage
def main(config: Config) -> None:
    """Write model card, figures and quality page from everything in reports/."""
    contract = read_contract(CONTRACT)
    fell_back = contract.fell_back
    warnings = [f"this is the fallback model ({fell_back})"] if fell_back else []
    for report in (METRICS, QUALITY, SPLIT, TUNING_REPORT, EXPERIMENT):
        warnings += _read(report)["warnings"]

    with atomic_write(FIGURES) as partial:
        partial.mkdir()
        rows = {name: _read(PLOTS / f"{name}.json") for name in figures.PLOTS}
        drawn = figures.draw(rows, partial)

    page = card.render(
        {
            "name": config.name,
            "contract": asdict(contract),
            "metrics": _read(METRICS),
            "slices": _read(SLICES),
            "level": config.evaluate.level,
            "split": config.split.kind,
            "time": config.data.time,
            "figures": {f"{FIGURES.name}/{file}": title for file, title in drawn.items()},
            "importance": _read(IMPORTANCE),
            "shap": _read(SHAP),
            "tuning": _read(TUNING_REPORT),
            "quality": _read(QUALITY),
            "hashes": {"model": sha256_of(MODEL)} | contract.hashes,
            "warnings": warnings,
        }
    )
    about = quality.render(config.name, _read(QUALITY), config.validate.max_quarantined)
    for path, text in ((CARD, page), (QUALITY_PAGE, about)):
        with atomic_write(path) as partial:
            partial.write_text(text, encoding="utf-8")


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
