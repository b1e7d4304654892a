"""What a model file may hold: each type by its exact name and by the way in which it is built.

A model file may come from a remote that others can write to, so nothing in it is imported or called
before all of it was checked here. skops' own check goes by names alone; here a name goes with a
loader, because some loaders of skops call what they name with arguments out of the file. So a class
may only be filled with attributes, and a function only be referred to.

Beside what our estimators and steps save (TYPES, no more and no less: a test says so), a file may
hold what conf/ names by a dotted path, and the classes and functions that modules of own/ define
(not what these import): both come from git, and a stage runs them anyway.

What this does not hold off: numbers that are no model of any training. A file of trusted types may
crash the compiled code of scikit-learn or XGBoost.
"""

import importlib
import io
import json
import math
import zipfile
from collections.abc import Collection, Iterator
from importlib.machinery import PathFinder
from importlib.util import find_spec
from types import FunctionType
from typing import Any

from ..errors import ConfigError, ModelError
from ..runtime.names import locate

PROTOCOL = 2  # of skops 0.16; a file of another one would choose other loaders
_STEPS = f"{__package__}.transforms"
_OWN = f"{__package__.rpartition('.')[0]}.own"
TYPES: dict[str, frozenset[str]] = {  # loader of skops: what it may build
    "LossNode": frozenset(
        f"sklearn._loss._loss.CyHalf{name}"
        for name in ("BinomialLoss", "MultinomialLoss", "SquaredError")
    ),
    "ObjectNode": frozenset(
        {
            f"{_STEPS}.Categories",
            f"{_STEPS}.DateParts",
            f"{_STEPS}.FrameFunction",
            f"{_STEPS}.HashBuckets",
            f"{_STEPS}.TextAsIs",
            f"{_STEPS}.TextTfidf",
            "sklearn._loss.link.IdentityLink",
            "sklearn._loss.link.Interval",
            "sklearn._loss.link.LogitLink",
            "sklearn._loss.link.MultinomialLogit",
            "sklearn._loss.loss.HalfBinomialLoss",
            "sklearn._loss.loss.HalfMultinomialLoss",
            "sklearn._loss.loss.HalfSquaredError",
            "sklearn.calibration.CalibratedClassifierCV",
            "sklearn.calibration._CalibratedClassifier",
            "sklearn.calibration._SigmoidCalibration",
            "sklearn.compose._column_transformer.ColumnTransformer",
            "sklearn.dummy.DummyClassifier",
            "sklearn.dummy.DummyRegressor",
            "sklearn.ensemble._forest.RandomForestClassifier",
            "sklearn.ensemble._forest.RandomForestRegressor",
            "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
            "sklearn.ensemble._hist_gradient_boosting.gradient_boosting."
            "HistGradientBoostingClassifier",
            "sklearn.ensemble._hist_gradient_boosting.gradient_boosting."
            "HistGradientBoostingRegressor",
            "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
            "sklearn.impute._base.SimpleImputer",
            "sklearn.linear_model._logistic.LogisticRegression",
            "sklearn.linear_model._ridge.Ridge",
            "sklearn.model_selection._split.KFold",
            "sklearn.model_selection._split.StratifiedKFold",
            "sklearn.pipeline.Pipeline",
            "sklearn.preprocessing._data.MinMaxScaler",
            "sklearn.preprocessing._data.RobustScaler",
            "sklearn.preprocessing._data.StandardScaler",
            "sklearn.preprocessing._encoders.OneHotEncoder",
            "sklearn.preprocessing._encoders.OrdinalEncoder",
            "sklearn.preprocessing._function_transformer.FunctionTransformer",
            "sklearn.preprocessing._label.LabelBinarizer",
            "sklearn.preprocessing._label.LabelEncoder",
            "sklearn.preprocessing._target_encoder.TargetEncoder",
            "sklearn.tree._classes.DecisionTreeClassifier",
            "sklearn.tree._classes.DecisionTreeRegressor",
        }
    ),
    "RandomGeneratorNode": frozenset({"numpy.random._generator.Generator"}),
    "TreeNode": frozenset({"sklearn.tree._tree.Tree"}),
}
_LOSSES = ("sklearn._loss._loss", "sklearn.linear_model._sgd_fast")  # compiled; made of numbers
_SIMPLE = ("ObjectNode", "FunctionNode")
_BITS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_NUMBERS = frozenset(
    f"numpy.{name}" for name in ("bool", "str_", "float16", "float32", "float64", *_BITS)
)
_PLAIN = {  # data without behaviour
    "BytearrayNode": frozenset({"builtins.bytearray"}),
    "BytesNode": frozenset({"builtins.bytes"}),
    "DTypeNode": frozenset({"numpy.dtype"}),
    "DictNode": frozenset({"builtins.dict"}),
    "JsonNode": frozenset({"builtins.str"}),
    "ListNode": frozenset({"builtins.list"}),
    "NdArrayNode": _NUMBERS | {"numpy.ndarray"},
    "RandomStateNode": frozenset({"numpy.random.mtrand.RandomState"}),
    "SetNode": frozenset({"builtins.set"}),
    "SliceNode": frozenset({"builtins.slice"}),
    "TupleNode": frozenset({"builtins.tuple"}),
    "TypeNode": _NUMBERS | {"builtins.bool", "builtins.float", "builtins.int", "builtins.str"},
}


