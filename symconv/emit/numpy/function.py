"""One function of the module: its signature, its checks, its body. What is computed has been decided by the plans."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

import sympy as sp

from symconv.emit.equation import Printer
from symconv.emit.numpy.block import Block
from symconv.emit.numpy.grid import print_grid
from symconv.emit.numpy.integers import Integers
from symconv.emit.numpy.names import Names
from symconv.emit.numpy.product import ProductPrinter
from symconv.emit.numpy.slices import SlicesPrinter, print_maximum
from symconv.emit.text import UNICODE
from symconv.ir import Between, Context, Equal
from symconv.ir.affine import never_negative
from symconv.lower.binding import binding_of
from symconv.lower.kernel import Kernel
from symconv.lower.vectorized import GridPlan, MaximumPlan, ProductPlan, SlicesPlan, StagePlan, plans_of


@dataclass(frozen=True)
class Function:
    """What the template writes."""

    name: str
    parameters: str
    about: tuple[str, ...]
    lines: tuple[str, ...]


def function_of(kernel: Kernel) -> Function:
    return _Writer(kernel).function()


def wrapped(formula: str) -> list[str]:
    """A formula on as many lines of a docstring as it needs."""
    return wrap(formula, 112, subsequent_indent="    ", break_long_words=False)


class _Writer:
    """Writes the body line by line."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.binding = kernel, binding_of(kernel)
        self.context: Context = kernel.context
        self.names = Names()
        self.integers = Integers(self.names)
        self.block = Block()
        for name in (*kernel.inputs, kernel.shaped, kernel.result, *kernel.temporaries):
            if name:
                self.names.operand(name)
        for size in (*kernel.sizes.given, *(s for s, _ in kernel.sizes.derived)):
            self.names.symbol(size)
        self.shapes = dict(self.binding.shapes)

    def function(self) -> Function:
        self._checks()
        self._result()
        self._body()
        self.block.add("return _delivered(result, out)")
        return Function(self.kernel.name, self._parameters(), self._about(), tuple(self.block.lines))

    def _parameters(self) -> str:
        kernel, names = self.kernel, self.names
        parts = [names.operand(n) + ("=None" if n in kernel.optional else "") for n in kernel.inputs]
        if kernel.shaped:
            parts.append(self._shape_name() + ("" if self.binding.needed else "=None"))
        return ", ".join([*parts, "*", "out=None"])

    def _shape_name(self) -> str:
        return self.names.local(f"{self.kernel.shaped}_shape")

    def _about(self) -> tuple[str, ...]:
        """The formula of every operand that is written, then the shapes."""
        printer = Printer(UNICODE, self.kernel.layer.notation, self.context)
        formulas = [printer.statement(s) for stage in self.kernel.stages for s in stage.gathered]
        shapes = [f"{self.names.operand(n)}: {self.integers.tuple_(self._named(n))}" for n, _ in self.binding.shapes]
        lines = [line for f in formulas for line in wrapped(f)]
        return (*lines, "", "; ".join(shapes) + ".")

    def _named(self, name: str) -> tuple[sp.Expr, ...]:
        """The shape of a caller's array with the derived sizes under their names."""
        return self.context.operand(name).outer_shape

    def _checks(self) -> None:
        kernel, block, names = self.kernel, self.block, self.names
        block.add(self._dtype_line())
        if kernel.shaped:
            name = self._shape_name()
            rank = len(self.shapes[kernel.shaped])
            given = f'{name} = _shape("{name}", {name}, {rank})'
            with block.under("" if self.binding.needed else f"if {name} is not None:"):
                block.add(given)
        for bound in self.binding.bounds:
            shape = self._shape_name() if bound.array == kernel.shaped else f"{names.operand(bound.array)}.shape"
            text = f"{shape}[{bound.axis}]"
            if bound.offset:
                text = f"({text} {'-' if bound.offset > 0 else '+'} {abs(bound.offset)})"
            block.add(f"{names.symbol(bound.size)} = {text}" + (f" // {bound.factor}" if bound.factor != 1 else ""))
        for size, value in kernel.sizes.derived:
            block.add(f"{names.symbol(size)} = {self.integers.text(value)}")
        self._check_sizes()
        for name in kernel.inputs:
            own = names.operand(name)
            with block.under(f"if {own} is not None:" if name in kernel.optional else ""):
                block.add(f'_check("{own}", {own}.shape, {self.integers.tuple_(self._named(name))})')
        if kernel.shaped:
            name = self._shape_name()
            with block.under("" if self.binding.needed else f"if {name} is not None:"):
                block.add(f'_check("{name}", {name}, {self.integers.tuple_(self._named(kernel.shaped))})')

    def _dtype_line(self) -> str:
        kernel, names = self.kernel, self.names
        every = [(names.operand(n), len(self.shapes[n]), n in kernel.optional) for n in kernel.inputs]
        entries = [f'("{n}", {n}, {rank}{", True" if optional else ""})' for n, rank, optional in every]
        return f"dtype = _dtype({', '.join(entries)})"

    def _check_sizes(self) -> None:
        """Derived sizes and compound extents are at least 1; every assumption about the given sizes holds."""
        derived = [s for s, _ in self.kernel.sizes.derived]
        sized = [self.names.symbol(s) for s in derived]
        compound = [
            (f"{self.names.operand(name)}.shape[{axis}]", e)
            for name in dict.fromkeys((self.kernel.layer.result, self.kernel.result))
            for axis, e in enumerate(self._named(name))
            if self.context.has(name) and not (e.is_Symbol or e.is_Integer) and e.free_symbols <= self._known()
        ]
        if sized or compound:
            pairs = [f'("{s}", {s})' for s in sized]
            pairs += [f'("{label}", {self.integers.text(e)})' for label, e in dict(compound).items()]
            self.block.add(f"_positive({', '.join(dict.fromkeys(pairs))})")
        for a in self.context.assumptions:
            if a.symbols <= set(self.kernel.sizes.given) and a.symbols:
                self._require(a)

    def _known(self) -> set[sp.Symbol]:
        return {*self.kernel.sizes.given, *(s for s, _ in self.kernel.sizes.derived)}

    def _require(self, a: Between | Equal) -> None:
        if isinstance(a, Between):
            sides = [side for side, slack in ((a.lo, a.e - a.lo), (a.hi, a.hi - a.e)) if not never_negative(slack)]
            if not sides:
                return
            parts = ([a.lo] if a.lo in sides else []) + [a.e] + ([a.hi] if a.hi in sides else [])
            text = " <= ".join(map(self.integers.text, parts))
        else:
            text = f"{self.integers.text(a.lhs)} == {self.integers.text(a.rhs)}"
        values = ", ".join(f"{self.names.symbol(s)} = {{{self.names.symbol(s)}}}" for s in sorted(a.symbols, key=str))
        with self.block.under(f"if not {text}:"):
            self.block.add(f'raise ValueError(f"the sizes do not fit: {text} is needed, and {values}")')

    def _result(self) -> None:
        kernel = self.kernel
        arrays = ", ".join(self.names.operand(n) for n in kernel.inputs)
        shape = self.integers.tuple_(self._named(kernel.result))
        self.block.add(f"result = _result(out, {shape}, dtype, {arrays})")
        for name in dict.fromkeys((*kernel.inputs, kernel.result)):
            operand, own = self.context.operand(name), self.names.operand(name)
            source = "result" if name == kernel.result else own
            if operand.joined:
                shape = ", ".join(map(self.integers.text, operand.shape))
                with self.block.under(f"if {own} is not None:" if name in kernel.optional else ""):
                    self.block.add(f"{own} = {source}.reshape({shape})")
            elif name == kernel.result:
                self.block.add(f"{own} = result")

    def _body(self) -> None:
        windows: dict[str, tuple[int, ...]] = {}
        for stage in plans_of(self.kernel):
            self._stage(stage, windows)

    def _stage(self, stage: StagePlan, windows: dict[str, tuple[int, ...]]) -> None:
        own, block = self.names.operand(stage.target), self.block
        maximum = any(isinstance(c.plan, MaximumPlan) for c in stage.steps)
        if stage.target != self.kernel.result and not maximum:
            make = "zeros" if stage.cleared else "empty"
            block.add(f"{own} = np.{make}({self.integers.tuple_(self.context.shape(stage.target))}, dtype)")
        elif stage.cleared:
            block.add(f"{own}[...] = 0")
        for chosen in stage.steps:
            condition = f"if {self.names.operand(chosen.optional)} is not None:" if chosen.optional else ""
            with block.under(condition):
                self._plan(chosen.plan, chosen.added, windows)

    def _plan(self, plan: object, added: bool, windows: dict[str, tuple[int, ...]]) -> None:
        if isinstance(plan, MaximumPlan):
            print_maximum(plan, self.context, self.names, windows, self.block)
            windows[plan.name] = plan.window
        elif isinstance(plan, ProductPlan):
            ProductPrinter(plan, self.context, self.names, self.block).print(added)
        elif isinstance(plan, SlicesPlan):
            SlicesPrinter(plan, self.context, self.names, windows, self.block).statement(added)
        else:
            assert isinstance(plan, GridPlan)
            print_grid(plan, self.names, windows, self.block)
