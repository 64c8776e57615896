"""Compiled libraries, kept by content: the same source, flags, compiler and processor are compiled once.

An entry is a directory `<key>/` that holds a source and its library. It is made under another name and renamed when it
is complete, so that any number of processes may ask for the same library at once. Loading a library runs it; nothing
is loaded from a place where somebody else can write.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from symconv.build.compiler import (
    CompileError,
    Compiler,
    CompilerNotFound,
    ToolError,
    cpu_identity,
    find_compiler,
    flags_for,
    run_tool,
)

VARIABLE = "SYMCONV_CACHE_DIR"
SOURCE = "kernel.c"
LIBRARY = "kernel" + {"win32": ".dll", "cygwin": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
# Changes when an entry made by an older version should not be used any more.
_LAYOUT = "1"
_COMPILE_SECONDS = 300.0
# More than any library of ours and the compiler's temporary files for it.
_ROOM = 4 << 20

_fallback: Path | None = None
_fallback_lock = threading.Lock()


@dataclass(frozen=True)
class _Job:
    """A source and how it is compiled."""

    source: str
    compiler: Compiler
    flags: tuple[str, ...]
    native: bool

    @property
    def command(self) -> tuple[str, ...]:
        """To be run in the directory of the source."""
        # Windows has its mathematics in the C library, and some compilers there know no other.
        libraries = () if os.name == "nt" else ("-lm",)
        return (*self.compiler.command, *self.flags, SOURCE, "-o", LIBRARY, *libraries)

    @property
    def key(self) -> str:
        cpu = cpu_identity() if self.native else ""
        # JSON keeps the parts apart: two lists of flags that join to one string are still two lists.
        parts = json.dumps([_LAYOUT, self.source, self.command, self.compiler.identity, cpu])
        return hashlib.sha256(parts.encode()).hexdigest()


def cache_root() -> Path:
    """The directory of the entries, which need not exist."""
    if chosen := os.environ.get(VARIABLE):
        return Path(os.path.abspath(os.path.expanduser(chosen)))
    return platformdirs.user_cache_path("symconv", appauthor=False) / "kernels"


def shared_library(source: str, *, native: bool = True, extra_flags: tuple[str, ...] = ()) -> Path:
    """The library compiled from a source, out of the cache where it is there.

    Where the cache cannot be written, the library is made in a directory that lasts as long as the process.
    """
    compiler = find_compiler()
    job = _Job(source, compiler, (*flags_for(compiler, native), *extra_flags), native)
    root = cache_root()
    try:
        return _library_in(root, job)
    except OSError as error:
        complaint = f"the kernel cache {root} cannot be used ({error.strerror or error})"
    try:
        return _library_in(_temporary_root(complaint), job)
    except OSError as error:
        raise ToolError(f"{complaint}, and neither can a temporary directory ({error})") from error


def _temporary_root(complaint: str) -> Path:
    global _fallback
    with _fallback_lock:
        if _fallback is not None and _fallback.is_dir():
            return _fallback
        root = _fallback = Path(tempfile.mkdtemp(prefix="symconv-kernels-"))
        atexit.register(_remove, root, os.getpid())
    warnings.warn(
        f"{complaint}: kernels are compiled anew in every process. Set {VARIABLE} to a directory you can write to",
        RuntimeWarning,
        stacklevel=3,
    )
    return root


def _remove(root: Path, owner: int) -> None:
    # A forked child ends with its parent's list of things to do; the directory is still the parent's.
    if os.getpid() == owner:
        shutil.rmtree(root, ignore_errors=True)


def _library_in(root: Path, job: _Job) -> Path:
    """The library of a job below a root. OSError: the root cannot be used."""
    root = _prepared(root)
    entry = root / job.key
    # Looked for before anything is written: a filled cache may well be read-only.
    if not _complete(entry):
        _build(root, entry, job)
        if not _complete(entry):
            raise OSError(errno.EIO, "an entry was written and is not there", str(entry))
    return entry / LIBRARY


def _prepared(root: Path) -> Path:
    """The root, made where it is missing, with its links resolved so that it stays the one that was checked."""
    if not root.is_absolute():
        raise OSError(errno.ENOENT, "no home directory", str(root))
    # By hand, because mkdir(parents=True) gives its mode to the last one only.
    for directory in reversed([root, *root.parents]):
        if not directory.is_dir():
            directory.mkdir(mode=0o700, exist_ok=True)
    root = root.resolve(strict=True)
    _check(root, os.lstat(root), directory=True)
    return root


def _complete(entry: Path) -> bool:
    """Whether an entry holds a library. ToolError: it does, or seems to, and nobody should load it."""
    library = entry / LIBRARY
    try:
        _check(entry, os.lstat(entry), directory=True)
        status = os.lstat(library)
    except FileNotFoundError:
        return False
    _check(library, status, directory=False)
    # What is left of a file that was written just before the power went.
    return status.st_size > 0


def _check(path: Path, status: os.stat_result, *, directory: bool) -> None:
    """Refuse what somebody else could have put there, or could still exchange."""
    if not (stat.S_ISDIR if directory else stat.S_ISREG)(status.st_mode):
        kind = "a symbolic link" if stat.S_ISLNK(status.st_mode) else f"not a {'directory' if directory else 'file'}"
        raise ToolError(f"{path} is {kind}, which symconv never puts there: nothing is loaded from it. Delete it")
    if sys.platform == "win32":
        return
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid == os.getuid() and not mode & 0o022:
        return
    raise ToolError(
        f"{path} belongs to user {status.st_uid} and has mode {mode:04o}: kernels are loaded only from what belongs to "
        f"you (user {os.getuid()}) and nobody else can write. `chmod go-w` it if it is yours, else delete it or set "
        f"{VARIABLE} to another directory"
    )


def _build(root: Path, entry: Path, job: _Job) -> None:
    work = Path(tempfile.mkdtemp(prefix=".build-", dir=root))
    try:
        (work / SOURCE).write_text(job.source, encoding="utf-8", newline="\n")
        _compile(work, job)
        _publish(work, entry)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _compile(work: Path, job: _Job) -> None:
    try:
        outcome = run_tool(job.command, seconds=_COMPILE_SECONDS, cwd=work, scratch=work)
    except subprocess.TimeoutExpired:
        status = f"not done after {_COMPILE_SECONDS:.0f} s"
        raise CompileError.of(job.command, status, "", _keep(job.source)) from None
    except OSError as error:
        if not work.is_dir():
            raise
        # Not a fault of the cache: the compiler answered a moment ago, and is gone.
        raise CompilerNotFound(f"{job.command[0]} cannot be run ({error.strerror or error})") from error
    made = work / LIBRARY
    if outcome.status == 0 and made.is_file() and made.stat().st_size > 0:
        return
    if not _has_room(work):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(work))
    status = f"exit status {outcome.status}" + ("" if outcome.status else ", and no library")
    raise CompileError.of(job.command, status, outcome.stderr, _keep(job.source))


def _has_room(work: Path) -> bool:
    """Whether a failed compiler had room to write. Tried, because a quota does not show in the free space."""
    try:
        with open(work / "room", "wb") as file:
            file.write(bytes(_ROOM))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    return True


def _keep(source: str) -> str:
    """Keep a source that does not compile; the sentence that says where."""
    try:
        kept = Path(tempfile.mkdtemp(prefix="symconv-failed-")) / SOURCE
        kept.write_text(source, encoding="utf-8", newline="\n")
    except OSError as error:
        return f"the source could not be kept ({error})"
    return f"the source is kept in {kept}"


def _publish(work: Path, entry: Path) -> None:
    """Make the two files of a build an entry, at once and only where there is none."""
    made = work / "entry"
    made.mkdir(mode=0o700)
    for name, mode in ((SOURCE, 0o600), (LIBRARY, 0o700)):
        # A umask that lets the group write must not make an entry that is refused later on.
        os.chmod(work / name, mode)
        os.replace(work / name, made / name)
    with open(made / LIBRARY, "r+b") as file:
        os.fsync(file.fileno())
    try:
        os.replace(made, entry)
    except OSError:
        if not entry.is_dir():
            raise
        # Another process was faster, or the entry has lost its library.
        if not _complete(entry):
            for name in (SOURCE, LIBRARY):
                os.replace(made / name, entry / name)
