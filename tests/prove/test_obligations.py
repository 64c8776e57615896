"""Obligations: isl, z3 and brute force agree; a counterexample is one; certificates are written, read and replayed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp

from symconv.ir import (
    Between,
    CeilDiv,
    Context,
    Divides,
    Equal,
    FloorDiv,
    Guard,
    Quot,
    Unknown,
    UserError,
    index,
    offset,
    size,
)
from symconv.prove import obligations
from symconv.prove.certificate import Replay, replay, write_certificate
from symconv.prove.obligations import Obligation, canonical, holds, simplest_counterexample
from symconv.prove.smtlib import smtlib

Count = Callable[[str, int], None]

N, M, P = size("N"), size("M"), offset("p")
I, J, K = index("i"), index("j"), index("k")
SIZES, INDICES = (N, M, P), (I, J, K)
CASES = 700
PLAIN = Context(SIZES, (), ())
STRIDED = Context(SIZES, (Between(3 * M - 2, N + 2 * P, 3 * M),), ())


def obligation(given: Any, shown: Any, context: Context = PLAIN, about: str = "a condition") -> Obligation:
    return Obligation(about, context, INDICES, tuple(given), tuple(map(tuple, shown)))


# Brute force, with NumPy on a grid: it shares nothing with the two printers.
def on_grid(e: sp.Expr, at: dict[sp.Symbol, Any]) -> Any:
    if e.is_Integer:
        return int(e)
    if e.is_Symbol:
        return at[e]
    parts = [on_grid(a, at) for a in e.args]
    if isinstance(e, CeilDiv):
        return -(-parts[0] // parts[1])
    if isinstance(e, (FloorDiv, Quot)):
        return parts[0] // parts[1]
    operation = {sp.Add: np.add, sp.Mul: np.multiply, sp.Max: np.maximum, sp.Min: np.minimum}[e.func]
    total = parts[0]
    for part in parts[1:]:
        total = operation(total, part)
    return total


def true_at(g: Guard, at: dict[sp.Symbol, Any]) -> Any:
    if isinstance(g, Equal):
        return on_grid(g.lhs, at) == on_grid(g.rhs, at)
    if isinstance(g, Divides):
        return on_grid(g.num, at) % on_grid(g.den, at) == 0
    return (on_grid(g.lo, at) <= on_grid(g.e, at)) & (on_grid(g.e, at) <= on_grid(g.hi, at))


def false_at(o: Obligation, at: dict[sp.Symbol, Any]) -> Any:
    """Where the obligation fails."""

    def all_of(guards: Iterable[Guard]) -> Any:
        return reduce(np.logical_and, (true_at(g, at) for g in guards), True)

    return all_of(o.premises) & ~reduce(np.logical_or, map(all_of, o.shown), np.False_)


def fails_nearby(o: Obligation) -> bool:
    """Is there a counterexample with sizes of at most 4 and indices between -5 and 6?"""
    axes = [np.arange(1, 5), np.arange(1, 5), np.arange(0, 4)] + [np.arange(-5, 7)] * 3
    grid = dict(zip(o.symbols, np.meshgrid(*axes, indexing="ij", sparse=True), strict=True))
    return bool(np.any(false_at(o, grid)))


class Drawn:
    """Random obligations, about as many true as false ones."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def number(self, low: int, high: int) -> sp.Integer:
        return sp.Integer(self.draw.randint(low, high))

    def affine(self) -> sp.Expr:
        symbols = self.draw.sample([*SIZES, *INDICES, I, J, K], self.draw.randint(1, 3))
        return sp.Add(*(self.number(-3, 3) * s for s in symbols), self.number(-4, 4))

    def term(self) -> sp.Expr:
        """Affine, with a quotient now and then."""
        kind = self.draw.choice([None, None, FloorDiv, CeilDiv, Quot])
        e = self.affine()
        return (
            e
            if kind is None or e.is_number
            else kind(e, self.number(2, 4)) * self.draw.choice([-2, 1, 1, 2]) + self.number(-2, 2)
        )

    def guard(self) -> Guard:
        kind = self.draw.randrange(6)
        if kind == 0:
            return Equal(self.term(), self.term())
        if kind == 1:
            return Divides(self.number(2, 4), self.term())
        low, high = self.term(), self.term()
        if kind == 2:
            low, high = sp.Max(low, self.term()), sp.Min(high, self.term())
        if kind == 3:
            low, high = sp.Min(low, self.term()), sp.Max(high, self.term())
        return Between(low, self.draw.choice([I, J, K, self.term()]), high)

    def guards(self, most: int) -> list[Guard]:
        return [self.guard() for _ in range(self.draw.randint(0, most))]

    def obligation(self) -> Obligation:
        make = self.draw.choice(
            [self.any, self.weaker, self.cases, self.residues, self.quotient, self.bounds, self.void]
        )
        given, shown = make()
        return obligation(given, shown, self.draw.choice([PLAIN, STRIDED]))

    def any(self) -> tuple[list[Guard], list[list[Guard]]]:
        return self.guards(3), [self.guards(2) for _ in range(self.draw.randint(0, 3))]

    def weaker(self) -> tuple[list[Guard], list[list[Guard]]]:
        """What is given, with looser bounds, and sometimes tighter ones."""
        low, e, high = self.term(), self.term(), self.term()
        more, less = self.number(-1, 3), self.number(-1, 3)
        return [Between(low, e, high), *self.guards(2)], [[Between(low - less, e, high + more)]]

    def cases(self) -> tuple[list[Guard], list[list[Guard]]]:
        """One of e < c, e = c, e > c; or with a gap."""
        e, c, gap = self.term(), self.affine(), self.number(0, 1)
        below, above = Between(e, e, c - 1), Between(c + 1 + gap, e, e)
        return self.guards(2), self.draw.sample([[below], [Equal(e, c)], [above]], 3)

    def residues(self) -> tuple[list[Guard], list[list[Guard]]]:
        """Every remainder, or all but one."""
        e, n = self.term(), int(self.number(2, 4))
        left_out = self.draw.choice([-1, -1, 0, n - 1])
        return self.guards(1), [[Divides(sp.Integer(n), e - r)] for r in range(n) if r != left_out]

    def quotient(self) -> tuple[list[Guard], list[list[Guard]]]:
        """What defines a quotient, and sometimes the other one."""
        e, n = self.affine(), self.number(2, 4)
        kind, other = self.draw.choice([(FloorDiv, 0), (CeilDiv, 1), (Quot, 2), (Quot, 0)])
        if other == 2:
            return [Divides(n, e), *self.guards(1)], [[Equal(n * kind(e, n), e)]]
        low, high = (e - n + 1, e) if not other or self.draw.random() < 0.3 else (e, e + n - 1)
        return self.guards(1), [[Between(low, n * kind(e, n), high), Equal(CeilDiv(e, n), FloorDiv(e + n - 1, n))]]

    def bounds(self) -> tuple[list[Guard], list[list[Guard]]]:
        """Between the greatest of two bounds and the least of two others, so between one of each."""
        a, b, c, d = (self.term() for _ in range(4))
        given = [Between(sp.Max(a, b), I, sp.Min(c, d)), *self.guards(1)]
        return given, [[Between(a, I, d + self.number(-1, 0)), Between(b, I, sp.Max(c, d))]]

    def void(self) -> tuple[list[Guard], list[list[Guard]]]:
        """Premises that contradict each other, or nearly do: nothing is to be shown."""
        e, gap = self.term(), self.number(0, 2)
        return [Between(e + gap, I, I), Between(I, I, e), *self.guards(1)], []


