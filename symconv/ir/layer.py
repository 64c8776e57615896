"""Layers: an ordered list of statements, the operands they speak of, and what is known about the sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import sympy as sp

from symconv.ir.domain import Between, Equal, Guard, Range
from symconv.ir.errors import UserError
from symconv.ir.nodes import Access
from symconv.ir.notation import Label, Notation
from symconv.ir.sums import IndexedSum
from symconv.ir.symbols import integer


@dataclass(frozen=True)
class Operand:
    """A tensor: its name, its shape (one size an axis) and the index names that its axes go by in print.

    joined: positions of axes that a caller's array has as one with the axis after them, as the groups of channels.
    """

    name: str
    shape: tuple[sp.Expr, ...]
    axes: tuple[str, ...]
    joined: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(map(integer, self.shape)))
        if len(self.axes) != len(self.shape):
            raise ValueError(f"operand {self.name}: {len(self.shape)} sizes but {len(self.axes)} axis names")

    @property
    def outer_shape(self) -> tuple[sp.Expr, ...]:
        """The shape as a caller's array has it: joined axes multiplied."""
        out: list[sp.Expr] = []
        factor: sp.Expr = sp.S.One
        for position, n in enumerate(self.shape):
            factor *= n
            if position not in self.joined:
                out.append(factor)
                factor = sp.S.One
        return tuple(out)


@dataclass(frozen=True)
class Context:
    """What every proof starts from: the symbolic sizes, what is assumed of them, the shapes of the operands.

    A size >= 1 and a pad >= 0 are known from the symbol; `assumptions` adds relations such as those that define an
    output size. `scales` are symbols that multiply an index (stride, dilation): with them a sum is not Presburger
    arithmetic, and the prover works at numeric values.
    """

    sizes: tuple[sp.Symbol, ...]
    assumptions: tuple[Between | Equal, ...]
    operands: tuple[Operand, ...]
    scales: tuple[sp.Symbol, ...] = ()

    def shape(self, name: str) -> tuple[sp.Expr, ...]:
        """Shape of operand `name`; an adjoint `dA` has the shape of `A`."""
        return self.operand(name).shape

    def operand(self, name: str) -> Operand:
        table = {o.name: o for o in self.operands}
        if name in table:
            return table[name]
        if name[:1] == "d" and name[1:] in table:
            return table[name[1:]]
        raise KeyError(f"no operand {name} among {', '.join(table)}")

    def has(self, name: str) -> bool:
        return any(o.name == name or "d" + o.name == name for o in self.operands)

    def substitute(self, values: Mapping[sp.Symbol, int]) -> Context:
        """The context at numeric values of some of its symbols."""
        if not values:
            return self
        put = {k: sp.Integer(v) for k, v in values.items()}
        return Context(
            tuple(s for s in self.sizes if s not in put),
            tuple(a.map(lambda e: e.xreplace(put)) for a in self.assumptions),
            tuple(replace(o, shape=tuple(e.xreplace(put) for e in o.shape)) for o in self.operands),
            tuple(s for s in self.scales if s not in put),
        )


@dataclass(frozen=True)
class FirstMaximum:
    """sel[I, K] = 1 where K is the first index, in scan order, at which `value` is largest over the domain; else 0.

    This is the article's "winning unit". `window` names the indices K; `ranges` and `guards` bound I and K together,
    so that padding never wins. For the gradient `sel` is constant: it is noted in the forward pass.
    """

    result: Access
    window: tuple[sp.Symbol, ...]
    ranges: tuple[Range, ...]
    guards: tuple[Guard, ...]
    value: Access

    def __post_init__(self) -> None:
        if self.result.indices[-len(self.window) :] != self.window:
            raise ValueError(f"{self.result.name} must end in its window indices {self.window}")

    def reads(self) -> tuple[Access, ...]:
        return (self.value,)

    def map(self, f: Callable[[sp.Expr], sp.Expr]) -> FirstMaximum:
        """Every expression rewritten by `f`; the indices that are ranged over stay."""
        ranges, guards = tuple(r.map(f) for r in self.ranges), tuple(g.map(f) for g in self.guards)
        return FirstMaximum(f(self.result), self.window, ranges, guards, f(self.value))


Statement = IndexedSum | FirstMaximum


# The adjoint of the result goes by its usual letter.
DELTA = Notation((("dy", Label("δ")),))


@dataclass(frozen=True)
class Layer:
    """Statements in order of evaluation; `result` names the output, `inputs` what a gradient may be taken by."""

    name: str
    statements: tuple[Statement, ...]
    context: Context
    inputs: tuple[str, ...]
    result: str = "y"
    notation: Notation = DELTA
    attributes: tuple[tuple[str, object], ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        written: set[str] = set()
        for statement in self.statements:
            reads = statement.reads()
            later = {s.result.name for s in self.statements} - written
            early = {a.name for a in reads} & later
            if early:
                raise ValueError(f"{self.name}: {', '.join(sorted(early))} is read before it is written")
            for access in (*reads, statement.result):
                if len(access.indices) != len(self.context.shape(access.name)):
                    raise ValueError(f"{self.name}: {access.name} has rank {len(self.context.shape(access.name))}")
            if all(s.result.name != statement.result.name for s in self._after(statement)):
                written.add(statement.result.name)

    def _after(self, statement: Statement) -> tuple[Statement, ...]:
        return self.statements[self.statements.index(statement) + 1 :]

    @property
    def sums(self) -> tuple[IndexedSum, ...]:
        """The statements that can be differentiated."""
        return tuple(s for s in self.statements if isinstance(s, IndexedSum))

    def writers(self, name: str) -> tuple[IndexedSum, ...]:
        """The sums that write operand `name`."""
        return tuple(s for s in self.sums if s.result.name == name)

    def substitute(self, values: Mapping[sp.Symbol, int]) -> Layer:
        """The layer at numeric values of some of its sizes."""
        put = {k: sp.Integer(v) for k, v in values.items()}
        return replace(
            self,
            statements=tuple(s.map(lambda e: e.xreplace(put)) for s in self.statements),
            context=self.context.substitute(values),
        )

    def check_input(self, name: str) -> str:
        """`name` when a gradient with respect to it exists, otherwise a `UserError`."""
        if name not in self.inputs:
            raise UserError(f"wrt {name!r}: {self.name} has a gradient with respect to {', '.join(self.inputs)} only")
        return name
