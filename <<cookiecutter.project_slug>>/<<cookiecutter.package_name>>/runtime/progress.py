"""Progress of long work: a bar in a terminal, elsewhere a line of the log every half minute.

Only counts and this package's own names are displayed, so no value of the data can be.
"""

import contextvars
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import structlog

LOG_EVERY_S = 30.0
BAR_AFTER_S = 2.0  # work that ends sooner has no bar
BAR_EVERY_S = 0.2
# As tqdm takes it: with a total, and without
FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {n:,}/{total:,} {unit} [{elapsed}<{remaining}{postfix}]"
COUNT_FORMAT = "{desc}: {n:,} {unit} [{elapsed}{postfix}]"

log = structlog.get_logger()


class Step(Protocol):
    """What the work calls as it advances."""

    def __call__(self, count: int = 1, **numbers: float) -> None:
        """Add to what is done; further ``numbers``, such as ``rows``, are displayed beside it."""


@contextmanager
def progress(task: str, total: int | None = None, unit: str = "rows") -> Iterator[Step]:
    """Display how far a piece of work is, while the block runs.

    ``step(k)`` may be called from any thread and as often as is natural: it adds and displays
    nothing itself. A thread displays, so that one long call is seen to go on too.

    Args:
        task: what is done, such as ``ingest``.
        total: how many units there are; None where that is not known, then no time is left either.
        unit: what is counted, in the plural.
    """
    counter = Counter(task, total, unit)
    display = Bar(counter) if sys.stderr.isatty() else LogLines(counter)
    ended = threading.Event()
    context = contextvars.copy_context()  # the log's run_id and stage
    thread = threading.Thread(target=context.run, args=(refresh, display, ended.wait), daemon=True)
    thread.start()
    try:
        yield counter.step
    finally:
        ended.set()
        thread.join()
        display.close()


class Counter:
    """How much of a piece of work is done, since when."""

    def __init__(
        self, task: str, total: int | None, unit: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.task, self.total, self.unit, self.clock = task, total, unit, clock
        self.done, self.numbers, self.started = 0, dict[str, float](), clock()
        self.lock = threading.Lock()

    def step(self, count: int = 1, **numbers: float) -> None:
        """Add to what is done."""
        with self.lock:
            self.done += count
            self.numbers |= numbers

    @property
    def seconds(self) -> float:
        """Since the work began."""
        return self.clock() - self.started

    @property
    def seconds_left(self) -> float | None:
        """Until the work ends, if it goes on as on average so far; None where that is not known."""
        if not self.total or not self.done:
            return None
        return max(0.0, self.seconds * (self.total / self.done - 1))


class Display(Protocol):
    """Where progress is displayed: for the first time after ``first_s``, then ``every_s``."""

    first_s: float
    every_s: float

    def update(self) -> None:
        """Display what is done now."""

    def close(self) -> None:
        """Take away what is displayed."""


def refresh(display: Display, wait: Callable[[float], bool]) -> None:
    """Update a display until ``wait``, which takes seconds, returns that the work has ended."""
    seconds = display.first_s
    while not wait(seconds):
        display.update()
        seconds = display.every_s


class LogLines:
    """Progress in the log."""

    first_s = every_s = LOG_EVERY_S

    def __init__(self, counter: Counter) -> None:
        self.counter = counter

    def update(self) -> None:
        """Log one line."""
        counter = self.counter
        left = counter.seconds_left
        fields: dict[str, Any] = {"done": counter.done, "unit": counter.unit, **counter.numbers}
        fields |= {"total": counter.total} if counter.total else {}
        fields |= {} if left is None else {"seconds_left": round(left)}
        log.info("progress", task=counter.task, seconds=round(counter.seconds), **fields)

    def close(self) -> None:
        """A log keeps its lines."""


class Bar:
    """Progress in a terminal, below what is logged meanwhile; it goes away at the end."""

    first_s, every_s = BAR_AFTER_S, BAR_EVERY_S

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.bar: Any = None
        self.logger_factory: Any = None

    def update(self) -> None:
        """Draw the bar."""
        if self.bar is None:
            self.bar = self._open()
        self.bar.n = self.counter.done
        numbers = (f"{name}={_text(value)}" for name, value in self.counter.numbers.items())
        self.bar.set_postfix_str(", ".join(numbers))

    def _open(self) -> Any:
        from tqdm import tqdm

        tqdm.monitor_interval = 0  # no thread of its own
        counter = self.counter
        bar = tqdm(
            desc=counter.task,
            total=counter.total,
            unit=counter.unit,
            leave=False,
            bar_format=FORMAT if counter.total else COUNT_FORMAT,
            dynamic_ncols=True,
            delay=0.001,  # not drawn before ``start_t`` is set
            file=sys.stderr,
        )
        bar.start_t -= counter.seconds
        self.logger_factory = structlog.get_config()["logger_factory"]
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(_Above()))  # type: ignore[arg-type]
        return bar

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            structlog.configure(logger_factory=self.logger_factory)
            self.bar.close()


def _text(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:.4g}"


class _Above:
    """Standard error for a logger: lines are written above the bars, each as a whole."""

    def __init__(self) -> None:
        self.line = ""

    def write(self, text: str) -> None:
        self.line += text

    def flush(self) -> None:
        from tqdm import tqdm

        line, self.line = self.line, ""
        with tqdm.external_write_mode(file=sys.stderr):
            sys.stderr.write(line)
        sys.stderr.flush()