def second_opinion(o: Obligation) -> str:
    z3 = pytest.importorskip("z3")
    solver = z3.Solver()
    solver.set("timeout", 20_000)
    solver.from_string(smtlib(o))
    return str(solver.check())


def random_obligations() -> Iterator[Obligation]:
    drawn = Drawn(1)
    return (drawn.obligation() for _ in range(CASES))


def test_isl_z3_and_brute_force_agree(count_cases: Count) -> None:
    """A counterexample nearby contradicts `holds`; z3 never disagrees; where isl refutes, it has a counterexample."""
    seen = Counter[str]()
    for o in random_obligations():
        try:
            answer = holds(o)
        except Unknown:
            seen["too much work"] += 1
            continue
        assert not (answer and fails_nearby(o)), smtlib(o)
        opinion = second_opinion(o)
        assert opinion in ("unsat" if answer else "sat", "unknown"), smtlib(o)
        example = simplest_counterexample(o)
        assert (example is None) is answer
        if example is not None:
            assert false_at(o, {s: example[s.name] for s in o.symbols})
        seen.update([f"holds {answer}", f"z3 {opinion}"])
    assert seen["holds True"] > CASES // 5, seen
    assert seen["holds False"] > CASES // 5, seen
    assert seen["too much work"] + seen["z3 unknown"] <= CASES // 50, seen
    for name, count in sorted(seen.items()):
        count_cases(f"random obligations: {name}", count)


