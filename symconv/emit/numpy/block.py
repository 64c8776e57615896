"""Lines of Python with their indentation, folded where they are too long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST = 120
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class Block:
    """A body under construction."""

    def __init__(self, depth: int = 1) -> None:
        self.depth = depth
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        self.lines += folded("    " * self.depth + line)

    @contextmanager
    def under(self, head: str) -> Iterator[None]:
        """What is added inside stands under `head`; an empty head opens nothing."""
        if head:
            self.add(head)
        self.depth += bool(head)
        yield
        self.depth -= bool(head)


def folded(line: str) -> list[str]:
    """The line, or its outermost last bracket opened onto lines of their own."""
    indent = line[: len(line) - len(line.lstrip())]
    at = _last_bracket(line) if len(line) > _LONGEST and "# " not in line else None
    if at is None:
        return [line]
    start, end = at
    inner, tail = line[start + 1 : end], line[end:]
    if len(indent) + 4 + len(inner) <= _LONGEST:
        return [line[: start + 1], f"{indent}    {inner}", indent + tail]
    parts = _split(inner)
    # A comma after a single part would make a tuple of what stands in parentheses.
    parts = [f"{indent}    {part}{',' * (len(parts) > 1)}" for part in parts]
    return [line[: start + 1], *(f for part in parts for f in folded(part)), indent + tail]


def _last_bracket(line: str) -> tuple[int, int] | None:
    """The widest pair of brackets that stands inside no other."""
    stack: list[int] = []
    pairs = []
    for k, c in enumerate(line):
        if c in _CLOSING:
            stack.append(k)
        elif c in _CLOSING.values():
            start = stack.pop()
            if not stack:
                pairs.append((start, k))
    wide = [p for p in pairs if p[1] - p[0] > 20]
    return max(wide, key=lambda p: p[1] - p[0]) if wide else None


def _split(text: str) -> list[str]:
    """At the commas that stand inside no bracket."""
    parts, depth, last = [], 0, 0
    for k, c in enumerate(text):
        depth += (c in _CLOSING) - (c in _CLOSING.values())
        if c == "," and depth == 0:
            parts.append(text[last:k].strip())
            last = k + 1
    return [p for p in [*parts, text[last:].strip()] if p]
