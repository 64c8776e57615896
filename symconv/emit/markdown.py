"""GitHub's Markdown: LaTeX mathematics, words escaped for Markdown.

Mathematics goes into ```math fences and $`..`$, which GitHub passes on as they are. Between plain dollars it takes
the backslash off \\, and \\! first (github/markup, issue 1746).
"""

from __future__ import annotations

from symconv.emit.latex import Latex

_ACTIVE = set("\\`*_<>[]#|$~")


class Markdown(Latex):
    """LaTeX between words of Markdown. A browser breaks no lines of mathematics: it scrolls."""

    seam = " "

    def prose(self, text: str) -> str:
        signed = text.replace(">=", "≥").replace("<=", "≤").replace("!=", "≠")
        return "".join(f"\\{c}" if c in _ACTIVE else c for c in signed)

    def inline(self, mathematics: str) -> str:
        return f"$`{mathematics}`$"


MARKDOWN = Markdown()
