"""The arrays that an object of a candidate's class holds, and an optimizer that notes what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

# How deep arrays are looked for: an attribute, a layer in it, a dictionary of that.
_DEPTH = 3
_MOST_ENTRIES = 8


class Recorder:
    """Stands for an optimizer: it notes the gradients that it is given, and leaves the weights as they are."""

    def __init__(self) -> None:
        self.gradients: list[Any] = []

    def __deepcopy__(self, _: Any) -> Recorder:
        return self

    def __copy__(self) -> Recorder:
        return self

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Whatever an optimizer's method is called."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """update(w, dw): the second array is the gradient."""
        arrays = [a for a in (*arguments, *named.values()) if isinstance(a, np.ndarray)]
        if len(arrays) > 1:
            self.gradients.append(np.array(arrays[1]))
        return arrays[0] if arrays else self


class Settings(dict[str, Any]):
    """A dictionary that notes which of its keys are looked for."""

    def __init__(self, items: dict[str, Any], asked: set[str]) -> None:
        super().__init__(items)
        self.asked = asked

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


def members(holder: Any) -> Iterator[tuple[str, Any]]:
    """Entries of a dictionary or list, attributes of an object."""
    if isinstance(holder, dict):
        yield from ((str(k), v) for k, v in holder.items())
    elif isinstance(holder, (list, tuple)):
        yield from ((str(k), v) for k, v in enumerate(holder[:_MOST_ENTRIES]))
    elif not isinstance(holder, (type, Recorder)) and hasattr(holder, "__dict__"):
        yield from vars(holder).items()


def arrays_in(holder: Any) -> Iterator[tuple[str, Any]]:
    """Every array of numbers in an object, with its path: "W", "params.W", "layers.0.weight"."""
    yield from _found(holder, "", _DEPTH, set())


def _found(holder: Any, prefix: str, depth: int, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(holder) in seen or depth == 0:
        return
    seen.add(id(holder))
    for name, value in members(holder):
        if isinstance(value, np.ndarray):
            if value.dtype.kind in "fiu":
                yield f"{prefix}{name}", value
        elif isinstance(value, list) and value and numeric(value):
            yield f"{prefix}{name}", np.asarray(value, float)
        else:
            yield from _found(value, f"{prefix}{name}.", depth - 1, seen)


def overwrite(holder: Any, path: str, value: Any) -> bool:
    """Put an array in the place of the one at the path; False where there is none yet.

    In place where the shape allows it, so that other names of the same array stay valid.
    """
    *way, last = path.split(".")
    for part in way:
        holder = dict(members(holder)).get(part)
    old = dict(members(holder)).get(last)
    if old is None:
        return False
    if isinstance(old, np.ndarray) and old.shape == value.shape and old.dtype.kind == "f":
        old[...] = value
    elif isinstance(holder, dict):
        holder[last] = value.copy()
    elif isinstance(holder, list):
        holder[int(last)] = value.copy()
    else:
        setattr(holder, last, value.tolist() if isinstance(old, list) else value.copy())
    return True


def numeric(value: Any) -> bool:
    """Is it a number, an array of numbers, or nested lists of numbers of one length each?"""
    try:
        return bool(np.asarray(value).dtype.kind in "fiub")
    except (ValueError, TypeError):
        return False
