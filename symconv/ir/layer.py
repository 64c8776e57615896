"""Layers: an ordered list of statements, the operands they speak of, and what is known about the sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property

import sympy as sp

from symconv.ir.conditions import Condition
from symconv.ir.domain import Between, Equal, Guard, Range
from symconv.ir.errors import UserError
from symconv.ir.nodes import Access
from symconv.ir.notation import Label, Notation
from symconv.ir.sums import IndexedSum
from symconv.ir.symbols import integer


class Role(Enum):
    """What an operand is. Its name is for readers alone: nothing is decided by how it is spelled.

    DATA: what a layer reads or writes. PARAMETER: what is learned (a kernel, a bias). MASK: constant for the gradient.
    ADJOINT: dE/dA. DERIVATIVE: dy/dA, one entry of it for each entry of y and each of A.
    """

    DATA = "data"
    PARAMETER = "parameter"
    MASK = "mask"
    ADJOINT = "adjoint"
    DERIVATIVE = "derivative"


@dataclass(frozen=True)
class Operand:
    """A tensor: its name, its shape (one size an axis) and the index names that its axes go by in print.

    joined: positions of axes that a caller's array has as one with the axis after them, as the groups of channels.
    of: the operand that it is the adjoint of; for a derivative dy/dA the two operands y and A.
    """

    name: str
    shape: tuple[sp.Expr, ...]
    axes: tuple[str, ...]
    joined: tuple[int, ...] = ()
    role: Role = Role.DATA
    of: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(map(integer, self.shape)))
        if len(self.axes) != len(self.shape):
            raise ValueError(f"operand {self.name}: {len(self.shape)} sizes but {len(self.axes)} axis names")
        if len(self.of) != {Role.ADJOINT: 1, Role.DERIVATIVE: 2}.get(self.role, 0):
            raise ValueError(f"operand {self.name}: a {self.role.value} of {self.of}")

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
        """Shape of operand `name`, adjoints and derivatives included."""
        return self.operand(name).shape

    def operand(self, name: str) -> Operand:
        """The operand of that name: a declared one, the adjoint of a declared one, or a derivative of two."""
        found = self.find(name)
        if found is None:
            raise KeyError(f"no operand {name} among {', '.join(self._declared)}")
        return found

    def find(self, name: str) -> Operand | None:
        return self._declared.get(name) or self._adjoints.get(name) or self._derivatives.get(name)

    def has(self, name: str) -> bool:
        return self.find(name) is not None

    def adjoint(self, name: str) -> str:
        """The name of dE/d`name`: "d" and the name, with as many _ as make it no declared operand's."""
        return self._adjoint_names[name]

    def derivative(self, out: str, inn: str) -> str:
        """The name of d`out`/d`inn`; no declared operand has a slash in its name, unless it is this one."""
        return f"d{out}/d{inn}"

    @cached_property
    def _declared(self) -> dict[str, Operand]:
        return {o.name: o for o in self.operands}

    @cached_property
    def _adjoint_names(self) -> dict[str, str]:
        given = {o.of[0]: o.name for o in self.operands if o.role is Role.ADJOINT}
        return {name: given.get(name) or self._free(f"d{name}") for name in self._declared}

    def _free(self, name: str) -> str:
        while name in self._declared:
            name += "_"
        return name

    @cached_property
    def _adjoints(self) -> dict[str, Operand]:
        """One for each declared operand that is no adjoint itself, under a name that is not declared."""
        plain = [o for o in self.operands if o.role is not Role.DERIVATIVE]
        made = ((self._adjoint_names[o.name], o) for o in plain)
        return {name: replace(o, name=name, role=Role.ADJOINT, of=(o.name,)) for name, o in made}

    @cached_property
    def _derivatives(self) -> dict[str, Operand]:
        pairs = ((out, inn) for out in self.operands for inn in self.operands)
        return {self.derivative(out.name, inn.name): _derivative(out, inn, self) for out, inn in pairs}

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


def _derivative(out: Operand, inn: Operand, context: Context) -> Operand:
    """The operand dy/dA: the axes of y, then those of A."""
    name, shape = context.derivative(out.name, inn.name), out.shape + inn.shape
    return Operand(name, shape, out.axes + inn.axes, role=Role.DERIVATIVE, of=(out.name, inn.name))


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
DELTA = Notation(adjoints=(("y", Label("δ")),))


@dataclass(frozen=True)
class Layer:
    """Statements in order of evaluation; `result` names the output, `inputs` what a gradient may be taken by.

    domain: what must hold of entries for the formula to be defined, as it was written (x/x needs x != 0).
    """

    name: str
    statements: tuple[Statement, ...]
    context: Context
    inputs: tuple[str, ...]
    result: str = "y"
    notation: Notation = DELTA
    domain: tuple[Condition, ...] = ()
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

    def sum_at(self, position: int) -> IndexedSum:
        """The statement at that position, which is a sum."""
        statement = self.statements[position]
        if not isinstance(statement, IndexedSum):
            raise ValueError(f"{self.name}: statement {position} writes {statement.result.name}, and is not a sum")
        return statement

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
            domain=tuple(replace(c, expression=c.expression.xreplace(put)) for c in self.domain),
        )

    def check_input(self, name: str) -> str:
        """`name` when a gradient with respect to it exists, otherwise a `UserError`."""
        if name not in self.inputs:
            raise UserError(f"wrt {name!r}: {self.name} has a gradient with respect to {', '.join(self.inputs)} only")
        return name
