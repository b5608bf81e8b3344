"""Templates: where they are, how they are rendered, and the check that a template gets exactly what it reads.

A leaf template reads the keys it is given, all of them and no others; a difference either way is a `TemplateError`
when it is rendered, whichever branch is taken. Templates hold loops and conditions and no other logic: strings arrive
finished. A template that includes or extends another is not supported; skeletons receive their parts as strings.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta, select_autoescape

Delimiters = Literal["braces", "latex"]


class TemplateError(ValueError):
    """A template's keys differ from those of its context."""


def folder() -> Path:
    """The folder `templates`: inside the installed package, or beside it in a checkout."""
    package = Path(str(files("symbp")))
    for candidate in (package / "templates", package.parent / "templates"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"no folder `templates` in {package} or beside it")


@cache
def environment(delimiters: Delimiters = "braces") -> Environment:
    r"""The one way templates are read; with `latex`, tags are `<% %>` and `<< >>`, which LaTeX leaves free.

    Templates named `*.html.jinja` escape their values.
    """
    tags = (
        {}
        if delimiters == "braces"
        else {
            "block_start_string": "<%",
            "block_end_string": "%>",
            "variable_start_string": "<<",
            "variable_end_string": ">>",
            "comment_start_string": "<#",
            "comment_end_string": "#>",
        }
    )
    return Environment(
        loader=FileSystemLoader(folder()),
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **tags,  # type: ignore[arg-type]
    )


@cache
def keys(template: str, delimiters: Delimiters = "braces") -> frozenset[str]:
    """The names that a template reads from its context."""
    jinja = environment(delimiters)
    source = Path(folder(), template).read_text(encoding="utf-8")
    return frozenset(meta.find_undeclared_variables(jinja.parse(source)))


def render(template: str, delimiters: Delimiters = "braces", /, **context: Any) -> str:
    """The rendered template, such as `numpy/header.py.jinja`.

    Raises `TemplateError` where the template's keys and the context's differ.
    """
    wanted, given = keys(template, delimiters), frozenset(context)
    if wanted != given:
        missing, unread = sorted(wanted - given), sorted(given - wanted)
        raise TemplateError(f"{template}: not given {missing}, given and not read {unread}")
    return environment(delimiters).get_template(template).render(context)
