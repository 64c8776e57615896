"""The Python interface: `symconv.derive`, `symconv.prove`, and what they return."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from symconv.article import NUMBERS, article_claim
from symconv.article.claims import Claim, Judgement, judge
from symconv.derive import derive as derive_layer
from symconv.derive import gradient_layer
from symconv.ir import Derivation, IndexedSum, Layer, Step, UserError
from symconv.layers.custom import formulas
from symconv.prove.prover import prove_derivation
from symconv.prove.reading import Reading, judge_reading
from symconv.prove.verdict import Counterexample, Proof, ProvedDerivation


@dataclass(frozen=True)
class Derived:
    """A derivation with its proofs, ready to be read, printed or taken apart.

    >>> import symconv as sc
    >>> d = sc.derive(sc.Conv2d(kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1)), wrt="w")
    >>> d.verdict
    'proved'
    """

    proved: ProvedDerivation

    @property
    def derivation(self) -> Derivation:
        return self.proved.derivation

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.derivation.steps

    @property
    def result(self) -> tuple[IndexedSum, ...]:
        """The gradient: the sum of all of these."""
        return self.derivation.result

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """One for each step."""
        return self.proved.steps

    @property
    def verdict(self) -> str:
        """Of the whole gradient against the adjoint relation."""
        return self.proved.gradient.verdict

    @property
    def scope(self) -> str:
        return self.proved.gradient.scope

    def text(self, *, ascii: bool = False) -> str:
        from symconv.emit.derivation import derivation_text

        return derivation_text(self.proved, ascii=ascii)

    def latex(self, *, fragment: bool = False) -> str:
        from symconv.emit.derivation import derivation_latex

        return derivation_latex(self.proved, fragment=fragment)

    def markdown(self) -> str:
        from symconv.emit.derivation import derivation_markdown

        return derivation_markdown(self.proved)

    def json(self) -> dict[str, Any]:
        from symconv.emit.derivation import derivation_json

        return derivation_json(self.proved)


def as_layer(layer: Any) -> Layer:
    """The IR layer of a spec such as `Conv2d(...)`, or a layer as it is."""
    if isinstance(layer, Layer):
        return layer
    inner = getattr(layer, "layer", None)
    if not isinstance(inner, Layer):
        raise UserError(f"{layer!r} is no layer: give Conv2d(...), Formula(...) or another layer of symconv")
    return inner


def derive(layer: Any, wrt: str = "x") -> Derived:
    """Derive and prove the gradient of a layer with respect to one of its inputs.

    layer: `Conv2d(...)`, `Formula(...)` or any other layer; attributes left out stay symbolic.
    wrt: the operand's name, such as "x", "w" or "b". Raises `UserError` where there is no such gradient.
    """
    return Derived(prove_derivation(derive_layer(as_layer(layer), wrt)))


def gradient(layer: Any, wrt: str = "x") -> Layer:
    """The gradient of a layer as a layer of its own, to be derived again, proved, built or verified.

    Its inputs are the layer's own and the adjoint of its result. With dE/dx as a layer, its gradient is the
    Hessian-vector product.

    >>> import symconv as sc
    >>> again = sc.derive(sc.gradient(sc.Formula("y[i] = x[i]**3"), "x"), wrt="x")
    >>> again.verdict
    'proved'
    """
    return gradient_layer(as_layer(layer), wrt)


def prove(claim: Any) -> Proof | Judged:
    """Judge a claim: a `Reading` (lhs = rhs), a `Claim`, or the number of one of the article's equations.

    The answer has `.verdict` ("proved", "refuted", "undefined", "unknown", "definition"), `.scope`, `.counterexample`.
    """
    if isinstance(claim, Reading):
        return judge_reading(claim)
    if isinstance(claim, (str, int)):
        claim = find_claim(str(claim))
    if isinstance(claim, Claim):
        return Judged(judge([claim])[0])
    raise UserError(f"{claim!r} is no claim: give a Reading, a Claim, or an equation number such as '22'")


def verify(candidate: Any, layer: Any, **options: Any) -> Any:
    """Hold a hand-written layer against the derived one: a `Report` with `.verdict`, `.outputs["dx"].cause`, `.text()`.

    candidate: "FILE.py:NAME" of a function or a class, or one at hand; a pair of them for a forward and a backward
    pass. options: `returns`, `roles`, `limits`, `strict` .. of `symconv.verify.verify.Options`.
    """
    from symconv.verify.verify import Options
    from symconv.verify.verify import verify as run

    return run(candidate, as_layer(layer), Options(**options))


def equal(lhs: str, rhs: str, shapes: dict[str, tuple[Any, ...]] | None = None) -> Reading:
    """The claim that two formulas give the same result for all sizes and all operands.

    >>> import symconv as sc
    >>> sc.prove(sc.equal("y[i] = sum(k) w[k]*x[i+k]", "y[i] = sum(k) w[K-1-k]*x[i+K-1-k]")).verdict
    'proved'
    >>> sc.prove(sc.equal("y[i] = sum(k) w[k]*x[i+k]", "y[i] = sum(k) w[K-1-k]*x[i+k]")).counterexample.sizes
    (('I', 1), ('K', 2), ('X0', 2))
    """
    left, right = formulas((lhs, rhs), shapes or {})
    if left.result != right.result:
        raise UserError(
            f"equal: the left side writes {left.result}, the right side {right.result}: write the same result"
        )
    for layer in (left, right):
        if len(layer.statements) != len(layer.writers(layer.result)):
            raise UserError(
                "equal: a side has intermediate operands: write each side as one sum or several, of inputs alone"
            )
    sizes = tuple(dict.fromkeys((*left.context.sizes, *right.context.sizes)))
    scales = tuple(dict.fromkeys((*left.context.scales, *right.context.scales)))
    if scales:
        raise UserError(
            f"equal: {scales[0]} multiplies an index: give a number, as equality is decided at numeric strides"
        )
    context = replace(left.context, sizes=sizes)
    domain = tuple(dict.fromkeys((*left.domain, *right.domain)))
    return Reading(f"{lhs.strip()}  is  {rhs.strip()}", left.sums, right.sums, context, domain=domain)


def own_claim(lhs: str, rhs: str) -> Claim:
    """`equal` as a claim with one reading, to be printed like one of the article's."""
    reading = replace(equal(lhs, rhs), label="for all operands")
    return Claim("equal", "two formulas", f"{lhs.strip()}  is  {rhs.strip()}", (reading,))


def find_claim(number: str) -> Claim:
    """The article's claim of that number."""
    if number not in NUMBERS:
        raise UserError(f"equation {number!r}: the article has {', '.join(NUMBERS)}")
    return article_claim(number)


@dataclass(frozen=True)
class Judged:
    """The judgement of a claim; its verdict is that of the first reading, the one word for word."""

    judgement: Judgement

    @property
    def readings(self) -> tuple[tuple[Reading, Proof], ...]:
        return self.judgement.readings

    @property
    def corrected(self) -> Proof | None:
        return self.judgement.corrected

    @property
    def verdict(self) -> str:
        return self.judgement.proofs[0].verdict

    @property
    def scope(self) -> str:
        return self.judgement.proofs[0].scope

    @property
    def counterexample(self) -> Counterexample | None:
        return self.judgement.proofs[0].counterexample
