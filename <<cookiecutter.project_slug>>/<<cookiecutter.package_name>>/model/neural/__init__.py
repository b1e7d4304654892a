"""Neural networks for tables, as estimators of scikit-learn's interface; with the extra `torch`."""
