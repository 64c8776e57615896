"""Certificates: the obligations of a proof as files in SMT-LIB 2, and their replay by a second solver.

One file for each distinct statement, and an index that says in words what each of them shows and what is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from symconv.ir import UserError
from symconv.prove.obligations import Obligation, at_scales, canonical
from symconv.prove.smtlib import smtlib

INDEX = "index.txt"
_MARK = "symconv certificate"
_ENTRY = re.compile(r"(\d{4,}\.smt2): ")
_MILLISECONDS = 20_000
_TRUST = """\
Each file states, for all integers at once, one condition of one step of a proof. It asks for integers that satisfy what
is given and nothing of what is shown: a solver that answers "unsat" has shown that there are none, so the condition
holds. `symconv.prove.certificate.replay` asks z3 about all of them; any other solver that reads SMT-LIB 2 will do.

What is trusted: the second solver; that these conditions together make the step (see the page on what is proved); and
that they were printed as they were meant. What is not: the solver that decided them first, its text, and the rules.
"""


@dataclass(frozen=True)
class Replay:
    """How many statements the second solver confirms, refutes, and cannot decide; and the files of the latter two."""

    confirmed: int
    refuted: tuple[str, ...]
    undecided: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Is every statement confirmed, and is there one?"""
        return self.confirmed > 0 and not self.refuted and not self.undecided


def write_certificate(obligations: Iterable[Obligation], folder: Path) -> int:
    """Write the statements and their index, and return how many there are; what symconv did not write stays as it is.

    `UserError` where a file of somebody else's is in the way; `Unknown` for what is no linear integer arithmetic.
    """
    alike: dict[object, list[Obligation]] = {}
    for obligation in (x for o in obligations for x in at_scales(o)):
        alike.setdefault(canonical(obligation), []).append(obligation)
    files = {f"{number:04}.smt2": found for number, found in enumerate(alike.values(), start=1)}
    texts = {name: f"; {_MARK}\n{smtlib(found[0])}" for name, found in files.items()}
    entries = [f"{name}: {_about(found)}" for name, found in files.items()]
    texts[INDEX] = "\n".join([f"{_MARK}: {len(files)} statements", "", _TRUST, *entries, ""])
    try:
        _write(texts, folder)
    except OSError as error:
        raise UserError(f"certificate {folder}: {error.strerror or error}") from None
    return len(files)


def _about(found: Iterable[Obligation]) -> str:
    """What one statement is about, in one line: every condition that comes down to it, once."""
    return "; ".join(dict.fromkeys(" ".join(o.about.split()) for o in found))


def _write(texts: dict[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    old = [folder / name for name in (_listed(folder) if _is_ours(folder / INDEX) else ()) if name not in texts]
    foreign = [name for name in texts if (folder / name).exists() and not _is_ours(folder / name)]
    if foreign:
        raise UserError(
            f"certificate {folder}: {foreign[0]} is there and no part of a certificate; take another folder"
        )
    for path in old:
        if _is_ours(path):
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _is_ours(path: Path) -> bool:
    """Did `write_certificate` write this file? It says so in its first line."""
    if not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().removeprefix("; ").startswith(_MARK)


def _listed(folder: Path) -> tuple[str, ...]:
    """The names of the files that an index lists."""
    lines = (folder / INDEX).read_text(encoding="utf-8", errors="replace").splitlines()
    return tuple(match[1] for line in lines if (match := _ENTRY.match(line)))


def replay(folder: Path) -> Replay:
    """Ask z3 about every statement of a certificate."""
    try:
        import z3
    except ImportError:
        raise UserError("replay needs the solver z3: pip install 'symconv[certify]'") from None
    if not _is_ours(folder / INDEX):
        raise UserError(f"replay {folder}: there is no certificate with an {INDEX}")
    answers: dict[str, list[str]] = {"unsat": [], "sat": [], "unknown": []}
    for name in _listed(folder):
        solver = z3.Solver()
        solver.set("timeout", _MILLISECONDS)
        try:
            solver.from_string((folder / name).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, z3.Z3Exception):
            raise UserError(f"replay {folder}: {name} is missing, or is not SMT-LIB 2") from None
        answers[str(solver.check())].append(name)
    return Replay(len(answers["unsat"]), tuple(answers["sat"]), tuple(answers["unknown"]))
