"""Corners of pages that contexts above fill.

A page knows nothing of what stands above its context, and still wants to show it: the next sessions
on the page of a group. So the page has a named corner, and whoever has something for it says so
when its views are imported. A corner that nobody fills is empty.

So it is with a line about hours: what it came from may be known further up, as the session is that
filled a pot. Whoever knows says so in the same way.
"""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from flask import render_template
from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Origin:
    """What an entry of the books came from.

    Attributes:
        words: What people call it.
        href: Its page, which every member may open.
    """

    words: str
    href: str


Filler = Callable[..., Markup]
Teller = Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, Origin]]
_FILLERS: dict[str, list[Filler]] = {}
_TELLERS: list[Teller] = []


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


def tell_origins(teller: Teller) -> None:
    """Let `teller` say what entries came from; it is asked for all of a page at once."""
    if teller not in _TELLERS:
        _TELLERS.append(teller)


def origins(entry_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Origin]:
    """Return what entries came from, as far as somebody knows; without entries nobody is asked."""
    found: dict[uuid.UUID, Origin] = {}
    for teller in _TELLERS if entry_ids else ():
        found.update(teller(entry_ids))
    return found
