"""One kernel in C: its parts as static functions, the function that a caller sees, and its workspace."""

from __future__ import annotations

import re
from dataclasses import dataclass

import sympy as sp

from symconv.emit.c.contraction import ContractionText
from symconv.emit.c.expression import Expressions
from symconv.emit.c.layout import declaration, folded, safe
from symconv.emit.c.names import Names
from symconv.emit.c.nest import nest_lines
from symconv.emit.c.product import Memory
from symconv.emit.c.stencil import StencilText
from symconv.emit.equation import Printer
from symconv.emit.render import render
from symconv.emit.text import UNICODE
from symconv.lower.binding import binding_of
from symconv.lower.contraction import Contraction, Tile
from symconv.lower.loops import Loops
from symconv.lower.plans import Part as LoweredPart
from symconv.lower.plans import Plan
from symconv.lower.stencil import Stencil

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Part:
    """A part of a kernel as text: `call` runs it, `bytes` is the call that tells its workspace, "" if it needs none."""

    text: str
    call: str
    bytes: str


@dataclass(frozen=True)
class Signature:
    """How a kernel is declared in the header, with plain types; its sizes come first."""

    size_declaration: str
    declaration: str
    about: tuple[str, ...]


class KernelText:
    """Prints one planned kernel. `prefix`: the layer's name in C; `real`: float or double."""

    def __init__(self, plan: Plan, prefix: str, real: str) -> None:
        self.plan, self.kernel, self.real = plan, plan.kernel, real
        self.name = f"{prefix}_{self.kernel.name}"
        k = self.kernel
        self.arrays = (*k.inputs, k.result)
        sizes = (*k.sizes.given, *(s for s, _ in k.sizes.derived))
        self.names = Names((*self.arrays, *k.temporaries), sizes)
        shapes = {name: k.context.shape(name)[: -len(window)] for name, window in plan.winners.sizes.items()}
        self.expressions = Expressions(self.names, k.context, shapes)
        self.sizes = [self.names[s] for s in sizes]
        self.parts = [self._part(position) for position in range(len(plan.parts))]

    @property
    def functions(self) -> set[str]:
        """The elementary functions that it calls."""
        return self.expressions.functions

    @property
    def tiles(self) -> set[Tile]:
        return {p.tile for p in self.plan.parts if isinstance(p, Contraction)}

    def text(self) -> str:
        """The parts, then the entry."""
        return "".join(p.text for p in self.parts) + self._entry()

    def signature(self) -> Signature:
        return Signature(*self._declarations("", "const {} *", "{} *", self.real), tuple(self._about()))

    def _declarations(self, prefix: str, read: str, written: str, real: str) -> tuple[str, str]:
        """(of the function that tells the workspace, of the kernel itself)"""
        given = [f"int64_t {self.names[s]}" for s in self.kernel.sizes.given]
        arrays = [f"{read.format(real)}{self.names.operand(n)}" for n in self.kernel.inputs]
        arrays.append(f"{written.format(real)}{self.names.operand(self.kernel.result)}")
        whole = [*given, *arrays, "void *workspace"]
        return (
            declaration(f"{prefix}int64_t {self.name}_workspace", given),
            declaration(f"{prefix}int {self.name}", whole),
        )

    def _about(self) -> list[str]:
        """Shapes and formula, for the comment in the header."""
        shapes = dict(binding_of(self.kernel).shapes)
        printer = Printer(UNICODE, self.kernel.layer.notation, self.kernel.layer.context)
        lines = []
        for name in self.arrays:
            shape = ", ".join(printer.expression(e) for e in shapes[name])
            may = "; null leaves it out" if name in self.kernel.optional else ""
            lines.append(safe(f"{self.names.operand(name)}: ({shape}){may}"))
        formula = [printer.statement(s) for stage in self.kernel.stages for s in stage.gathered]
        return [f"{self.kernel.name} writes {self.names.operand(self.kernel.result)}.", *lines, *map(safe, formula)]

    # Parts.

    def _part(self, position: int) -> Part:
        part = self.plan.parts[position]
        name = f"{self.name}_{position}"
        if isinstance(part, Loops):
            lines = [line[4:] for line in nest_lines(part.nodes, self.expressions)]
            return self._rendered(name, [], [], lines, part)
        text: ContractionText | StencilText
        if isinstance(part, Contraction):
            text = ContractionText(part, self.expressions)
        else:
            text = StencilText(part, self.expressions)
        return self._rendered(name, text.sizes(), text.memory(), text.body(), part)

    def _rendered(self, name: str, sizes: list[str], memory: list[Memory], body: list[str], part: LoweredPart) -> Part:
        takes = [f"{m.type} *{m.name} = sc_take(&workspace, {m.bytes});" for m in memory]
        size_lines = _needed(sizes, [m.bytes for m in memory])
        lines = _needed(sizes, takes + body) + takes + body
        used = self._sizes_in(lines)
        parameters = [f"int64_t {s}" for s in used]
        arrays = sorted(part.reads | {part.target}, key=self._position)
        parameters += [f"{self._type(n, n != part.target)}{self.names.operand(n)}" for n in arrays]
        arguments = used + [self.names.operand(n) for n in arrays]
        if memory:
            parameters.append("char *workspace")
            arguments.append("at")
        told = self._sizes_in(size_lines + [m.bytes for m in memory])
        text = render(
            "c/part.c.j2",
            about=safe(part_words(part)),
            memory=memory,
            size_declaration=declaration(f"SC_FN int64_t {name}_bytes", [f"int64_t {s}" for s in told]),
            size_lines=size_lines,
            declaration=declaration(f"SC_FN void {name}", parameters),
            lines=[piece for line in lines for piece in folded(line)],
        )
        call = f"{name}({', '.join(arguments)});"
        optional = [self.names.operand(n) for n in arrays if n in self.kernel.optional]
        call = f"if ({' && '.join(optional)}) {{ {call} }}" if optional else call
        return Part(text, call, f"{name}_bytes({', '.join(told)})" if memory else "")

    def _position(self, name: str) -> tuple[bool, str]:
        return name == self.kernel.result, name

    def _type(self, name: str, read: bool) -> str:
        kind = "int64_t" if name in self.plan.winners.sizes else "sc_real"
        return f"{'const ' if read else ''}{kind} *restrict "

    def _sizes_in(self, lines: list[str]) -> list[str]:
        words = {w for line in lines for w in _IDENTIFIER.findall(line)}
        return [s for s in self.sizes if s in words]

    # The entry.

    def _entry(self) -> str:
        temporaries = [self._temporary(n) for n in self.kernel.temporaries]
        bytes_ = [p.bytes for p in self.parts if p.bytes]
        derived = [
            f"const int64_t {self.names[s]} = {self.expressions.index(v)};" for s, v in self.kernel.sizes.derived
        ]
        needed = [t.bytes for t in temporaries] + bytes_
        calls = [p.call for p in self.parts]
        sizes, whole = self._declarations("SC_ENTRY ", "const {} *restrict ", "{} *restrict ", "sc_real")
        given = [self.names[s] for s in self.kernel.sizes.given]
        told = _needed(derived, needed)
        unused = [s for s in given if s not in self._sizes_in(told + needed)]
        tests = [f"{self.names[s]} < 0" for s in self.kernel.sizes.given]
        tests += [f"{self.names[s]} < 1" for s, _ in self.kernel.sizes.derived]
        return render(
            "c/entry.c.j2",
            size_declaration=sizes,
            size_lines=told + [f"(void){s};" for s in unused],
            temporaries=temporaries,
            bytes=bytes_,
            works=bool(needed),
            declaration=whole,
            derived=derived,
            refused=" || ".join(tests),
            calls=calls,
        )

    def _temporary(self, name: str) -> Memory:
        kind = "int64_t" if name in self.plan.winners.sizes else "sc_real"
        count: sp.Expr = sp.Mul(*self.expressions.shape(name))
        return Memory(self.names.operand(name), kind, self.expressions.index(count))


