"""An empty stage of ours against a three-line `hydra.main`, and the import of the package."""

import subprocess
import sys

from benchmarks.bakes import Bake, bake, scratch
from benchmarks.protocol import Check, Command, Contender, race, report

STAGE = """
from ..config import Config
from ..runtime.stage import stage


@stage
def main(config: Config) -> None:
    pass


if __name__ == "__main__":
    main()
"""
HYDRA = """
import hydra


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(config):
    pass


if __name__ == "__main__":
    main()
"""
SAME = """
import hydra

from {package}.config import register

register()


@hydra.main(version_base=None, config_path="conf", config_name="pipeline")
def main(config):
    pass


if __name__ == "__main__":
    main()
"""
HEAVY = ("mlflow", "evidently", "xgboost", "torch")
WALK = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
print(*sorted({name.partition(".")[0] for name in sys.modules} & set(sys.argv[2:])))
"""
OURS, HYDRA_MAIN = "ours: empty stage", "three-line hydra.main"
SAME_MAIN = "three-line hydra.main, our schema and params.yaml"
IMPORT, PYTHON = "import of the package", "python -c pass"


def main() -> int:
    """Run the comparison; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        ours.run("-m", f"{ours.package}.stages.compose")
        (ours.path / ours.package / "stages" / "empty.py").write_text(STAGE)
        (ours.path / "same.py").write_text(SAME.format(package=ours.package))
        three = folder / "three"
        (three / "conf").mkdir(parents=True)
        (three / "conf" / "config.yaml").write_text("seed: 1\n")
        (three / "main.py").write_text(HYDRA)
        command: Command = [ours.python, "-m", f"{ours.package}.stages.empty", "-cn", "pipeline"]
        contenders = [
            Contender(OURS, command, ours.path, ours.env),
            Contender(HYDRA_MAIN, [ours.python, "main.py"], three, ours.env),
            Contender(SAME_MAIN, [ours.python, "same.py"], ours.path, ours.env),
            Contender(IMPORT, [ours.python, "-c", f"import {ours.package}"], ours.path, ours.env),
            Contender(PYTHON, [ours.python, "-c", "pass"], ours.path, ours.env),
        ]
        timings = race(contenders, rounds=9)
        heavy = _heavy(ours)
    start = timings[OURS].median / timings[HYDRA_MAIN].median
    checks = [
        Check("ours ÷ hydra.main", start, 1.1),
        Check("import, seconds", timings[IMPORT].median - timings[PYTHON].median, 0.3),
        Check("heavy libraries pulled in by importing all modules", len(heavy), 0),
    ]
    same = timings[OURS].median / timings[SAME_MAIN].median
    notes = [f"ours ÷ hydra.main with our schema and params.yaml: {same:.2f}"]
    notes += [f"heavy: {', '.join(heavy) or 'none'} of {', '.join(HEAVY)}"]
    return report("stage_start", [*timings.values()], checks, notes)


def _heavy(ours: Bake) -> list[str]:
    """The heavy libraries that are loaded once every module of the package is."""
    command: Command = [ours.python, "-c", WALK, ours.package, *HEAVY]
    printed: str = subprocess.check_output(command, cwd=ours.path, env=ours.env, text=True)
    return printed.split()


if __name__ == "__main__":
    sys.exit(main())
