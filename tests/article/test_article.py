"""The article's equations: which hold, under which reading, and that brute force agrees with every single verdict."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import pytest

from symconv.article import article_claims
from symconv.article.claims import Claim, Judgement, judge
from symconv.ir import UndefinedRead, evaluate
from symconv.prove.reading import Reading, judge_reading
from symconv.prove.verdict import Proof
from tests.brute_force import CUBIC, box, inputs, small_sizes

Count = Callable[[str, int], None]
NUMBERS = [c.number for c in article_claims()]
_AGREEMENT = re.compile("the two sides (differ at all sizes|agree (?P<only>only )?where (?P<where>.*))")


@cache
def claim(number: str) -> Claim:
    (found,) = [c for c in article_claims() if c.number == number]
    return found


@cache
def judgement(number: str) -> Judgement:
    (found,) = judge([claim(number)])
    return found


def verdicts(number: str) -> dict[str, str]:
    return {reading.label: proof.verdict for reading, proof in judgement(number).readings}


def both_sides(reading: Reading, sizes: dict[str, int]) -> tuple[Any, Any]:
    """The two sides at these sizes, None for one that reads outside an array; entries grow, so that none cancel."""
    sides = [side for side in (reading.lhs, reading.rhs) if side]
    written = {s.result.name for s in reading.prelude}
    names = sorted(inputs([*reading.prelude, *reading.lhs, *reading.rhs]) - written)
    tensors = {}
    for k, name in enumerate(names):
        points = product(*map(range, box(reading.context, name, sizes)))
        tensors[name] = {p: (n * n + 3 * n + k + 2) * (k + 1) + n**3 for n, p in enumerate(points)}
    values = []
    for side in sides:
        try:
            done = evaluate([*reading.prelude, *side], reading.context, sizes, tensors, CUBIC)
            values.append(done[side[0].result.name])
        except (UndefinedRead, ArithmeticError):
            values.append(None)
    return values[0], values[-1]


def smaller(reading: Reading, sizes: dict[str, int]) -> Iterator[dict[str, int]]:
    """All sizes with a smaller sum."""
    total = sum(sizes.values())
    for other in small_sizes(reading.context, total, most=100_000):
        if sum(other.values()) < total:
            yield other


def every_reading(number: str) -> Iterator[tuple[Reading, Proof]]:
    """The readings and the corrected form."""
    found = judgement(number)
    yield from found.readings
    if found.claim.corrected and found.corrected:
        yield found.claim.corrected, found.corrected


@pytest.mark.parametrize("number", NUMBERS)
def test_no_claim_is_left_open_and_every_correction_is_proved(number: str, count_cases: Count) -> None:
    """Each reading has a verdict other than unknown, and the corrected form, where there is one, is proved."""
    for _, proof in judgement(number).readings:
        assert proof.verdict in ("proved", "refuted", "undefined", "definition")
        assert proof.scope
        assert (proof.counterexample is not None) is (proof.verdict in ("refuted", "undefined"))
    if claim(number).corrected:
        assert judgement(number).corrected.proved
    count_cases("readings of the article", len(judgement(number).readings))


@pytest.mark.parametrize("number", NUMBERS)
def test_refutations_are_confirmed_and_smallest(number: str, count_cases: Count) -> None:
    """At a counterexample's sizes the two sides differ, or a read is undefined; at every smaller size they agree."""
    for reading, proof in every_reading(number):
        if proof.verdict not in ("refuted", "undefined"):
            continue
        sizes = dict(proof.counterexample.sizes)
        left, right = both_sides(reading, sizes)
        if proof.verdict == "undefined":
            assert left is None or right is None
        else:
            assert left is not None
            assert right is not None
            assert left != right
            at = proof.counterexample.at
            assert proof.counterexample.lhs != proof.counterexample.rhs
            assert left[at] != right[at]
        for other in smaller(reading, sizes):
            left, right = both_sides(reading, other)
            assert left is not None, (reading.label, other)
            if proof.verdict == "undefined":  # where both are defined they may differ before that
                assert right is not None, (reading.label, other)
            else:
                assert left == right, (reading.label, other)
            count_cases("smaller sizes at which a refuted reading still holds", 1)


@pytest.mark.parametrize("number", NUMBERS)
def test_proofs_agree_with_brute_force(number: str, count_cases: Count) -> None:
    """Where a reading is proved the two sides agree at all images up to 4 x 4 with kernels up to 3 x 3."""
    for reading, proof in every_reading(number):
        if proof.verdict not in ("proved", "definition"):
            continue
        for sizes in small_sizes(reading.context, 4, most=1_000):
            if any(v > 3 for name, v in sizes.items() if name not in ("H", "W")):
                continue
            left, right = both_sides(reading, sizes)
            assert left is not None, (reading.label, sizes)
            if not reading.definition:
                assert left == right, (reading.label, sizes)
            count_cases("sizes at which a proved reading was evaluated", 1)


