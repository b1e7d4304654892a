"""How estimators of a framework are trained, saved and loaded: a module each.

Each has

- ``LIBRARIES``: the packages whose versions belong to a model;
- ``IN_ROUNDS``: whether they learn in rounds, which may end early on held-out rows;
- ``LOSS_PARAMS``, of those: parameters that change what the loss of a round says;
- ``FROM_DISK``: whether they can learn from rows that memory does not hold;
- ``THREAD_SAFE``: whether several threads may ask a trained one at once;
- ``fit(estimator, x, y, rounds)``: train on (n, k) prepared rows and (n,) labels or numbers;
- ``check(pipeline, own)``: refuse a pipeline that could not be saved, before it is trained;
- ``save(pipeline, folder, own)``: the same pipeline gives the same bytes;
- ``load(folder, target, own)``: what ``save`` wrote; no code of a file runs.

``own`` are the dotted names of conf/ that a file may hold beside the types that we trust.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ...errors import ModelError
from ...runtime.extras import require
from . import sklearn, torch, transformers, xgboost

MODULES: dict[str, Any] = {
    "sklearn": sklearn,
    "xgboost": xgboost,
    "torch": torch,
    "transformers": transformers,
}
EXTRAS = ("torch", "transformers")  # those whose libraries are installed if asked for


def flavor(name: str) -> Any:
    """The module of this name.

    Raises:
        ModelError: there is none.
        ConfigError: its libraries are not installed.
    """
    if name not in MODULES:
        raise ModelError(
            f"the contract names the flavor {name!r}; there are {', '.join(MODULES)}. Run `make "
            "repro`, or update this repository.",
            "model.flavor",
        )
    if name in EXTRAS:
        require(name, "the estimator")
    return MODULES[name]


def versions(name: str) -> dict[str, str]:
    """The version of each library that a flavor's models depend on.

    Raises:
        ModelError, ConfigError: as ``flavor`` does.
    """
    return {library: _version(library) for library in flavor(name).LIBRARIES}


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:  # the same module without CUDA: xgboost-cpu
        return version(f"{library}-cpu")
