"""The tables: text files of formulas, a topic in brackets above its lines, # before a remark."""

from __future__ import annotations

import re
from pathlib import Path

_HERE = Path(__file__).parent


def rows(name: str) -> list[tuple[str, str]]:
    """(topic, line) for each line of the table."""
    out, topic = [], ""
    for line in (_HERE / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            topic = line.strip("[]")
        elif line.strip() and not line.startswith("#"):
            out.append((topic, line.strip()))
    return out


def as_formula(side: str) -> str:
    """A formula as it is; a function of x, z and u is read entry by entry, x*log(z) as y[i] = x[i]*log(z[i])."""
    return side if "=" in side else "y[i] = " + re.sub(r"\b([xzu])\b", r"\1[i]", side)
