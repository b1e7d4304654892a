import io
import json
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import skops.io
import yaml

from <<cookiecutter.package_name>> import own
from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ModelError,
)
from <<cookiecutter.package_name>>.model import trust
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.model.preprocessing import STEPS
from <<cookiecutter.package_name>>.runtime.names import locate

from ..fixture import CONF
from ..models import BY_SKOPS, LATE, TARGETS
from ..models import STEPS as SIMPLE
from .hostile import (
    DOUBLE,
    keyed,
    node,
    packed,
)
from .modules import trained, write_modules

UNSEEN = ("sklearn.svm.LinearSVC", "sklearn.linear_model.RidgeClassifier")  # calibrated


@pytest.fixture(autouse=True)
def _modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_modules(tmp_path, monkeypatch)


def pairs_of(saved: bytes) -> set[tuple[str, str]]:
    """Each loader of skops in a file, with the name of what it builds."""
    pairs, pending = set(), [json.loads(zipfile.ZipFile(io.BytesIO(saved)).read("schema.json"))]
    while pending:
        item = pending.pop()
        if isinstance(item, dict) and "__loader__" in item:
            pairs.add((item["__loader__"], f"{item['__module__']}.{item['__class__']}"))
        if isinstance(item, dict | list):
            pending.extend(item.values() if isinstance(item, dict) else item)
    return pairs


def named(dotted: str) -> str:
    """How skops writes a class down: by the module that defines it."""
    located = locate(dotted, "a test")
    return f"{located.__module__}.{located.__name__}"


def shipped(group: str) -> list[Any]:
    return [yaml.safe_load(file.read_text()) for file in sorted((CONF / group).iterdir())]


@pytest.mark.no_cover
def test_the_allow_list_is_what_our_models_and_steps_save_no_more_and_no_less(
    rows: pl.DataFrame,
) -> None:
    fill, dates = Step("imputer", "numeric"), Step("hash", "datetime")
    choices = [
        [Step(step["step"], step["columns"], step.get("params", {})) for step in group["steps"]]
        for group in shipped("preprocess")
    ]
    scalers = [Step(name, "numeric") for name in ("standard_scaler", "min_max")]
    scalers += [Step("robust_scaler", "numeric")]
    scalers += [Step(DOUBLE, ["wind", "seats"])]
    texts = [Step(name, "text") for name in ("text_tfidf", "label_encoder", "ordinal")]
    texts += [Step(name, "text") for name in ("one_hot", "target_encoder", "hash")]
    texts += [Step(name, "text") for name in ("category", "text_as_is")]
    dated = Step("date_parts", "datetime")
    others = [[*scalers, fill, text, dates] for text in texts] + [[fill, texts[0], dated]]
    assert {step.step for steps in others for step in steps} >= set(STEPS)

    jobs = [("dummy", steps, LATE) for steps in [*choices, *others]]
    for target in TARGETS.values():
        jobs += [(name, SIMPLE, target) for name, task in BY_SKOPS if task is target.task]
    jobs += [(name, SIMPLE, LATE) for name in UNSEEN]
    pairs, untrusted = set(), set()
    for name, steps, target in jobs:
        own_names = tuple(n for n in [name, *(step.step for step in steps)] if "." in n)
        fitted = trained(rows, name, steps, target, own_names)
        saved = skops.io.dumps(fitted.predictor.pipeline)
        pairs |= pairs_of(saved)
        untrusted |= set(skops.io.get_untrusted_types(data=saved))
        assert trust.trusted(saved, own_names, "it")
    pairs -= {("ObjectNode", named(name)) for name in UNSEEN}

    typed = {pair for pair in pairs if pair[0] in trust.TYPES}
    assert typed == {(loader, name) for loader, names in trust.TYPES.items() for name in names}
    assert untrusted <= {name for _, name in typed} | {"numpy.dtype", DOUBLE, *map(named, UNSEEN)}


