import polars as pl

from <<cookiecutter.package_name>>.own.transforms import ratio


def test_a_ratio_comes_beside_its_two_columns_and_is_null_over_zero() -> None:
    frame = pl.DataFrame({"price": [3.0, 1.0, None], "area": [2.0, 0.0, 4.0]})

    assert ratio(frame).to_dict(as_series=False) == {
        "price": [3.0, 1.0, None],
        "area": [2.0, 0.0, 4.0],
        "price_per_area": [1.5, None, None],
    }
