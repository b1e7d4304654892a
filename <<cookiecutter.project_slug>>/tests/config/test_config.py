import copy
import re
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from <<cookiecutter.package_name>>.config import Config, load, read
from <<cookiecutter.package_name>>.config.checks import RuleError
from <<cookiecutter.package_name>>.config.columns import check_names
from <<cookiecutter.package_name>>.config.tune import Dimension, Tune
from <<cookiecutter.package_name>>.errors import ConfigError
from <<cookiecutter.package_name>>.stages.compose import render

from ..fixture import CONF

OWN = ["data.schema=s.json", "data.target=t", "data.key=k"]
SEVERAL = ["data.sources.0.path=a", "data.sources.1.path=b", "data.sources.2.path=c"]
MORE = {
    "data=csv": [],
    "data=json": [],
    "data=ndjson": [],
    "data=parquet": [],
    "data=sql": ["data.sources.0.table=t"],
    "data=several": [*SEVERAL, "data.sources.2.join.by=[k]"],
}
CHOICES = sorted(
    f"{path.parent.name}={path.stem}" for path in CONF.glob("*/*.yaml") if path.stem != "sweep"
)


def composed(*overrides: str) -> Config:
    with initialize_config_dir(str(CONF)):
        return load(compose("config", overrides=list(overrides)))


@pytest.mark.parametrize("choice", CHOICES)
def test_every_shipped_choice_composes_and_keeps_the_rules(choice: str) -> None:
    own = [*OWN, *MORE[choice]] if choice in MORE else []

    assert composed(choice, *own).name


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("split.test=2", "split.test"),
        ("split.validation=0", "split.validation"),
        ("split.kind=lucky", "split.kind"),
        ("validate.max_quarantined=-1", "max_quarantined"),
        ("validate.changed_columns=never", "changed_columns"),
        ("+validate.anomalies.guess=1", "validate.anomalies"),
        ("+validate.anomalies.iqr=-1", "validate.anomalies.iqr"),
        ("evaluate.bootstrap=1", "evaluate.bootstrap"),
        ("drift.nulls=2", "drift.nulls"),
        ("data.key=null", "names a row"),
        ("data.key=???", "data.key is not filled in: the column that names a row"),
        ("data.target=null", "the column to predict"),
        ("data.target=false", "into quotes"),
        ("data.sources=[]", "data.sources"),
        ("data.sources.0.kind=exel", "data.sources.kind"),
        ("data.sources.0.path=null", "one of path and uri_env"),
        ("data.sources.0.uri_env=A", "one of path and uri_env"),
        ("data.sources.0.table=t", "one of query and table"),
        ("data.sources.0.kind=sql", "one of query and table"),
        ("data.sources.0.path='https://me:secret@h/x'", "environment variable"),
        ("data.sources.0.path='https://h/x?sig=secret'", "environment variable"),
        ("+data.sources.0.options.storage_options.aws_secret_access_key=x", "credential"),
        ("data.sources.0.join={by:[k],cardinality:'n:1'}", "first source"),
        ("data.sources.0.join={by:[k],cardinality:'n:n'}", "cardinality"),
        ("data.sources.0.join={by:[],cardinality:'n:1'}", "join.by"),
        ("data.incoming=[{kind:csv,path:a,join:{by:[k],cardinality:'1:1'}}]", "data.incoming"),
        ("data.labels=[{kind:csv,path:a,join:{by:[k],cardinality:'1:1'}}]", "data.labels"),
        ("data.retry_s=-1", "data.retry_s"),
        ("gate.margin=-1", "gate.margin"),
        ("gate.slices.floor=0.7", "gate.slices needs both columns and floor"),
        ("gate.signing.required=true", "gate.signing.public_key is empty"),
        ("data.target=???", "target"),
        ("data=csv", "schema"),
        ("tracking.kind=server", "uri_env"),
        ("alert.channels=[pigeon]", "alert.channels"),
        ("alert.channels=[webhook]", "webhook_env"),
        ("seed=-1", "seed"),
        ("split=time", "data.time"),
        ("split.kind=group", "split.group"),
        ("split.folds=1", "split.folds"),
        ("split.repeats=0", "split.repeats"),
        ("split.test=0.5 split.validation=0.5", "split.validation"),
        ("split=time split.repeats=2", "split.repeats"),
        ("split.max_alone=2", "max_alone"),
        ("preprocess.steps.0.columns=[1]", "columns of 'imputer'"),
        ("tune.space.forest.min_samples_leaf.high=0", "low < high"),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused_by_name(override: str, named: str) -> None:
    more = ["tune=optuna"] + ["data.time=null"] * (override == "split=time")
    with pytest.raises(ConfigError, match=named):
        composed(*override.split(), *more)


COLUMNS = ["id", "tail_number", "no", "007", "late"]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("tail_numbr", "similar are tail_number"),
        ("Tail_Number", "similar are tail_number"),
        ("weather", "there are id"),
        ("False", "'no'"),  # what OmegaConf makes of no
        ("7", "'007'"),
        ("name", "x-personal"),
    ],
)
def test_a_name_that_no_column_has_is_refused_with_what_may_be_meant(
    name: str, advice: str
) -> None:
    with pytest.raises(ConfigError, match=f"data.time names '{name}'.*{advice}"):
        check_names(COLUMNS, {"data.target": ["late"], "data.time": [name]}, dropped=["name"])


