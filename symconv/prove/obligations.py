"""Obligations: the statements about integers that a proof comes down to, and two ways to have one decided.

An obligation says: whatever the sizes that satisfy the context and whatever the indices, `given` implies one of the
alternatives `shown`. `holds` asks isl; `smtlib.smtlib` prints the same statement for any other solver, and shares no
text with it. Nothing here knows of sums, of layers or of rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import islpy as isl
import sympy as sp

from symconv.ir import Between, Context, Guard, Unknown
from symconv.ir.presburger import Names, constraint, limited

Conjunction = tuple[Guard, ...]
Alternatives = tuple[Conjunction, ...]
Question = tuple[int, int, int, str, tuple[str, ...]]

# isl stops after this many of its own operations, a few seconds; most obligations take some ten thousand. And what is
# left of the premises, one alternative after the other taken out, may fall into so many pieces and no more.
MOST_OPERATIONS = 3_000_000
MOST_PIECES = 100
# A symbolic stride or dilation is looked at with each of the values 1..LARGEST_SCALE, and a scope says so.
LARGEST_SCALE = 4
MOST_SCALES = 4
_DIM = isl.dim_type


@dataclass(frozen=True)
class Obligation:
    """For all sizes of the context and all integers `indices`: the conjunction `given` implies one of `shown`.

    about: in words, which condition of which step this is. shown: alternatives, each a conjunction; no alternative
    at all is "false", so that what is shown is that `given` cannot be. Quotients are by numbers and round as they are
    called; an exact quotient is read as the floor, and that it is exact is an obligation of its own. A scale of the
    context (a symbolic stride or dilation) stands for each of 1..LARGEST_SCALE.
    """

    about: str
    context: Context
    indices: tuple[sp.Symbol, ...]
    given: Conjunction
    shown: Alternatives

    def __post_init__(self) -> None:
        object.__setattr__(self, "given", tuple(dict.fromkeys(self.given)))
        if len({*self.indices, *self.context.sizes}) != len(self.indices) + len(self.context.sizes):
            raise ValueError(f"{self.about}: an index stands twice, or is a size too")

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """What the statement is about all of: sizes, then indices."""
        return self.context.sizes + self.indices

    @property
    def assumed(self) -> Conjunction:
        """What is given, and what is assumed of the sizes."""
        return self.given + self.context.assumptions

    @property
    def premises(self) -> Conjunction:
        """All that may be used: what is given, what is assumed, and what the symbols say by themselves."""
        return self.assumed + tuple(map(sign, filter(_has_sign, self.context.sizes)))


def _has_sign(symbol: sp.Symbol) -> bool:
    return bool(symbol.is_nonnegative)


def sign(symbol: sp.Symbol) -> Between:
    """A size is at least 1, a pad at least 0."""
    return Between(sp.Integer(bool(symbol.is_positive)), symbol, symbol)


def canonical(obligation: Obligation) -> Question:
    """The statement without its letters: equal for two obligations that say the same with other names."""
    return _question(obligation, obligation.assumed, obligation.shown)


def at_scales(obligation: Obligation) -> Iterator[Obligation]:
    """The statements with numbers for the strides and dilations that it speaks of; itself where there are none."""
    guards = (*obligation.assumed, *_flat(obligation.shown))
    used = frozenset().union(*(g.symbols for g in guards))
    scales = [s for s in obligation.context.scales if s in used]
    rest = dict.fromkeys((s for s in obligation.context.scales if s not in used), 1)
    for values in product(range(1, LARGEST_SCALE + 1), repeat=len(scales)):
        at = dict(zip(scales, values, strict=True))
        put = {s: sp.Integer(v) for s, v in at.items()}
        given = tuple(g.map(lambda e, put=put: e.xreplace(put)) for g in obligation.given)  # type: ignore[misc]
        shown = tuple(
            tuple(g.map(lambda e, put=put: e.xreplace(put)) for g in c)  # type: ignore[misc]
            for c in obligation.shown
        )
        where = f" at {', '.join(f'{s} = {v}' for s, v in at.items())}" if at else ""
        context = obligation.context.substitute({**at, **rest})
        yield Obligation(obligation.about + where, context, obligation.indices, given, shown)


def holds(obligation: Obligation) -> bool:
    """Is the obligation true? Raises `Unknown` where isl cannot say: no linear arithmetic, or too much work."""
    if len(obligation.shown) != 1:
        return _implied(obligation, obligation.shown)
    # A conjunction is shown one condition at a time: each needs few of the premises.
    return all(g in obligation.given or _implied(obligation, ((g,),)) for g in obligation.shown[0])


def _implied(obligation: Obligation, shown: Alternatives) -> bool:
    """Do the premises imply one of `shown`? Those connected with it are tried first, then all of them."""
    near = _near(obligation, shown)
    if shown and _decided(_question(obligation, near, shown)):
        return True
    if len(near) == len(obligation.assumed):
        return not shown and _decided(_question(obligation, near, shown))
    return _decided(_question(obligation, obligation.assumed, shown))


def _near(obligation: Obligation, shown: Alternatives) -> Conjunction:
    """The premises connected with `shown`: given ones through indices, then those on the sizes through sizes.

    To leave out a premise can only make an obligation harder to show.
    """
    indices = frozenset(obligation.indices)
    start = frozenset().union(*(g.symbols for g in _flat(shown)))
    given = _connected(obligation.given, start, lambda g: g.symbols & indices)
    start = start.union(*(g.symbols for g in given)) - indices
    return given + _connected(obligation.context.assumptions, start, lambda g: g.symbols)


def _connected(
    guards: Conjunction, start: frozenset[sp.Symbol], links: Callable[[Guard], frozenset[sp.Symbol]]
) -> Conjunction:
    """The guards that a chain of shared symbols joins to `start`, in their order."""
    reached, found = set(start), set[Guard]()
    while True:
        new = [g for g in guards if g not in found and links(g) & reached]
        if not new:
            return tuple(g for g in guards if g in found)
        found.update(new)
        reached.update(*map(links, new))


def _flat(shown: Alternatives) -> Iterator[Guard]:
    return (g for conjunction in shown for g in conjunction)


class _Numbers(Names):
    """Names in order of first use, so that one statement about other letters is the same text: P0, P1, .. i0, i1, ..

    Scales become S0, S1, ..: places for numbers.
    """

    def __init__(self, obligation: Obligation) -> None:
        context = obligation.context
        super().__init__({}, context.scales)
        self.letters = dict.fromkeys(context.sizes, "P") | dict.fromkeys(obligation.indices, "i")
        self.letters |= dict.fromkeys(context.scales, "S")
        self.count = {"P": 0, "i": 0, "S": 0}

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.letters

    def __missing__(self, symbol: sp.Symbol) -> str:
        letter = self.letters[symbol]
        self[symbol] = f"{letter}{self.count[letter]}"
        self.count[letter] += 1
        return self[symbol]


def _question(obligation: Obligation, premises: Conjunction, shown: Alternatives) -> Question:
    """The numbers of sizes, indices and scales, the premises as text, and each alternative."""
    names = _Numbers(obligation)
    right = tuple(_text(conjunction, names) for conjunction in shown)
    left = _with_signs(premises, names)
    return names.count["P"], names.count["i"], names.count["S"], left, right


def _with_signs(premises: Conjunction, names: _Numbers) -> str:
    """The premises, and the signs of the sizes named so far and in them, in order of their names."""
    text = _text(premises, names)
    sizes = [s for s in names if s not in names.scales and _has_sign(s)]
    return " and ".join([text, *(constraint(sign(s), names) for s in sizes)])


def _text(guards: Iterable[Guard], names: Names) -> str:
    return " and ".join(constraint(g, names) for g in guards) or "true"


@lru_cache(maxsize=1 << 15)
def _decided(question: Question) -> bool:
    """Is nothing left of the premises without the alternatives, at each value of the scales?"""
    sizes, indices, scales, left, right = question
    if scales > MOST_SCALES:
        raise Unknown(f"{scales} strides and dilations depend on each other, and at most {MOST_SCALES} are looked at")

    def nothing_left(values: tuple[int, ...]) -> bool:
        premises, alternatives = _at_scales(left, values), [_at_scales(text, values) for text in right]
        with limited(_context(), MOST_OPERATIONS):
            return bool(_remainder(sizes, indices, premises, alternatives).is_empty())

    return all(map(nothing_left, product(range(1, LARGEST_SCALE + 1), repeat=scales)))


def _at_scales(text: str, values: Sequence[int]) -> str:
    """The text with numbers in the places of the scales; the last place first, so that S1 is not found in S10."""
    for k in reversed(range(len(values))):
        text = text.replace(f"S{k}", str(values[k]))
    return text


def _remainder(sizes: int, indices: int, left: str, right: Iterable[str]) -> isl.Set:
    """The premises without the alternatives, taken out one by one: all at once is a search that is far slower."""
    points = _set(sizes, indices, left)
    for alternative in right:
        if points.is_empty():
            break
        points = points.subtract(_set(sizes, indices, alternative))
        if points.n_basic_set() > MOST_PIECES:
            raise Unknown(f"the case distinction has more than {MOST_PIECES} pieces")
    return points


def _set(sizes: int, indices: int, where: str) -> isl.Set:
    parameters, points = ", ".join(f"P{k}" for k in range(sizes)), ", ".join(f"i{k}" for k in range(indices))
    return isl.Set.read_from_str(_context(), f"[{parameters}] -> {{ [{points}] : {where} }}")


@lru_cache(maxsize=1)
def _context() -> isl.Context:
    """A context of isl's for obligations alone: its limit is counted for each of them anew."""
    return isl.Context()


