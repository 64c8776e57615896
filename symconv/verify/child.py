"""The process in which a candidate runs: it knows NumPy and files, and nothing of symconv.

Started with a folder that holds `job.json` and one .npz a call. It writes `description.json` about the function, then
after every call `call_<k>.json` and, where arrays came back, `call_<k>.npz`; each is whole or not there. What the
candidate prints goes nowhere.
"""

from __future__ import annotations

import inspect
import json
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def main(folder: Path, function: Callable[..., Any] | None = None) -> None:
    """Run the calls of the job; `function` is the candidate where it is no file."""
    job = json.loads((folder / "job.json").read_text())
    _limit(job["limits"])
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    try:
        target = function if function is not None else _load(job["path"], job["function"])
    except BaseException as error:
        _write(folder / "description.json", {"error": _words(error)})
        return
    _write(folder / "description.json", {"parameters": _parameters(target)})
    for k in job["calls"]:
        _call(folder, target, k)


def _limit(limits: dict[str, int]) -> None:
    try:
        import resource
    except ImportError:  # Windows has none of these
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, value in limits.items():
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))


def _load(path: str, name: str) -> Callable[..., Any]:
    sys.path.insert(0, str(Path(path).resolve().parent))
    found = runpy.run_path(path, run_name="candidate")
    if name not in found:
        functions = [n for n, v in found.items() if inspect.isfunction(v)]
        raise AttributeError(f"there is no {name} in it; it has {', '.join(functions) or 'no function'}")
    if not callable(found[name]):
        raise TypeError(f"{name} is a {type(found[name]).__name__}, and cannot be called")
    target: Callable[..., Any] = found[name]
    return target


def _parameters(target: Callable[..., Any]) -> list[dict[str, Any]]:
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return []
    return [
        {"name": p.name, "required": p.default is p.empty, "kind": p.kind.name} for p in signature.parameters.values()
    ]


def _call(folder: Path, target: Callable[..., Any], k: int) -> None:
    """One call; every array is a fresh copy, and compared afterwards."""
    plan = json.loads((folder / f"input_{k}.json").read_text())
    with np.load(folder / f"input_{k}.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    copies = {name: a.copy() for name, a in arrays.items()}
    try:
        returned = _outputs(target(*[_argument(a, copies) for a in plan["arguments"]]))
    except MemoryError:
        return _write(folder / f"call_{k}.json", {"status": "out-of-memory"})
    except BaseException as error:
        return _write(folder / f"call_{k}.json", {"status": "raised", "message": _words(error)})
    changed = [name for name, a in arrays.items() if not np.array_equal(a, copies[name], equal_nan=True)]
    answer = {"status": "returned", "keys": list(returned), "mutated": changed}
    temporary = folder / f"partial_{k}.npz"
    np.savez(temporary, **{f"a{i}": a for i, a in enumerate(returned.values())})
    os.replace(temporary, folder / f"call_{k}.npz")
    return _write(folder / f"call_{k}.json", answer)


def _argument(spec: dict[str, Any], arrays: dict[str, Any]) -> Any:
    """{"array": name} | {"value": v} | {"tuple": [..]} | {"dict": {..}}"""
    if "array" in spec:
        return arrays[spec["array"]]
    if "tuple" in spec:
        return tuple(_argument(s, arrays) for s in spec["tuple"])
    if "dict" in spec:
        return {name: _argument(s, arrays) for name, s in spec["dict"].items()}
    value = spec["value"]
    return tuple(value) if isinstance(value, list) else value


def _outputs(returned: Any) -> dict[str, Any]:
    """The arrays by name, or by position where they have none; None is left out."""
    if isinstance(returned, dict):
        items = {str(name): value for name, value in returned.items()}
    elif isinstance(returned, (tuple, list)) and not _numeric(returned):
        items = {str(k): value for k, value in enumerate(returned)}
    else:
        items = {"0": returned}
    arrays = {name: np.asarray(value) for name, value in items.items() if value is not None and _numeric(value)}
    if not arrays:
        raise TypeError(f"it returned {type(returned).__name__} without an array of numbers")
    return arrays


def _numeric(value: Any) -> bool:
    try:
        return bool(np.asarray(value).dtype.kind in "fiub")
    except ValueError:
        return False


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _write(path: Path, value: dict[str, Any]) -> None:
    temporary = path.with_suffix(".partial")
    temporary.write_text(json.dumps(value))
    os.replace(temporary, path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)