@pytest.mark.parametrize("number", NUMBERS)
def test_stated_agreement_is_exact(number: str, count_cases: Count) -> None:
    """A refutation that says where the two sides agree is right about every small size; "only" is about the others."""
    for reading, proof in every_reading(number):
        if proof.verdict != "refuted":
            continue
        said = _AGREEMENT.fullmatch(proof.reason)
        if said is None:  # what a mask is at other sizes is not known
            assert reading.prelude, reading.label
            assert proof.reason == "", reading.label
            continue
        for sizes in small_sizes(reading.context, 3, most=60):
            left, right = both_sides(reading, sizes)
            agrees = said["where"] is not None and all(_holds(part, sizes) for part in said["where"].split(" and "))
            if agrees or said["where"] is None or said["only"]:
                assert (left == right) is agrees, (reading.label, sizes, proof.reason)
                count_cases("sizes at which a stated condition was checked", 1)


def _holds(part: str, sizes: dict[str, int]) -> bool:
    """One equation such as `k1 = H` or `k1 = 1`."""
    left, right = (side.strip() for side in part.strip("() ").split(" = "))
    return sizes[left] == (int(right) if right.isdecimal() else sizes[right])


def test_every_claim_holds_under_some_reading_or_corrected() -> None:
    """So that the exit code of `symconv prove` is 0; without the readings and the correction that hold it is not."""
    for number in NUMBERS:
        found = judgement(number)
        assert found.holds, number
        failed = [proof for proof in found.proofs if proof.verdict not in ("proved", "definition")]
        assert not replace(found, proofs=tuple(failed), corrected=None).holds, number
        assert replace(found, proofs=tuple(failed)).holds is (found.corrected is not None), number


def test_the_weight_gradient_holds_as_printed() -> None:
    """Eqs. 10 to 13 are proved as they stand."""
    for number in ("10", "11", "12", "13"):
        assert set(verdicts(number).values()) == {"proved"}


@pytest.mark.parametrize("number", ["6", "14"])
def test_rotated_forms_hold_about_the_origin_or_in_valid_alignment(number: str) -> None:
    """Eqs. 6 and 14 hold with * as Eq. 2 about the origin, and in valid alignment about the centre; not otherwise."""
    for label, verdict in verdicts(number).items():
        convolution = label.startswith("* as Eq. 2")
        origin = "about the origin, offsets at zero" in label
        valid = "about the centre, valid alignment" in label
        assert (verdict == "proved") is (convolution and (origin or valid)), label
    assert verdicts(number)["* as Eq. 2, rot180 about the centre, offsets at zero, zero outside"] == "refuted"


def test_equation_20_needs_zeros_outside() -> None:
    """Eq. 20 reads outside the deltas as printed, and is proved with zeros there."""
    found = verdicts("20")
    assert found["every pixel, arrays as they are"] == "undefined"
    assert found["every pixel, δ zero outside"] == "proved"
    assert found["pixels at least k - 1 away from the border"] == "proved"


def test_equation_21_is_refuted_when_the_summed_map_is_turned() -> None:
    """Turning the summed map is no reading of Eq. 21 that holds; turning the kernel inside it is, in full alignment."""
    turned_map = {v for label, v in verdicts("21").items() if "turns the summed map" in label}
    assert turned_map == {"refuted"}
    kernel = {label: v for label, v in verdicts("21").items() if "turns the kernel" in label}
    assert sorted(kernel.values()) == ["proved", "proved", "refuted", "refuted"]


def test_equation_22_holds_for_cross_correlation_only() -> None:
    """With * as Eq. 2 no reading of Eq. 22 holds; with * as Eq. 1 it does about the centre, full, zero outside."""
    found = verdicts("22")
    convolution = {v for label, v in found.items() if label.startswith("* as Eq. 2")}
    assert convolution == {"refuted", "undefined"}
    assert found["* as Eq. 1, rot180 about the centre, full alignment, zero outside"] == "proved"
    proved = [label for label, v in found.items() if v == "proved"]
    assert all(label.startswith("* as Eq. 1") and "zero outside" in label for label in proved)
    assert len(proved) == 2


def test_a_claim_about_symmetric_kernels_is_no_claim_about_all() -> None:
    """The sentence below Eq. 3 fails for all kernels, and holds for those that equal their rotation, aligned."""
    found = verdicts("K(-m,-n)")
    assert found["every kernel equals its rotation about the centre"] == "refuted"
    assert found["for kernels that do, convolution is cross-correlation, full alignment"] == "proved"


@pytest.mark.parametrize("number", ["max pooling", "average pooling"])
def test_pooling_gradients_add_over_overlapping_windows(number: str) -> None:
    """Blocks that do not overlap may be assigned; windows that overlap have to be added."""
    assert list(verdicts(number).values()) == ["proved", "refuted", "proved"]


def test_a_reading_whose_sides_are_exchanged_has_the_same_verdict() -> None:
    """Equality is symmetric: every reading judged the other way round."""
    for c in article_claims():
        for reading, proof in judgement(c.number).readings:
            if not reading.definition:
                other = Reading(reading.label, reading.rhs, reading.lhs, reading.context, prelude=reading.prelude)
                assert judge_reading(other).verdict == proof.verdict, reading.label
