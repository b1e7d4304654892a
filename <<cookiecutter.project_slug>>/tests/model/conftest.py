from collections.abc import Callable
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.model.rounds import Checkpoint


@pytest.fixture
def kill_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """End a training once it would write its checkpoint of this round."""
    write = Checkpoint.write

    def kill(last: int) -> None:
        written = iter(range(1, last))

        def count(checkpoint: Checkpoint, save: Callable[[Path], None]) -> None:
            if next(written, None) is None:
                monkeypatch.setattr(Checkpoint, "write", write)
                raise KeyboardInterrupt
            write(checkpoint, save)

        monkeypatch.setattr(Checkpoint, "write", count)

    return kill
