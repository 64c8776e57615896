"""Indexed sums and statements as equations: which pieces stand on which side, for every language.

`result[f(I)] += sum over reduced indices [guards] summand` becomes one `Equation`. Where a result entry belongs to
one point only the sign is "=", otherwise "+=": a tensor is the sum of everything that its statements write to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import sympy as sp

from symconv.emit.expression import Expressions
from symconv.emit.language import Language
from symconv.emit.operands import Operands
from symconv.ir import (
    Access,
    Between,
    Context,
    Divides,
    Equal,
    FirstMaximum,
    Guard,
    IndexedSum,
    Notation,
    Partial,
    Range,
    Role,
    Statement,
)
from symconv.ir.affine import addresses_once, residues_differ


@dataclass(frozen=True)
class Equation:
    """One line: left sign right, then its notes. `right` and each note are cut where a long line may be broken.

    A line that only names what is to be found has a left side alone.
    """

    left: str
    sign: str = ""
    right: tuple[str, ...] = ()
    notes: tuple[tuple[str, ...], ...] = ()
    added: bool = False

    @property
    def pieces(self) -> tuple[str, ...]:
        """Everything but the notes, cut where the line may be broken."""
        return (f"{self.left} {self.sign} {self.right[0]}", *self.right[1:]) if self.right else (self.left,)


class Printer:
    """Prints everything a derivation is made of, in one language.

    notation: labels of operands. context: tells roles, ranks, boxes and the order of statement of the operands;
    without one, every name is that of an operand as it stands.
    """

    def __init__(self, language: Language, notation: Notation | None = None, context: Context | None = None) -> None:
        self.language = language
        self.operands = Operands(notation or Notation(), context)
        self.expressions = Expressions(language, self.operands)

    def expression(self, e: sp.Expr) -> str:
        return self.expressions.text(e)

    def operand(self, name: str) -> str:
        """An operand, adjoint or inner derivative as a whole, without indices."""
        return self.expressions.entry(name, ()).text

    def gradient_name(self, name: str) -> str:
        """∂E/∂A for an operand A, even where its adjoint has a letter of its own."""
        return self.language.derivative(self.operands.notation.error, self.operand(name)).text

    def guard(self, guard: Guard) -> str:
        return self.language.bracket(self._relation(guard))

    def _relation(self, guard: Guard) -> str:
        text = self.expressions.text
        if isinstance(guard, Equal):
            parts = [text(guard.lhs), "==", text(guard.rhs)]
        elif isinstance(guard, Divides):
            parts = [text(guard.den), "|", text(guard.num)]
        else:
            assert isinstance(guard, Between)
            parts = [text(guard.lo), "<=", text(guard.e), "<=", text(guard.hi)]
        return self.language.related(parts)

    def range(self, r: Range) -> str:
        """index = lower .. upper"""
        lower, upper = self.expressions.extreme("max", r.lowers), self.expressions.extreme("min", r.uppers)
        return self.language.span(self.expressions.text(r.index), lower, upper)

    def _sigma(self, r: Range) -> str:
        tight = Expressions(self.language, self.operands, tight=True)
        lower, upper = tight.extreme("max", r.lowers), tight.extreme("min", r.uppers)
        return self.language.sigma(self.expressions.text(r.index), lower, upper)

    def statement(self, s: Statement) -> str:
        """One statement on one line."""
        return self.line(self._maximum(s) if isinstance(s, FirstMaximum) else self.equations([s])[0])

    def lines(self, sums: Sequence[IndexedSum], ranged: bool = True) -> list[str]:
        """Everything that is written to one tensor; one line where the entries written are the same."""
        return [self.line(e) for e in self.equations(sums, ranged)]

    def line(self, e: Equation) -> str:
        return self.language.aside.join([" ".join(e.pieces), *map(" ".join, e.notes)])

    def statements(self, statements: Sequence[Statement]) -> list[Equation]:
        """The statements of a layer in order; neighbours that write to the same tensor stand together."""
        out: list[Equation] = []
        run: list[IndexedSum] = []
        for s in [*statements, None]:
            if run and (not isinstance(s, IndexedSum) or s.result.name != run[0].result.name):
                out += self.equations(run)
                run = []
            if isinstance(s, IndexedSum):
                run.append(s)
            elif s is not None:
                out.append(self._maximum(s))
        return out

    def equations(self, sums: Sequence[IndexedSum], ranged: bool = True) -> list[Equation]:
        """`ranged`: say for which indices a line holds, where that is not every entry of the result."""
        groups: dict[tuple[Access, tuple[Range, ...]], list[IndexedSum]] = {}
        for s in sums:
            groups.setdefault((s.result, s.parallel), []).append(s)
        firsts = [group[0] for group in groups.values()]
        # A formula read at a given entry, as an inner derivative is, holds there as it stands.
        in_place = not ranged or any(self.operands.role(s.result.name) is Role.DERIVATIVE for s in firsts)
        once = all(map(addressed_once, firsts)) and all(apart(a, b) for a, b in combinations(firsts, 2))
        return [self._together(group, not in_place and not once, ranged) for group in groups.values()]

    def _together(self, group: Sequence[IndexedSum], added: bool, ranged: bool) -> Equation:
        first = group[0]
        left = self.expressions.entry(first.result.name, first.result.indices).text
        if len(group) == 1 and self._names_itself(first):
            conditions = [self._relation(g) for g in first.guards]
            return Equation(left, notes=(tuple(self.language.listed("where", conditions)),) if conditions else ())
        terms = [s for s in group if s.summand != 0]
        right: list[str] = []
        for s in terms:
            term = self._term(s)
            right += self._joined(term) if right else term
        notes = self._notes(first, terms, ranged)
        return Equation(left, self.language.assigned(added), tuple(right) or ("0",), notes, added)

    def _notes(self, first: IndexedSum, terms: Sequence[IndexedSum], ranged: bool) -> tuple[tuple[str, ...], ...]:
        notes = []
        spans = [self.range(r) for r in self._partial_ranges(first)] if ranged else []
        if spans:
            notes.append(tuple(self.language.listed("for", spans)))
        extended = sorted({name for s in terms for name in s.extended}, key=self.operands.position)
        if extended:
            notes.append((self.language.zero_outside([self.operand(n) for n in extended]),))
        return tuple(notes)

    def _joined(self, term: list[str]) -> list[str]:
        """A further term, with the sign it goes by."""
        first, minus = term[0], self.language.minus
        sign = f"{minus} {first.removeprefix(minus)}" if first.startswith(minus) else f"{self.language.plus} {first}"
        return [sign, *term[1:]]

    def _term(self, s: IndexedSum) -> list[str]:
        """Sigmas, brackets, then the summand, in parentheses where it is a sum that something stands before."""
        before = [self._sigma(r) for r in s.reduced] + [self.guard(g) for g in s.guards]
        pieces = self.expressions.pieces(s.summand)
        if s.guards and s.summand == 1:
            return before
        minus = self.language.minus
        if before and not s.summand.is_Add and pieces[0].startswith(minus):
            before, pieces = [minus + before[0], *before[1:]], [pieces[0].removeprefix(minus), *pieces[1:]]
        return before + (self.language.parenthesised(pieces) if before and s.summand.is_Add else pieces)

    def _partial_ranges(self, s: IndexedSum) -> list[Range]:
        """Ranges of the parallel indices, without those that stand alone and run over a whole axis.

        An inner derivative is read in place and needs none.
        """
        name, indices, context = s.result.name, s.result.indices, self.operands.context
        if self.operands.role(name) is Role.DERIVATIVE:
            return []
        alone = [i for i in indices if sum(e.has(i) for e in indices) == 1]
        if context is None or not context.has(name):
            plain = all(i.is_Symbol for i in indices) and len(set(indices)) == len(indices)
            return [] if plain else list(s.parallel)
        whole = [
            Range.box(i, n) for i, n in zip(indices, context.shape(name), strict=True) if i in alone and i.is_Symbol
        ]
        return [r for r in s.parallel if r not in whole]

    def _maximum(self, s: FirstMaximum) -> Equation:
        """The winning unit as an Iverson bracket."""
        window = [self.expressions.text(i) for i in s.window]
        inside = self.language.listed("over", [self.range(r) for r in s.ranges if r.index in s.window])
        if s.guards:
            inside += self.language.listed("with", [self._relation(g) for g in s.guards])
        condition = self.language.first_maximum(window, self.expressions.text(s.value), inside)
        left = self.expressions.entry(s.result.name, s.result.indices).text
        return Equation(left, self.language.assigned(False), tuple(condition))

    def _names_itself(self, s: IndexedSum) -> bool:
        """dy/dx[I, q] += ∂y[I]/∂x[q]: the first line of an inner derivative."""
        partial = s.summand
        if not isinstance(partial, Partial) or s.reduced:
            return False
        of = self.operands.derivative_of(s.result.name)
        same = s.result.indices == (*partial.out.indices, *partial.inn.indices)
        return of == (partial.out.name, partial.inn.name) and same


def addressed_once(s: IndexedSum) -> bool:
    """Do different parallel indices write to different entries?"""
    return addresses_once(s.result.indices, [r.index for r in s.parallel])


def apart(a: IndexedSum, b: IndexedSum) -> bool:
    """Do two sums write to different residue classes along some axis?"""
    indices = {*a.indices, *b.indices}
    return any(residues_differ(e, f, indices) for e, f in zip(a.result.indices, b.result.indices, strict=True))
