"""Templates hold loops, flags and includes only, and are given exactly the values they name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

from symconv.emit.render import environment_of, render, template_folders, wanted

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(p.relative_to(ROOT / "templates").as_posix() for p in (ROOT / "templates").rglob("*.j2"))
FILTERS = {"indent", "join"}
FORBIDDEN = (
    nodes.Call,
    nodes.BinExpr,
    nodes.UnaryExpr,
    nodes.Compare,
    nodes.CondExpr,
    nodes.Getitem,
    nodes.Test,
    nodes.Assign,
    nodes.Concat,
)


def violations(tree: nodes.Template) -> list[str]:
    """Everything in a template that computes. `not` is a flag; a macro of the template's own may be called."""
    macros = {macro.name for macro in tree.find_all(nodes.Macro)}
    found = []
    for node in tree.find_all((*FORBIDDEN, nodes.Filter)):
        own = isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in macros
        small = isinstance(node, nodes.Filter) and node.name in FILTERS
        if not (own or small or isinstance(node, nodes.Not)):
            found.append(f"line {node.lineno}: {type(node).__name__}")
    return found


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_holds_no_logic(name: str) -> None:
    source = (ROOT / "templates" / name).read_text(encoding="utf-8")
    assert violations(environment_of(name).parse(source)) == []


@pytest.mark.parametrize(
    "source",
    ["{{ f(x) }}", "{{ a + b }}", "{% if a == b %}{% endif %}", "{{ a|upper }}", "{{ a[0] }}", "{% set a = b %}"],
)
def test_logic_is_caught(source: str) -> None:
    assert violations(jinja2.Environment().parse(source))


def test_flags_loops_and_includes_are_let_through() -> None:
    source = "{% for a in b %}{{ a.c }}{% if not a.d %}{{ a.e|join(', ') }}{% endif %}{% include 'x' %}{% endfor %}"
    assert violations(jinja2.Environment().parse(source)) == []


def test_a_template_gets_exactly_its_values() -> None:
    assert wanted("latex/document.tex.j2") == {"title", "parts"}
    with pytest.raises(TypeError, match=r"wants parts, title; it was given parts"):
        render("latex/document.tex.j2", parts=[])
    with pytest.raises(TypeError, match=r"extra"):
        render("latex/body.tex.j2", parts=[], extra=1)


def test_an_undefined_name_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("latex/body.tex.j2", parts=[{}])


def test_templates_are_looked_for_in_the_package_first() -> None:
    inside, beside = template_folders()
    assert inside.parts[-2:] == ("symconv", "templates")
    assert beside == ROOT / "templates"


def test_jinja_is_loaded_when_a_template_is_rendered_and_not_before() -> None:
    program = "import sys, symconv.emit.derivation, symconv.emit.render; assert 'jinja2' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