def part_words(part: LoweredPart) -> str:
    """What a part does and how, in a line."""
    if isinstance(part, Loops):
        return f"{part.target} by exact loops"
    p = part.product
    parts = [
        f"{what} {', '.join(r.index.name for r in ranges)}"
        for what, ranges in (("rows", p.rows), ("columns", p.columns), ("summed", p.summed), ("batch", p.batch))
        if ranges
    ]
    copies = [a.operand for a in (part.first, part.second) if a.copy is not None]
    copied = f"; copies {' and '.join(copies)}" if copies else ""
    if isinstance(part, Stencil):
        what = "dot products" if part.dotting else "sliding"
        return f"{part.target} by {what} of {len(part.taps)} taps, {'; '.join(parts)}{copied}"
    tile = f"tile of {part.tile.rows} rows by {part.tile.vectors} vectors"
    return f"{part.target} by packed products, {'; '.join(parts)}; {tile}{copied}"


def _needed(definitions: list[str], users: list[str]) -> list[str]:
    """The definitions `const int64_t name = ..;` that somebody mentions, directly or through another one."""
    words = {w for line in users for w in _IDENTIFIER.findall(line)}
    kept: list[str] = []
    for line in reversed(definitions):
        name = line.removeprefix("const int64_t ").partition(" ")[0]
        if name in words:
            kept.insert(0, line)
            words |= set(_IDENTIFIER.findall(line))
    return kept
