"""Projects of empty steps in Kedro, Metaflow and ZenML: the least that each of them asks for."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from benchmarks.protocol import Command

Written = tuple[Command, dict[str, str]]


def kedro(folder: Path, count: int, python: Path) -> Written:
    """Nodes in a row that hand on one value."""
    package = folder / "src" / "empty"
    package.mkdir(parents=True)
    (folder / "conf" / "base").mkdir(parents=True)
    (folder / "conf" / "local").mkdir()
    (folder / "conf" / "base" / "catalog.yml").write_text("{}\n")
    (folder / "pyproject.toml").write_text(
        '[tool.kedro]\npackage_name = "empty"\nproject_name = "empty"\n'
        'kedro_init_version = "1.7.0"\nsource_dir = "src"\n'
    )
    (package / "__init__.py").touch()
    (package / "settings.py").touch()
    (package / "pipeline_registry.py").write_text(
        "from kedro.pipeline import node, pipeline\n\n"
        "def empty(value=None):\n    return 1\n\n"
        "def register_pipelines():\n"
        "    nodes = [node(empty, None, 's0', name='n0')] + [\n"
        "        node(empty, f's{i - 1}', f's{i}', name=f'n{i}')\n"
        f"        for i in range(1, {count})\n    ]\n"
        "    return {'__default__': pipeline(nodes)}\n"
    )
    return [python, "-m", "kedro", "run"], {}


def metaflow(folder: Path, count: int, python: Path) -> Written:
    """A linear flow; Metaflow demands the names of its first and last step."""
    names = ["start", *(f"s{number}" for number in range(1, count - 1)), "end"]
    steps = [
        f"    @step\n    def {name}(self):\n        self.next(self.{following})\n"
        for name, following in pairwise(names)
    ]
    (folder / "flow.py").write_text(
        "from metaflow import FlowSpec, step\n\n\nclass Empty(FlowSpec):\n"
        + "\n".join([*steps, "    @step\n    def end(self):\n        pass\n"])
        + '\n\nif __name__ == "__main__":\n    Empty()\n'
    )
    return [python, "flow.py", "--quiet", "run"], {"HOME": str(folder), "USERNAME": "bench"}


def zenml(folder: Path, count: int, python: Path) -> Written:
    """Steps in a row, cached, so that all but the first run skip them."""
    (folder / "flow.py").write_text(
        "from zenml import pipeline, step\n\n\n"
        "@step\ndef empty(value: int) -> int:\n    return 1\n\n\n"
        "@pipeline(enable_cache=True)\ndef empties() -> None:\n    value = empty(0)\n"
        f"    for _ in range({count - 1}):\n        value = empty(value)\n\n\n"
        'if __name__ == "__main__":\n    empties()\n'
    )
    return [python, "flow.py"], {"ZENML_CONFIG_PATH": str(folder / "home"), "HOME": str(folder)}


PEERS: dict[str, tuple[str, Callable[[Path, int, Path], Written]]] = {
    "Kedro": ("kedro==1.7.0", kedro),
    "Metaflow": ("metaflow==2.19.39", metaflow),
    "ZenML": ("zenml[local]==0.98.0", zenml),
}
