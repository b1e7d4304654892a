"""Group `gate`: when a model may become champion."""

from dataclasses import dataclass, field

from .checks import RuleError, within


@dataclass
class Slices:
    """A floor within each value of a column, for the metric that decides."""

    columns: list[str] = field(default_factory=list)
    floor: float | None = None  # where lower is better: the greatest value
    min_rows: int = 100  # a value of the column with fewer test rows is not judged

    def __post_init__(self) -> None:
        within("gate.slices.min_rows", self.min_rows, 1, 1_000_000_000)
        if bool(self.columns) != (self.floor is not None):
            raise RuleError("gate.slices needs both columns and floor, or neither")


@dataclass
class Signing:
    """Who vouches for a champion's files; without a public key nothing is signed or checked."""

    required: bool = False  # refuse a champion that is not signed
    key_env: str = "MODEL_SIGNING_KEY"  # the variable that names the file of the private key
    public_key: str | None = None  # the file that belongs to it, such as conf/champion.pub

    def __post_init__(self) -> None:
        if self.required and not self.public_key:
            raise RuleError(
                "gate.signing.required is true, and gate.signing.public_key is empty: it should "
                "name the file of the key that signatures are checked with"
            )


@dataclass
class Gate:
    """When a model may take the champion's place."""

    level: float = 0.05  # of wrong promotions in all, however many challenges on the same rows
    margin: float = 0.0  # by which it must be better, in units of the metric that decides
    min_rows: int = 200  # test rows that neither model learned from; fewer decide nothing
    compare: bool = True  # false: take over from a champion that cannot answer these rows any more
    floors: dict[str, float] = field(default_factory=dict)  # metric: least value, of errors most
    slices: Slices = field(default_factory=Slices)
    latency_ms: float | None = None  # most, a row
    size_mb: float | None = None  # most, of the model's folder
    signing: Signing = field(default_factory=Signing)

    def __post_init__(self) -> None:
        within("gate.level", self.level, 0.0001, 0.5)
        within("gate.margin", self.margin, 0, 1e12)
        within("gate.min_rows", self.min_rows, 1, 1_000_000_000)
        for name in ("latency_ms", "size_mb"):
            if (most := getattr(self, name)) is not None:
                within(f"gate.{name}", most, 0, 1e9)
