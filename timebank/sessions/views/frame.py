"""What the pages of sessions share: the blueprint, the words of refusals, who looks at what."""

from dataclasses import dataclass

from flask import Blueprint, g, url_for

from timebank.db import db
from timebank.groups import queries as groups
from timebank.groups.errors import GroupEndedError
from timebank.groups.models import Group
from timebank.groups.policy.standing import Standing
from timebank.sessions import errors
from timebank.web.access import COMMUNITY_PREFIX
from timebank.web.filters import today
from timebank.web.refusals import lead_on_from, say, turn_back
from timebank.web.words import lazy_gettext as _l

bp = Blueprint("sessions", __name__, url_prefix=COMMUNITY_PREFIX)

say(errors.SessionNotFoundError, _l("There is no such session here."))
say(errors.RoleNotFoundError, _l("Nobody is needed for this any more. Have a look at the rota."))
say(errors.NoRoleChosenError, _l("Choose on the rota what you would like to do."))
say(errors.ShiftNotFoundError, _l("There is no such page, or it is somebody else’s."))
say(errors.SwapNotFoundError, _l("There is no such page, or somebody else was asked."))
say(
    errors.NotYoursToStaffError,
    _l("What a rota needs, and who else is on it, is for those who run the group to say."),
)
say(errors.NotInGroupError, _l("A rota is for those who belong to the group. Come in first."))
say(
    errors.LeadPutsDownError,
    _l("Those who run the group give this to somebody. Tell them that you would like it."),
)
say(
    errors.RotaOverError,
    _l("The session has begun or is off, so its rota stays as it is."),
)
say(
    errors.PlacesTakenError,
    _l("Somebody was quicker: as many as are needed come already. Thank you all the same."),
)
say(errors.AlreadyOnRotaError, _l("They are on this rota already, or were asked."))
say(
    errors.AnsweredError,
    _l("This was settled in the meantime. Have a look at how the rota stands now."),
)
say(
    errors.BusyThenError,
    _l("You are on the rota of “%(title)s” at that time. Step back there first, or pass it on."),
)
say(
    errors.SomebodyBusyError,
    _l("They are busy at that time. Ask somebody else, or ask them first."),
)
say(errors.RoleTwiceError, _l("There is one with this name already. Change that one instead."))
say(
    errors.TooManyRolesError,
    _l("A rota takes up to %(most)d different tasks. Put two of them together."),
)
say(
    errors.NoUseToAskError,
    _l("This person can not take it over. Ask somebody else, or everybody."),
)
say(errors.NeededError, _l("Choose a number from 0 to %(most)d."))


lead_on_from(bp, "sessions.show", "session_id")


@dataclass(frozen=True, slots=True)
class Seen:
    """A group as somebody sees it."""

    group: Group
    who: Standing


def seen(group_slug: str) -> Seen:
    """Load a group that the caller may know of, or answer 404."""
    session, on = db.session(), today()
    return Seen(*groups.seen_by(session, g.community.id, group_slug, g.member, g.roles, on=on))


def check_goes_on(group: Group) -> None:
    """Lead from a form of a group that has ended to its page."""
    if not group.is_open:
        turn_back(GroupEndedError(), to=url_for("groups.show", group_slug=group.slug))
