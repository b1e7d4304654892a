"""Configuration holds the names of variables, and neither their values nor a secret."""

from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from <<cookiecutter.package_name>>.config import load, read
from <<cookiecutter.package_name>>.errors import ConfigError

from .conftest import composed


@pytest.mark.parametrize(
    "override",
    [
        "name=${oc.env:HOME}",
        "name='of ${oc.env:HOME} and more'",
        "name=${oc.env:NOT_SET,some}",
        "name='${oc.decode:${oc.env:HOME}}'",
        "name='${ oc.env : HOME }'",
        "+model.params.deep.x=[1,{y:'${oc.env:HOME}'}]",
        "hydra.job.env_set={A:'${oc.env:HOME}'}",
        "hydra.run.dir='${oc.env:HOME}/x'",
    ],
)
def test_configuration_takes_no_value_from_the_environment(override: str) -> None:
    key = override.partition("=")[0].lstrip("+")
    with pytest.raises(ConfigError, match=rf"^{key}\S* takes a value .* _env"):
        composed(override)


def test_an_environment_resolver_that_is_spelled_by_parts_is_refused_too(params: Path) -> None:
    values = OmegaConf.merge(read(params.name), {"name": "${oc.${tracking.kind}:HOME}"})
    values.tracking.kind = "env"
    with pytest.raises(ConfigError, match=r"^name takes a value"):
        load(values)


@pytest.mark.parametrize("text", ["${oc.env:HOME}", "https://me:${seed}-canary@h/x"])
def test_params_that_hold_a_secret_are_refused(params: Path, text: str) -> None:
    values = yaml.safe_load(params.read_text())
    params.write_text(yaml.safe_dump(values | {"name": text}))
    with pytest.raises(ConfigError, match=r"^name ") as raised:
        load(read(params.name))
    assert "canary" not in raised.value.message


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("name='https://me:canary@h/x'", "name"),
        ("name='https://h/x?access_token=canary'", "name"),
        (
            "+data.sources.0.options.a=[{b:'SharedAccessSignature=canary'}]",
            "data.sources.0.options",
        ),
        ("+model.params.api_key=canary", "model.params.api_key"),
        ("+hydra.job.env_set={AWS_SECRET_ACCESS_KEY:canary}", "hydra.job.env_set"),
        ("+hydra.sweeper.storage='mysql://u:canary@h/x'", "hydra.sweeper.storage"),
        ("nothere='mysql://u:canary@h/x'", "nothere"),
        (
            "+alert.channels.log.address_env='https://h/canary'",
            "alert.channels.log.address_env",
        ),
        ("tracking.uri_env='canary canary'", "tracking.uri_env"),
    ],
)
def test_a_secret_anywhere_is_refused_by_its_key_and_not_repeated(override: str, key: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{key}\S* .* variable") as raised:
        composed(override)
    assert "canary" not in raised.value.message


@pytest.mark.parametrize(
    "override",
    [
        "data.ignore=[key,token_count,password]",
        "data.key=token",
        "+model.params.token_pattern='[a-z]+'",
        "+model.params.max_tokens=3",
        "+model.params.pad_token='[PAD]'",
        "data.sources.0.path='data/raw/year=2013/*.parquet'",
        "data.sources.0.path='abfs://box@me.dfs.core.windows.net/f.parquet'",
        "data.hash_key_env=HASH_KEY",
    ],
)
def test_what_only_resembles_a_secret_is_accepted(override: str) -> None:
    assert composed(override).name
