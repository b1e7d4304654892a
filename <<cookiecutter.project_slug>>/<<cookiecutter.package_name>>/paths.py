"""Every file that stages exchange, by name; relative to the repository's root."""

from pathlib import Path

PARAMS = Path("params.yaml")
LOCK = Path("requirements.lock")

INGESTED = Path("data/ingested.parquet")  # a folder: one part a source file
INGESTED_MANIFEST = Path("data/ingested.json")  # on this machine only: which file each part is of
VALID = Path("data/valid.parquet")
QUARANTINE = Path("data/quarantine.parquet")
TRAIN = Path("data/split/train.parquet")
VALIDATION = Path("data/split/validation.parquet")
TEST = Path("data/split/test.parquet")

STUDIES = Path("studies")  # on this machine only, for its experiments' copies too
BEST = Path("models/tuning/best.json")
TRIALS = Path("models/tuning/trials.json")
MODEL = Path("models/model")
CHECKPOINT = Path("models/.checkpoint")  # on this machine only: a killed training goes on there
CONTRACT = MODEL / "contract.json"
BASELINE = Path("models/baseline")
REFERENCE = BASELINE / "reference.parquet"  # some rows, for the pages

QUALITY = Path("reports/quality.json")
QUALITY_PAGE = Path("reports/quality.html")
SPLIT = Path("reports/split.json")
TUNING_REPORT = Path("reports/tuning.json")
METRICS = Path("reports/metrics.json")
IMPORTANCE = Path("reports/importance.json")
SHAP = Path("reports/shap.json")
PLOTS = Path("reports/plots")
FIGURES = Path("reports/figures")  # the plots as images
SLICES = Path("reports/slices.json")
TUNING_HISTORY = PLOTS / "tuning_history.json"
TUNING_IMPORTANCE = PLOTS / "tuning_importance.json"
TEST_PREDICTIONS = Path("reports/test_predictions.parquet")
EXPERIMENT = Path("reports/experiment.json")
CARD = Path("reports/model_card.md")
COMPARISON_PAGE = Path("reports/comparison.html")
SIMULATION = Path("reports/simulation.json")
SIMULATION_PAGE = Path("reports/simulation.html")
LATER_QUARANTINE = Path("data/later_quarantine.parquet")

REGISTRY = Path("reports/registry.json")
PROPOSAL = Path("reports/proposal.json")
PROPOSAL_PAGE = Path("reports/proposal.md")  # the text of a pull request
LEDGER = Path("pipelines/release/ledger.jsonl")  # in git: a line for each verdict

INCOMING, LABELS = Path("data/incoming"), Path("data/labels")
ADOPTED = Path("data/adopted")  # files that came and joined the sources
ADOPTED_REPORT = Path("reports/adopted.json")
PREDICT_PARTS = Path("data/.predict")  # on this machine only: what the next run takes over
PREDICTIONS = Path("data/predictions.parquet")  # this and the next two: folders, a part a file
INCOMING_VALID = Path("data/incoming_valid.parquet")
INCOMING_QUARANTINE = Path("data/incoming_quarantine.parquet")
INCOMING_REPORT = Path("reports/incoming.json")
LABEL_QUARANTINE = Path("data/label_quarantine.parquet")
PERFORMANCE = Path("reports/performance.json")
PERFORMANCE_PAGE = Path("reports/performance.md")
DRIFT = Path("reports/drift.json")
DRIFT_PAGE = Path("reports/drift.html")
DRIFT_SUMMARY = Path("reports/drift.md")
DRIFT_DETAILS = Path("reports/drift_details.html")
DRIFT_HISTORY = Path("reports/drift_history.json")
ALERTS = Path("reports/alerts.json")
ALERTS_DATABASE = Path("alerts.db")  # on this machine only: who was told what
