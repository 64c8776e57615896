"""Writing files: whole or not at all, and never over something that a person wrote."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from symconv.emit.provenance import is_untouched
from symconv.ir import UserError


def write_atomic(path: Path, text: str) -> None:
    """Replace the file in one step. OSError where that is not possible; nothing is left behind then."""
    _write_all(path.parent, {path.name: text})


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def stale(folder: Path, files: Mapping[str, str]) -> list[str]:
    """The names whose file is missing or says something else."""
    return [name for name, text in files.items() if _read(folder / name) != text]


def write_generated(folder: Path, files: Mapping[str, str], force: bool) -> list[Path]:
    """Write generated files into a folder, made where it is missing.

    All of them or none: `UserError` where one is there that was not generated, or was edited since, unless forced; or
    where the folder cannot be written.
    """
    for name in files:
        here = _read(folder / name)
        if here is not None and not force and not is_untouched(here):
            raise UserError(
                f"{folder / name} is there and was written or edited by somebody: nothing is overwritten; "
                f"give --force to replace it, or another --name"
            )
    changed = stale(folder, files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_all(folder, {name: files[name] for name in changed})
    except OSError as error:
        raise UserError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return [folder / name for name in files]


def _write_all(folder: Path, files: Mapping[str, str]) -> None:
    """Every text goes to disk under another name before the first one gets its own: a full disk changes nothing."""
    ready: list[tuple[str, Path]] = []
    try:
        for name, text in files.items():
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
            ready.append((temporary, folder / name))
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            os.chmod(temporary, 0o666 & ~_umask())
        for temporary, path in ready:
            os.replace(temporary, path)
    finally:
        for temporary, _ in ready:
            Path(temporary).unlink(missing_ok=True)


def _read(path: Path) -> str | None:
    """The text of a file; None where there is none. What cannot be read as text was not generated."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError):
        return ""
