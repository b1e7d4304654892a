"""Own transforms, for `step` in conf/preprocess: a function of a frame, or a transformer class.

A function says by its annotations that it takes and returns a polars frame. A class has the
interface of scikit-learn's transformers, with `get_feature_names_out` and `set_output`.
"""

import polars as pl


def ratio(frame: pl.DataFrame) -> pl.DataFrame:
    """Two columns, and the first divided by the second; null where the second is zero.

    An (n, 2) frame becomes (n, 3).
    """
    over, under = frame.columns
    share = pl.when(pl.col(under) != 0).then(pl.col(over) / pl.col(under))
    return frame.with_columns(share.alias(f"{over}_per_{under}"))
