"""What the pages about limits share: the history in words, and refusals in words."""

from collections.abc import Sequence

from flask import Blueprint, g

from timebank.db import db
from timebank.hours import errors as hours_errors
from timebank.limits import errors
from timebank.limits.history import Line
from timebank.limits.names import COORDINATOR, change_words, history_words
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.web.access import COMMUNITY_PREFIX
from timebank.web.filters import moment_words
from timebank.web.refusals import say
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

bp = Blueprint("limits", __name__, url_prefix=COMMUNITY_PREFIX)

say(
    errors.OwnAccountError,
    _l("Somebody else decides about your own limits. Ask another coordinator or treasurer."),
)
say(
    errors.NoChatDueError,
    _l("There is nothing left to do: the hours are back, or somebody had the chat already."),
)
say(hours_errors.ReasonMissingError, _l("Write why, in a sentence the member can read."))
say(
    hours_errors.NoOwnLimitsError,
    _l("These limits are the same as for everybody already. Nothing was changed."),
)


def may_see_names() -> bool:
    """Tell whether the one who looks reads people's names in the books."""
    return COORDINATOR in g.roles


def called(member: Member) -> str:
    """Return what the one who looks reads for a member: a treasurer reads codes, not people."""
    return member.first_name if may_see_names() else member.account_code


def steps_of(lines: Sequence[Line], *, is_own: bool) -> list[dict[str, str]]:
    """Return a history as steps of a timeline: what, who and when, why and from what to what."""
    ids = [line.by_member_id for line in lines if line.by_member_id is not None]
    who = members.several(db.session(), g.community.id, ids)
    return [
        {
            "words": history_words(line, is_own=is_own),
            "at": _who_and_when(line, who.get(line.by_member_id) if line.by_member_id else None),
            "note": " ".join(
                filter(None, (line.reason, *(f"{words}." for words in change_words(line))))
            ),
        }
        for line in lines
    ]


def _who_and_when(line: Line, by: Member | None) -> str:
    at = moment_words(line.at)
    if by is None:
        return at
    # Whoever decides does so in an office, and under their name.
    return _("%(who)s, %(day)s", who=by.first_name, day=at)
