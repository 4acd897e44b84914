"""The words for accounts, entries and lines of the books."""

from collections.abc import Mapping

from timebank.listings.names import name_of
from timebank.members.models import Member
from timebank.statements.queries import Line
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
}
ACCOUNT_KINDS: Mapping[str, str] = {
    "member": _l("Members"),
    "pot": _l("Pots"),
    "neighbour": _l("Other communities"),
    "source": _l("Where hours come from"),
}
SOURCES: Mapping[str, str] = {
    "opening": _l("Brought in at the start"),
    "adjustment": _l("Put right by decision"),
    "written-off": _l("Let go"),
    "activity-mutual-help": _l("Mutual help"),
}
COMMUNITY_POT = "G000001"


def account_name(code: str, member: Member | None, *, may_see_names: bool) -> str:
    """Return an account as somebody may read it: a treasurer reads codes, not people."""
    if member is not None and may_see_names:
        return member.first_name
    if code == COMMUNITY_POT:
        return _("The community pot")
    return str(SOURCES.get(code, code))


def line_words(line: Line) -> str:
    """Return what a line was for."""
    kind = str(KINDS.get(line.kind, line.kind))
    help_words = line.exchange.title if line.exchange is not None else ""
    what = help_words or (name_of(line.category) if line.category is not None else "")
    if line.kind == "reversal":
        return _("Moved back: %(what)s", what=what) if what else kind
    if line.is_taken_back:
        return _("%(what)s (moved back later)", what=what or kind)
    return what or kind
