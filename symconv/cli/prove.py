"""`symconv prove`: the article's equations, reading by reading."""

from __future__ import annotations

import click

from symconv.cli.options import ascii_only, output_options, write

FORMATS = ("text", "latex", "markdown", "json")


@click.command("prove")
@click.option("--equation", "number", metavar="NUMBER", help="one equation in full, such as 22")
@click.option("--equal", "sides", nargs=2, metavar="FORMULA FORMULA", help="a claim of your own instead: two formulas")
@click.option("--replay", "folder", metavar="DIR", help="have z3 (extra: certify) answer a certificate of `derive`")
@output_options(FORMATS)
def command(
    number: str | None,
    sides: tuple[str, str] | None,
    folder: str | None,
    style: str,
    output: str | None,
    force: bool,
    fragment: bool,
) -> int:
    """Judge the article's equations for all sizes, or the claim that two formulas are equal.

    Each reading is proved, refuted with the smallest counterexample, undefined (a read outside an array), unknown, or a
    definition. Exits with 1 if anything is not proved. An equation of the article counts as proved if it is a
    definition, or if some reading of it or its corrected form is proved.
    """
    if folder is not None:
        return _replayed(folder)
    from symconv.api import find_claim, own_claim
    from symconv.article import article_claims
    from symconv.article.claims import judge
    from symconv.emit.claims import claims_document

    if number is not None and sides is not None:
        raise click.UsageError("--equation together with --equal: give one of them")
    one = own_claim(*sides) if sides is not None else find_claim(number) if number is not None else None
    claims = article_claims() if one is None else (one,)
    judgements = judge(claims)
    text = claims_document(judgements, style, full=one is not None, fragment=fragment, ascii=ascii_only(output))
    write(text, output, force)
    return int(not all(j.holds for j in judgements))


def _replayed(folder: str) -> int:
    """0 where the second solver confirms every statement."""
    from pathlib import Path

    from symconv.prove.certificate import replay

    answer = replay(Path(folder))
    click.echo(f"{answer.confirmed} confirmed, {len(answer.refuted)} refuted, {len(answer.undecided)} undecided")
    for name in (*answer.refuted, *answer.undecided):
        click.echo(name)
    return int(not answer.agrees)
