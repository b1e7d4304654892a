"""Preprocessing and estimator as one scikit-learn Pipeline: made, trained, tuned, kept, loaded."""
