"""Corners of pages that contexts above fill.

A page knows nothing of what stands above its context, and still wants to show it: the next sessions
on the page of a group. So the page has a named corner, and whoever has something for it says so
when its views are imported. A corner that nobody fills is empty.
"""

from collections.abc import Callable

from flask import render_template
from markupsafe import Markup

Filler = Callable[..., Markup]
_FILLERS: dict[str, list[Filler]] = {}


def fill(corner: str, filler: Filler) -> None:
    """Let `filler` show something in a corner; it is called with what the page hands on."""
    fillers = _FILLERS.setdefault(corner, [])
    if filler not in fillers:
        fillers.append(filler)


def filled(corner: str, **facts: object) -> Markup:
    """Return what stands in a corner, from everybody who has something for it."""
    return Markup("").join(filler(**facts) for filler in _FILLERS.get(corner, ()))


def drawn(template: str, **facts: object) -> Markup:
    """Draw a template for a corner; it escapes what people wrote, like every page."""
    return Markup(render_template(template, **facts))  # noqa: S704 - a template made it
