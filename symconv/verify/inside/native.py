"""Functions of a shared library, with arrays between guard zones.

Reads beyond an array see NaN, and writes beyond it are noticed; a read that lands in another row of the same array is
neither.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

_GUARD = 4096
_TYPES: dict[str, Any] = {
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "int": ctypes.c_int,
    "long": ctypes.c_long,
    "long long": ctypes.c_longlong,
    "short": ctypes.c_short,
    "char": ctypes.c_char,
    "bool": ctypes.c_bool,
    "_Bool": ctypes.c_bool,
    "size_t": ctypes.c_size_t,
    "ssize_t": ctypes.c_ssize_t,
    "ptrdiff_t": ctypes.c_ssize_t,
    "unsigned": ctypes.c_uint,
    "unsigned int": ctypes.c_uint,
    "unsigned long": ctypes.c_ulong,
    "unsigned short": ctypes.c_ushort,
    "unsigned char": ctypes.c_ubyte,
    "unsigned long long": ctypes.c_ulonglong,
    **{f"int{n}_t": getattr(ctypes, f"c_int{n}") for n in (8, 16, 32, 64)},
    **{f"uint{n}_t": getattr(ctypes, f"c_uint{n}") for n in (8, 16, 32, 64)},
}


class OutOfBounds(Exception):
    """A function wrote beyond an array."""


def load(path: str, name: str) -> Any:
    """The function of a library. Raises `OSError` or `AttributeError` where it cannot be had."""
    function = getattr(ctypes.CDLL(path), name)
    function.restype = None
    return function


Arrays = dict[str, Any]


def call(function: Any, arguments: list[dict[str, Any]], arrays: Arrays, kept: Arrays) -> Arrays:
    """Outputs by name. arguments: {"array": n} | {"output": n, "shape": [..]} | {"value": v}, each with its "type".

    Arrays are changed where the function changes them. kept: buffers of outputs, which a later call finds again.
    """
    passed, zones = [], {}
    for a in arguments:
        kind = _TYPES[a["type"]]
        if "value" in a:
            passed.append(kind(a["value"]))
            continue
        name = a.get("array") or a["output"]
        if "array" in a:
            zones[name] = _guarded(arrays[name], kind)
        else:
            zones[name] = kept.setdefault(name, _guarded(np.zeros(a["shape"]), kind))
        passed.append(ctypes.c_void_p(zones[name].ctypes.data + _GUARD * zones[name].itemsize))
    function(*passed)
    for a in arguments:
        if "array" in a:
            changed = _inner(a["array"], zones[a["array"]])
            arrays[a["array"]][...] = changed.reshape(arrays[a["array"]].shape)
    outputs = [a for a in arguments if "output" in a]
    return {a["output"]: _inner(a["output"], zones[a["output"]]).reshape(a["shape"]) for a in outputs}


def _guarded(a: Any, kind: Any) -> Any:
    """The array, flat, between guards."""
    flat = np.asarray(a, kind).ravel()
    return np.concatenate([_guard(flat.dtype), flat, _guard(flat.dtype)])


def _guard(dtype: Any) -> Any:
    """NaN; for integers, which have none, a number that no array here holds."""
    return np.full(_GUARD, np.nan if dtype.kind == "f" else 99, dtype)


def _inner(name: str, zone: Any) -> Any:
    """What lies between the guards; both must be as they were."""
    whole = _guard(zone.dtype)
    for side, guard in (("before", zone[:_GUARD]), ("after", zone[-_GUARD:])):
        written = int((~np.isclose(guard, whole, rtol=0, atol=0, equal_nan=True)).sum())
        if written:
            raise OutOfBounds(f"it writes outside {name}: {written} entries {side} it")
    return zone[_GUARD:-_GUARD].copy()
