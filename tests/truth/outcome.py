"""What a case came to, and the count over many: no wrong verdict, no traceback, at most 2 % unknown."""

from __future__ import annotations

import signal
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import symconv as sc

SECONDS = 60
UNKNOWN_SHARE = 0.02


class TooSlow(BaseException):
    """Not an Exception, so that nothing that catches everything swallows it."""


@dataclass(frozen=True)
class Outcome:
    """kind: "right", "unknown" (or refused with a reason), "wrong", "traceback" (or too slow)."""

    case: str
    kind: str
    note: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.kind:9} {self.seconds:5.1f} s  {self.case}   # {' '.join(self.note.split())[:200]}"


def judged(case: str, judge: Callable[[], tuple[str, str]], seconds: int = SECONDS) -> Outcome:
    """Runs `judge`, which gives a kind and a note; errors are kinds too."""
    start = perf_counter()
    try:
        with _time_limit(seconds):
            kind, note = judge()
    except sc.UserError as error:
        kind, note = "unknown", f"refused: {error}"
    except TooSlow:
        kind, note = "traceback", f"not done after {seconds} s"
    except AssertionError:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        kind, note = "traceback", f"{type(error).__name__}: {error} at {last.filename}:{last.lineno}"
    return Outcome(case, kind, note, perf_counter() - start)


@contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    """A signal stops what takes longer, where the platform has it."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def summary(outcomes: Sequence[Outcome]) -> str:
    """The count of every kind, and each case that is not right."""
    counts = Counter(o.kind for o in outcomes)
    share = counts["unknown"] / max(1, len(outcomes))
    head = (
        f"{len(outcomes)} cases: {counts['right']} right, {counts['wrong']} wrong, {counts['traceback']} tracebacks, "
        f"{counts['unknown']} unknown ({share:.1%})"
    )
    return "\n".join([head, *(str(o) for o in outcomes if o.kind != "right")])


def passes(outcomes: Sequence[Outcome], share: float = UNKNOWN_SHARE) -> bool:
    """None wrong, none a traceback, and few unknown; of few cases one may be."""
    counts = Counter(o.kind for o in outcomes)
    return not counts["wrong"] + counts["traceback"] and counts["unknown"] <= max(1, share * len(outcomes))
