"""What a language has to say: the signs and shapes that the shared walk asks for.

A `Language` receives finished parts and puts them together. It never sees an expression, so that order, precedence
and meaning are settled once, in `expression` and `equation`, for every language.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from symconv.ir import Label


class Level(IntEnum):
    """How tightly a printed part holds together; a part goes into parentheses where a tighter one is needed."""

    SUM = 0
    PRODUCT = 1
    POWER = 2
    ATOM = 3


class Printed(NamedTuple):
    text: str
    level: Level = Level.ATOM


class Language(ABC):
    """One way to write mathematics down. `times`: between two sizes; `aside`: before a note that follows a line."""

    minus: str
    plus: str
    times: str
    aside: str
    # Between the pieces of a line in a document, where it may be broken.
    seam: str = " "
    # Are signs between sizes and indices set apart by spaces? LaTeX spaces them itself.
    spaced: bool

    @abstractmethod
    def name(self, name: str) -> str:
        """An index, a size or an operand without a label."""

    @abstractmethod
    def labelled(self, label: Label) -> str:
        """A labelled operand without indices."""

    @abstractmethod
    def entry(self, head: str | Label, indices: Sequence[str], plain: bool) -> Printed:
        """One entry of an operand; `plain`: every index is a bare symbol."""

    @abstractmethod
    def derivative(self, of: str, by: str) -> Printed:
        """∂of/∂by"""

    @abstractmethod
    def parentheses(self, text: str) -> str: ...

    @abstractmethod
    def parenthesised(self, pieces: Sequence[str]) -> list[str]:
        """Parentheses around several pieces, between which a line may still be broken."""

    @abstractmethod
    def divided(self, over: Sequence[Printed], under: Printed) -> list[str]:
        """A product over a divisor, as pieces."""

    @abstractmethod
    def coefficient(self, text: str, fraction: bool) -> str:
        """A coefficient that stands before operands."""

    @abstractmethod
    def quotient(self, num: Printed, den: Printed) -> str:
        """num/den on one line, for index expressions."""

    @abstractmethod
    def floor(self, text: str) -> str: ...

    @abstractmethod
    def ceiling(self, text: str) -> str: ...

    @abstractmethod
    def extreme(self, name: str, args: Sequence[str]) -> str:
        """max(..) or min(..)"""

    @abstractmethod
    def power(self, base: str, exponent: str) -> str: ...

    @abstractmethod
    def root(self, text: str) -> str: ...

    @abstractmethod
    def absolute(self, text: str) -> str: ...

    @abstractmethod
    def call(self, name: str, argument: str) -> str:
        """A function everyone knows: exp, tanh, .."""

    @abstractmethod
    def opaque(self, name: str, order: int, argument: str) -> str:
        """f(u), f'(u), .."""

    @abstractmethod
    def cases(self, rows: Sequence[tuple[str, str | None]]) -> str:
        """Values with their conditions; the condition None is "otherwise"."""

    @abstractmethod
    def bracket(self, condition: str) -> str:
        """The Iverson bracket: 1 where the condition holds, else 0."""

    @abstractmethod
    def related(self, parts: Sequence[str]) -> str:
        """a <= b <= c from ("a", "<=", "b", "<=", "c"); operators are Python's, and "|" for divides."""

    @abstractmethod
    def sigma(self, index: str, lower: str, upper: str) -> str: ...

    @abstractmethod
    def span(self, index: str, lower: str, upper: str) -> str:
        """index = lower .. upper"""

    @abstractmethod
    def assigned(self, added: bool) -> str:
        """The sign between the two sides: = or +="""

    @abstractmethod
    def first_maximum(self, window: Sequence[str], value: str, inside: Sequence[str]) -> list[str]:
        """The Iverson bracket of "the window index is the first one at which the value is largest", in pieces.

        inside: what is to be said after it, such as over which indices.
        """

    @abstractmethod
    def listed(self, word: str, items: Sequence[str]) -> list[str]:
        """A word and what it governs, in pieces: for t = 0 .. 4, u = 0 .. 2"""

    @abstractmethod
    def zero_outside(self, operands: Sequence[str]) -> str: ...

    @abstractmethod
    def prose(self, text: str) -> str:
        """Words, made safe for the language."""

    @abstractmethod
    def statement(self, text: str) -> str:
        """Words and formulas, each formula between backticks and on one line as the text printer writes it."""

    @abstractmethod
    def inline(self, mathematics: str) -> str:
        """Mathematics in the middle of words."""
