"""Jinja, and the only place that imports it. A template gets exactly the values it names, and holds no logic.

Templates travel inside an installed package, and stand beside it in a repository.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import symconv

if TYPE_CHECKING:
    import jinja2

# Braces and % mean something in TeX; its templates are marked up with angle brackets.
_TEX_MARKS: dict[str, Any] = {
    "block_start_string": "<%",
    "block_end_string": "%>",
    "variable_start_string": "<<",
    "variable_end_string": ">>",
    "comment_start_string": "<#",
    "comment_end_string": "#>",
}


def template_folders() -> list[Path]:
    """Where templates may stand, the first one first."""
    package = Path(symconv.__file__).parent
    return [package / "templates", package.parent / "templates"]


@cache
def environment(tex: bool = False) -> jinja2.Environment:
    """The Jinja environment: an undefined name is an error; blocks leave no blank lines.

    Nothing is escaped here, since each language has made its words safe already.
    """
    # Imported here: most commands render nothing, and Jinja is slow to load.
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_folders()),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **(_TEX_MARKS if tex else {}),
    )


def environment_of(name: str) -> jinja2.Environment:
    """The environment that a template of this name is written for."""
    return environment(tex=name.endswith(".tex.j2"))


@cache
def wanted(name: str) -> frozenset[str]:
    """The values that a template names, those of its includes among them."""
    from jinja2 import meta, nodes

    marks = environment_of(name)
    assert marks.loader is not None
    tree = marks.parse(marks.loader.get_source(marks, name)[0])
    looped = {n.name for loop in tree.find_all(nodes.For) for n in loop.find_all(nodes.Name) if n.ctx == "store"}
    included = [wanted(n) - looped for n in meta.find_referenced_templates(tree) if n is not None]
    return frozenset(meta.find_undeclared_variables(tree)).union(*included)


def render(name: str, /, **values: Any) -> str:
    """The template `name`, such as "latex/document.tex.j2", with exactly the values it names."""
    if set(values) != wanted(name):
        raise TypeError(f"{name} wants {', '.join(sorted(wanted(name)))}; it was given {', '.join(sorted(values))}")
    return environment_of(name).get_template(name).render(values)
