"""The words for accounts, entries and lines of the books."""

from collections.abc import Mapping

from timebank.groups.names import activity_name
from timebank.groups.policy.pots import COMMUNITY_POT
from timebank.hours.queries import POT_LETTER
from timebank.listings.names import name_of
from timebank.sessions.names import held_words
from timebank.statements.queries import OF_SESSIONS, Line
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

KINDS: Mapping[str, str] = {
    "opening": _l("Brought in"),
    "exchange": _l("Help"),
    "activity": _l("Work for the community"),
    "gift": _l("A gift"),
    "grant": _l("From the community pot"),
    "reversal": _l("Moved back"),
    "adjustment": _l("Put right"),
    "clearing": _l("With another community"),
    "hold": _l("Set aside"),
    "capture": _l("Used from what was set aside"),
    "release": _l("No longer set aside"),
    "expiry": _l("No longer set aside, because time went by"),
}
#: Entries that move no hours.
ASIDE_KINDS = frozenset({"hold", "release", "expiry"})
SOURCES: Mapping[str, str] = {
    "opening": _l("Brought in at the start"),
    "adjustment": _l("Put right by decision"),
    "written-off": _l("Let go"),
    "activity-mutual-help": _l("Mutual help"),
}
#: Hours into pots and out of them, in words that are right on either side.
POT_LINES: Mapping[str, str] = {
    "pot.gift": _l("A gift to a pot"),
    "pot.grant": _l("Help from a pot"),
    "pot.payment": _l("Pay for hosting"),
    "pot.transfer": _l("From pot to pot"),
    "pot.ended": _l("From a group that ended"),
}
#: Hours recognised for an activity come from a source of its own.
ACTIVITY = "activity-"


def account_name(code: str, whose: str | None, *, may_see_names: bool) -> str:
    """Return an account as somebody may read it: a treasurer reads codes and pots, not people.

    Args:
        code: Of the account.
        whose: First name of its member or name of its group, or None where it has neither.
        may_see_names: Whether people are called by their names.
    """
    if whose is not None and code[0] == POT_LETTER:
        return _("The pot of %(name)s", name=whose)
    if whose is not None and may_see_names:
        return whose
    if code == COMMUNITY_POT:
        return _("The community pot")
    if code.startswith(ACTIVITY):
        return str(SOURCES.get(code) or activity_name(code.removeprefix(ACTIVITY)))
    return str(SOURCES.get(code, code))


def purpose_name(purpose: str) -> str:
    """Return what an entry was for that is about no exchange, from the books' word for it."""
    if purpose.startswith(OF_SESSIONS):
        activity = activity_name(purpose.removeprefix(OF_SESSIONS))
        return _("A session: %(activity)s", activity=activity)
    return str(POT_LINES.get(purpose, purpose))


def other_side(line: Line, *, may_see_names: bool) -> str:
    """Return who or what was on the other side of a line."""
    whose = line.other.first_name if line.other is not None else None
    if line.pot is not None:
        whose = line.pot.name
    return account_name(line.other_code, whose, may_see_names=may_see_names)


def what_for(line: Line) -> str:
    """Return what a line was for."""
    kind = str(KINDS.get(line.kind, line.kind))
    words = line.exchange.title if line.exchange is not None else ""
    if line.held is not None:
        words = held_words(line.held)
    if not words and line.category is not None:
        words = name_of(line.category)
    words = words or str(POT_LINES.get(line.purpose, ""))
    if line.is_back:
        return _("Moved back: %(what)s", what=words) if words else kind
    if line.is_put_right:
        return _("Put right: %(what)s", what=words or kind)
    return words or kind


def line_words(line: Line) -> str:
    """Return what a line was for, and which entries it has to do with, by their numbers."""
    words, numbers = what_for(line), _numbers(line)
    return f"{words} ({', '.join([_('no. %(no)d', no=line.seq), *numbers])})" if numbers else words


def _numbers(line: Line) -> list[str]:
    """Return what a line has to do with others, each way, so that a reader finds the other one."""
    numbers = []
    if line.takes_back is not None:
        numbers.append(_("for no. %(no)d", no=line.takes_back))
    if line.instead_of is not None:
        numbers.append(_("instead of no. %(no)d", no=line.instead_of))
    if line.taken_back_by is not None:
        numbers.append(_("moved back by no. %(no)d", no=line.taken_back_by))
    if line.replaced_by is not None:
        numbers.append(_("put right by no. %(no)d", no=line.replaced_by))
    return numbers


ACCOUNT_KINDS: Mapping[str, str] = {
    "member": _l("Members"),
    "pot": _l("Pots"),
    "neighbour": _l("Other communities"),
    "source": _l("Where hours come from"),
}


def kind_of_account(code: str) -> str:
    """Return what kind of account a code names: one of `ACCOUNT_KINDS`."""
    if not code[1:].isdigit():
        return "source"
    return {"M": "member", "G": "pot", "N": "neighbour"}[code[0]]