def test_a_counterexample_has_the_smallest_sizes() -> None:
    """The least sum of the sizes, and every index as near to zero as it can be, on either side of it."""
    o = obligation([Between(-9, I, -2), Between(2, J, N)], [[Between(3, N + M, 4)]])
    assert simplest_counterexample(o) == {"N": 2, "M": 3, "p": 0, "i": -2, "j": 2, "k": 0}
    o = obligation([Between(N, 2 * I, I + 10**30)], [[Between(I, I, 10**30 - 1)]])
    assert simplest_counterexample(o) == {"N": 1, "M": 1, "p": 0, "i": 10**30, "j": 0, "k": 0}


def test_the_context_is_used_and_what_is_unconnected_counts() -> None:
    """Assumptions define sizes; premises about other indices count where they cannot be satisfied."""
    assert holds(obligation([], [[Between(1, N + 2 * P, 3 * M)]], STRIDED))
    assert not holds(obligation([], [[Between(1, N + 2 * P, 3 * M)]]))
    assert not holds(obligation([Between(0, J, N)], [[Equal(I, 0)]]))
    assert holds(obligation([Between(0, J, -N)], [[Equal(I, 0)]]))
    assert holds(obligation([Between(0, J, -N)], [[Equal(I, 0)], [Equal(I, 1)]]))
    assert holds(obligation([], [[]]))
    assert not holds(obligation([], []))
    assert holds(obligation([Between(N, I, 0)], [[Between(1, I, 0)]]))


def test_what_is_not_linear_is_unknown() -> None:
    """Products of symbols, division by a symbol, and symbols of nobody: a reason, and no traceback of isl's."""
    stranger = size("q")
    for g in (Equal(N * I, J), Divides(N, I), Equal(FloorDiv(I, N), 0), Equal(I, stranger), Equal(I / 2, J)):
        with pytest.raises(Unknown):
            holds(obligation([], [[g]]))
        with pytest.raises(Unknown):
            smtlib(obligation([], [[g]]))
    for big in (2**31, 2**32, 2**63, 2**64, 10**40):
        assert holds(obligation([Between(0, I, N)], [[Between(-big, big * I, big * N)]]))
        assert holds(obligation([Divides(big, I), Between(1, I, big)], [[Equal(I, big)]]))


def test_work_is_limited() -> None:
    """A case distinction that explodes is given up after about a second."""
    many = tuple(index(f"a{k}") for k in range(6))
    draw = random.Random(1)
    shown = []
    for k in range(30):
        sum_of = sp.Add(*(draw.randint(1, 5) * a for a in many))
        near = Between(0, many[k % 6] + k, CeilDiv(3 * many[(k + 1) % 6] + N, 4))
        shown.append((Divides(draw.choice([7, 11, 13, 17]), sum_of), near))
    o = Obligation("many cases", PLAIN, many, tuple(Between(0, a, N) for a in many), tuple(shown))
    with pytest.raises(Unknown, match="pieces"):
        holds(o)


