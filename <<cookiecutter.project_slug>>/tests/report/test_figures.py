import struct
import warnings
from pathlib import Path
from typing import Any

import pytest

from <<cookiecutter.package_name>>.report.figures import (
    FIGURES,
    PLOTS,
    draw,
)

from .hostile import HOSTILE

CURVE = [{"false_positive_rate": x, "true_positive_rate": x**0.5} for x in (0.0, 0.5, 1.0)]
BINS = [{"predicted": 0.2, "happened": 0.3}, {"predicted": 0.7, "happened": 0.6}]
ROWS: dict[str, list[dict[str, Any]]] = {
    "roc": CURVE,
    "precision_recall": [{"recall": 0.0, "precision": 1.0}, {"recall": 1.0, "precision": 0.4}],
    "calibration": BINS,
    "uncalibrated": BINS,
    "confusion": [{"actual": "a", "predicted": "b"}, {"actual": "b", "predicted": "b"}],
    "predicted_actual": [{"predicted": 1.0, "actual": 2.0}, {"predicted": 1.0, "actual": 1.0}],
    "residuals": [{"predicted": 1.0, "residual": 1.0}],
    "learning_curve": [
        {"rows": 10, "value": 0.5, "values": [0.4, 0.6]},
        {"rows": 20, "value": 0.7, "values": [0.7]},
    ],
    "tuning_history": [{"trial": 0, "best": 0.5}, {"trial": 3, "best": 0.6}],
}


def size(file: Path) -> tuple[int, ...]:
    """Width and height of a PNG."""
    content = file.read_bytes()
    assert content.startswith(b"\x89PNG")
    return struct.unpack(">II", content[16:24])


def test_each_plot_that_has_rows_is_an_image_and_the_same_rows_are_the_same_bytes(
    tmp_path: Path,
) -> None:
    assert set(ROWS) == set(PLOTS)
    for folder in (tmp_path / "once", tmp_path / "again"):
        folder.mkdir()
        assert list(draw(ROWS, folder)) == [f"{name}.png" for name in FIGURES]
    for file in (tmp_path / "once").iterdir():
        assert size(file) == (1000, 800)
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


def test_a_plot_of_another_task_is_not_drawn(tmp_path: Path) -> None:
    titles = draw({"roc": CURVE, "confusion": [], "uncalibrated": BINS}, tmp_path)

    assert titles == {"roc.png": "ROC"}
    assert [file.name for file in tmp_path.iterdir()] == ["roc.png"]


@pytest.mark.parametrize(
    "names", [HOSTILE, ["$x_1", "long " * 99], [f"class {number}" for number in range(500)]]
)
def test_classes_of_any_name_and_number_have_a_readable_matrix(
    tmp_path: Path, names: list[str]
) -> None:
    rows = [{"actual": name, "predicted": names[0]} for name in names]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw({"confusion": rows}, tmp_path)

    assert size(tmp_path / "confusion.png") == (1000, 800)
