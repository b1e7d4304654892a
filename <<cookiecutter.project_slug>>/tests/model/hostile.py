"""Model files of every kind of object that skops knows, which must not be loaded."""

import io
import json
import zipfile
from typing import Any

import numpy as np

from <<cookiecutter.package_name>> import own
from <<cookiecutter.package_name>>.model import trust

Node = dict[str, Any]


def node(loader: str, name: str, **more: Any) -> Node:
    module, _, attribute = name.rpartition(".")
    return {"__class__": attribute, "__module__": module, "__loader__": loader, **more}


def value(content: Any) -> Node:
    return node("JsonNode", "builtins.str", content=json.dumps(content), is_json=True)


def listed(*items: Node, **more: Any) -> Node:
    return node("ListNode", "builtins.list", content=list(items), **more)


def tupled(*items: Node) -> Node:
    return node("TupleNode", "builtins.tuple", content=list(items))


def keyed(_keys: Node | None = None, **content: Node) -> Node:
    keys = _keys or listed(*[node("TypeNode", "builtins.str") for _ in content])
    return node("DictNode", "builtins.dict", content=content, key_types=keys)


def loss(name: str) -> Node:
    args = {"args": tupled(listed(value("touch"), value("ran")))}
    return node("LossNode", name, content=keyed(), __reduce__=args)


def array_bytes(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


THING, RUN = "foreign_code.Thing", "foreign_code.run"
DOUBLE = f"{own.__name__}.of_tests.double"  # a function that is trusted
PIPELINE, GENERATOR = "sklearn.pipeline.Pipeline", "numpy.random._generator.Generator"
HOSTILE = {
    "an object": node("ObjectNode", THING, content=keyed()),
    "a function": node("FunctionNode", RUN),
    "a builtin": node("FunctionNode", "builtins.eval"),
    "a ufunc that skops trusts": node("FunctionNode", "numpy.sin"),
    "an estimator that skops trusts": node(
        "ObjectNode", "sklearn.svm._classes.SVC", content=keyed()
    ),
    "a type": node("TypeNode", THING),
    "a constructor": node("ConstructorFromReduceNode", RUN, content=tupled()),
    "a loss": loss(RUN),
    "a loss of scikit-learn's name": loss("sklearn.utils._testing.check_output"),
    "a loss of a function of ours": loss(DOUBLE),
    "a class of ours as a constructor": node(
        "ConstructorFromReduceNode", PIPELINE, content=tupled()
    ),
    "a list": node("ListNode", RUN, content=[]),
    "a list of a class of ours": node("ListNode", PIPELINE, content=[]),
    "a tuple": node("TupleNode", THING, content=[]),
    "a set": node("SetNode", RUN, content=[]),
    "a dictionary": node("DictNode", RUN, content={}, key_types=listed()),
    "the type of a key": keyed(listed(node("FunctionNode", RUN)), a=value(1)),
    "a function of ours as the type of a key": keyed(
        listed(node("FunctionNode", DOUBLE)), a=value(1)
    ),
    "no list of types": keyed(node("FunctionNode", DOUBLE), a=value(1)),
    "the types of keys by another id": listed(
        keyed(listed(node("TypeNode", "builtins.str"), __id__=7), a=value(1)),
        listed(node("FunctionNode", DOUBLE), __id__=7),
    ),
    "two types of one id": listed(
        node("FunctionNode", DOUBLE, __id__=7), node("TypeNode", "builtins.str", __id__=7)
    ),
    "a default": node(
        "DefaultDictNode",
        "collections.defaultdict",
        content={"main": keyed(), "default_factory": node("FunctionNode", RUN)},
    ),
    "a method": node("MethodNode", THING, content={"obj": node("ObjectNode", THING), "func": "x"}),
    "a method of ours": node(
        "MethodNode", PIPELINE, content={"obj": node("ObjectNode", PIPELINE), "func": "fit"}
    ),
    "a partial": node(
        "PartialNode",
        "functools.partial",
        content={
            "func": node("FunctionNode", RUN),
            "args": tupled(),
            "kwds": keyed(),
            "namespace": value(None),
        },
    ),
    "an operator": node("OperatorFuncNode", "operator.methodcaller", attrs=tupled(value("x"))),
    "a scalar": node("NdArrayNode", RUN, type="numpy", file="a.npy"),
    "an array of objects": node(
        "NdArrayNode",
        "numpy.ndarray",
        type="json",
        content=[node("FunctionNode", RUN)],
        shape=tupled(value(1)),
    ),
    "a pickled array": node("NdArrayNode", "numpy.ndarray", type="numpy", file="pickle.npy"),
    "an array as large as it says": node(
        "NdArrayNode", "numpy.ndarray", type="numpy", file="large.npy"
    ),
    "an archive for an array": node("NdArrayNode", "numpy.ndarray", type="numpy", file="a.npz"),
    "a sparse matrix": node(
        "SparseMatrixNode", "scipy.sparse._csr.csr_matrix", type="scipy", file="a.npz"
    ),
    "a random state": node("RandomStateNode", RUN, content=keyed()),
    "a generator": node(
        "RandomGeneratorNode",
        GENERATOR,
        content={"bit_generator": keyed(bit_generator=value("seed")), "seed_seq": keyed()},
    ),
    "a tree": node(
        "TreeNode",
        "sklearn.tree._tree.Tree",
        content=keyed(),
        __reduce__={"args": node("FunctionNode", RUN)},
    ),
    "an unknown id": node("CachedNode", "builtins.str", __id__=9),
    "an unknown loader": node("PickleNode", RUN),
    "no class": {"__loader__": "ObjectNode"},
    "a module in the class": node("ObjectNode", "foreign_code.Thing", __class__="x.Thing"),
    "a list for a name": {"__loader__": ["ObjectNode"], "__class__": [], "__module__": {}},
    "a pipeline without steps": keyed(),
}
MEMBERS = {
    "a.npy": array_bytes([1.0]),
    "a.npz": b"PK\3\4",
    "pickle.npy": b"\x93NUMPY" + array_bytes([1.0])[6:].replace(b"<f8", b"|O "),
    "large.npy": array_bytes([1.0]).replace(b"(1,)", b"(9999999999,)"),
}


def packed(root: Node, *, protocol: Any = trust.PROTOCOL, **options: Any) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive:
        for name, content in MEMBERS.items():
            archive.writestr(name, content)
        archive.writestr("schema.json", json.dumps(root | {"protocol": protocol}))
    return file.getvalue()