def test_a_personal_column_that_ingest_drops_may_be_ignored() -> None:
    check_names(COLUMNS, {"data.ignore": ["name", "no"]}, dropped=["name"])


NUMBERS = {  # each number of conf/, and what is out of sense for it
    "seed": "-1 2147483648",
    "data.retry_s": "-1 nan inf",
    "validate.max_quarantined": "-0.1 1.1 nan inf",
    "validate.anomalies.robust_z": "-1 nan inf",
    "validate.anomalies.iqr": "-1 nan inf",
    "validate.anomalies.isolation_forest": "-1 1.1 nan",
    "validate.anomalies.duplicates": "-1 1.1 nan",
    "split.seed": "-1 4294967296",
    "model.batch_rows": "-1 999 100000001",
    "split.validation": "0 0.6 nan -inf",
    "split.test": "0 0.6 nan inf",
    "split.folds": "-1 1 21",
    "split.repeats": "0 -1 21",
    "split.max_repeated": "-0.1 1.1 nan",
    "split.max_alone": "0.4 1.1 nan",
    "tune.trials": "0 -1 10001",
    "tune.timeout_s": "0 -1 nan inf 1e9",
    "tune.folds": "0 1 21",
    "tune.workers": "0 -1 65",
    "tune.tolerance": "-1 nan inf",
    "tune.warmup": "-0.1 1.1 nan",
    "evaluate.bootstrap": "0 49 100001",
    "evaluate.level": "0 -1 0.6 nan",
    "evaluate.conformal": "0 -0.1 0.6 nan inf",
    "gate.level": "0 0.6 nan",
    "gate.margin": "-1 nan inf",
    "gate.min_rows": "0 -1 1000000001",
    "gate.latency_ms": "-1 nan inf",
    "gate.size_mb": "-1 nan inf",
    "drift.column": "-0.1 nan inf",
    "drift.data_drift": "-0.1 1.1 nan",
    "drift.prediction_drift": "-0.1 nan inf",
    "drift.nulls": "-0.1 1.1 nan",
    "drift.rows": "0 -1 1000001",
    "drift.performance": "-0.1 1.1 nan",
    "alert.suppress_min": "-1 nan inf",
    "alert.timeout_s": "0 -1 601 nan inf",
    "compute.workers": "0 -2 1025",
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in NUMBERS.items() for value in values.split()]
)
def test_a_number_out_of_sense_is_refused_by_key(key: str, value: str) -> None:
    changed = copy.deepcopy(shipped())
    number = int(value) if value.lstrip("-").isdigit() else float(value)
    OmegaConf.update(changed, key, number, force_add=True)

    with pytest.raises(ConfigError, match=re.escape(key)):
        load(changed)


@cache
def shipped() -> DictConfig:
    with initialize_config_dir(str(CONF)):
        return compose("config", overrides=["tune=optuna"])


def test_the_table_of_numbers_is_that_of_the_schema() -> None:
    numbers = {
        f"{group.name}.{field.name}"
        for group in fields(Config)
        if is_dataclass(group.type)
        for field in fields(group.type)
        if re.search(r"\b(int|float)\b", str(field.type)) and "dict" not in str(field.type)
    }

    assert numbers == {key for key in NUMBERS if "." in key and "anomalies" not in key}


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"low": 0.0, "high": 1.0, "log": True}, "C.low is 0"),
        ({"low": -1.0, "high": 1.0, "log": True}, "C.low is -1"),
        ({"low": 0.0, "high": 9.0, "log": True, "whole": True}, "C.low is 0"),
        ({"low": 1.5, "high": 9.0, "whole": True}, "C.low is 1.5"),
        ({"low": 1.0, "high": 9.5, "whole": True}, "C.high is 9.5"),
        ({"low": 1.0, "high": 1e20, "whole": True}, "C.high is 1e+20"),
        ({"low": 0.0, "high": 1e308}, "C.high is 1e+308"),
        ({"low": 0.0, "high": INF}, "C.high is inf"),
        ({"low": -INF, "high": 0.0}, "C.low is -inf"),
        *(({"low": low, "high": 1.0}, "low < high") for low in (1.0, 2.0, NAN, None)),
        *(({"low": 1.0, "high": high}, "low < high") for high in (1.0, NAN, None)),
        ({}, "low < high"),
        *(({"choices": wrong}, "C.choices is") for wrong in ([], [1, NAN], [[1, 2]], [{"a": 1}])),
        ({"choices": [1, 2], "low": 0.0, "high": 1.0}, "C has choices"),
        ({"choices": [1, 2], "log": True}, "C has choices"),
        ({"choices": [1], "when": {"D": 1}}, "C.when names 'D'"),
        ({"choices": [1], "when": {"C": 2}}, "C.when is C: 2, which C never is"),
        ({"low": 0.0, "high": 1.0, "when": {"C": 0.5}}, "C.when is C: 0.5, which C never is"),
        ({"choices": [1], "when": {"C": 1}}, "the `when` of C wait for each other"),
    ],
)
def test_a_range_that_cannot_be_drawn_from_is_refused_by_key(
    values: dict[str, Any], named: str
) -> None:
    with pytest.raises(RuleError, match=r"tune\.space\.own.*C.*") as refused:
        Tune(method="optuna", space={"own": {"C": Dimension(**values)}})
    assert named in str(refused.value)


