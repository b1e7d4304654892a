import io
import json
import sys
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
from <<cookiecutter.package_name>>.model.flavors import (
    sklearn as flavor,
)
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.model.preprocessing import STEPS
from <<cookiecutter.package_name>>.model.training import ModelSpec
from <<cookiecutter.package_name>>.runtime.names import locate
from <<cookiecutter.package_name>>.split.target import Target

from ..fixture import CONF
from ..models import BY_SKOPS, LATE, TARGETS, model
from ..models import STEPS as SIMPLE
from .hostile import (
    DOUBLE,
    HOSTILE,
    PIPELINE,
    RUN,
    keyed,
    listed,
    loss,
    node,
    packed,
    tupled,
    value,
)

UNSEEN = ("sklearn.svm.LinearSVC", "sklearn.linear_model.RidgeClassifier")  # calibrated
FOREIGN = """
from pathlib import Path
Path("imported").touch()
class Thing:
    def __setstate__(self, state): Path("ran").touch()
def run(*arguments, **named): Path("ran").touch()
"""
MINE = """
import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin

class Mean(ClassifierMixin, BaseEstimator):
    def __init__(self, by=1.0): self.by = by
    def fit(self, x, y):
        self.classes_, self.mean_ = np.unique(y), float(np.asarray(y).mean()) * self.by
        return self
    def predict(self, x): return np.full(len(x), self.classes_[-1])
    def predict_proba(self, x): return np.tile([1 - self.mean_, self.mean_], (len(x), 1))

class Half(TransformerMixin, BaseEstimator):
    def fit(self, x, y=None):
        self.n_features_in_ = x.shape[1]
        return self
    def transform(self, x): return x / 2
    def get_feature_names_out(self, names=None): return np.asarray(names, dtype=object)

def double(frame: pl.DataFrame) -> pl.DataFrame: return frame * 2
"""


OF_TESTS = """
import polars as pl
def double(frame: pl.DataFrame) -> pl.DataFrame: return frame * 2
"""
IMPORTING = """
from foreign_code import Thing, run
from mine import Mean
class Mine(Mean): pass
class Outer:
    class Inner: pass
Alias = Mean
def mine(frame): return frame
"""


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules of others, and one in own/, which no test has imported yet."""
    monkeypatch.syspath_prepend(str(tmp_path))
    place = [*own.__path__, str(tmp_path / "own")]
    monkeypatch.setattr(own, "__path__", place)
    monkeypatch.setattr(own.__spec__, "submodule_search_locations", place)
    (tmp_path / "own").mkdir()
    for name, text in (
        ("foreign_code", FOREIGN),
        ("mine", MINE),
        ("own/of_tests", OF_TESTS),
        ("own/importing", IMPORTING),
        ("own/broken", "raise SystemExit"),
    ):
        (tmp_path / f"{name}.py").write_text(text)
        imported = name.replace("own/", f"{own.__name__}.")
        monkeypatch.delitem(sys.modules, imported, raising=False)


def trained(
    rows: pl.DataFrame,
    estimator: str,
    steps: list[Step],
    target: Target = LATE,
    own: tuple[str, ...] = (),
    **params: Any,
) -> Model:
    trained_model = model(rows, ModelSpec(estimator, params, steps, 1, own=own), target)
    assert trained_model.contract.fell_back is None
    return trained_model


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


@pytest.fixture
def saved(rows: pl.DataFrame) -> bytes:
    """The bytes of a good model file."""
    Path("model").mkdir()
    steps = [Step("imputer", "numeric"), Step("hash", "re:.")]
    flavor.save(trained(rows, "dummy", steps).predictor.pipeline, Path("model"), [])
    return Path("model/model.skops").read_bytes()


def refused(content: bytes, own: list[str] | None = None) -> ModelError:
    Path("model/model.skops").write_bytes(content)
    with pytest.raises(ModelError) as error:
        flavor.load(Path("model"), LATE, own or [])
    return error.value


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_and_nothing_of_it_is_imported_or_called(case: str) -> None:
    attribute = node("ObjectNode", PIPELINE, content=keyed(steps=HOSTILE[case]))
    for root in (HOSTILE[case], attribute):
        assert refused(packed(root)).code in ("model.untrusted", "model.unreadable")

    assert "foreign_code" not in sys.modules
    assert not Path("imported").exists()
    assert not Path("ran").exists()


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize(
    "loader", ["ListNode", "ConstructorFromReduceNode", "LossNode", "TypeNode"]
)
def test_what_conf_names_may_be_filled_or_referred_to_but_not_called_by_a_file(loader: str) -> None:
    root = loss(RUN) if loader == "LossNode" else node(loader, RUN, content=tupled())

    assert "foreign_code.run by" in refused(packed(root), [RUN]).message
    assert not Path("ran").exists()


@pytest.mark.parametrize("protocol", [0, 1, 3, True, "2", None, 2.0])
@pytest.mark.usefixtures("saved")
def test_a_file_of_another_protocol_is_refused(protocol: Any) -> None:
    assert "protocol" in refused(packed(listed(), protocol=protocol)).message


def doubled(saved: bytes) -> bytes:
    file = io.BytesIO(saved)
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("schema.json", "{}")
    return file.getvalue()


def added(saved: bytes, name: str) -> bytes:
    file = io.BytesIO(saved)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, "x")
    return file.getvalue()


def inflated(saved: bytes) -> bytes:
    """The same file, whose directory says that a member has four gigabytes."""
    start = saved.rindex(b"PK\1\2")
    return saved[: start + 20] + b"\xfe\xff\xff\xff" * 2 + saved[start + 28 :]


def deep(_: bytes) -> bytes:
    text = '{"protocol": 2, "a": ' + "[" * 100_000 + "]" * 100_000 + "}"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("schema.json", text)
    return file.getvalue()


def nested(_: bytes) -> bytes:
    root = listed()
    for _ in range(240):
        root = listed(root)
    return packed(root)


DAMAGED = {
    "nothing": (lambda _: b"", "no usable model"),
    "no archive": (lambda _: b"not a zip", "no usable model"),
    "half of it": (lambda saved: saved[: len(saved) // 2], "no usable model"),
    "a changed byte": (lambda saved: saved[:2000] + b"~" + saved[2001:], "no usable model"),
    "a member twice": (doubled, "two members of one name"),
    "an absolute name": (lambda saved: added(saved, "/etc/x"), "a path"),
    "a name above": (lambda saved: added(saved, "../x"), "a path"),
    "a drive": (lambda saved: added(saved, "C:x"), "a path"),
    "compressed": (lambda _: packed(listed(), compression=zipfile.ZIP_DEFLATED), "compressed"),
    "a size that is not there": (inflated, "larger than the file"),
    "deep JSON": (deep, "nested too deeply"),
    "deep objects": (nested, "no usable model"),
    "no description": (lambda _: added(b"", "x.npy"), "schema.json"),
    "a list": (lambda _: packed(listed()), "no usable model"),
    "a number": (lambda _: packed(value(1)), "no usable model"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_one_clear_error(saved: bytes, case: str) -> None:
    change, reason = DAMAGED[case]

    assert reason in refused(change(saved)).message


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
