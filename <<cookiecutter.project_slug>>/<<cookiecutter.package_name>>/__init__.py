"""A reproducible machine-learning pipeline: DVC orchestrates, Hydra configures."""

import os

# Threads of OpenMP that wait sleep: spinning, as they do else, takes a core from whoever needs it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