def test_objectives_and_what_goes_with_them_are_checked() -> None:
    several = ["tune=optuna", "tune.objectives=[roc_auc,brier]", "tune.pruner.name=none"]

    assert composed(*several, "tune.tolerance=0.01").tune.tolerance == 0.01
    for overrides, named in (
        (["tune.objectives=[cost]"], "tune.objectives, out of evaluate.metrics, is 'cost'"),
        ([*several, "tune.pruner.name=median"], "cannot be pruned"),
        (["tune.objectives=[brier,brier]"], "each may stand there once"),
        (["tune.tolerance=0.1"], "tune.tolerance has no effect"),
        (["tune.storage=cloud"], "tune.storage is 'cloud'"),
    ):
        with pytest.raises(ConfigError, match=re.escape(named)):
            composed("tune=optuna", *overrides)


def test_a_range_that_can_be_drawn_from_is_taken() -> None:
    drawn = {
        "a": Dimension(low=-1.0, high=0.0),
        "b": Dimension(low=1.0, high=9.0, log=True, whole=True),
        "c": Dimension(choices=[None, True, "x", 1, 0.5]),
        "d": Dimension(low=1.0, high=2.0, when={"b": 3, "c": True}),
    }

    assert Tune(method="optuna", space={"own": drawn}).space["own"] == drawn


def test_trusted_names_are_dotted() -> None:
    with pytest.raises(ConfigError, match=r"model\.trusted is 'Thing'"):
        composed("model.trusted=[Thing]")


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
        ("alert.webhook_env='https://h/canary'", "alert.webhook_env"),
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


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("O'Hare delays", True),
        ('say "hello"', True),
        ("Zürich 東京 %41", True),
        ("of flights. late", True),
        (".hidden", True),
        ("n" * 256, True),
        ("n" * 257, False),
        ("flights/nyc", False),
        ("a:b", False),
        (".", False),
        ("..", False),
        ("..x", False),
        ("", False),
        ("  ", False),
    ],
)
def test_a_name_that_mlflow_refuses_is_refused_with_the_configuration(
    params: Path, name: str, allowed: bool
) -> None:
    values = read(params.name)
    values.name = name
    values.tracking.registry = values.tracking.experiment = name
    if allowed:
        assert load(values).tracking.registry == name
    else:
        with pytest.raises(ConfigError, match=r"tracking\."):
            load(values)


@pytest.mark.parametrize(
    "override", ["split.tset=0.1", "split.test=lots", "model=none_such", "nothing=1", "seed=x"]
)
def test_an_unknown_key_a_wrong_type_and_an_unknown_choice_are_refused(override: str) -> None:
    with pytest.raises(HydraException):
        composed(override)


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """params.yaml, composed in a folder of its own, which is the current one."""
    (tmp_path / "conf").symlink_to(CONF)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "params.yaml"
    file.write_text(render())
    return file


def test_all_roads_lead_to_one_configuration(params: Path) -> None:
    with initialize_config_dir(str(CONF)):
        by_hydra = load(compose("pipeline"))

    assert load(read(params.name)) == by_hydra == composed()


@pytest.mark.parametrize(
    ("text", "named"), [("sede: 1", "sede"), ("seed: many", "seed"), ("split: {tset: 1}", "tset")]
)
def test_params_that_the_schema_does_not_know_are_refused(
    params: Path, text: str, named: str
) -> None:
    params.write_text(text)
    with pytest.raises(OmegaConfBaseException, match=named):
        read(params.name)


def test_params_that_are_missing_or_a_list_are_refused(params: Path) -> None:
    params.write_text("- 3")
    with pytest.raises(ConfigError, match="dvc repro"):
        read(params.name)
    params.unlink()
    with pytest.raises(ConfigError, match="missing"):
        read(params.name)


def test_every_shipped_file_is_short() -> None:
    assert [p for p in Path(CONF).rglob("*.yaml") if len(p.read_text().splitlines()) > 40] == []


@pytest.mark.parametrize("key", ["unpacked_gb", "unpacked_ratio"])
def test_the_limits_of_reading_are_set_and_checked(key: str) -> None:
    own = ["data=csv", *OWN]
    assert composed(*own, "data.limits.folders=[/mnt/more]").data.limits.folders == ["/mnt/more"]
    assert getattr(composed(*own, f"data.limits.{key}=50").data.limits, key) == 50
    with pytest.raises(ConfigError, match=rf"data\.limits\.{key} is 0"):
        composed(*own, f"data.limits.{key}=0")
