"""A search space: what is drawn from it, its grid, its edges."""

from collections.abc import Iterator
from math import log
from typing import Any

from ..config.tune import Dimension, in_order
from ..errors import ConfigError
from ..model.estimators import UNKNOWN_PARAMETER, build_estimator
from .objective import Problem, Space

EDGE = 0.05  # of a range, at either end
MOST = 10_000  # points of a grid


def space_of(problem: Problem, spaces: dict[str, Space]) -> Space:
    """The space of the problem's estimator.

    Raises:
        ConfigError: there is none, or it names what is no parameter of the estimator.
    """
    name = problem.spec.estimator
    space = spaces.get(name)
    if not space:
        raise ConfigError(
            f"tune.space has no entry for {name!r}; it has {', '.join(spaces) or 'none'}. Add one "
            "in conf/tune.",
            "config.space",
        )
    examples = {key: next(_values(dimension)) for key, dimension in space.items()}
    try:
        build_estimator(
            name, problem.spec.params | examples, problem.target.task, seed=0, workers=1
        )
    except ConfigError as error:  # another one is of these values: a trial will say so
        if error.code == UNKNOWN_PARAMETER:
            message = f"tune.space.{name}: {error.message} Edit conf/tune."
            raise ConfigError(message, "config.space") from error
    return space


def draw(trial: Any, space: Space) -> dict[str, Any]:
    """The parameters of a trial of Optuna's; those whose ``when`` does not hold are left out."""
    params: dict[str, Any] = {}
    for name in in_order(space):
        if _is_active(space[name], params):
            params[name] = _suggest(trial, name, space[name])
    return params


def _is_active(dimension: Dimension, params: dict[str, Any]) -> bool:
    return all(
        other in params and params[other] == value for other, value in dimension.when.items()
    )


def _suggest(trial: Any, name: str, dimension: Dimension) -> Any:
    if dimension.choices is not None:
        return trial.suggest_categorical(name, dimension.choices)
    low, high = _range(dimension)
    if dimension.whole:
        return trial.suggest_int(name, int(low), int(high), log=dimension.log)
    return trial.suggest_float(name, low, high, log=dimension.log)


def grid(space: Space) -> list[dict[str, Any]]:
    """All points of a space of choices and whole numbers.

    Raises:
        ConfigError: a range has no end of points, or there are more than MOST.
    """
    endless = [name for name, one in space.items() if one.choices is None and not one.whole]
    if endless:
        raise ConfigError(
            f"tune.sampler is grid, but {', '.join(endless)} may be any number of a range. Give "
            "choices in tune.space, or take another sampler.",
            "config.space",
        )
    points: list[dict[str, Any]] = [{}]
    for name in in_order(space):
        dimension = space[name]
        points = [
            point | added
            for point in points
            for added in (
                ({name: value} for value in _values(dimension))
                if _is_active(dimension, point)
                else ({},)
            )
        ]
        if len(points) > MOST:
            raise ConfigError(
                f"tune.sampler is grid, and the grid has more than {MOST} points. Give fewer "
                "choices in tune.space, or take another sampler.",
                "config.space",
            )
    return points


def _values(dimension: Dimension) -> Iterator[Any]:
    """The choices, or the numbers of a range of whole ones; of another range its lower end."""
    if dimension.choices is not None:
        yield from dimension.choices
    elif dimension.whole:
        low, high = _range(dimension)
        yield from range(int(low), int(high) + 1)
    else:
        yield dimension.low


def _range(dimension: Dimension) -> tuple[float, float]:
    assert dimension.low is not None  # noqa: S101 - Tune checks it
    assert dimension.high is not None  # noqa: S101
    return dimension.low, dimension.high


def edge_warnings(estimator: str, space: Space, params: dict[str, Any]) -> list[str]:
    """A warning for each parameter that lies at an end of its range: better may lie beyond it."""
    warnings = []
    for name, value in params.items():
        dimension = space[name]
        if dimension.choices is not None:
            continue
        low, high = _range(dimension)
        scale = log if dimension.log else float
        place = (scale(value) - scale(low)) / (scale(high) - scale(low))
        for end, near in (("low", place <= EDGE), ("high", place >= 1 - EDGE)):
            if near:
                warnings.append(
                    f"the best {name} of the search, {value:.4g}, lies at the {end} end of its "
                    f"range ({low:g} to {high:g}), so a better one may lie beyond: if it can, move "
                    f"tune.space.{estimator}.{name}.{end} and search again"
                )
    return warnings
