"""Lines of C: folded where they are long, and safe where a user had a hand in them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

WIDTH = 112
INDENT = "    "


def safe(text: str) -> str:
    """Text that can neither end the comment it stands in, nor join it with the next line."""
    return text.replace("*/", "* /").replace("/*", "/ *").replace("\\", "/").replace("??", "? ?").replace("\n", " ")


def folded(line: str) -> list[str]:
    """A statement on as many lines as it takes; the later ones are indented further."""
    if len(line) <= WIDTH:
        return [line]
    deeper = line[: len(line) - len(line.lstrip())] + "        "
    return textwrap.wrap(line, WIDTH, subsequent_indent=deeper, break_long_words=False, break_on_hyphens=False)


def declaration(head: str, parameters: Sequence[str]) -> str:
    """A function's first line, or lines: cut between parameters only."""
    lines = [f"{head}("]
    pieces = [f"{p}, " for p in parameters[:-1]] + [f"{parameters[-1] if parameters else 'void'})"]
    for piece in pieces:
        if len(lines[-1] + piece.rstrip()) > WIDTH and lines[-1].strip():
            lines.append("        ")
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)
