"""Matrix products, printed: views of the operands as matrices, blocks of a batch copied into one buffer, np.matmul."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symconv.emit.numpy.block import Block
from symconv.emit.numpy.boxes import Span, half_open, simple, sliced
from symconv.emit.numpy.expression import Expressions
from symconv.emit.numpy.integers import Integers, tuple_text
from symconv.emit.numpy.names import Names
from symconv.ir import Context
from symconv.ir.affine import AxisMap
from symconv.lower.vectorized import ProductPlan, View


class ProductPrinter:
    """Prints one plan into a block."""

    def __init__(self, plan: ProductPlan, context: Context, outer: Names, block: Block) -> None:
        self.plan, self.context, self.block = plan, context, block
        self.names = Names(outer)
        self.integers = Integers(self.names)
        self.left, self.right, self.part, self.windows, self.size, self.buffer, self.total = (
            self.names.local(n) for n in ("left", "right", "part", "windows", "block", "buffer", "total")
        )
        self.names.given[sp.Symbol("block", integer=True)] = self.size
        self.counts: dict[sp.Symbol, sp.Expr] = {}
        self.spans: dict[sp.Symbol, Span] = {}

    def print(self, added: bool) -> None:
        self._extents()
        plan = self.plan
        if plan.block is None:
            self.block.add(f"{self.left} = {self._matrix(plan.left, plan.rows, plan.left_inner)}")
            self.block.add(f"{self.right} = {self._matrix(plan.right, plan.columns, plan.right_inner)}")
            self._multiply(added)
            return
        self._blocked(added)

    def _extents(self) -> None:
        """A variable for the length of each range that is no size by itself."""
        for r in self.plan.ranges:
            start, stop = half_open(r)
            count = sp.expand(stop - start)
            if not (count.is_Symbol or count.is_Integer):
                variable = sp.Symbol(f"{self.names.symbol(r.index)}_count", integer=True)
                text = self.integers.text(count)
                self.block.add(
                    f"{self.names.symbol(variable)} = {text if simple(r, self.context) else f'max(0, {text})'}"
                )
                self.spans[r.index] = Span(start, start + variable)
                count = variable
            else:
                self.spans[r.index] = Span(start, stop)
            self.counts[r.index] = count

    def _merged(self, indices: Sequence[sp.Symbol]) -> str:
        return self.integers.text(sp.Mul(*(self.counts[i] for i in indices)))

    def _lead(self) -> tuple[sp.Symbol, ...]:
        plan = self.plan
        return (plan.split, *plan.batch) if plan.split is not None else plan.batch

    def _shape(self, view: View, own: Sequence[sp.Symbol], last: bool, length: str = "") -> str:
        """The shape as a stack of matrices; `length`: of the block, where the view has its index."""
        stack = self._lead()
        while stack and stack[0] not in view.order:
            stack = stack[1:]
        lead = [
            length if length and i == self.plan.block else self._merged([i]) if i in view.order else "1" for i in stack
        ]
        own_text, summed = self._merged(own), self._merged(self.plan.summed)
        return tuple_text([*lead, *((own_text, summed) if last else (summed, own_text))])

    def _matrix(self, view: View, own: Sequence[sp.Symbol], last: bool) -> str:
        return self._oriented(
            f"{self._viewed(view)}.reshape({self._shape(view, own, last)[1:-1].rstrip(',')})", view, last
        )

    def _oriented(self, text: str, view: View, last: bool) -> str:
        """Summed indices go last on the left and first on the right; the other way round is a transposed matrix."""
        wanted = view is self.plan.left
        return text if last is wanted else f"{text}.swapaxes(-1, -2)"

    def _viewed(self, view: View) -> str:
        """The operand with one axis an index, in the order of the view."""
        name = self.names.operand(view.access.name)
        shape = self.context.shape(view.access.name)
        one_each = all(sum(map(bool, axis)) <= 1 for axis in zip(*view.steps, strict=True))
        if not view.padded and one_each:
            return self._sliced(view, name, shape)
        source = name
        if view.padded:
            source = f"_padded({name}, {self.integers.tuple_(view.before)}, {self.integers.tuple_(view.after)})"
        counts = self.integers.tuple_([self.counts[i] for i in view.order])
        moves = tuple_text([str(next((axis, k) for axis, k in enumerate(steps) if k)) for steps in view.steps])
        self.block.add(f"# {self.windows}[{', '.join(map(self.names.symbol, view.order))}]")
        self.block.add(f"{self.windows} = _windows({source}, {self.integers.tuple_(view.start)}, {counts}, {moves})")
        return self.windows

    def _sliced(self, view: View, name: str, shape: Sequence[sp.Expr]) -> str:
        """Each axis is one index or one entry: slices and a transposition say it."""
        reaches, have = [], []
        for axis, start in enumerate(view.start):
            i = next((k for k, steps in enumerate(view.steps) if steps[axis]), None)
            if i is None:
                reaches.append(AxisMap(None, 0, start))
                continue
            index = view.order[i]
            step = view.steps[i][axis]
            reaches.append(AxisMap(index, step, start - step * self.spans[index].start))
            have.append(index)
        text = sliced(name, reaches, self.spans, shape, self.integers)
        order = [have.index(i) for i in view.order]
        return text if order == sorted(order) else f"{text}.transpose({', '.join(map(str, order))})"

    def _blocked(self, added: bool) -> None:
        plan, first = self.plan, self.plan.block
        assert first is not None
        n, count = self.names.symbol(first), self.integers.text(self.counts[first])
        copied = next(v for v in (plan.right, plan.left) if not v.plain and first in v.order)
        sides = [
            (plan.left, self.left, plan.rows, plan.left_inner),
            (plan.right, self.right, plan.columns, plan.right_inner),
        ]
        for view, name, own, last in sides:
            if view is not copied:
                self.block.add(f"{name} = {self._matrix(view, own, last)}")
        source = self._viewed(copied)
        if source != self.windows:
            self.block.add(f"{self.windows} = {source}")
        self.block.add(f"{self.size} = _block({self.windows})")
        self.block.add(f"{self.buffer} = np.empty(({self.size}, *{self.windows}.shape[1:]), dtype)")
        if plan.split is not None:
            shape = tuple_text(
                [*(self._merged([i]) for i in plan.batch), self._merged(plan.rows), self._merged(plan.columns)]
            )
            self.block.add(f"{self.total} = np.zeros({shape}, dtype)")
        with self.block.under(f"for {n} in range(0, {count}, {self.size}):"):
            self.block.add(f"{self.part} = {self.buffer}[: {count} - {n}]")
            self.block.add(f"np.copyto({self.part}, {self.windows}[{n} : {n} + {self.size}])")
            names = {}
            for view, name, own, last in sides:
                length = f"len({self.part})"
                names[name] = name if view is copied or first not in view.order else f"{name}[{n} : {n} + {self.size}]"
                if view is copied:
                    shape = self._shape(view, own, last, length)[1:-1].rstrip(",")
                    self.block.add(f"{name} = {self._oriented(f'{self.part}.reshape({shape})', view, last)}")
            if plan.split is not None:
                self.block.add(f"{self.total} += np.matmul({names[self.left]}, {names[self.right]}).sum(axis=0)")
            else:
                self._store(names[self.left], names[self.right], added, first)
        if plan.split is not None:
            self._assign(f"{self.total}", added, None)

    def _multiply(self, added: bool) -> None:
        if self.plan.split is not None:
            self._assign(f"np.matmul({self.left}, {self.right}).sum(axis=0)", added, None)
        else:
            self._store(self.left, self.right, added, None)

    def _store(self, left: str, right: str, added: bool, block: sp.Symbol | None) -> None:
        """Straight into the result where that is a stack of matrices in the same order, through an array otherwise."""
        plan = self.plan
        order = [*plan.batch, *plan.rows, *plan.columns]
        kept = [r.index for r in plan.result]
        shape = self.context.shape(plan.sum.result.name)
        whole = all(
            r.step == 1 and r.offset + self.spans[r.index].start == 0 and sp.expand(self.spans[r.index].stop - n) == 0
            for r, n in zip(plan.result, shape, strict=True)
            if r.index is not None
        )
        if added or plan.scale != 1 or kept != order or not whole:
            self._assign(f"np.matmul({left}, {right})", added, block)
            return
        name = self.names.operand(plan.sum.result.name)
        out, length = self._part(name, block)
        lead = [length if i == block else self._merged([i]) for i in plan.batch]
        matrix = ", ".join([*lead, self._merged(plan.rows), self._merged(plan.columns)])
        self.block.add(f"np.matmul({left}, {right}, out={out}.reshape({matrix}))")

    def _part(self, name: str, block: sp.Symbol | None) -> tuple[str, str]:
        if block is None:
            return name, ""
        n = self.names.symbol(block)
        return f"{name}[{n} : {n} + {self.size}]", f"len({self.part})"

    def _assign(self, text: str, added: bool, block: sp.Symbol | None) -> None:
        """result[..] = scale * product, the axes of the product put in the order of the result."""
        plan = self.plan
        order = [*plan.batch, *plan.rows, *plan.columns]
        kept = [r.index for r in plan.result if r.index is not None]
        counts = [f"len({self.part})" if i == block else self.integers.text(self.counts[i]) for i in order]
        text = f"{text}.reshape({', '.join(counts)})" if counts else f"{text}.reshape(())"
        if kept != order:
            text = f"{text}.transpose({', '.join(str(order.index(i)) for i in kept)})"
        if plan.scale != 1:
            product = sp.Symbol("product")
            text = Expressions(self.integers, str, lambda a: None, {product: text}.get).text(plan.scale * product)
        spans = dict(self.spans)
        if block is not None:
            spans[block] = Span(block, block + sp.Symbol("block", integer=True))
        name = self.names.operand(plan.sum.result.name)
        shape = self.context.shape(plan.sum.result.name)
        target = sliced(name, plan.result, spans, shape, self.integers, "[...]")
        self.block.add(f"{target} {'+=' if added else '='} {text}")
