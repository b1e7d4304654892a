from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from <<cookiecutter.package_name>>.config import Config, load
from <<cookiecutter.package_name>>.stages.compose import render

from ..fixture import CONF


def composed(*overrides: str) -> Config:
    with initialize_config_dir(str(CONF)):
        return load(compose("config", overrides=list(overrides)))


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """params.yaml, composed in a folder of its own, which is the current one."""
    (tmp_path / "conf").symlink_to(CONF)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "params.yaml"
    file.write_text(render())
    return file
