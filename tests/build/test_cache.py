"""A library is compiled once, seen only whole, and loaded only from where nobody else can write."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest

from symconv.build import cache
from symconv.build.cache import LIBRARY, SOURCE, cache_root, shared_library
from symconv.build.compiler import CompileError, CompilerNotFound, ToolError, find_compiler

ANSWER = "int answer(void) { return 42; }\n"
REPOSITORY = Path(__file__).parents[2]
# Stands for a compiler: a line of the log for every library, which is a copy of the source.
FAKE = """#!/bin/sh
if [ "$1" = --version ]; then echo fake 1.0; exit 0; fi
echo compiled >> '{log}'
while read -r line; do echo "$line"; done < kernel.c > {library}
{more}
"""
RACER = """
import ctypes, pathlib, sys, time
from symconv.build.cache import shared_library
place, name = pathlib.Path(sys.argv[1]), sys.argv[2]
(place / f"ready{name}").touch()
while not (place / "go").exists():
    time.sleep(0.002)
library = shared_library(sys.argv[3])
print(library, ctypes.CDLL(str(library)).answer())
"""

needs_shell = pytest.mark.skipif(os.name == "nt", reason="the fake compiler is a shell script")
needs_owners = pytest.mark.skipif(os.name == "nt", reason="files have no owner and mode there")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache and a directory of temporary files that belong to the test. The cache is not there yet."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("SYMCONV_CACHE_DIR", str(tmp_path / "some" / "cache"))
    monkeypatch.setattr(cache, "_fallback", None)
    return tmp_path / "some" / "cache"


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[[], int]]:
    """`fake()` sets a compiler up that compiles nothing; what it gives back counts how often it was run."""

    def make(more: str = "") -> Callable[[], int]:
        log, script = tmp_path / "log", tmp_path / "fake-cc"
        log.touch()
        script.write_text(FAKE.format(log=log, library=LIBRARY, more=more))
        script.chmod(0o755)
        monkeypatch.setenv("SYMCONV_CC", str(script))
        return lambda: len(log.read_text().splitlines())

    return make


@pytest.fixture
def real() -> tuple[str, ...]:
    """The command of a compiler that compiles."""
    try:
        return find_compiler().command
    except CompilerNotFound as error:
        pytest.skip(f"NOT TESTED, THERE IS NO C COMPILER: {error}")


def temporary_files(tmp_path: Path) -> list[str]:
    return sorted(str(path.relative_to(tmp_path / "tmp")) for path in (tmp_path / "tmp").rglob("*"))


def test_a_library_runs(root: Path, real: tuple[str, ...], tmp_path: Path) -> None:
    for native in (True, False):
        library = shared_library(ANSWER, native=native)
        assert ctypes.CDLL(str(library)).answer() == 42
        assert library.with_name(SOURCE).read_text() == ANSWER
        assert sorted(path.name for path in library.parent.iterdir()) == [SOURCE, LIBRARY]
    assert len(list(root.iterdir())) == 2
    assert temporary_files(tmp_path) == []


@needs_shell
def test_a_hit_runs_no_compiler(
    root: Path, real: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, script = tmp_path / "log", tmp_path / "counting-cc"
    command = " ".join(f"'{word}'" for word in real)
    script.write_text(f'#!/bin/sh\necho "$@" >> \'{log}\'\nexec {command} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("SYMCONV_CC", str(script))
    first = shared_library(ANSWER)
    runs = log.read_text().splitlines()
    assert [SOURCE in run for run in runs] == [False, True]
    assert shared_library(ANSWER) == first
    assert log.read_text().splitlines() == runs


@needs_shell
def test_whatever_changes_the_library_changes_the_entry(
    root: Path, fake: Callable[..., Callable[[], int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = fake()
    entries = [
        shared_library(ANSWER),
        shared_library(ANSWER + "\n"),
        shared_library(ANSWER, native=False),
        shared_library(ANSWER, extra_flags=("-DA", "-DB")),
        shared_library(ANSWER, extra_flags=("-DA -DB",)),
    ]
    monkeypatch.setenv("SYMCONV_CC", f"{tmp_path}/fake-cc ")
    assert shared_library(ANSWER) == entries[0]
    monkeypatch.setattr(cache, "cpu_identity", lambda: "another processor")
    assert shared_library(ANSWER, native=False) == entries[2]
    entries.append(shared_library(ANSWER))
    updated = cache.Compiler((f"{tmp_path}/fake-cc",), "fake 2.0")
    monkeypatch.setattr(cache, "find_compiler", lambda: updated)
    entries.append(shared_library(ANSWER))
    assert runs() == len(set(entries)) == 7
    assert len(list(root.iterdir())) == 7


@pytest.mark.parametrize("broken", ["int f(void) { return undeclared_name; }\n"])
def test_compile_error_keeps_the_source(broken: str, root: Path, real: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(CompileError) as error:
        shared_library(broken)
    text = str(error.value)
    for words in (*real, "-O3", SOURCE, "undeclared_name", "exit status 1"):
        assert words in text
    (kept,) = (tmp_path / "tmp").rglob(SOURCE)
    assert str(kept) in text
    assert kept.read_text() == broken
    assert temporary_files(tmp_path) == [kept.parent.name, f"{kept.parent.name}/{SOURCE}"]
    assert list(root.iterdir()) == []


@needs_shell
def test_compiler_out_of_time(
    root: Path, fake: Callable[..., Callable[[], int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake("sleep 60")
    monkeypatch.setattr(cache, "_COMPILE_SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(CompileError, match="not done after") as error:
        shared_library(ANSWER)
    assert time.monotonic() - began < 10
    (kept,) = (tmp_path / "tmp").rglob(SOURCE)
    assert str(kept) in str(error.value)
    assert list(root.iterdir()) == []


@needs_shell
def test_temporary_files_of_the_compiler_go_away(
    root: Path, fake: Callable[..., Callable[[], int]], tmp_path: Path
) -> None:
    fake('echo litter > "$TMPDIR/litter"; echo litter > litter.lib; exit 3')
    with pytest.raises(CompileError, match="exit status 3"):
        shared_library(ANSWER)
    assert list(root.iterdir()) == []
    fake('echo litter > "$TMPDIR/litter"; echo litter > litter.lib')
    assert sorted(path.name for path in shared_library(ANSWER).parent.iterdir()) == [SOURCE, LIBRARY]
    assert len(list(root.iterdir())) == 1


@needs_shell
@pytest.mark.parametrize("last", [f"rm {LIBRARY}", f": > {LIBRARY}"], ids=["none", "empty"])
def test_success_without_a_library_is_a_failure(last: str, fake: Callable[..., Callable[[], int]]) -> None:
    fake(last)
    with pytest.raises(CompileError, match="no library"):
        shared_library(ANSWER)


def test_racing_processes_make_one_entry(root: Path, real: tuple[str, ...], tmp_path: Path) -> None:
    path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path), str(number), ANSWER],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    try:
        while len(list(tmp_path.glob("ready*"))) < 8:
            assert all(racer.poll() in (None, 0) for racer in racers), "a process ended before the race"
            time.sleep(0.01)
        (tmp_path / "go").touch()
        ends = [racer.communicate(timeout=120) for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()
    library = shared_library(ANSWER)
    assert ends == [(f"{library} 42\n", "")] * 8
    assert list(root.iterdir()) == [library.parent]
    assert sorted(path.name for path in library.parent.iterdir()) == [SOURCE, LIBRARY]


@needs_shell
def test_the_slower_of_two_takes_the_entry_of_the_faster(
    root: Path, fake: Callable[..., Callable[[], int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = fake()
    compile_ = cache._compile
    faster: list[Path] = []

    def late(work: Path, job: cache._Job) -> None:
        monkeypatch.setattr(cache, "_compile", compile_)
        compile_(work, job)
        faster.append(shared_library(ANSWER))
        faster[0].write_text("of the faster")

    monkeypatch.setattr(cache, "_compile", late)
    assert [shared_library(ANSWER)] == faster
    assert faster[0].read_text() == "of the faster"
    assert runs() == 2
    assert list(root.iterdir()) == [faster[0].parent]


@needs_shell
@pytest.mark.parametrize("damage", [Path.unlink, lambda library: library.write_bytes(b"")], ids=["gone", "empty"])
def test_an_entry_without_its_library_is_made_again(
    damage: Callable[[Path], object], root: Path, fake: Callable[..., Callable[[], int]]
) -> None:
    runs = fake()
    library = shared_library(ANSWER)
    damage(library)
    assert shared_library(ANSWER) == library
    assert library.read_text() == ANSWER
    assert runs() == 2
    assert list(root.iterdir()) == [library.parent]


@needs_shell
@needs_owners
@pytest.mark.parametrize("umask", [0o022, 0o002, 0o000])
def test_nobody_else_can_write_what_is_made(umask: int, root: Path, fake: Callable[..., Callable[[], int]]) -> None:
    fake()
    before = os.umask(umask)
    try:
        library = shared_library(ANSWER)
        assert shared_library(ANSWER) == library
    finally:
        os.umask(before)
    for path in (root.parent, root, library.parent, library):
        assert path.stat().st_mode & 0o777 == 0o700


@needs_owners
@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702, 0o1777])
def test_root_that_others_can_write_is_refused(
    mode: int, root: Path, fake: Callable[..., Callable[[], int]], tmp_path: Path
) -> None:
    runs = fake()
    root.mkdir(parents=True)
    root.chmod(mode)
    with pytest.raises(ToolError) as error:
        shared_library(ANSWER)
    for words in (str(root), f"{mode:04o}", f"user {os.getuid()}", "chmod go-w", "SYMCONV_CACHE_DIR"):
        assert words in str(error.value)
    assert runs() == 0
    assert list(root.iterdir()) == []
    assert temporary_files(tmp_path) == []


@needs_owners
def test_root_of_somebody_else_is_refused(
    root: Path, fake: Callable[..., Callable[[], int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake()
    shared_library(ANSWER)
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(ToolError, match=rf"belongs to user {owner} .*\(user {owner + 1}\)"):
        shared_library(ANSWER)


@needs_owners
@pytest.mark.parametrize("what", ["entry", "library"])
def test_entry_that_others_can_write_is_refused(what: str, root: Path, fake: Callable[..., Callable[[], int]]) -> None:
    fake()
    library = shared_library(ANSWER)
    changed = library if what == "library" else library.parent
    changed.chmod(0o777)
    with pytest.raises(ToolError) as error:
        shared_library(ANSWER)
    assert f"{changed} belongs" in str(error.value)


@needs_shell
@pytest.mark.parametrize("dangling", [False, True])
@pytest.mark.parametrize("what", ["entry", "library"])
def test_symbolic_link_is_refused(
    what: str, dangling: bool, root: Path, fake: Callable[..., Callable[[], int]], tmp_path: Path
) -> None:
    fake()
    library = shared_library(ANSWER)
    replaced = library if what == "library" else library.parent
    elsewhere = replaced.rename(tmp_path / "elsewhere")
    replaced.symlink_to(tmp_path / "nowhere" if dangling else elsewhere)
    with pytest.raises(ToolError) as error:
        shared_library(ANSWER)
    assert f"{replaced} is a symbolic link" in str(error.value)


@needs_shell
def test_root_may_be_reached_through_a_link(root: Path, fake: Callable[..., Callable[[], int]], tmp_path: Path) -> None:
    fake()
    (tmp_path / "disk").mkdir(mode=0o700)
    root.parent.mkdir()
    root.symlink_to(tmp_path / "disk")
    assert shared_library(ANSWER).parent.parent == (tmp_path / "disk").resolve()


def spoil(root: Path, how: str) -> None:
    """Make a root that cannot be written."""
    if how == "regular file":
        root.parent.mkdir()
        root.touch()
    elif how == "below a regular file":
        root.parent.touch()
    else:
        root.mkdir(parents=True)
        root.chmod(0o500)
        if os.access(root, os.W_OK):
            pytest.skip("this user can write to read-only directories")


@needs_shell
@pytest.mark.parametrize("how", ["regular file", "below a regular file", "read-only"])
def test_unusable_root_falls_back_with_one_warning(
    how: str, root: Path, fake: Callable[..., Callable[[], int]], tmp_path: Path
) -> None:
    runs = fake()
    spoil(root, how)
    with pytest.warns(RuntimeWarning, match="SYMCONV_CACHE_DIR") as caught:
        library = shared_library(ANSWER)
    assert len(caught) == 1
    assert str(root) in str(caught[0].message)
    assert caught[0].filename == __file__
    assert tmp_path / "tmp" in library.parents
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert shared_library(ANSWER) == library
        shared_library(ANSWER, native=False)
    assert runs() == 2


@needs_shell
def test_filled_cache_may_be_read_only(root: Path, fake: Callable[..., Callable[[], int]]) -> None:
    runs = fake()
    library = shared_library(ANSWER)
    root.chmod(0o500)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert shared_library(ANSWER) == library
    root.chmod(0o700)
    assert runs() == 1


@needs_shell
def test_full_disk_falls_back(
    root: Path, fake: Callable[..., Callable[[], int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake(f'case "$PWD" in */some/cache/*) rm {LIBRARY}; echo no space left >&2; exit 1;; esac')
    monkeypatch.setattr(cache, "_has_room", lambda work: root not in work.parents)
    with pytest.warns(RuntimeWarning, match="No space left on device"):
        assert tmp_path / "tmp" in shared_library(ANSWER).parents
    assert list(root.iterdir()) == []


@needs_shell
def test_nowhere_to_write(
    root: Path, fake: Callable[..., Callable[[], int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake()
    spoil(root, "regular file")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no" / "such"))
    with pytest.raises(ToolError, match="neither can a temporary directory"):
        shared_library(ANSWER)


@needs_shell
def test_fallback_goes_away_with_the_process(
    root: Path, fake: Callable[..., Callable[[], int]], tmp_path: Path
) -> None:
    fake()
    spoil(root, "regular file")
    # A forked child that ends in the ordinary way leaves its parent's directory alone.
    code = """if True:
        import os, sys
        from symconv.build.cache import shared_library
        library = shared_library(sys.argv[1])
        if os.fork() == 0:
            sys.exit()
        os.wait()
        print(library.exists(), library)
    """
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(tmp_path / "tmp")}
    end = subprocess.run([sys.executable, "-c", code, ANSWER], env=environment, capture_output=True, text=True)
    assert end.returncode == 0, end.stderr
    assert end.stdout.startswith(f"True {tmp_path / 'tmp'}")
    assert "RuntimeWarning" in end.stderr
    assert temporary_files(tmp_path) == []


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYMCONV_CACHE_DIR", "relative")
    assert cache_root() == Path.cwd() / "relative"
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name, appauthor: tmp_path / name)
    for unset in (True, False):
        monkeypatch.delenv("SYMCONV_CACHE_DIR") if unset else monkeypatch.setenv("SYMCONV_CACHE_DIR", "")
        assert cache_root() == tmp_path / "symconv" / "kernels"


@needs_shell
def test_no_home_directory_falls_back(
    fake: Callable[..., Callable[[], int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYMCONV_CACHE_DIR")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name, appauthor: Path("~/.cache") / name)
    with pytest.warns(RuntimeWarning, match="no home directory"):
        shared_library(ANSWER)
    assert not (tmp_path / "~").exists()
