"""Slices and the winning unit, printed: loops over taps around one statement on whole slices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from string import ascii_lowercase

import sympy as sp

from symconv.emit.numpy.block import Block
from symconv.emit.numpy.boxes import Span, aligned, half_open, simple, sliced
from symconv.emit.numpy.expression import Expressions, risky
from symconv.emit.numpy.integers import Integers
from symconv.emit.numpy.names import Names
from symconv.ir import Access, Between, Context, Divides, Guard, Range, symbols_in
from symconv.ir.affine import AxisMap
from symconv.lower.nest import flat
from symconv.lower.vectorized import MaximumPlan, SlicesPlan

Windows = Mapping[str, tuple[int, ...]]


class SlicesPrinter:
    """Prints one plan into a block. windows: extents of the windows of the operands that name a winning unit."""

    def __init__(self, plan: SlicesPlan, context: Context, outer: Names, windows: Windows, block: Block) -> None:
        self.plan, self.context, self.windows, self.block = plan, context, windows, block
        self.names = Names(outer)
        self.integers = Integers(self.names)
        for r in (*plan.taps, *plan.boxes):
            self.names.symbol(r.index)
        self.spans: dict[sp.Symbol, Span] = {}
        self.bound: dict[Access, str] = {}
        self.order = [b.index for b in plan.boxes]
        self.reads = dict(plan.reads)

    def loops(self, body: Callable[[], None]) -> None:
        """The loops over taps, each bound of a box as soon as its taps are known, then the body."""
        with ExitStack() as stack:
            known: set[sp.Symbol] = set()
            every = {t.index for t in self.plan.taps}
            self._bounds(known, every)
            for tap in self.plan.taps:
                stack.enter_context(self.block.under(f"for {self.names.symbol(tap.index)} in {self._range(tap)}:"))
                known.add(tap.index)
                self._bounds(known, every)
            conditions = [guard_text(g, self.integers, " and ") for g in self.plan.conditions]
            if conditions:
                stack.enter_context(self.block.under(f"if {' and '.join(conditions)}:"))
            body()

    def _range(self, tap: Range) -> str:
        start, stop = half_open(tap)
        return f"range({self.integers.text(stop)})" if start == 0 else f"range({start}, {stop})"

    def _bounds(self, known: set[sp.Symbol], taps: set[sp.Symbol]) -> None:
        for box in self.plan.boxes:
            if box.index in self.spans or box.symbols & taps - known:
                continue
            start, stop = half_open(box)
            if not simple(box, self.context):
                name = self.names.symbol(box.index)
                first, last = sp.Symbol(f"{name}0", integer=True), sp.Symbol(f"{name}1", integer=True)
                low, high = self.names.symbol(first), self.names.symbol(last)
                self.block.add(f"{low} = {self.integers.text(start)}")
                self.block.add(f"{high} = max({low}, {self.integers.text(stop)})")
                start, stop = first, last
            self.spans[box.index] = Span(start, stop)

    def statement(self, added: bool) -> None:
        """result[..] += value, or = where nothing was written before."""

        def body() -> None:
            left = self.target(self.plan.result)
            self._bind()
            with self.block.under('with np.errstate(all="ignore"):' if risky(self.plan.sum.summand) else ""):
                self.block.add(f"{left} {'+=' if added else '='} {self.value()}")

        self.loops(body)

    def target(self, reaches: tuple[AxisMap, ...], name: str = "") -> str:
        access = self.plan.sum.result
        shape = self.context.shape(access.name)[: len(reaches)]
        return sliced(name or self.names.operand(access.name), reaches, self.spans, shape, self.integers, "[...]")

    def value(self) -> str:
        """The summand over the box, summed over what the result does not keep."""
        summed = [b.index for b in self.plan.summed]
        if self.plan.contracted and (len(self.reads) > 1 or not summed):
            return self._einsum(summed)
        entries = sp.Mul(*(self.spans[i].count for i in summed if not self._read_by_any(i)))
        text = self.expressions().text(self.plan.sum.summand * entries)
        axes = [self.order.index(i) - len(self.order) for i in summed if self._read_by_any(i)]
        if not axes:
            return text
        plain = isinstance(self.plan.sum.summand, Access)
        return f"{text if plain else f'({text})'}.sum(axis={self._axes(axes)})"

    def _axes(self, axes: list[int]) -> str:
        return str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"

    def _read_by_any(self, i: sp.Symbol) -> bool:
        return any(i in symbols_in(a) for a in self.reads) or i in symbols_in(self.plan.sum.summand)

    def _einsum(self, summed: list[sp.Symbol]) -> str:
        letters = dict(zip(self.order, ascii_lowercase, strict=False))
        arrays, terms = [], []
        for a, reaches in self.reads.items():
            arrays.append(self._array(a))
            terms.append("".join(letters[r.index] for r in reaches if r.index is not None))
        kept = [i for i in self.order if i not in summed]
        out = [i for i in kept if any(letters[i] in t for t in terms)]
        spec = f"{','.join(terms)}->{''.join(letters[i] for i in out)}"
        scale = self.plan.sum.summand / sp.Mul(*self.reads)
        unread = sp.Mul(*(self.spans[i].count for i in summed if not self._read_by_any(i)))
        text = aligned(f'np.einsum("{spec}", {", ".join(arrays)}, optimize=True)', out, kept)
        product = sp.Symbol("product")
        if scale * unread == 1:
            return text
        return self.expressions({product: text}).text(scale * unread * product)

    def _array(self, a: Access) -> str:
        shape = self.context.shape(a.name)[: len(self.reads[a])]
        return sliced(self.names.operand(a.name), self.reads[a], self.spans, shape, self.integers)

    def _bind(self) -> None:
        """A variable for each slice that the summand reads more than once."""
        if self.plan.contracted:
            return
        for a in self.reads:
            text = self._sliced_entry(a)
            if text.isidentifier() or self.plan.sum.summand.count(lambda e, a=a: e == a) < 2:
                continue
            name = self.names.local(f"{a.name}_part")
            self.block.add(f"{name} = {text}")
            self.bound[a] = name

    def entry(self, a: Access) -> str:
        return self.bound.get(a) or self._sliced_entry(a)

    def _sliced_entry(self, a: Access) -> str:
        """An operand over the box: the axes of the box, those that it lacks with one entry."""
        have = [r.index for r in self.reads[a] if r.index is not None]
        return aligned(self._array(a), have, self.order)

    def expressions(self, texts: Mapping[sp.Symbol, str] | None = None) -> Expressions:
        known = texts or {}
        return Expressions(
            self.integers, self.entry, self._winner, lambda i: known[i] if i in known else self._values(i)
        )

    def _winner(self, a: Access) -> str | None:
        if a.name not in self.windows:
            return None
        window = self.windows[a.name]
        return f"{self.entry(a)} == {self.integers.text(flat(a.indices[-len(window) :], window))}"

    def _values(self, i: sp.Symbol) -> str | None:
        """An index as an array of its values, where a summand mentions it outside of an entry."""
        if i not in self.spans:
            return None
        span = self.spans[i]
        bounds = f"{self.integers.text(span.start)}, {self.integers.text(span.stop)}"
        return aligned(f"np.arange({bounds}, dtype=dtype)", [i], self.order)


def guard_text(g: Guard, integers: Integers, conjunction: str) -> str:
    """A guard as a condition on integers, or on integer arrays with `conjunction` & between comparisons."""
    if isinstance(g, Divides):
        return f"({integers.text(g.num)}) % {integers.atom(g.den)} == 0"
    if isinstance(g, Between):
        lo, e, hi = integers.text(g.lo), integers.text(g.e), integers.text(g.hi)
        return f"{lo} <= {e} <= {hi}" if conjunction == " and " else f"({lo} <= {e}){conjunction}({e} <= {hi})"
    return f"{integers.text(g.lhs)} == {integers.text(g.rhs)}"


def print_maximum(plan: MaximumPlan, context: Context, outer: Names, windows: Windows, block: Block) -> None:
    """The position of the first largest candidate of each window, -1 where it has none; NaN wins, as in argmax."""
    printer = SlicesPrinter(plan.slices, context, outer, windows, block)
    kept = context.shape(plan.name)[: -len(plan.window)]
    winner, names = outer.operand(plan.name), printer.names
    best, value, top, at, wins = (names.local(n) for n in ("best", "value", "top", "at", "wins"))
    shape = printer.integers.tuple_(kept)
    kind = "np.int8" if plan.positions <= 127 else "np.int32"
    block.add(f"{winner} = np.full({shape}, -1, {kind})  # position of the winning unit in each window")
    block.add(f"{best} = np.zeros({shape}, dtype)")

    def body() -> None:
        result = plan.slices.result
        units = tuple(t.index for t in plan.slices.taps)
        block.add(f"{value} = {printer.value()}")
        block.add(f"{top} = {printer.target(result, best)}")
        block.add(f"{at} = {printer.target(result, winner)}")
        block.add(f"{wins} = ({at} < 0) | ~(({value} <= {top}) | ({top} != {top}))")
        block.add(f"np.copyto({top}, {value}, where={wins})")
        block.add(f"np.copyto({at}, {printer.integers.text(flat(units, plan.window))}, where={wins})")

    printer.loops(body)
