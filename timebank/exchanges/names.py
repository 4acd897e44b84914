"""The words for states and moves, told to the one who reads them."""

import datetime as dt
from collections.abc import Mapping

from timebank.exchanges.models import Exchange, ExchangeMove
from timebank.listings.names import PARTS, PLACES
from timebank.web.filters import day, hours_label
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

BASES: Mapping[str, str] = {
    "hours": _l("As hours: one of us helped the other"),
    "mutual": _l("As even: we helped each other for the same time"),
    "paid": _l("Not at all: it was paid work"),
}
#: The same for mutual help, where the community credits both.
BOTH_CREDITED = _l("As hours for both: we helped each other for the same time")
#: Word and kind of tag for a state in a list.
STATES: Mapping[str, tuple[str, str]] = {
    "proposed": (_l("Suggested"), "wait"),
    "agreed": (_l("Agreed"), "go"),
    "done": (_l("To be confirmed"), "wait"),
    "confirmed": (_l("Confirmed"), "good"),
    "declined": (_l("Not this time"), "quiet"),
    "cancelled": (_l("Called off"), "quiet"),
    "queried": (_l("To be cleared up"), "careful"),
}
#: Each move as the one who made it reads it, and as everybody else does.
_MOVES: Mapping[str, tuple[str, str]] = {
    "propose": (_l("You suggested this"), _l("%(name)s suggested this")),
    "agree": (_l("You said yes"), _l("%(name)s said yes")),
    "decline": (_l("You said not this time"), _l("%(name)s said not this time")),
    "cancel": (_l("You called it off"), _l("%(name)s called it off")),
    "change": (_l("You suggested something else"), _l("%(name)s suggested something else")),
    "report": (
        _l("You said it happened: %(hours)s"),
        _l("%(name)s said it happened: %(hours)s"),
    ),
    "correct": (_l("You said it took %(hours)s"), _l("%(name)s said it took %(hours)s")),
    "query": (_l("You remember it differently"), _l("%(name)s remembers it differently")),
    "settle": (_l("You settled it"), _l("%(name)s, the coordinator, settled it")),
    "confirm": (_l("You confirmed it"), _l("%(name)s confirmed it")),
    "let pass": (
        _l("You let the hours through this once"),
        _l("%(name)s let the hours through this once"),
    ),
    "reverse": (_l("You moved the hours back"), _l("%(name)s moved the hours back")),
}
#: A change after the hours had moved, which is for those who look after the books.
_PUT_RIGHT = (
    _l("You put it right: %(hours)s"),
    _l("%(name)s, who looks after the books, put it right: %(hours)s"),
)
_NOBODY: Mapping[str, str] = {
    "confirm": _l("Confirmed, because nobody said otherwise"),
    "hold": _l("Both agree. The hours wait for a limit"),
    "set aside": _l("%(hours)s set aside for it"),
    "give back": _l("%(hours)s no longer set aside"),
    "expire": _l("%(hours)s no longer set aside, because time went by"),
}


def basis_words(exchange: Exchange, *, mutual_help: str) -> str:
    """Say how the time of mutual or paid help counts, or counted; "" for hours."""
    if exchange.basis == "hours":
        return ""
    if exchange.basis == "paid":
        return _("Paid work: it is noted here, and no hours move.")
    hours = hours_label(exchange.worked_minutes or exchange.agreed_minutes)
    if exchange.entry_id is not None:
        return _("Each gave and got %(hours)s, and each was credited with it.", hours=hours)
    if is_credited(exchange, mutual_help=mutual_help):
        return _("Each gives and gets %(hours)s, and is credited with it.", hours=hours)
    return _("Each gave and got %(hours)s. That evens out: no hours move.", hours=hours)


def is_credited(exchange: Exchange, *, mutual_help: str) -> bool:
    """Tell whether both sides of mutual help are credited, or were; the past keeps its own rule."""
    if exchange.basis != "mutual":
        return False
    rule_holds = exchange.state != "confirmed" and mutual_help == "credited"
    return exchange.entry_id is not None or rule_holds


def state_tag(exchange: Exchange, *, waits_for_me: bool) -> tuple[str, str]:
    """Return word and kind of an exchange's tag in somebody's list."""
    if waits_for_me:
        return _("Your answer, please"), "wait"
    if exchange.reversal_id is not None:
        return _("Moved back"), "quiet"
    if exchange.held_up_at is not None:
        return _("Hours wait"), "wait"
    words, kind = STATES[exchange.state]
    return str(words), kind


def move_words(move: ExchangeMove, *, is_mine: bool, name: str) -> str:
    """Return the sentence of a move for the timeline."""
    if move.by_member_id is None:
        return str(_NOBODY[move.move]) % {"hours": hours_label(move.minutes or 0)}
    if move.move == "correct" and move.state_after == "confirmed":
        words = str(_PUT_RIGHT[0 if is_mine else 1])
        return words % {"name": name, "hours": hours_label(move.minutes or 0)}
    words = str(_MOVES[move.move][0 if is_mine else 1])
    return words % {"name": name, "hours": hours_label(move.minutes or 0)}


def when(planned_on: dt.date | None, part_of_day: str | None) -> str:
    """Return day and part of day as words; empty where both are open."""
    if planned_on is None:
        return str(PARTS[part_of_day]) if part_of_day else ""
    if part_of_day is None:
        return day(planned_on)
    return _("%(day)s, %(part)s", day=day(planned_on), part=str(PARTS[part_of_day]).lower())


def where(exchange: Exchange) -> str:
    """Return where it takes place: never more than a kind of place."""
    return str(PLACES[exchange.place])


def how_long(exchange: Exchange) -> str:
    """Return how long it took, or how long it should take."""
    if exchange.worked_minutes is not None:
        return hours_label(exchange.worked_minutes)
    return _("About %(hours)s", hours=hours_label(exchange.agreed_minutes))


def entry_words(no: int, *, takes_back: int | None, instead_of: int | None) -> str:
    """Return what an entry of the book does, by its number and those it is about."""
    if takes_back is not None:
        return _("No. %(no)d moves no. %(was)d back", no=no, was=takes_back)
    if instead_of is not None:
        return _("No. %(no)d stands instead of no. %(was)d", no=no, was=instead_of)
    return _("No. %(no)d, as it was first written", no=no)
