import polars as pl

from <<cookiecutter.package_name>>.split.features import features


def test_a_model_sees_no_key_no_target_nothing_ignored_and_no_number_that_is_none() -> None:
    rows = pl.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "odd": [1.5, float("nan"), float("inf"), float("-inf")],
            "skipped": [1, 1, 1, 1],
            "y": [0, 1, 0, 1],
        }
    )

    selected = features(rows, "y", "id", ["skipped"])

    assert selected.to_dict(as_series=False) == {"odd": [1.5, None, None, None]}
