"""What a name is made of, and the alphabets that printers share. Pure data and one split; nothing is decided here."""

from __future__ import annotations

import re
from dataclasses import dataclass

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
}  # fmt: skip
SPELLED = {letter: word for word, letter in GREEK.items()}
# The usual short name of the small constant in a denominator.
GREEK_STEMS = {**GREEK, "eps": "ε"}

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
SUPERSCRIPTS = str.maketrans("0123456789+-()abcdefghijklmnoprstuvwxyzL", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴸ")

_PARTS = re.compile(r"([^\W\d_]+)(\d*)(?:_(\w+))?('*)\Z")


@dataclass(frozen=True)
class Name:
    """stem, digits, what follows the underscore, number of primes: k1' is ("k", "1", "", 1)."""

    stem: str
    digits: str = ""
    suffix: str = ""
    primes: int = 0


def split(name: str) -> Name:
    """The parts of a name; one that does not fall into them is all stem.

    >>> split("k1'")
    Name(stem='k', digits='1', suffix='', primes=1)
    >>> split("conv2d")
    Name(stem='conv2d', digits='', suffix='', primes=0)
    """
    match = _PARTS.match(name)
    if match is None:
        bare = name.rstrip("'")
        return Name(bare, primes=len(name) - len(bare))
    stem, digits, suffix, primes = match.groups()
    return Name(stem, digits, suffix or "", len(primes))


def superscript(text: str) -> str | None:
    """`text` in Unicode superscripts, None where a character has none."""
    raised = text.translate(SUPERSCRIPTS)
    return raised if all(a != b for a, b in zip(text, raised, strict=True)) else None
