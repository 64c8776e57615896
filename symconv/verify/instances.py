"""Objects of a class with a forward and a backward method: where they keep their weights, where gradients go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from symconv.ir import UserError
from symconv.verify.arguments import Inputs, Reading
from symconv.verify.binding import Binding, bind
from symconv.verify.dense import Array
from symconv.verify.drivers import Driver, Request
from symconv.verify.isolation import Answer, Session
from symconv.verify.layouts import BIASES, Layout, arranged, layouts
from symconv.verify.names import BACKWARD, FORWARD, INITIALISE, LIKE, PARAMETER, plain, returned_as
from symconv.verify.returned import Shapes, matched, named_outputs, part


@dataclass(frozen=True)
class Method:
    name: str
    binding: Binding


@dataclass(frozen=True)
class Instance(Driver):
    """Objects of a class with a forward and, where it has one, a backward method; a new one for every case."""

    target: str
    constructor: Binding
    initialise: tuple[Method, ...]
    forward: Method
    backward: Method | None
    returns: tuple[str, ...] = ()
    line: int = 1

    def _bindings(self) -> list[Binding]:
        parts = [self.constructor, self.forward.binding, *(m.binding for m in self.initialise)]
        return parts + ([self.backward.binding] if self.backward else [])

    def takes(self, role: str) -> bool:
        return any(role in b.roles for b in self._bindings())

    def gives(self, outputs: Sequence[str]) -> list[str]:
        return [n for n in outputs if n == "y" or self.backward is not None]

    def readings(self, base: Reading, inputs: Inputs, session: Session) -> Iterator[Reading]:
        """`base` with the paths at which the object keeps its operands, and their layouts there."""
        first = next((a for a in layouts(base.axes) if (a.x, a.y) == (base.layout.x, base.layout.y)), base.layout)
        if base.lists or (base.layout != first and not self.takes("w")):
            return  # the shapes of the attributes say the layouts of w and b
        if "w" not in inputs.arrays or self.takes("w"):
            yield base
            return
        seen = self._attributes(session, inputs, lazy=False)
        lazy = not any(a.size == inputs.arrays["w"].size for a in seen.values())
        if lazy:
            seen = self._attributes(session, inputs, lazy=True)
        yield from _with_paths(replace(base, lazy=lazy), inputs, seen)

    def _attributes(self, session: Session, inputs: Inputs, lazy: bool) -> dict[str, Array]:
        """The arrays that a new object holds; lazy: after its first forward."""
        request = self._made(inputs, {}, lazy)
        if lazy:
            request["calls"] = [inputs.call("made", self.forward.name, self.forward.binding)]
        answer = session.ask(request, inputs.arrays)
        return part(answer.arrays, "after made" if lazy else "made")

    def _made(self, inputs: Inputs, paths: Mapping[str, str], lazy: bool) -> dict[str, Any]:
        return {
            "object": self.target,
            "construct": inputs.call("construct", "", self.constructor, constructor=True),
            "initialise": [inputs.call(m.name, m.name, m.binding, constructor=True) for m in self.initialise],
            "set": {path: name for name, path in paths.items()},
            "lazy": lazy,
            "calls": [],
        }

    def request(self, inputs: Inputs, reading: Reading, times: int = 1) -> Request:
        request = self._made(inputs, reading.paths, reading.lazy)
        for k in range(times):
            call = inputs.call(f"forward{k}", self.forward.name, self.forward.binding)
            request["calls"].append({**call, "again": k > 0})
            if self.backward is not None:
                call = inputs.call(f"call{k}", self.backward.name, self.backward.binding, cache=f"forward{k}")
                request["calls"].append(call)
        return request, inputs.arrays

    def outputs(self, answer: Answer, wanted: Shapes, reading: Reading, time: int = 0) -> dict[str, Array] | None:
        out = dict(named_outputs(part(answer.arrays, f"forward{time}"), _only(wanted, "y"), self.returns) or {})
        if "y" in wanted and not out:
            attributes = part(answer.arrays, f"after forward{time}")
            kept = [a for path, a in attributes.items() if returned_as(path) == "y" and a.shape == wanted["y"]]
            out = dict(zip(("y",), kept, strict=False))
        rest = {n: s for n, s in wanted.items() if n != "y"}
        if self.backward is not None and rest:
            out |= self._gradients(answer.arrays, rest, reading, time)
        return out or None

    def _gradients(self, arrays: Mapping[str, Array], wanted: Shapes, reading: Reading, time: int) -> dict[str, Array]:
        """Returned, else given to an optimizer, else what the weights lost at learning rate 1, else an attribute."""
        returned = part(arrays, f"call{time}")
        out = matched(returned, wanted, self.returns or reading.order)
        if not out and "dx" in wanted and returned:
            out = {"dx": next(iter(returned.values()))}  # a wrong shape is a finding
        before, after = part(arrays, f"before call{time}"), part(arrays, f"after call{time}")
        noted = list(part(arrays, f"given by call{time}").values())
        for name, shape in wanted.items():
            path = reading.paths.get(LIKE[name])
            if name in out:
                continue
            if (given := next((a for a in noted if a.shape == shape), None)) is not None:
                out[name] = given
            elif path in before and not np.array_equal(before[path], after[path]):
                out[name] = before[path] - after[path]
            else:
                kept = [a for p, a in after.items() if returned_as(p) == name and p != path]
                if kept or (path in before and self.takes("learning_rate")):
                    # Weights that a step leaves as they are have the gradient zero.
                    out[name] = kept[0] if kept else before[str(path)] - after[str(path)]
        return out

    def words(self) -> str:
        return ", ".join(filter(None, (b.words() for b in self._bindings())))


def _with_paths(base: Reading, inputs: Inputs, seen: Mapping[str, Array]) -> Iterator[Reading]:
    """Readings for every layout in which an attribute has the shape of w, those called like weights first."""
    b = inputs.arrays.get("b")
    found = []
    for layout in layouts(base.axes):
        if layout.x != base.layout.x or layout.y != base.layout.y:
            continue
        whole = inputs.canonical["w"]
        if any(n > 1 and a not in layout.w for a, n in zip(base.axes.w, whole.shape, strict=True)):
            continue
        shape = arranged("w", whole, layout, base.axes).shape
        found += [(_rank(p, "w"), k, p, layout) for k, (p, a) in enumerate(seen.items()) if a.shape == shape]
    for _, _, path, layout in sorted(found, key=lambda f: f[:2]):
        paths = {"w": path}
        place = None if b is None else _bias_place(seen, layout, base, inputs, path)
        if place is not None:
            paths["b"], layout = place[0], replace(layout, b=place[1])
        yield replace(base, layout=layout, paths=paths)


def _bias_place(
    seen: Mapping[str, Array], layout: Layout, base: Reading, inputs: Inputs, taken: str
) -> tuple[str, str] | None:
    """The path of the bias and its layout."""
    b, dy = inputs.canonical["b"], inputs.canonical["dy"]
    for form in filter(None, BIASES):
        shape = arranged("b", b, replace(layout, b=form), base.axes, dy.shape).shape
        fits = [p for p, a in seen.items() if a.shape == shape and p != taken and _rank(p, "b") < 2]
        if fits:
            return min(fits, key=lambda p: _rank(p, "b")), form
    return None


def _rank(path: str, role: str) -> int:
    """0 for an attribute that is called like the operand, 2 for one that is called like something else."""
    last = path.split(".")[-1]
    known = PARAMETER.get(plain(last)) or PARAMETER.get(plain(last).rstrip("0123456789"))
    if returned_as(path) is not None and known is None:
        return 2
    return 0 if known == role else 1 if known is None else 2


def _only(wanted: Shapes, name: str) -> Shapes:
    return {n: s for n, s in wanted.items() if n == name}


def instance_driver(
    target: str, found: Mapping[str, Any], roles: Mapping[str, str], returns: Sequence[str]
) -> Instance:
    """`UserError` where the class has no method that is called like a forward pass."""
    methods: Mapping[str, Any] = found["methods"]
    forward = next((m for m in FORWARD if m in methods), None)
    backward = next((m for m in BACKWARD if m in methods), None)
    if forward is None:
        raise UserError(f"class {target}: it has no method forward (or {', '.join(FORWARD[1:4])} ..); give it one")
    constructor = bind(found["parameters"], roles, constructor=True, owner=target.rpartition(":")[2])

    def method(name: str, constructs: bool = False) -> Method:
        return Method(name, bind(methods[name], roles, constructs, f"method {name}"))

    initialise = []
    for name in INITIALISE:
        try:
            initialise += [method(name, True)] if name in methods else []
        except UserError:
            continue  # what it needs is not known: then the constructor has to do
    return Instance(
        target,
        constructor,
        tuple(initialise),
        method(forward),
        method(backward) if backward else None,
        tuple(returns),
        found["line"],
    )
