"""Text that a user had a hand in, made safe to stand in a comment."""

from __future__ import annotations


def safe(text: str) -> str:
    """Text that can neither end the comment it stands in, nor join it with the next line."""
    return text.replace("*/", "* /").replace("/*", "/ *").replace("\\", "/").replace("??", "? ?").replace("\n", " ")
