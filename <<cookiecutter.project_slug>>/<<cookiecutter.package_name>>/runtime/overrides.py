"""Overrides: values in params.yaml that an experiment set (`dvc exp run -S`), and conf/ lacks.

They are recorded at the head of params.yaml, a comment for each, so that git, DVC and every clone
keep them as they keep the values. Without the record, composing conf/ again would undo them unseen.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ..errors import ConfigError

ABSENT = "???"  # as Hydra writes a value that is missing
PREFIX = "# not in conf/: "  # of such a comment
NAMED = 8  # keys in a message


@dataclass(frozen=True)
class Override:
    """A key whose value is not that of conf/; either is ABSENT where the key is missing."""

    key: str
    conf: Any
    here: Any

    def __str__(self) -> str:
        return f"`{self.key}: {_short(self.here)}` (conf/: {_short(self.conf)})"


def _short(value: Any) -> str:
    text = "no such key" if value == ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def flatten_yaml(text: str) -> dict[str, Any]:
    """The values of a YAML text by their dotted keys; a list is one value."""
    return _flatten(OmegaConf.to_container(OmegaConf.create(text)))


def _flatten(values: Any, prefix: str = "") -> dict[str, Any]:
    flattened: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        nested = isinstance(value, dict) and value
        flattened |= _flatten(value, f"{name}.") if nested else {name: value}
    return flattened


def compose_values(*choices: str) -> dict[str, Any]:
    """The values of conf/ with these choices, by dotted keys; some may be missing."""
    with initialize_config_dir(str(Path("conf").resolve()), job_name="compose"):
        config = compose("config", overrides=list(choices))
    return _flatten(OmegaConf.to_container(config, resolve=True))


def differences(conf: dict[str, Any], here: dict[str, Any]) -> list[Override]:
    """The keys of which two configurations have different values."""
    keys = [*conf, *(key for key in here if key not in conf)]
    pairs = (Override(key, conf.get(key, ABSENT), here.get(key, ABSENT)) for key in keys)
    return [pair for pair in pairs if pair.conf != pair.here]


def annotate(text: str, overrides: list[Override]) -> str:
    """The text of params.yaml with these overrides, and no others, at its head."""
    lines = [PREFIX + json.dumps(asdict(o), ensure_ascii=False) + "\n" for o in overrides]
    return "".join(lines) + "".join(
        line for line in text.splitlines(keepends=True) if not line.startswith(PREFIX)
    )


def recorded_overrides(text: str) -> list[Override]:
    """The overrides at the head of a params.yaml."""
    lines = (line for line in text.splitlines() if line.startswith(PREFIX))
    return [Override(**json.loads(line.removeprefix(PREFIX))) for line in lines]


def undone_overrides(overrides: list[Override], now: dict[str, Any]) -> list[Override]:
    """The overrides that a new composition of conf/ would undo, though nobody edited their keys.

    A key that only one of two choices has belongs to its group: once another key of the group has
    a third value, the owner has chosen again there.
    """
    both = [o for o in overrides if ABSENT not in (o.conf, o.here)]
    edited = {_group(o.key) for o in both if now.get(o.key, ABSENT) not in (o.conf, o.here)}
    undone = [o for o in both if now.get(o.key, ABSENT) == o.conf]
    undone += [
        o
        for o in overrides
        if o not in both and now.get(o.key, ABSENT) != o.here and _group(o.key) not in edited
    ]
    return sorted(undone, key=overrides.index)


def _group(key: str) -> str:
    return key.partition(".")[0]


def refuse_to_undo(before: str, after: str) -> None:
    """Refuse to compose a params.yaml that loses overrides which nobody has written into conf/.

    Raises:
        ConfigError: names the keys, and what to write where.
    """
    undone = undone_overrides(recorded_overrides(before), flatten_yaml(after))
    if undone:
        write = _advice(undone, flatten_yaml(before))
        named = ", ".join(map(str, undone[:NAMED])) + (", …" if len(undone) > NAMED else "")
        raise ConfigError(
            f"params.yaml has values of an experiment that conf/ would undo: "
            f"{named}. To keep them, write {write}. To drop them: "
            f"`python -m {__package__.split('.')[0]}.stages.compose --drop`. Then `make repro`.",
            "config.overrides",
        )


def _advice(undone: list[Override], here: dict[str, Any]) -> str:
    """What to write into conf/ so that it composes to these values."""
    groups = (*sorted({_group(o.key) for o in undone}), "experiment")
    files = [file for name in groups for file in sorted(Path("conf", name).glob("*.yaml"))]
    candidates = [f"{file.parent.name}={file.stem}" for file in files]
    chosen: list[str] = []
    left = _distance(here)
    while scores := {c: n for c in candidates if (n := _distance(here, *chosen, c)) < left}:
        best = min(scores, key=lambda c: scores[c])
        chosen.append(best)
        left = scores[best]
    lines = [f"`- {choice.replace('=', ': ')}`" for choice in chosen]
    lines = [line.replace("- experiment", "- optional experiment") for line in lines]
    parts = [f"{' and '.join(lines)} into the list of conf/config.yaml"] if lines else []
    keys = {o.key for o in differences(compose_values(*chosen), here)}
    rest = [o for o in undone if o.key in keys and o.here != ABSENT]
    return ", and ".join([*parts, *(_line(o, choices(*chosen)) for o in rest)])


def _line(override: Override, chosen: dict[str, str]) -> str:
    group, _, rest = override.key.partition(".")
    file = f"conf/{group}/{chosen[group]}.yaml" if group in chosen else "conf/config.yaml"
    return f"`{rest if group in chosen else override.key}: {_short(override.here)}` into {file}"


def choices(*chosen: str) -> dict[str, str]:
    """The choice of each group in conf/config.yaml, with these taken first."""
    with initialize_config_dir(str(Path("conf").resolve()), job_name="compose"):
        config = compose("config", overrides=list(chosen), return_hydra_config=True)
    return dict(config.hydra.runtime.choices)


def _distance(here: dict[str, Any], *choices: str) -> float:
    try:
        return len(differences(compose_values(*choices), here))
    except (HydraException, OmegaConfBaseException):
        return float("inf")  # no choice on its own, such as a preset that needs another