def simplest_counterexample(obligation: Obligation) -> dict[str, int] | None:
    """Sizes and indices, by name, at which the obligation is false; None where it holds.

    The sum of the sizes is least, then each number in turn, sizes first, is as near to zero as it can be.
    """
    names = _Numbers(obligation)
    for symbol in obligation.symbols:
        names[symbol]
    left = _with_signs(obligation.assumed, names)
    right = tuple(_text(conjunction, names) for conjunction in obligation.shown)
    sizes, indices = len(obligation.context.sizes), len(obligation.indices)

    with limited(_context(), MOST_OPERATIONS):
        points = _remainder(sizes, indices, left, right)
        if points.is_empty():
            return None
        found = _nearest(points.move_dims(_DIM.set, 0, _DIM.param, 0, sizes), sizes)
    return {s.name: v for s, v in zip(obligation.symbols, found, strict=True)}


def _nearest(points: isl.Set, sizes: int) -> list[int]:
    """A point with the least sum of its first `sizes` coordinates, then each coordinate nearest to zero."""
    count = points.dim(_DIM.set)
    names = [f"a{k}" for k in range(count)]
    total = " + ".join(names[:sizes]) or "0"
    sums = isl.Map.read_from_str(_context(), f"{{ [{', '.join(names)}] -> [{total}] }}")
    least = _nearest_value(points.apply(sums))
    points = points.intersect(sums.fix_val(_DIM.out, 0, _value(least)).domain())
    out = []
    for k in range(count):
        line = points.project_out(_DIM.set, k + 1, count - k - 1).project_out(_DIM.set, 0, k)
        out.append(_nearest_value(line))
        points = points.fix_val(_DIM.set, k, _value(out[-1]))
    return out


def _nearest_value(line: isl.Set) -> int:
    """The element of a set of integers that is nearest to zero.

    By lexmin and lexmax: isl's `dim_max_val` takes pieces into account that have rational points alone.
    """
    above = line.lower_bound_val(_DIM.set, 0, _value(0))
    nearest = line.lexmax() if above.is_empty() else above.lexmin()
    return int(nearest.sample_point().get_coordinate_val(_DIM.set, 0).to_python())


def _value(number: int) -> isl.Val:
    return isl.Val.read_from_str(_context(), str(number))
