r"""A claim's formula, one line as the text printer writes it, in LaTeX: Σ_m wˡ[m] is \sum_{m} w^{l}_{m}.

formula = (sign | sum | fraction)*, fraction = atom ["/" atom],
atom = "∂" [atom] | (name | number | group) (raised | "[" formula "]")*
group = "(" formula ")" | "{" formula "}", sum = "Σ_" limit ["^" limit], limit = name | "{" formula "}"
"""

from __future__ import annotations

import re

from symconv.emit.names import SPELLED

_TOKEN = re.compile(r"(\s*)(rot180|max|min|[A-Za-zα-ω][₀-₉]*′*|\d+|[ˡ⁺⁻⁰¹²³-⁹]+|==|\S)")
_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹ˡ⁺⁻−′", "01234567890123456789l+--'")
_SIGNS = {
    **{sign: sign for sign in ("=", "==", "+", ",", ":")},
    "−": "-", "∗": "*", "⊗": r"\otimes", "·": r"\cdot", "×": r"\times", "≤": r"\le", "∈": r"\in",
}  # fmt: skip
_WORDS = {"rot180": r"\mathrm{rot}_{180^\circ}", "max": r"\max", "min": r"\min", "½": r"\frac{1}{2}"}
_CLOSED = {"(": ")", "{": "}", "[": "]"}


def latex_formula(text: str) -> str:
    """The formula in mathematics mode; `ValueError` where it is not one."""
    reader = _Reader(text)
    out = reader.formula()
    if reader.next:
        raise ValueError(f"{text}: {reader.next} closes nothing")
    return out


class _Reader:
    """Reads a formula from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = _TOKEN.findall(text)
        self.at = 0

    @property
    def next(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.next
        if not token or (expected and token != expected):
            raise ValueError(f"{self.text}: {expected or 'something'} is missing where {token or 'the end'} is")
        self.at += 1
        return token

    def formula(self) -> str:
        """Everything up to the end or a closing bracket, spaced as it is written."""
        out, after_factor = "", False
        while self.next and self.next not in _CLOSED.values():
            space = self.tokens[self.at][0]
            factor = self.next not in _SIGNS and self.next != "Σ"
            out += (r"\, " if space and factor and after_factor else space) + self.item()
            after_factor = factor
        return out

    def item(self) -> str:
        if self.next in _SIGNS:
            return _SIGNS[self.take()]
        if self.next == "Σ":
            return self.sum()
        over = self.atom()
        if self.next != "/":
            return over
        self.take()
        return rf"\frac{{{over}}}{{{self.bracketed() if self.next == '(' else self.atom()}}}"

    def sum(self) -> str:
        self.take()
        out = r"\sum"
        while self.next in ("_", "^"):
            out += f"{self.take()}{{{self.bracketed() if self.next == '{' else self.atom()}}}"
        return out

    def atom(self) -> str:
        if self.next == "∂":
            self.take()
            return r"\partial" if self.next == "/" else rf"\partial {self.atom()}"
        out = self.group() if self.next in ("(", "{") else self.name()
        while self.next == "[" or self.next[:1] in set("ˡ⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹"):
            out += f"_{{{self.bracketed()}}}" if self.next == "[" else f"^{{{self.take().translate(_PLAIN)}}}"
        return out

    def name(self) -> str:
        token = self.take()
        if token in _WORDS:
            return _WORDS[token]
        bare = token.rstrip("′")
        stem, digits, primes = bare[0], bare[1:].translate(_PLAIN), "'" * (len(token) - len(bare))
        if token.isdecimal():
            return token
        if not stem.isalpha():
            raise ValueError(f"{self.text}: no LaTeX for {token}")
        letter = rf"\{SPELLED[stem]}" if stem in SPELLED else stem
        return letter + (f"_{digits}" if digits else "") + primes

    def group(self) -> str:
        start, opened = self.at, self.next
        inside = self.bracketed()
        tall = any(token == "Σ" for _, token in self.tokens[start : self.at])
        left, right = ("(", ")") if opened == "(" else (r"\{", r"\}")
        return rf"\left{left} {inside} \right{right}" if tall else f"{left}{inside}{right}"

    def bracketed(self) -> str:
        """What stands in brackets, without them."""
        closing = _CLOSED[self.take()]
        inside = self.formula()
        self.take(closing)
        return inside