def trusted(saved: bytes, own: Collection[str], holder: str) -> list[str]:
    """The names of all types in a model file that was checked; nothing else of it was imported.

    Args:
        saved: the file's bytes.
        own: dotted names that conf/ trusts, imported if the file holds more than our own types.
        holder: what to call the file in a message.

    Raises:
        ModelError: it holds a type that is not trusted, or is no whole file of skops.
        ConfigError: a name of ``own``, or a module of own/ that the file names, cannot be imported.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(saved)) as archive:
            _check_members(archive.infolist(), len(saved))
            nodes = list(_nodes(_schema(archive)))
            used = {(str(node["__loader__"]), _name(node)) for node in nodes}
            _check_ids(nodes)
            _check_keys(nodes)
            for node in nodes:
                if node["__loader__"] == "NdArrayNode" and "file" in node:
                    _check_array(archive, node["file"])
    except Exception as error:  # a damaged or hostile file may raise anything
        raise unusable(holder, error) from error
    foreign = {pair for pair in used if not _is_ours(*pair)}
    foreign = {pair for pair in foreign if not _is_defined_in_own(*pair)}
    if foreign:
        foreign -= {_as_saved(name) for name in own}
    if foreign:
        names = sorted(
            name if loader in _SIMPLE else f"{name} by {loader}" for loader, name in foreign
        )
        raise ModelError(
            f"{holder} holds {', '.join(names)}, which is not trusted, so it cannot be loaded. "
            f"Train it again here; a class or function of your own model is trusted if {_OWN} "
            "defines it, or conf/model names it under `trusted`.",
            "model.untrusted",
        )
    return sorted({name for _, name in used})


def unusable(holder: str, error: Exception) -> ModelError:
    """The error of a model file that cannot be read."""
    reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
    return ModelError(
        f"no usable model in {holder}: {reason}. Run `make repro`, or `dvc pull`.",
        "model.unreadable",
    )


def _is_ours(loader: str, name: str) -> bool:
    return any(name in table.get(loader, frozenset()) for table in (TYPES, _PLAIN))


def _is_defined_in_own(loader: str, name: str) -> bool:
    """Whether a module of own/, which is imported only if it is there, defines what is saved."""
    module, _, attribute = name.rpartition(".")
    kind = {"ObjectNode": type, "FunctionNode": FunctionType}.get(loader)
    if kind is None or not _stands_in_own(module):
        return False
    try:
        defined = vars(importlib.import_module(module)).get(attribute)
    except (Exception, SystemExit) as error:  # a module may raise anything while it is imported
        raise ConfigError(
            f"{module}, whose {attribute} the model holds, cannot be imported "
            f"({type(error).__name__}: {error}). Fix the module.",
            "config.name",
        ) from error
    return (
        isinstance(defined, kind)
        and getattr(defined, "__module__", None) == module
        and getattr(defined, "__name__", None) == attribute
    )


def _stands_in_own(module: str) -> bool:
    """Whether own/ has a file for the module; nothing is imported to see that."""
    name, parts = _OWN, module.removeprefix(f"{_OWN}.").split(".")
    spec = find_spec(_OWN) if module.startswith(f"{_OWN}.") else None
    for part in parts:
        name = f"{name}.{part}"
        folder = spec.submodule_search_locations if spec and spec.loader else None
        spec = PathFinder.find_spec(name, folder) if folder else None
    return spec is not None and spec.loader is not None


def _as_saved(name: str) -> tuple[str, str]:
    """The loader and the name by which skops saves what conf/ calls ``name``."""
    located = locate(name, "model.trusted, model.estimator or preprocess.steps")
    module, attribute = getattr(located, "__module__", ""), getattr(located, "__name__", "")
    loader = "ObjectNode" if isinstance(located, type) else "FunctionNode"
    if isinstance(located, type) and module in _LOSSES:
        loader = "LossNode"
    return loader, f"{module}.{attribute}"


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse an archive that is none of ours: whole in memory it is no larger than its file."""
    names = {member.filename for member in members}
    if len(names) < len(members):
        raise ValueError("it holds two members of one name")
    if any(character in name for name in names for character in "/\\:"):
        raise ValueError("a member has a path for a name")
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("a member is compressed, as none of ours is")
    if sum(member.file_size for member in members) > size:
        raise ValueError("its members are larger than the file")


