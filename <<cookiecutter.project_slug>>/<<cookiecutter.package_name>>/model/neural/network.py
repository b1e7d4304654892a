"""The network: embeddings of categories beside numbers, then fully connected layers."""

from itertools import pairwise
from typing import Any

WIDEST = 50  # of an embedding


def build(
    numbers: int, categories: list[int], outputs: int, *, hidden: list[int], dropout: float
) -> Any:
    """A module that takes numbers, (n, numbers), and codes, (n, categories); gives (n, outputs).

    Args:
        numbers: columns of numbers.
        categories: of each column of codes, their number, the unknown one included.
        outputs: what it answers for a row: a score of each class, or one value.
        hidden: widths of the layers, each with ReLU and dropout.
        dropout: share of a layer's outputs that are left out in training.
    """
    import torch
    from torch import nn

    widths = [min(WIDEST, (count + 1) // 2) for count in categories]

    class Table(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            pairs = zip(categories, widths, strict=True)
            self.embeddings = nn.ModuleList(nn.Embedding(count, width) for count, width in pairs)
            sizes = [numbers + sum(widths), *hidden]
            layers: list[nn.Module] = []
            for before, after in pairwise(sizes):
                layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout)]
            self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], outputs))

        def forward(self, table: Any, codes: Any) -> Any:
            parts = [embed(codes[:, number]) for number, embed in enumerate(self.embeddings)]
            return self.layers(torch.cat([table, *parts], dim=1))

    return Table()
