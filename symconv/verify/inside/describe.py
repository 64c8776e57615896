"""What a candidate is: found by its name, and described by its parameters."""

from __future__ import annotations

import inspect
import runpy
import sys
from pathlib import Path
from typing import Any

from . import native


class Targets:
    """Functions and classes by "path:name"; a file is run once."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.known = given
        self.modules: dict[str, dict[str, Any]] = {}

    def __getitem__(self, target: str) -> Any:
        if target not in self.known:
            self.known[target] = self._load(target)
        return self.known[target]

    def _load(self, target: str) -> Any:
        path, _, name = target.rpartition(":")
        if Path(path).suffix in (".so", ".dylib", ".dll"):
            return native.load(path, name)
        if path not in self.modules:
            sys.path.insert(0, str(Path(path).resolve().parent))
            self.modules[path] = runpy.run_path(path, run_name="candidate")
        found = self.modules[path]
        if name not in found:
            known = [n for n, v in found.items() if inspect.isfunction(v) or inspect.isclass(v)]
            raise AttributeError(f"there is no {name} in it; it has {', '.join(known) or 'no function'}")
        if not callable(found[name]):
            raise TypeError(f"{name} is a {type(found[name]).__name__}, and cannot be called")
        return found[name]


def describe(target: Any) -> dict[str, Any]:
    """kind, parameters, the line of the definition; of a class the parameters of its methods as well."""
    own = target if inspect.isclass(target) or inspect.isroutine(target) else type(target).__call__
    try:
        line = inspect.getsourcelines(own)[1]
    except (OSError, TypeError):
        line = 1
    out: dict[str, Any] = {
        "kind": "class" if inspect.isclass(target) else "function",
        "parameters": _parameters(target),
        "line": line,
    }
    if inspect.isclass(target):
        methods = inspect.getmembers(target, inspect.isroutine)
        out["methods"] = {n: _parameters(m)[1:] for n, m in methods if not n.startswith("__") or n == "__call__"}
    return out


def _parameters(target: Any) -> list[dict[str, Any]]:
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return []
    return [
        {
            "name": p.name,
            "required": p.default is p.empty,
            "kind": p.kind.name,
            "default": p.default if isinstance(p.default, (str, int, float, bool)) else None,
        }
        for p in signature.parameters.values()
    ]
