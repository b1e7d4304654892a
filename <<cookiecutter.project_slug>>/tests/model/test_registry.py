from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.evaluate.paired import Comparison
from <<cookiecutter.package_name>>.model.registry import champion, decide, fetch, promote, register
from <<cookiecutter.package_name>>.runtime.tracking import store, tracking_uri


def comparison(gain: float, p_value: float) -> Comparison:
    return Comparison("roc_auc", 0.7 + gain, 0.7, gain, gain - 0.01, gain + 0.01, p_value)


@pytest.mark.parametrize(
    ("compared", "better_than_dummy", "promoted"),
    [
        (None, True, True),
        (None, False, False),
        (comparison(0.05, 0.01), True, True),
        (comparison(0.05, 0.01), False, False),
        (comparison(0.05, 0.20), True, False),
        (comparison(0.0, 1.0), True, False),
        (comparison(-0.05, 0.01), True, False),
    ],
)
def test_only_a_significantly_better_model_becomes_champion(
    compared: Comparison | None, better_than_dummy: bool, promoted: bool
) -> None:
    decision = decide(compared, better_than_dummy=better_than_dummy, level=0.05)

    assert decision.promote is promoted


def test_the_same_model_is_one_version_and_the_champion_can_be_fetched(tmp_path: Path) -> None:
    uri = tracking_uri("sqlite", None)
    contract = tmp_path / "contract.json"
    contract.write_text("{}")
    versions = []
    with store(uri) as client:
        for content in ("first", "first", "second"):
            model = tmp_path / "models" / "model"
            model.mkdir(parents=True, exist_ok=True)
            (model / "model.skops").write_text(content)
            versions.append(register(client, uri, "m", model=model, contract=contract, tags={}))
        before = champion(client, "m")
        promote(client, "m", versions[0])
        found, _ = fetch(client, champion(client, "m"), tmp_path)

    assert versions == ["1", "1", "2"]
    assert before is None
    assert (found / "model.skops").read_text() == "first"
