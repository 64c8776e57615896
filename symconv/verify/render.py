"""Reports for people: text; annotations of GitHub; SARIF."""

from __future__ import annotations

from symconv.verify.report import WRONG, OutputReport, Report


def text(report: Report) -> str:
    """Readable at a glance: the verdict, a line an output, and for each failure its cause, place and fix."""
    lines = [f"{report.candidate} as {report.layer}: {report.verdict}"]
    lines += [f"  layout: {report.layout}"] if report.layout else []
    for name, o in report.outputs.items():
        lines += _output(name, o)
    return "\n".join([*lines, *(f"  note: {n}" for n in report.notes)])


def _output(name: str, o: OutputReport) -> list[str]:
    counts = f"{o.passed} cases passed, {o.failed} failed"
    counts += f", {o.unsupported} not supported" if o.unsupported else ""
    lines = [f"  {name:<3} {o.verdict:<26} {counts}"]
    for c in o.causes:
        lines += [f"      {c.code}: {c.what}; {c.fix}"]
    if o.verdict == WRONG and not o.causes:
        lines.append("      unexplained: no known mistake gives these numbers")
    e = o.counterexample
    if e is not None:
        lines.append(f"      at {name}{list(e.index)}: expected {e.expected}, is {e.actual}; case: {e.case}")
        lines.append(f"      {e.words}")
    lines += [f"      {o.message}"] if o.message else []
    return lines
