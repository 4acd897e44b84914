"""Words for calendars: what a feed says."""

from timebank.groups.names import SETTING_NAMES, where_of
from timebank.sessions.queries import Meeting
from timebank.web.words import gettext as _


def neutral_title() -> str:
    """Return what a date is called where the screen may be seen by anybody."""
    return _("Appointment")


def place_of(meeting: Meeting, *, is_member: bool) -> str:
    """Return where a session is; a room, a link or a number is for members alone."""
    planned = meeting.session
    own = planned.where_words if is_member else ""
    if meeting.venue is not None:
        return ", ".join(filter(None, (where_of(meeting.group, meeting.venue), own)))
    if planned.setting in {"online", "phone"}:
        return own or str(SETTING_NAMES[planned.setting])
    return own or where_of(meeting.group, None)
