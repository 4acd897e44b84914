"""The few icons in use, cut out of the installed package into one small file of our own."""

import re
from functools import cache
from pathlib import Path

import flask_bootstrap

_PACKAGE = (
    Path(flask_bootstrap.__file__).parent
    / "static"
    / "bootstrap5"
    / "icons"
    / "bootstrap-icons.svg"
)
#: Icons that pages use, by the package's own names. A template must not ask for another.
NAMES = frozenset(
    [
        "arrow-left",
        "arrow-left-right",
        "arrow-repeat",
        "arrow-right",
        "bandaid",
        "basket",
        "bell",
        "bicycle",
        "book",
        "box-arrow-in-right",
        "box-arrow-right",
        "brightness-high",
        "brush",
        "bus-front",
        "calendar-event",
        "calendar-heart",
        "calendar-week",
        "card-checklist",
        "car-front",
        "chat-dots",
        "chat-heart",
        "check-circle",
        "check-lg",
        "chevron-down",
        "chevron-right",
        "clipboard-check",
        "clock",
        "copy",
        "cup-hot",
        "dash-circle",
        "door-closed",
        "door-open",
        "download",
        "ear",
        "egg-fried",
        "envelope",
        "exclamation-triangle",
        "eye",
        "eye-slash",
        "file-earmark-text",
        "flower1",
        "flower2",
        "funnel",
        "gear",
        "geo-alt",
        "gift",
        "globe",
        "hammer",
        "hand-thumbs-up",
        "heart",
        "heart-fill",
        "hourglass",
        "house",
        "house-door",
        "house-heart",
        "inbox",
        "info-circle",
        "journal-check",
        "journal-text",
        "key",
        "laptop",
        "lightbulb",
        "list",
        "lock",
        "megaphone",
        "moon",
        "mortarboard",
        "music-note",
        "palette",
        "pause-circle",
        "pencil",
        "people",
        "people-fill",
        "person",
        "person-check",
        "person-circle",
        "person-plus",
        "person-vcard",
        "person-walking",
        "phone",
        "piggy-bank",
        "play-circle",
        "plus-lg",
        "printer",
        "question-circle",
        "scissors",
        "search",
        "send",
        "shield-check",
        "signpost-2",
        "stars",
        "sunrise",
        "sunset",
        "telephone",
        "tools",
        "translate",
        "tree",
        "wrench-adjustable",
        "x-lg",
    ]
)
_SYMBOL = re.compile(r'<symbol[^>]*? id="(?P<name>[^"]+)">.*?</symbol>', re.DOTALL)


@cache
def sprite() -> bytes:
    """Return the sprite: one SVG with a symbol for each name.

    Raises:
        LookupError: If the installed package no longer has one of the names.
    """
    found = {
        match["name"]: re.sub(r' class="[^"]*"', "", match[0])
        for match in _SYMBOL.finditer(_PACKAGE.read_text("utf-8"))
        if match["name"] in NAMES
    }
    missing = NAMES - found.keys()
    if missing:
        msg = f"the installed icons lack: {', '.join(sorted(missing))}"
        raise LookupError(msg)
    symbols = "".join(found[name] for name in sorted(found))
    return f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>'.encode()