def test_isl_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past its limit isl raises, and is as good as new for the next question."""
    o = obligation([Divides(7, I + 5 * J), Divides(14, K)], [[Divides(7, 3 * I + 15 * J + 7 * K)]])
    with monkeypatch.context() as limit:
        limit.setattr(obligations, "MOST_OPERATIONS", 100)
        with pytest.raises(Unknown, match="gave up"):
            holds(o)
        with pytest.raises(Unknown, match="gave up"):
            simplest_counterexample(o)
    assert holds(o)


def test_every_phase_of_a_large_stride_is_quick() -> None:
    """64 alternatives, each with divisibility, are one question."""
    eight, some = sp.Integer(8), range(8)
    given = [Between(0, I, N - 1), Between(0, J, M - 1)]
    shown = [[Divides(eight, I + P - a), Divides(eight, J - b)] for a in some for b in some]
    assert holds(obligation(given, shown))
    assert not holds(obligation(given, shown[:-1]))


def test_letters_do_not_matter() -> None:
    """The same statement about other indices and sizes is one text, and one file of a certificate."""
    one = obligation([Between(0, I, N - 1)], [[Between(0, I + P, N + P)]])
    other = obligation([Between(0, K, M - 1)], [[Between(0, K + P, M + P)]])
    assert canonical(one) == canonical(other)
    assert canonical(one) != canonical(obligation(one.given, [[Between(0, I + P, N + P - 1)]]))
    with pytest.raises(ValueError, match="twice"):
        Obligation("twice", PLAIN, (I, I), (), ())


TRUE = obligation([Between(0, I, N - 1)], [[Between(0, I, N + P)]], about="first step: inside its box")
FALSE = obligation([Between(0, I, N)], [[Between(0, I, N - 1)]], about="second step: onto")


def test_a_certificate_is_written_and_replayed(tmp_path: Path) -> None:
    """One file for each statement; the index says what each shows; z3 confirms all of them."""
    pytest.importorskip("z3")
    folder = tmp_path / "proof"
    again = obligation(TRUE.given, TRUE.shown, about="third step: inside its box")
    other = obligation([Divides(3, I)], [[Equal(3 * Quot(I, 3), I)]], about="a quotient is exact\n(everywhere)")
    assert write_certificate([TRUE, again, other], folder) == 2
    assert sorted(p.name for p in folder.iterdir()) == ["0001.smt2", "0002.smt2", "index.txt"]
    index_text = (folder / "index.txt").read_text()
    assert "0001.smt2: first step: inside its box; third step: inside its box\n" in index_text
    assert "0002.smt2: a quotient is exact (everywhere)\n" in index_text
    assert "What is trusted" in index_text
    assert "(set-logic QF_LIA)" in (folder / "0001.smt2").read_text()
    assert replay(folder) == Replay(2, (), ())
    assert replay(folder).agrees
    assert write_certificate([FALSE], folder) == 1
    assert sorted(p.name for p in folder.iterdir()) == ["0001.smt2", "index.txt"]
    assert replay(folder) == Replay(0, ("0001.smt2",), ())
    assert not replay(folder).agrees
    assert write_certificate([], folder) == 0
    assert not replay(folder).agrees


@pytest.mark.parametrize("name", ["0001.smt2", "index.txt"])
def test_foreign_files_stay(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine\n")
    with pytest.raises(UserError, match=name):
        write_certificate([TRUE], tmp_path)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [(name, "mine\n")]


def test_what_cannot_be_written_or_replayed_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("z3")
    with pytest.raises(UserError, match="no certificate"):
        replay(tmp_path)
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(UserError, match="certificate"):
        write_certificate([TRUE], file)
    write_certificate([TRUE], tmp_path / "proof")
    (tmp_path / "proof" / "0001.smt2").write_text("(assert")
    with pytest.raises(UserError, match=r"0001\.smt2"):
        replay(tmp_path / "proof")
    (tmp_path / "proof" / "0001.smt2").unlink()
    with pytest.raises(UserError, match=r"0001\.smt2"):
        replay(tmp_path / "proof")
