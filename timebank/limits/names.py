"""Limits in words: where a balance is, what happens at each line, and what was decided."""

from collections.abc import Mapping

from timebank.communities.names import LIMITS, limit_value
from timebank.communities.policy import Limits
from timebank.hours.policy import SIDES, line_name
from timebank.limits.history import Line
from timebank.limits.policy import COORDINATOR
from timebank.web.filters import hours_label, short_day
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

__all__ = ["COORDINATOR", "LIMITS"]

#: How a balance at a line is called in a list, and the kind of its tag; nothing here is a fault.
STEPS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("floor", "nudge"): (_l("Some to give back"), "quiet"),
    ("floor", "soft"): (_l("A chat would be nice"), "wait"),
    ("floor", "stop"): (_l("As far as it goes: gives next"), "wait"),
    ("ceiling", "nudge"): (_l("Some to spend"), "quiet"),
    ("ceiling", "soft"): (_l("A chat would be nice"), "wait"),
    ("ceiling", "stop"): (_l("As far as it goes: spends next"), "wait"),
}
#: What the figures of the overview count.
COUNTS: Mapping[str, str] = {
    "floor_nudge": _l("Have hours to give back, and were told"),
    "floor_soft": _l("Of these, far enough for a chat"),
    "floor_stop": _l("Of these, at the stop: they can still give"),
    "ceiling_nudge": _l("Have many hours to spend, and were told"),
    "ceiling_soft": _l("Of these, far enough for a chat"),
    "ceiling_stop": _l("Of these, at the stop: they can still spend"),
}
_KINDS: Mapping[str, str] = {
    "opened": _l("The account was opened"),
    "everybody": _l("Changed for everybody"),
    "own": _l("Limits of their own"),
    "ended": _l("As for everybody again"),
    "last day": _l("As for everybody again: the last day was over"),
    "let pass": _l("One exchange was let through"),
    "decided": _l("Changed for this account"),
}
_OWN_KINDS: Mapping[str, str] = {
    **_KINDS,
    "own": _l("Limits of your own"),
    "opened": _l("Your account was opened"),
    "decided": _l("Changed for you"),
}
_STATES: Mapping[str, str] = {
    "open": _l("The account is open"),
    "frozen": _l("The account is on hold"),
    "closed": _l("The account is closed"),
}


def step_tag(side: str, step: str) -> tuple[str, str]:
    """Return word and kind of the tag of a balance at a line."""
    words, kind = STEPS[side, step]
    return str(words), kind


def rows_of(limits: Limits) -> list[dict[str, str]]:
    """Return all six lines as facts, the mildest first on each side."""
    return [
        {"key": str(LIMITS[name]), "value": limit_value(name, limits.by_name[name])}
        for side in SIDES
        for name in (line_name(side, step) for step in ("nudge", "soft", "stop"))
    ]


def sentences_of(limits: Limits) -> list[str]:
    """Say what the lines mean, to the member they hold for."""
    said = [
        _line(limits.floor_nudge_minutes, _l("With %(hours)s to give back we drop you a line.")),
        _line(
            limits.floor_soft_minutes,
            _l("With %(hours)s to give back a coordinator may have a chat with you."),
        ),
    ]
    if limits.floor_minutes is None:
        said.append(_("There is no stop: you can always ask for help."))
    elif limits.floor_minutes == 0:
        said.append(_("Here you give first and then receive. You can always ask for help."))
    else:
        said.append(
            _(
                "Further than %(hours)s to give back, hours wait until there is room. "
                "You can always ask for help, and always give it.",
                hours=hours_label(limits.floor_minutes),
            )
        )
    said.append(
        _line(
            limits.ceiling_nudge_minutes,
            _l("With %(hours)s to spend we remind you to treat yourself."),
        )
    )
    said.append(
        _line(
            limits.ceiling_soft_minutes,
            _l("With %(hours)s to spend a coordinator may have a chat with you."),
        )
    )
    if limits.ceiling_minutes is not None:
        said.append(
            _(
                "Above %(hours)s to spend, hours wait until there is room. "
                "You can always spend some, and always give some away.",
                hours=hours_label(limits.ceiling_minutes),
            )
        )
    return [sentence for sentence in said if sentence]


def _line(minutes: int | None, words: str) -> str:
    return str(words) % {"hours": hours_label(minutes)} if minutes else ""


def history_words(line: Line, *, is_own: bool) -> str:
    """Return the sentence of a line of the history."""
    if line.kind == "state":
        return str(_STATES[line.state])
    words = str((_OWN_KINDS if is_own else _KINDS)[line.kind])
    if line.until_on is not None:
        return _("%(what)s, until %(day)s", what=words, day=short_day(line.until_on))
    return words


def change_words(line: Line) -> list[str]:
    """Return from what to what each line was moved."""
    return [
        _(
            "%(line)s %(after)s (before: %(before)s)",
            line=LIMITS[name],
            before=limit_value(name, before),
            after=limit_value(name, after),
        )
        for name, before, after in line.changes
    ]
