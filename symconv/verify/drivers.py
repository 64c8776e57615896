"""How a candidate is called: a function, or a pair of them. `instances` has the objects of a class.

A driver says what the candidate can be told, makes the request of a case, and finds the outputs in the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from symconv.verify.arguments import Inputs, Reading
from symconv.verify.binding import Binding, bind
from symconv.verify.dense import Array
from symconv.verify.isolation import Answer, Session
from symconv.verify.returned import Shapes, named_outputs, part

Request = tuple[dict[str, Any], Mapping[str, Array]]


class Driver(Protocol):
    """takes: attributes that can be told. asks: those that only a dictionary tells, in which it may not look.

    gives: outputs that may come back, of those that the layer has. ones: numbers of a case (N, C, O) that can only be
    1. readings: ways of speaking to it that refine a first one.
    """

    @property
    def line(self) -> int: ...
    @property
    def ones(self) -> frozenset[str]:
        return frozenset()

    def takes(self, role: str) -> bool: ...
    def asks(self, role: str) -> bool:
        return False

    def gives(self, outputs: Sequence[str]) -> list[str]: ...
    def readings(self, base: Reading, inputs: Inputs, session: Session) -> Iterator[Reading]:
        yield base

    def request(self, inputs: Inputs, reading: Reading, times: int = 1) -> Request: ...
    def outputs(self, answer: Answer, wanted: Shapes, reading: Reading, time: int = 0) -> dict[str, Array] | None: ...
    def words(self) -> str: ...


@dataclass(frozen=True)
class Function(Driver):
    """A function; a backward pass where it takes dy or a cache."""

    target: str
    binding: Binding
    returns: tuple[str, ...] = ()
    line: int = 1

    def takes(self, role: str) -> bool:
        return self.binding.takes(role)

    def asks(self, role: str) -> bool:
        return self.binding.asks(role)

    def gives(self, outputs: Sequence[str]) -> list[str]:
        return [n for n in outputs if n in self.returns or (n == "y") != self.binding.backward]

    def request(self, inputs: Inputs, reading: Reading, times: int = 1) -> Request:
        calls = [{**inputs.call(f"call{k}", self.target, self.binding), "again": k > 0} for k in range(times)]
        return {"calls": calls, "lists": reading.lists}, inputs.arrays

    def outputs(self, answer: Answer, wanted: Shapes, reading: Reading, time: int = 0) -> dict[str, Array] | None:
        return named_outputs(part(answer.arrays, f"call{time}"), wanted, self.returns or reading.order)

    def words(self) -> str:
        return self.binding.words()


@dataclass(frozen=True)
class Pair(Driver):
    """A forward and a backward function; what the forward returns beside y is the cache."""

    forward: Function
    backward: Function

    @property
    def line(self) -> int:
        return self.backward.line

    def takes(self, role: str) -> bool:
        told = [f for f in (self.forward, self.backward) if f.takes(role)]
        # What the forward pass is told is in the cache.
        return len(told) == 2 or (self.forward.takes(role) and "cache" in self.backward.binding.roles)

    def asks(self, role: str) -> bool:
        return self.forward.asks(role)

    def gives(self, outputs: Sequence[str]) -> list[str]:
        return list(outputs)

    def request(self, inputs: Inputs, reading: Reading, times: int = 1) -> Request:
        calls = []
        for k in range(times):
            call = inputs.call(f"forward{k}", self.forward.target, self.forward.binding)
            calls.append({**call, "again": k > 0})
            calls.append(inputs.call(f"call{k}", self.backward.target, self.backward.binding, cache=f"forward{k}"))
        return {"calls": calls, "lists": reading.lists}, inputs.arrays

    def outputs(self, answer: Answer, wanted: Shapes, reading: Reading, time: int = 0) -> dict[str, Array] | None:
        forward = {n: s for n, s in wanted.items() if n == "y"}
        backward = {n: s for n, s in wanted.items() if n != "y"}
        first = named_outputs(part(answer.arrays, f"forward{time}"), forward, self.forward.returns)
        second = named_outputs(part(answer.arrays, f"call{time}"), backward, self.backward.returns or reading.order)
        return None if first is None and second is None else {**(first or {}), **(second or {})}

    def words(self) -> str:
        return ", ".join(filter(None, (self.forward.words(), self.backward.words())))


def function_driver(
    target: str, found: Mapping[str, Any], roles: Mapping[str, str], returns: Sequence[str]
) -> Function:
    binding = bind(found["parameters"], roles, owner=target.rpartition(":")[2])
    return Function(target, binding, tuple(returns), found["line"])
