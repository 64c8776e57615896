"""`symconv prove`: the article's equations, reading by reading."""

from __future__ import annotations

import click

from symconv.cli.options import ascii_only, output_options, write

FORMATS = ("text", "latex", "markdown", "json")


@click.command("prove")
@click.option("--equation", "number", metavar="NUMBER", help="one equation in full, such as 22")
@output_options(FORMATS)
def command(number: str | None, style: str, output: str | None, force: bool, fragment: bool) -> int:
    """Judge the article's equations for all sizes.

    Each reading is proved, refuted with the smallest counterexample, undefined (a read outside an array), unknown, or a
    definition. Exits with 1 if a claim as printed is refuted or undefined under every reading.
    """
    from symconv.api import find_claim
    from symconv.emit.claims import claims_document
    from symconv.prove.article import article_claims
    from symconv.prove.claims import judge

    claims = (find_claim(number),) if number else article_claims()
    judgements = judge(claims)
    text = claims_document(judgements, style, full=number is not None, fragment=fragment, ascii=ascii_only(output))
    write(text, output, force)
    return int(any(j.refuted for j in judgements))
