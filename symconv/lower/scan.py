"""A domain to loops, scanned by isl: bounds that visit exactly the points of the domain, at any stride.

isl's AST builder is given what is known outside the loops (sizes, the indices of enclosing loops), so that a condition
which always holds leaves nothing behind, and one that does not becomes a bound or a step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import islpy as isl
import sympy as sp

from symconv.ir import Context, FloorDiv
from symconv.ir.presburger import all_names, context_text, size_names
from symconv.lower.nest import For, If, Node

Leaf = Callable[[dict[sp.Symbol, sp.Expr]], Node]


def scan(
    context: Context,
    outer: Sequence[sp.Symbol],
    known: str,
    inner: Sequence[sp.Symbol],
    domain: str,
    leaf: Leaf,
) -> tuple[Node, ...]:
    """Loops over `inner` that visit the domain in lexicographic order; outer: indices of enclosing loops.

    known, domain: isl constraints on the prover's names of the indices, outer ones first. leaf: the body at a point,
    given the value of each inner index.
    """
    names = all_names(context, (*outer, *inner))
    parameters = [*size_names(context).values(), *(names[i] for i in outer)]
    head = f"[{', '.join(parameters)}] -> "
    point = ", ".join(names[i] for i in inner)
    build = isl.AstBuild.from_context(isl.Set(f"{head}{{ : {context_text(context)} and {known} }}"))
    iterators = isl.IdList.alloc(isl.DEFAULT_CONTEXT, len(inner))
    for i in inner:
        iterators = iterators.add(isl.Id(names[i]))
    schedule = isl.UnionMap(f"{head}{{ S[{point}] -> [{point}] : {domain} }}")
    tree = build.set_iterators(iterators).node_from_schedule_map(schedule)
    return _Reader({text: symbol for symbol, text in names.items()}, tuple(inner), leaf).nodes(tree)


class _Reader:
    """isl's tree as nodes over SymPy expressions."""

    def __init__(self, symbols: Mapping[str, sp.Symbol], inner: tuple[sp.Symbol, ...], leaf: Leaf) -> None:
        self.symbols, self.inner, self.leaf = symbols, inner, leaf

    def nodes(self, node: isl.AstNode) -> tuple[Node, ...]:
        kind = node.get_type()
        if kind == isl.ast_node_type.block:
            children = node.block_get_children()
            return tuple(n for k in range(children.n_ast_node()) for n in self.nodes(children.get_at(k)))
        if kind == isl.ast_node_type.for_:
            return (self._loop(node),) if not node.for_is_degenerate() else self._once(node)
        if kind == isl.ast_node_type.if_:
            return self._branch(node)
        call = node.user_get_expr()
        values = [self.expression(call.get_op_arg(k + 1)) for k in range(len(self.inner))]
        return (self.leaf(dict(zip(self.inner, values, strict=True))),)

    def _loop(self, node: isl.AstNode) -> For:
        condition, index = node.for_get_cond(), self.expression(node.for_get_iterator())
        upper = self.expression(condition.get_op_arg(1))
        if condition.get_op_type() == isl.ast_expr_op_type.lt:
            upper -= 1
        step = int(node.for_get_inc().get_val().to_python())
        return For(index, self.expression(node.for_get_init()), upper, step, self.nodes(node.for_get_body()))

    def _once(self, node: isl.AstNode) -> tuple[Node, ...]:
        """A loop of one round: a loop all the same, so that its index has a name."""
        value = self.expression(node.for_get_init())
        return (For(self.expression(node.for_get_iterator()), value, value, 1, self.nodes(node.for_get_body())),)

    def _branch(self, node: isl.AstNode) -> tuple[Node, ...]:
        condition = self.expression(node.if_get_cond())
        out: tuple[Node, ...] = (If(condition, self.nodes(node.if_get_then_node())),)
        if node.if_has_else_node():
            out += (If(sp.Not(condition), self.nodes(node.if_get_else_node())),)
        return out

    def expression(self, e: isl.AstExpr) -> sp.Expr:
        kind = e.get_type()
        if kind == isl.ast_expr_type.int:
            return sp.Integer(e.get_val().to_python())
        if kind == isl.ast_expr_type.id:
            return self.symbols[e.get_id().name]
        args = [self.expression(e.get_op_arg(k)) for k in range(e.get_op_n_arg())]
        return _OPERATIONS[e.get_op_type()](*args)


def _remainder(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    """a mod b, in terms of the named quotient."""
    return a - b * FloorDiv(a, b)


_op = isl.ast_expr_op_type
_OPERATIONS: dict[object, Callable[..., sp.Expr]] = {
    _op.add: lambda a, b: a + b,
    _op.sub: lambda a, b: a - b,
    _op.mul: lambda a, b: a * b,
    _op.minus: lambda a: -a,
    _op.max: lambda a, b: sp.Max(a, b, evaluate=False),  # as isl has it: comparing symbols is slow
    _op.min: lambda a, b: sp.Min(a, b, evaluate=False),
    _op.div: FloorDiv,  # exact
    _op.fdiv_q: FloorDiv,
    _op.pdiv_q: FloorDiv,  # of an operand that is not negative
    _op.pdiv_r: _remainder,
    _op.zdiv_r: _remainder,  # only ever compared with zero
    _op.eq: lambda a, b: sp.Eq(a, b, evaluate=False),
    _op.le: lambda a, b: sp.Le(a, b, evaluate=False),
    _op.lt: lambda a, b: sp.Lt(a, b, evaluate=False),
    _op.ge: lambda a, b: sp.Ge(a, b, evaluate=False),
    _op.gt: lambda a, b: sp.Gt(a, b, evaluate=False),
    _op.and_: lambda a, b: sp.And(a, b, evaluate=False),
    _op.and_then: lambda a, b: sp.And(a, b, evaluate=False),
    _op.or_: lambda a, b: sp.Or(a, b, evaluate=False),
    _op.or_else: lambda a, b: sp.Or(a, b, evaluate=False),
    _op.cond: lambda c, a, b: sp.Piecewise((a, c), (b, True)),
    _op.select: lambda c, a, b: sp.Piecewise((a, c), (b, True)),
}
