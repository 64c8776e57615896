r"""LaTeX for amsmath: \sum_{m=0}^{k_1-1} \delta^{l+1}_{i'-m} w^{l+1}_{m} f'\!\left(x^{l}_{i'}\right)."""

from __future__ import annotations

from collections.abc import Sequence

from symconv.emit.formula import latex_formula
from symconv.emit.language import Language, Level, Printed
from symconv.emit.names import GREEK_STEMS, SPELLED, Name, split
from symconv.ir import Label

_OPERATORS = {
    "==": "=", "<=": r"\le", ">=": r"\ge", "!=": r"\ne", "<": "<", ">": ">", "|": r"\mid",
}  # fmt: skip
_COMMA = r",\; "
_KNOWN = {"exp", "log", "tanh", "sinh", "cosh", "sin", "cos", "tan"}
_WORDS = {"atan": "arctan", "sign": "sgn"}
# What a user's words may hold. Signs of mathematics are set as such; quotes and dashes are known to LaTeX itself.
_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": "$<$", ">": "$>$", "|": "$|$",
    "−": "$-$", "′": "$'$", "≤": r"$\le$", "≥": r"$\ge$", "≠": r"$\ne$", "∂": r"$\partial$", "…": r"\ldots{}",
    "·": r"$\cdot$", "×": r"$\times$", "∗": "$*$", "⊗": r"$\otimes$", "⌊": r"$\lfloor$", "⌋": r"$\rfloor$",
    "⌈": r"$\lceil$", "⌉": r"$\rceil$", "Σ": r"$\Sigma$", "½": r"$\frac12$", "°": r"$^\circ$", "→": r"$\to$",
    "ˡ": "$^l$", "⁺": "$^+$", "⁻": "$^-$", "∈": r"$\in$", "√": r"$\sqrt{\ }$", "∞": r"$\infty$",
    **{c: f"$_{k}$" for k, c in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    **{c: f"$^{k}$" for k, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{letter: f"$\\{word}$" for letter, word in SPELLED.items()},
}  # fmt: skip


def escape(text: str) -> str:
    """Words as LaTeX: every character that would act stands for itself; one that LaTeX cannot set becomes "?"."""
    return "".join(_ESCAPES.get(c, c if ord(c) < 0x180 or c in "–—‘’“”" else "?") for c in text)


class Latex(Language):
    """Mathematics mode throughout. No \\operatorname: GitHub refuses it."""

    minus = "-"
    plus = "+"
    times = r"\,"
    aside = r" \quad "
    seam = r" \allowbreak "
    spaced = False

    def name(self, name: str) -> str:
        parts = split(name)
        return self._subscripted(parts) + "'" * parts.primes

    def _subscripted(self, parts: Name) -> str:
        stem = _stem(parts.stem)
        below = [parts.digits] if parts.digits else []
        below += [_stem(parts.suffix)] if parts.suffix else []
        if not below:
            return stem
        joined = ",".join(below)
        return f"{stem}_{joined}" if len(joined) == 1 else f"{stem}_{{{joined}}}"

    def labelled(self, label: Label) -> str:
        return self._head(label.base) + (f"^{{{label.layer}}}" if label.layer else "")

    def _head(self, name: str) -> str:
        """An operand's name to which indices can be attached: one that has a subscript or a prime is braced."""
        text = self.name(name)
        # \_ is an underscore in a name, and takes no braces; any other _ is a subscript, and a second one needs them.
        return f"{{{text}}}" if set(text.replace(r"\_", "")) & set("_'^") else text

    def entry(self, head: str | Label, indices: Sequence[str], plain: bool) -> Printed:
        labelled = isinstance(head, Label)
        text = self.labelled(head) if isinstance(head, Label) else self._head(head)
        below = "_{" + ("," if plain else r",\,").join(indices) + "}" if indices else ""
        # A layer's superscript and an exponent cannot both be written at one letter.
        raised = labelled and isinstance(head, Label) and bool(head.layer)
        return Printed(text + below, Level.POWER if raised else Level.ATOM)

    def derivative(self, of: str, by: str) -> Printed:
        return Printed(rf"\frac{{\partial {of}}}{{\partial {by}}}", Level.PRODUCT)

    def parentheses(self, text: str) -> str:
        return rf"\left({text}\right)"

    def parenthesised(self, pieces: Sequence[str]) -> list[str]:
        # Not \left( .. \right): within those a line cannot be broken.
        if len(pieces) == 1:
            return [self.parentheses(pieces[0])]
        first, *rest = pieces
        return [rf"\Bigl( {first}", *rest[:-1], rf"{rest[-1]} \Bigr)"]

    def divided(self, over: Sequence[Printed], under: Printed) -> list[str]:
        return [rf"\frac{{{' '.join(p.text for p in over)}}}{{{under.text}}}"]

    def coefficient(self, text: str, fraction: bool) -> str:
        return text if fraction else rf"{text}\,"

    def quotient(self, num: Printed, den: Printed) -> str:
        over = num.text if num.level >= Level.PRODUCT else f"({num.text})"
        return f"{over}/{den.text if den.level >= Level.POWER else f'({den.text})'}"

    def floor(self, text: str) -> str:
        return rf"\left\lfloor {text} \right\rfloor"

    def ceiling(self, text: str) -> str:
        return rf"\left\lceil {text} \right\rceil"

    def extreme(self, name: str, args: Sequence[str]) -> str:
        return rf"\{name}\left({_COMMA.join(args)}\right)"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}"

    def root(self, text: str) -> str:
        return rf"\sqrt{{{text}}}"

    def absolute(self, text: str) -> str:
        return rf"\left|{text}\right|"

    def call(self, name: str, argument: str) -> str:
        word = rf"\{name}" if name in _KNOWN else rf"\mathrm{{{_WORDS.get(name, name)}}}"
        return rf"{word}\!\left({argument}\right)"

    def opaque(self, name: str, order: int, argument: str) -> str:
        word = self.name(name).replace(r"\mathit", r"\mathrm")
        primes = "'" * order
        return rf"{word}{primes}\!\left({argument}\right)"

    def cases(self, rows: Sequence[tuple[str, str | None]]) -> str:
        lines = [rf"{v} & \text{{if }} {c}" if c is not None else rf"{v} & \text{{otherwise}}" for v, c in rows]
        return r"\begin{cases} " + r" \\ ".join(lines) + r" \end{cases}"

    def bracket(self, condition: str) -> str:
        return rf"\left[\,{condition}\,\right]"

    def related(self, parts: Sequence[str]) -> str:
        return " ".join(_OPERATORS.get(p, p) for p in parts)

    def sigma(self, index: str, lower: str, upper: str) -> str:
        return rf"\sum_{{{index}={lower}}}^{{{upper}}}"

    def span(self, index: str, lower: str, upper: str) -> str:
        return rf"{index} = {lower}, \dots, {upper}"

    def assigned(self, added: bool) -> str:
        return r"\mathrel{+}=" if added else "="

    def first_maximum(self, window: Sequence[str], value: str, inside: Sequence[str]) -> list[str]:
        # Not \left[ .. \right]: within those a line cannot be broken.
        start = rf"\bigl[\,({', '.join(window)}) \text{{ is the first at which }} {value} \text{{ is largest}}"
        *most, last = [start, *inside]
        return [*most, rf"{last}\,\bigr]"]

    def listed(self, word: str, items: Sequence[str]) -> list[str]:
        *most, last = items
        first, *rest = [*(rf"{item},\;" for item in most), last]
        return [rf"\text{{ {word} }} {first}", *rest]

    def zero_outside(self, operands: Sequence[str]) -> str:
        return rf"({', '.join(operands)} \text{{ zero outside}})"

    def prose(self, text: str) -> str:
        return escape(text.replace(">=", "≥").replace("<=", "≤").replace("!=", "≠"))

    def statement(self, text: str) -> str:
        pieces = enumerate(text.split("`"))
        return "".join(self.inline(rf"\displaystyle {latex_formula(p)}") if k % 2 else self.prose(p) for k, p in pieces)

    def inline(self, mathematics: str) -> str:
        return f"${mathematics}$"


def _stem(stem: str) -> str:
    letter = GREEK_STEMS.get(stem, stem)
    if letter in SPELLED:
        return "\\varepsilon" if letter == "ε" else f"\\{SPELLED[letter]}"
    if len(stem) == 1 or stem.isdigit():
        return stem
    escaped = stem.replace("_", r"\_")
    return rf"\mathit{{{escaped}}}"


LATEX = Latex()
