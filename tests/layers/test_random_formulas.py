"""Random formulas, valid and not: read or refused in one line, and the same value by both evaluators."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random

import numpy as np

from symconv.ir import Layer, UndefinedRead, UserError, evaluate
from symconv.layers.custom import formulas
from symconv.verify import dense

_SEEDS = range(1000)
_RANKS = {"x": 1, "w": 1, "a": 2, "X": 2, "d": 0, "b": 0}
_COMPOUND = (
    "i+k",
    "2*i+k",
    "s*i+k-p",
    "K-1-k",
    "i-1",
    "-i",
    "2*k",
    "p",
    "3",
    "i*j",
    "0*i",
    "2147483647*i",
    "I",
    "i+2*p",
)
_RESULTS = ("[i]", "[i]", "[i,j]", "[]", "[2*i]", "[i+k]")
_NUMBERS = ("1", "2", "0", "0.5", "K", "1/3", "exp(1)", "1e-9", "sqrt(2)")
_EXPONENTS = ("2", "-1", "0.5", "(1/3)", "64", "0", "-0.5")
_ONE = ("exp", "log", "tanh", "sqrt", "abs", "relu", "sigmoid", "sin", "atan", "erf")
# What an evaluator says of a point at which a formula is not defined.
_NOT_DEFINED = (UndefinedRead, ZeroDivisionError, ValueError, OverflowError)


def _index(draw: Random) -> str:
    return draw.choice("ijk") if draw.random() < 0.9 else draw.choice(_COMPOUND)


def _entry(draw: Random) -> str:
    name = draw.choice(list(_RANKS))
    return f"{name}[{','.join(_index(draw) for _ in range(_RANKS[name]))}]" if _RANKS[name] else name


def _expression(draw: Random, depth: int = 0) -> str:
    def inner() -> str:
        return _expression(draw, depth + 1)

    kind = draw.random() if depth < 4 else 0
    if kind < 0.35:
        return _entry(draw) if draw.random() < 0.8 else draw.choice(_NUMBERS)
    if kind < 0.7:
        return f"{inner()}{draw.choice('+-*/')}{inner()}"
    if kind < 0.8:
        return f"({inner()})**{draw.choice(_EXPONENTS)}"
    if kind < 0.9:
        return f"{draw.choice(_ONE)}({inner()})"
    return (
        f"{draw.choice(('max', 'min'))}({inner()},{inner()})" if kind < 0.95 else f"sum({draw.choice('kj')}) {inner()}"
    )


def _formula(draw: Random) -> str:
    names = draw.choice((("y",), ("y",), ("h", "y"), ("h", "z", "Y")))
    text = "; ".join(f"{n}{draw.choice(_RESULTS)} = {_expression(draw)}" for n in names)
    if draw.random() < 0.1:
        at = draw.randrange(len(text))
        text = text[:at] + draw.choice("()[];,=*+^%'\"é\0") + text[at + draw.randrange(2) :]
    return text


def test_read_or_refused_in_one_line(count_cases: Callable[[str, int], None]) -> None:
    """Nothing but a `UserError` of one line; what is read evaluates to the same with and without NumPy."""
    read = compared = 0
    for seed in _SEEDS:
        draw = Random(seed)
        text, shapes = _formula(draw), draw.choice(({}, {}, {"x": (5,)}, {"x": ("N",)}, {"X": ("K", None)}))
        outcome = _read(text, shapes)
        if isinstance(outcome, Layer):
            read += 1
            compared += _agree(outcome, draw, text)
        else:
            assert "\n" not in outcome, text
            assert len(outcome) < 400, text
    assert read > 150
    assert compared > 100
    count_cases("random formulas", len(_SEEDS))
    count_cases("random formulas that were read", read)
    count_cases("random formulas evaluated in two ways", compared)


def _read(text: str, shapes: dict) -> Layer | str:
    """The layer, or the message of the refusal."""
    try:
        return formulas((text,), shapes)[0]
    except UserError as error:
        return str(error)


def _agree(layer: Layer, draw: Random, text: str) -> bool:
    """Do both evaluators give finite numbers? If so, they must be the same."""
    env = {s: draw.choice((2, 3)) for s in (*layer.context.sizes, *layer.context.scales)}
    shapes = {o.name: tuple(int(n.xreplace(env)) for n in o.shape) for o in layer.context.operands}
    if max(np.prod(shape) for shape in shapes.values()) > 50:
        return False
    tensors = {n: {p: Fraction(draw.randint(1, 5), 2) for p in np.ndindex(shapes[n])} for n in layer.inputs}
    try:
        exact = evaluate(layer.statements, layer.context, {s.name: v for s, v in env.items()}, tensors)[layer.result]
    except _NOT_DEFINED:
        return False
    arrays = {n: np.array([float(v) for v in t.values()]).reshape(shapes[n]) for n, t in tensors.items()}
    value = dense.evaluate(layer.statements, shapes, env, arrays)[layer.result]
    expected = np.array([float(exact[p]) for p in np.ndindex(value.shape)]).reshape(value.shape)
    if not np.isfinite(expected).all() or abs(expected).max() > 1e12:
        return False
    np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-6, err_msg=text)
    return True
