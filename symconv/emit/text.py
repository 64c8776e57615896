"""One line of Unicode, or of ASCII where the terminal knows nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from symconv.emit.language import Language, Level, Printed
from symconv.emit.names import GREEK_STEMS, SPELLED, SUBSCRIPTS, split, superscript
from symconv.ir import Label

_UNICODE_SIGNS = {"==": "=", "<=": "≤", ">=": "≥", "!=": "≠"}
_WORDS = {
    "−": "-", "′": "'", "≤": "<=", "≥": ">=", "≠": "!=", "∂": "d", "…": "..", "·": "*", "×": "x", "–": "-", "—": "-",
    "“": '"', "”": '"', "’": "'", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "Σ": "sum", "∗": "*", "⊗": "(x)",
    "ˡ": "^l", "½": "1/2", "°": " degrees", "→": "->", "⁺": "+", "⁻": "-", "∈": "in",
    **{str(k): str(k) for k in range(10)},
    **dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)),
    **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)),
    **SPELLED,
}  # fmt: skip
_DIGITS_AFTER_LETTER = re.compile(r"\b([A-Za-z])(\d+)\b")


@dataclass(frozen=True)
class _Signs:
    minus: str
    times: str
    prime: str
    partial: str
    dots: str
    sigma: str
    floor: tuple[str, str]
    ceiling: tuple[str, str]
    root: str


_UNICODE = _Signs("−", "·", "′", "∂", "…", "Σ", ("⌊", "⌋"), ("⌈", "⌉"), "√")
_ASCII = _Signs("-", "*", "'", "d", "..", "sum", ("floor(", ")"), ("ceil(", ")"), "sqrt")


class Text(Language):
    """Σ_{m=0}^{k₁−1} δˡ⁺¹[i′−m] wˡ⁺¹[m] f′(xˡ[i′]), or with `ascii` sum_{m=0}^{k1-1} delta^(l+1)[i'-m] ..."""

    plus = "+"
    aside = "  "
    spaced = True

    def __init__(self, ascii: bool = False) -> None:
        self.ascii = ascii
        self.signs = _ASCII if ascii else _UNICODE
        self.minus = self.signs.minus
        self.times = self.signs.times

    def name(self, name: str) -> str:
        if self.ascii:
            return SPELLED.get(name, name)
        parts = split(name)
        suffix = f"_{parts.suffix}" if parts.suffix else ""
        stem = GREEK_STEMS.get(parts.stem, parts.stem)
        return stem + parts.digits.translate(SUBSCRIPTS) + suffix + self.signs.prime * parts.primes

    def labelled(self, label: Label) -> str:
        base = self.name(label.base)
        if not label.layer:
            return base
        raised = None if self.ascii else superscript(label.layer)
        if raised is not None:
            return base + raised
        return base + (f"^{label.layer}" if label.layer.isalnum() else f"^({label.layer})")

    def entry(self, head: str | Label, indices: Sequence[str], plain: bool) -> Printed:
        text = self.labelled(head) if isinstance(head, Label) else self.name(head)
        return Printed(f"{text}[{', '.join(indices)}]" if indices else text)

    def derivative(self, of: str, by: str) -> Printed:
        return Printed(f"{self.signs.partial}{of}/{self.signs.partial}{by}", Level.PRODUCT)

    def parentheses(self, text: str) -> str:
        return f"({text})"

    def parenthesised(self, pieces: Sequence[str]) -> list[str]:
        *most, last = pieces
        return _lead("(", [*most, f"{last})"])

    def divided(self, over: Sequence[Printed], under: Printed) -> list[str]:
        *most, last = over
        num = last.text if last.level >= Level.POWER or (last.level == Level.PRODUCT and "/" not in last.text) else None
        den = under.text if under.level >= Level.POWER else f"({under.text})"
        return [*(p.text for p in most), f"{num or self.parentheses(last.text)}/{den}"]

    def coefficient(self, text: str, fraction: bool) -> str:
        # 1/N · δ: the dot ends the divisor.
        return f"{text} {self.times}" if fraction else text

    def quotient(self, num: Printed, den: Printed) -> str:
        over = num.text if num.level >= Level.PRODUCT else f"({num.text})"
        return f"{over}/{den.text if den.level >= Level.POWER else f'({den.text})'}"

    def floor(self, text: str) -> str:
        return text.join(self.signs.floor)

    def ceiling(self, text: str) -> str:
        return text.join(self.signs.ceiling)

    def extreme(self, name: str, args: Sequence[str]) -> str:
        return f"{name}({', '.join(args)})"

    def power(self, base: str, exponent: str) -> str:
        raised = superscript(exponent) if exponent.isdigit() and not self.ascii else None
        if raised is not None:
            return base + raised
        return f"{base}^{exponent}" if exponent.isalnum() else f"{base}^({exponent})"

    def root(self, text: str) -> str:
        return f"{self.signs.root}({text})"

    def absolute(self, text: str) -> str:
        return f"|{text}|"

    def call(self, name: str, argument: str) -> str:
        return f"{name}({argument})"

    def opaque(self, name: str, order: int, argument: str) -> str:
        return f"{self.name(name)}{self.signs.prime * order}({argument})"

    def cases(self, rows: Sequence[tuple[str, str | None]]) -> str:
        return "{" + "; ".join(f"{v} if {c}" if c is not None else f"{v} otherwise" for v, c in rows) + "}"

    def bracket(self, condition: str) -> str:
        return f"[{condition}]"

    def related(self, parts: Sequence[str]) -> str:
        signs = {"==": "="} if self.ascii else _UNICODE_SIGNS
        return " ".join(signs.get(p, p) for p in parts)

    def sigma(self, index: str, lower: str, upper: str) -> str:
        return f"{self.signs.sigma}_{{{index}={lower}}}^{{{upper}}}"

    def span(self, index: str, lower: str, upper: str) -> str:
        return f"{index} = {lower} {self.signs.dots} {upper}"

    def assigned(self, added: bool) -> str:
        return "+=" if added else "="

    def first_maximum(self, window: Sequence[str], value: str, inside: Sequence[str]) -> list[str]:
        start = f"[({', '.join(window)}) is the first at which {value} is largest"
        *most, last = [start, *inside]
        return [*most, f"{last}]"]

    def listed(self, word: str, items: Sequence[str]) -> list[str]:
        *most, last = items
        return _lead(f"{word} ", [*(f"{item}," for item in most), last])

    def zero_outside(self, operands: Sequence[str]) -> str:
        return f"({', '.join(operands)} zero outside)"

    def prose(self, text: str) -> str:
        if self.ascii:
            return "".join(_WORDS.get(c, c if c.isascii() else "?") for c in text)
        signed = text.replace(">=", "≥").replace("<=", "≤").replace("!=", "≠")
        return _DIGITS_AFTER_LETTER.sub(lambda m: m[1] + m[2].translate(SUBSCRIPTS), signed)

    def statement(self, text: str) -> str:
        return self.prose(text.replace("`", ""))

    def inline(self, mathematics: str) -> str:
        return mathematics


def _lead(sign: str, pieces: Sequence[str]) -> list[str]:
    return [sign + pieces[0], *pieces[1:]]


UNICODE = Text()
ASCII = Text(ascii=True)
