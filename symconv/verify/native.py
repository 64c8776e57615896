"""Functions in C: compiled if need be, and called with sizes and attributes by the names of their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symconv.build.cache import shared_library
from symconv.build.compiler import CompileError, ToolError
from symconv.ir import UserError
from symconv.verify.arguments import Inputs, Reading, Unsayable
from symconv.verify.c_roles import ARRAYS, c_roles, told
from symconv.verify.dense import Array
from symconv.verify.drivers import Driver, Request
from symconv.verify.isolation import Answer, Session
from symconv.verify.layouts import Axes, arranged
from symconv.verify.names import LIKE
from symconv.verify.prototype import CParameter, find_prototype, parse_prototype
from symconv.verify.returned import Shapes, part

SOURCES, LIBRARIES = (".c",), (".so", ".dylib", ".dll")
_OUTPUTS = ("y", "dx", "dw", "db")


@dataclass(frozen=True)
class Native(Driver):
    """A C function. roles: of its parameters in order."""

    target: str
    roles: tuple[tuple[CParameter, str], ...]
    line: int = 1

    @property
    def _names(self) -> frozenset[str]:
        return frozenset(role for _, role in self.roles)

    def takes(self, role: str) -> bool:
        return role in self._names or told(self._names, role)

    def gives(self, outputs: Sequence[str]) -> list[str]:
        return [n for n in outputs if n in self._names and (n != "y" or "dy" not in self._names)]

    @property
    def ones(self) -> frozenset[str]:
        """Numbers that it has no parameter for."""
        return frozenset("NCO") - self._names

    def readings(self, base: Reading, inputs: Inputs, session: Session) -> Iterator[Reading]:
        if not base.lists and base.layout.b in ("O", "position"):
            yield base

    def request(self, inputs: Inputs, reading: Reading, times: int = 1) -> Request:
        numbers = Numbers(inputs, reading.axes, self._names)
        arguments = [{"type": p.type, **self._argument(p, role, inputs, reading, numbers)} for p, role in self.roles]
        calls = [{"name": f"call{k}", "target": self.target, "native": arguments, "again": k > 0} for k in range(times)]
        return {"calls": calls}, inputs.arrays

    def _argument(self, p: CParameter, role: str, inputs: Inputs, reading: Reading, numbers: Numbers) -> dict[str, Any]:
        if role not in ARRAYS:
            return {"value": numbers.value(role)}
        if not p.pointer:
            raise UserError(f"parameter {p.name} is {role}: it has to be a pointer")
        if role in inputs.arrays and role != "y":
            return {"array": role}
        if role not in _OUTPUTS:
            raise Unsayable(f"it wants {role}, which this layer does not have")
        operand = "dy" if role == "y" else LIKE[role]
        if operand not in inputs.canonical:
            raise Unsayable(f"it gives {role}, which this layer does not have")
        whole, dy = inputs.canonical[operand], inputs.canonical["dy"]
        return {"output": role, "shape": list(arranged(role, whole, reading.layout, reading.axes, dy.shape).shape)}

    def outputs(self, answer: Answer, wanted: Shapes, reading: Reading, time: int = 0) -> dict[str, Array] | None:
        return {n: a for n, a in part(answer.arrays, f"call{time}").items() if n in wanted} or None

    def words(self) -> str:
        return ", ".join(f"{p.name} is {role}" for p, role in self.roles if p.name != role)


class Numbers:
    """The integers of a case by role; `Unsayable` where the parameters cannot say it."""

    def __init__(self, inputs: Inputs, axes: Axes, names: frozenset[str]) -> None:
        self.names, self.attributes, self.letters = names, inputs.attributes, axes.space.lower()
        x, y = (dict(zip(axes.of(n), inputs.canonical[n].shape, strict=True)) for n in ("x", "dy"))
        self.known = {**x, "O": y.get("C", 1), **{f"O{a}": y[a] for a in axes.space}}
        self._check(inputs)

    def _check(self, inputs: Inputs) -> None:
        """What the function has no parameter for is 1, or 0 for a pad, and both sides and axes are alike."""
        sizes = {n: v for n, v in self.known.items() if n in ("N", "C", "O")}
        sizes |= {} if "w" in inputs.canonical else {"O": 1}  # a pool has as many channels after as before it
        lacking = next((n for n, v in sizes.items() if v > 1 and n not in self.names), None)
        if lacking is not None:
            raise Unsayable(f"it has no parameter for {lacking} = {sizes[lacking]}")
        pads = tuple(self.attributes.get("pads", ()))
        half = len(pads) // 2
        if pads[:half] != pads[half:] and "pad_bottom" not in self.names:
            raise Unsayable(f"it has no parameters for pads {pads}")

    def value(self, role: str) -> int:
        if role in self.known:
            return self.known[role]
        if role.startswith("K"):
            kernel = self._attribute("kernel_shape")
            return self._all_alike("K", kernel) if role == "K" else kernel[self.letters.index(role[1:].lower())]
        if role == "group":
            return int(self.attributes.get("group", 1))
        kind, _, axis = role.partition("_")
        values = self._attribute(f"{kind}s")
        if not axis:
            return self._all_alike(role, values)
        places = {"h": -2, "w": -1} if kind != "pad" else {"top": 0, "left": 1, "bottom": 2, "right": 3}
        return int(values[places[axis]])

    def _attribute(self, name: str) -> tuple[int, ...]:
        if name not in self.attributes:
            raise Unsayable(f"it wants {name}, which this layer does not have")
        return tuple(self.attributes[name])

    def _all_alike(self, role: str, values: tuple[int, ...]) -> int:
        if len(set(values)) > 1:
            raise Unsayable(f"its one parameter {role} cannot say {values}")
        return int(values[0])


def native_driver(target: str, signature: str | None, given: Mapping[str, str]) -> Native:
    """The driver of "FILE.c:NAME" or "FILE.so:NAME".

    Raises `UserError` where its declaration cannot be read, `ToolError` where it cannot be compiled.
    """
    path, name = Path(target.rpartition(":")[0]), target.rpartition(":")[2]
    source = path.read_text(encoding="utf-8", errors="replace") if path.suffix in SOURCES else None
    if signature is not None:
        prototype = parse_prototype(signature)
    elif source is not None:
        prototype = find_prototype(source, name)
    else:
        raise UserError(f"{name} is in a library: say --signature 'void {name}(const float *x, float *y, int n)'")
    if prototype.name != name:
        raise UserError(f"the signature is of {prototype.name}, the candidate is {name}")
    roles = c_roles(prototype, given)
    flags = ("-I", str(path.parent), "-g", "-lm")
    library = path if source is None else _compiled(source, flags)
    return Native(f"{library}:{name}", roles, prototype.line)


def _compiled(source: str, flags: tuple[str, ...]) -> Path:
    """`ToolError` with the first error that the compiler finds in somebody's source."""
    try:
        return shared_library(source, native=False, extra_flags=flags)
    except CompileError as error:
        first = next((line for line in str(error).splitlines() if "error:" in line[1:] and ".c:" in line), str(error))
        raise ToolError(f"the candidate does not compile: {' '.join(first.split())}") from None


def is_native(target: str) -> bool:
    return Path(target.rpartition(":")[0]).suffix in (*SOURCES, *LIBRARIES)
