"""Group `gate`: when a model may become champion."""

from dataclasses import dataclass

from .checks import within


@dataclass
class Gate:
    """When a model may take the champion's place."""

    min_rows: int = 200  # test rows that neither model learned from; fewer decide nothing
    compare: bool = True  # false: take over from a champion that cannot answer these rows any more

    def __post_init__(self) -> None:
        within("gate.min_rows", self.min_rows, 1, 1_000_000_000)