@pytest.mark.parametrize(("loader", "name"), [("ObjectNode", "Mine"), ("FunctionNode", "mine")])
def test_what_a_module_of_own_defines_is_trusted(loader: str, name: str) -> None:
    dotted = f"{own.__name__}.importing.{name}"

    assert dotted in trust.trusted(packed(node(loader, dotted, content=keyed())), [], "it")


@pytest.mark.parametrize(
    ("loader", "name"),
    [
        ("ObjectNode", "importing.Thing"),  # only imported there
        ("ObjectNode", "importing.Alias"),
        ("ObjectNode", "importing.Inner"),
        ("ObjectNode", "importing.Missing"),
        ("ObjectNode", "importing.mine"),
        ("FunctionNode", "importing.run"),
        ("FunctionNode", "importing.Mine"),
        ("ConstructorFromReduceNode", "importing.Mine"),
        ("LossNode", "importing.mine"),
        ("TypeNode", "importing.Mine"),
        ("ObjectNode", "absent.Mine"),
        ("ObjectNode", "absent.importing.Mine"),
        ("ObjectNode", "Mine"),
    ],
)
def test_what_own_does_not_define_or_would_call_is_refused(loader: str, name: str) -> None:
    saved = packed(node(loader, f"{own.__name__}.{name}", content=keyed()))

    with pytest.raises(ModelError, match=rf"holds \S+\.{name}.* not trusted"):
        trust.trusted(saved, [], "it")
    assert not Path("ran").exists()


def test_a_module_of_own_that_cannot_be_imported_is_named() -> None:
    saved = packed(node("ObjectNode", f"{own.__name__}.broken.Mine", content=keyed()))

    with pytest.raises(ConfigError, match=r"own\.broken, .* cannot be imported \(SystemExit"):
        trust.trusted(saved, [], "it")


OWN = ("mine.Mean", "mine.Half", "mine.double")


def test_what_conf_names_is_saved_and_loaded_and_nothing_else_is(rows: pl.DataFrame) -> None:
    steps = [Step("imputer", "numeric"), Step("mine.Half", "wind")]
    steps += [Step("mine.double", "seats"), Step("hash", "re:^(?!wind|seats)")]
    with pytest.raises(ModelError, match=r"mine\.Half, mine\.Mean, mine\.double, which is not"):
        trained(rows, "mine.Mean", steps, by=0.5)
    fitted = trained(rows, "mine.Mean", steps, own=OWN, by=0.5)
    with pytest.raises(ModelError, match="not trusted"):
        fitted.save(Path("model"))
    assert not Path("model").exists()
    fitted.save(Path("model"), OWN)

    assert Model.load(Path("model"), OWN).predict(rows).equals(fitted.predict(rows))
    with pytest.raises(ModelError, match=r"mine\.Mean, which is not trusted"):
        Model.load(Path("model"), OWN[1:])


@pytest.mark.parametrize(
    ("estimator", "params", "more"),
    [
        (
            "sklearn.ensemble.ExtraTreesClassifier",
            {"n_estimators": 2},
            "sklearn.tree.ExtraTreeClassifier",
        ),
        (
            "sklearn.linear_model.SGDClassifier",
            {"loss": "modified_huber"},
            "sklearn.linear_model._sgd_fast.ModifiedHuber",
        ),
    ],
)
def test_an_estimator_of_more_types_needs_them_named(
    rows: pl.DataFrame, estimator: str, params: dict[str, Any], more: str
) -> None:
    steps = [Step("imputer", "numeric"), Step("hash", "re:.")]
    with pytest.raises(ModelError, match=more.rpartition(".")[2]):
        trained(rows, estimator, steps, own=(estimator,), **params)
    fitted = trained(rows, estimator, steps, own=(estimator, more), **params)
    fitted.save(Path("model"), [estimator, more])

    assert Model.load(Path("model"), [estimator, more]).predict(rows).height == 600
    with pytest.raises(ConfigError, match=r"nowhere\.Thing"):
        Model.load(Path("model"), ["nowhere.Thing"])