def _schema(archive: zipfile.ZipFile) -> Any:
    schema = json.loads(archive.read("schema.json"))
    protocol = schema["protocol"]
    if type(protocol) is not int or protocol != PROTOCOL:
        raise ValueError(f"the protocol of skops is {protocol!r}; expected is {PROTOCOL}")
    return schema


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """All objects that the file describes: whatever skops may take for one has a loader."""
    pending = [schema]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if "__loader__" in item:
                yield item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def _name(node: dict[str, Any]) -> str:
    return f"{node['__module__']}.{node['__class__']}"


def _check_ids(nodes: list[dict[str, Any]]) -> None:
    """One id, one type: skops takes an object with the id of an earlier one for that one."""
    types: dict[Any, tuple[str, str]] = {}
    for node in nodes:
        pair = (node["__loader__"], _name(node))
        if types.setdefault(node.get("__id__") or id(node), pair) != pair:
            raise ValueError("two objects of different types have one id")


def _check_keys(nodes: list[dict[str, Any]]) -> None:
    """The types of a dictionary's keys are called with them, so they have to be types."""
    keys = [node["key_types"] for node in nodes if node["__loader__"] == "DictNode"]
    if any(key["__loader__"] != "ListNode" for key in keys) or any(
        child["__loader__"] != "TypeNode" for key in keys for child in key["content"]
    ):
        raise ValueError("the type of a key is no type")
    own = {id(key) for key in keys}
    others = {n.get("__id__") for n in nodes if n["__loader__"] == "ListNode" and id(n) not in own}
    if {key.get("__id__") for key in keys} & (others - {None}):
        raise ValueError("the types of keys have the id of another list")


def _check_array(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse an array whose head promises another size than there is: numpy takes that memory."""
    from numpy.lib import format as npy

    with archive.open(name) as file:
        version = npy.read_magic(file)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
        shape, _, dtype = read(file)
        left = archive.getinfo(name).file_size - file.tell()
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != left:
        raise ValueError(f"{name} is no array of numbers as large as it says")
