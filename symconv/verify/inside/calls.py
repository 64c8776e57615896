"""The calls of one request: arguments from what the request says, results as arrays by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import native
from .describe import Targets
from .objects import Recorder, Settings, arrays_in, numeric, overwrite


class Run:
    """The arrays, the results and the object of one request."""

    def __init__(self, targets: Targets, arrays: dict[str, Any], lists: bool) -> None:
        self.targets, self.given, self.lists = targets, arrays, lists
        self.changed: set[str] = set()
        self.places: dict[str, str] = {}
        self.refresh()
        self.recorder = Recorder()
        self.results: dict[str, Any] = {}
        self.kept: dict[str, Any] = {}
        self.asked: set[str] = set()
        self.object: Any = None

    def construct(self, request: dict[str, Any]) -> None:
        """The object, with the arrays of "set" in it; what only its first forward makes is set after one."""
        self.places = request["set"]
        self.object = self._called(self.targets[request["object"]], request["construct"])
        for call in request["initialise"]:
            self._called(getattr(self.object, call["target"]), call)
        if self._set() or request.get("lazy"):
            self.call(request["calls"][0])
        missing = self._set()
        if missing:
            raise AttributeError(f"it has no attribute {missing[0]} after its first forward")

    def _set(self) -> list[str]:
        """Put the operands into the object; the paths at which it has nothing yet."""
        return [path for path, name in self.places.items() if not overwrite(self.object, path, self.arrays[name])]

    def refresh(self) -> None:
        """Arrays as they were given; what was made of them is noted."""
        if hasattr(self, "arrays"):
            self.note_changes()
        self.arrays = {name: a.copy() for name, a in self.given.items()}

    def note_changes(self) -> None:
        self.changed |= {n for n, a in self.given.items() if not np.array_equal(a, self.arrays[n], equal_nan=True)}

    def call(self, call: dict[str, Any]) -> dict[str, Any]:
        """The arrays that a call returns; a method may return none."""
        if call.get("again"):
            self.refresh()
            self._set()
        if "native" in call:
            return native.call(self.targets[call["target"]], call["native"], self.arrays, self.kept)
        method = self.object is not None
        function = getattr(self.object, call["target"]) if method else self.targets[call["target"]]
        self.results[call["name"]] = returned = self._called(function, call)
        arrays = outputs(returned)
        if not arrays and not method:
            raise TypeError(f"it returned {type(returned).__name__} without an array of numbers")
        return arrays

    def attributes(self) -> Iterator[tuple[str, Any]]:
        """Arrays of numbers that the object holds, by path."""
        if self.object is not None:
            yield from arrays_in(self.object)

    def _called(self, function: Callable[..., Any], call: dict[str, Any]) -> Any:
        named = {name: self._argument(spec) for name, spec in call.get("named", {}).items()}
        return function(*[self._argument(a) for a in call["arguments"]], **named)

    def _argument(self, spec: dict[str, Any]) -> Any:
        """{"array": n} | {"value": v} | {"tuple": [..]} | {"dict": {..}} | {"cache": call} | {"optimizer": true}"""
        if "array" in spec:
            a = self.arrays[spec["array"]]
            return a.tolist() if self.lists else a
        if "tuple" in spec:
            return tuple(self._argument(s) for s in spec["tuple"])
        if "dict" in spec:
            return Settings({name: self._argument(s) for name, s in spec["dict"].items()}, self.asked)
        if "optimizer" in spec:
            return self.recorder
        if "cache" in spec:
            return self._cache(spec["cache"])
        value = spec["value"]
        return tuple(value) if isinstance(value, list) else value

    def _cache(self, call: str) -> Any:
        returned = self.results[call]
        if not isinstance(returned, tuple) or len(returned) < 2:
            raise TypeError("the forward pass returns no cache beside y")
        return returned[1] if len(returned) == 2 else returned[1:]


def outputs(returned: Any) -> dict[str, Any]:
    """The arrays of numbers by name, or by position where they have none."""
    if isinstance(returned, dict):
        items = {str(name): value for name, value in returned.items()}
    elif isinstance(returned, tuple) or (isinstance(returned, list) and not numeric(returned)):
        items = {str(k): value for k, value in enumerate(returned)}
    else:
        items = {"0": returned}
    return {name: np.asarray(value) for name, value in items.items() if value is not None and numeric(value)}
