"""The stage `train` beside each framework used directly: the same rows, the same parameters.

Ours is the whole stage, cold: it reads the split, checks that the model can be saved, fits, chooses
the threshold, writes model and contract. The plain script fits, answers the validation rows and
saves the model. Both run on few training rows too: what that takes is the start of a process (which
`stage_start.py` compares), and what more rows take beyond is training. Torch and transformers take
part where the bake's Python has them.
"""

import json
import shutil
import sys
from pathlib import Path

from benchmarks.bakes import TEMPLATE, Bake, bake, scratch
from benchmarks.protocol import QUICK, Check, Command, Contender, Timing, race, report

ROWS, FEW = 20_000 if QUICK else 300_000, 1000
NOISE = 1.0 if QUICK else 0.0  # that the difference of short times adds to a ratio
STAGES = ("compose", "ingest", "validate", "split", "tune")
ONE_CORE = {"OMP_NUM_THREADS": "1"}  # as compute.workers has it
PLAIN = "benchmarks.plain_train"
NUMBERS = [
    "distance_miles", "plane_year", "seats", "temperature_f", "humidity_pct", "wind_speed_mph",
    "precipitation_in", "visibility_miles", "pressure_mbar",
]  # fmt: skip
EPOCHS = {"torch_mlp": 4, "transformer": 1}
BATCH, TOKENS = 256, 16  # of the language model
CHOICES = {
    "hist_gradient_boosting": ["preprocess=default"],
    "xgboost": ["preprocess=category"],
    "torch_mlp": ["preprocess=category", f"model.params.epochs={EPOCHS['torch_mlp']}"],
    "transformer": [
        "preprocess=text_as_is",
        f"data.ignore=[flight,tail_number,scheduled_departure,{','.join(NUMBERS)}]",
        f"model.params.epochs={EPOCHS['transformer']}",
        f"model.params.batch_size={BATCH}",
        f"model.params.max_length={TOKENS}",
        "model.params.learning_rate=0.001",
    ],
}
NEEDS = {"torch_mlp": "torch", "transformer": "transformers"}
GROW = """
import sys
import polars as pl
from benchmarks.inputs import noisy
rows, size = pl.read_parquet(sys.argv[1]), int(sys.argv[3])
parts = [noisy(rows, number) for number in range(-(-size // rows.height))]
pl.concat(parts).sample(size, seed=1).write_parquet(sys.argv[2])  # the first days are without rain
"""
SCORE = """
import sys
from pathlib import Path
import polars as pl
from sklearn.metrics import roc_auc_score
from {package}.model.model import Model
rows = pl.read_parquet("data/split/test.parquet")
print(roc_auc_score(rows["late"], Model.load(Path("models/model")).outputs(rows)[:, 1]))
"""


def main() -> int:
    """Run all frameworks; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        ours.run_stages(*STAGES)
        split = shutil.copytree(ours.path / "data/split", folder / "split")
        names = [name for name in CHOICES if name not in NEEDS or ours.has(NEEDS[name])]
        timings: list[Timing] = []
        checks: list[Check] = []
        notes = [f"{ROWS:,} training rows, one core; training is what they take more than {FEW:,}"]
        notes += [f"{name} was not measured: it is not installed" for name in {*CHOICES} - {*names}]
        for name in names:
            few, many = (_race(ours, split, name, rows) for rows in (FEW, ROWS))
            timings += [*few, *many]
            plain = json.loads((folder / name).read_text())
            score = float(ours.output("-c", SCORE.format(package=ours.package)))
            mine, theirs = (b.median - a.median for a, b in zip(few, many, strict=True))
            checks += [
                Check(f"{name}: training, ours ÷ plain", mine / theirs, 1.1 + NOISE),
                Check(f"{name}: difference of ROC AUC", abs(score - plain), 0.01),
            ]
            notes.append(f"{name}: ROC AUC {score:.4f}, plain {plain:.4f}")
    return report("train", timings, checks, notes)


def _race(ours: Bake, split: Path, name: str, rows: int) -> list[Timing]:
    """Ours and plain, on so many training rows."""
    grown, folder = ours.path / "data/split", split.parent
    files = [part / "train.parquet" for part in (split, grown)]
    Bake(TEMPLATE, ours.package, ours.python).run("-c", GROW, *files, str(rows))
    choices = [f"model={name}", *CHOICES[name]]
    if name == "transformer":
        tiny = folder / "tiny"
        shutil.rmtree(tiny, ignore_errors=True)
        Bake(TEMPLATE, ours.package, ours.python).run("-m", PLAIN, "tiny", grown, tiny)
        choices.append(f"model.params.pretrained={tiny}")
    stage: Command = [ours.python, "-m", f"{ours.package}.stages.train", *choices]
    plain: Command = [ours.python, "-m", PLAIN, name, grown, folder / name]

    def forget() -> None:
        shutil.rmtree(ours.path / "models/model", ignore_errors=True)

    contenders = [
        Contender(f"{name}, {rows:,} rows, ours", stage, ours.path, ours.env | ONE_CORE, forget),
        Contender(f"{name}, {rows:,} rows, plain", plain, TEMPLATE, ours.env | ONE_CORE),
    ]
    return [*race(contenders, rounds=1 if QUICK else 3, warmups=0 if QUICK else 1).values()]


if __name__ == "__main__":
    sys.exit(main())
