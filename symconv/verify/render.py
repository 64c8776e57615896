"""Reports for people and their tools: text, annotations of GitHub, SARIF."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from symconv.verify.report import CONVENTIONS, CORRECT, Cause, Counterexample, Impulse, OutputReport, Report

_MOST_NAMES = 4


def text(report: Report) -> str:
    """Readable at a glance: the verdict, a line an output, and for each failure its cause, place and fix."""
    lines = [f"{report.candidate} as {report.layer}: {report.verdict}"]
    lines += [f"  layout {report.layout}"] if report.layout else []
    for name, o in report.outputs.items():
        lines += _output(name, o)
    lines += _unsupported(report)
    return "\n".join([*lines, *(f"  note: {n}" for n in report.notes)])


def _output(name: str, o: OutputReport) -> Iterator[str]:
    yield f"  {name:<3} {o.verdict:<24} {_counts(o)}"
    for c in o.causes:
        yield f"      {c.code}: {c.what}"
        yield f"        fix: {c.fix}" + (f" (violates {c.violates})" if c.violates else "")
    if len(o.causes) > 1:
        yield "        each of these gives the numbers" if o.alternatives else "        together these give the numbers"
    if o.cause == "unexplained":
        yield "      unexplained: no known mistake gives these numbers"
    if o.counterexample is not None:
        yield f"      {example_words(name, o.counterexample)}"
        yield f"        where {o.counterexample.words}"
        yield f"      should be {o.formula}"
    if o.consistent is not None:
        yield f"      it is {'' if o.consistent else 'not '}the gradient of its own forward pass"
    if o.impulse is not None:
        yield from (f"      {line}" for line in picture(o.impulse))
    failed = [case for case, status in o.ran if status == "failed"]
    if failed:
        yield f"      wrong in: {_some(failed)}"


def _unsupported(report: Report) -> Iterator[str]:
    """The cases that the candidate refused, and why, once for all outputs."""
    for o in report.outputs.values():
        names = [case for case, status in o.ran if status == "unsupported"]
        if names:
            yield f"  not supported: {_some(names)}"
            yield f"    {o.message}"
            return


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return "; ".join(names[:_MOST_NAMES]) + more


def _counts(o: OutputReport) -> str:
    counts = [f"{o.passed} cases passed"]
    counts += [f"{o.failed} failed"] if o.failed else []
    counts += [f"{o.unsupported} not supported"] if o.unsupported else []
    return ", ".join(counts)


def example_words(name: str, e: Counterexample) -> str:
    """The entry, or the shape, that is wrong."""
    if e.expected is None or e.actual is None:
        return f"{name} has shape {e.actual_shape}, expected {e.expected_shape}"
    return f"{name}[{', '.join(map(str, e.index))}] should be {e.expected:.10g}, and is {e.actual:.10g}"


def picture(impulse: Impulse) -> list[str]:
    """Expected and actual response to a single one, side by side."""
    left, right = (_grid(rows) for rows in (impulse.expected, impulse.actual))
    width = max(map(len, [*left, "expected"]))
    head = f"a one at {impulse.operand}{list(impulse.at)} reaches {impulse.output}:"
    body = [f"{a:<{width}}   {b}" for a, b in zip_longest(left, right, fillvalue="")]
    return [head, f"  {'expected':<{width}}   actual", *(f"  {line}" for line in body)]


def _grid(rows: tuple[tuple[float, ...], ...]) -> list[str]:
    cells = [["." if v == 0 else f"{v:.4g}" for v in row] for row in rows]
    width = max((len(c) for row in cells for c in row), default=1)
    return [" ".join(f"{c:>{width}}" for c in row) for row in cells]


def findings(report: Report) -> Iterator[tuple[str, str, str, Cause | None]]:
    """(level, code, message, cause) of everything that is not right."""
    for name, o in report.outputs.items():
        if o.verdict == CORRECT:
            continue
        level = "note" if o.verdict == CONVENTIONS else "error"
        where = f"; {example_words(name, o.counterexample)}" if o.counterexample is not None else ""
        for c in o.causes:
            yield level, c.code, f"{name}: {c.what}; {c.fix}{where}", c
        if not o.causes:
            code = o.cause or o.verdict
            yield level, code, f"{name}: {o.message or 'no known mistake gives these numbers'}{where}", None
    if not report.outputs and not report.right:
        yield "error", report.verdict, "; ".join(report.notes), None


def github(report: Report) -> str:
    """Workflow commands, which GitHub shows beside the line of the definition."""
    kinds = {"error": "error", "note": "notice"}
    place = f"file={_escaped(report.path, True)},line={report.line}"
    return "\n".join(
        f"::{kinds[level]} {place},title={_escaped(f'symconv {report.layer}: {code}', True)}::{_escaped(message)}"
        for level, code, message, _ in findings(report)
    )


def _escaped(words: str, inside: bool = False) -> str:
    """As GitHub's workflow commands want it; `inside`: of a property."""
    out = words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return out.replace(":", "%3A").replace(",", "%2C") if inside else out


def sarif(report: Report) -> dict[str, Any]:
    """A SARIF 2.1.0 log with one result for each finding."""
    import symconv

    found = list(findings(report))
    rules = {
        code: {"id": code, "shortDescription": {"text": cause.what if cause else code}} for _, code, _, cause in found
    }
    place = {
        "physicalLocation": {
            "artifactLocation": {"uri": report.path.replace("\\", "/")},
            "region": {"startLine": max(report.line, 1)},
        }
    }
    results = [
        {"ruleId": code, "level": level, "message": {"text": message}, "locations": [place]}
        for level, code, message, _ in found
    ]
    driver = {"name": "symconv", "version": symconv.__version__, "rules": list(rules.values())}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
