"""The words of the door: what people did, what they talked about, why it stays shut."""

from collections.abc import Sequence

from timebank.sessions.models import GroupSession
from timebank.web.filters import clock_time, day
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

ROLE_NAMES: dict[str, str] = {
    "host": _l("Held it"),
    "participant": _l("Took part"),
    "both": _l("Gave and took"),
}
TOPIC_NAMES: dict[str, str] = {
    "company": _l("Being together"),
    "feelings": _l("How people feel"),
    "family": _l("Family and friends"),
    "housing": _l("A place to live"),
    "forms": _l("Letters and forms"),
    "work": _l("Work and volunteering"),
    "learning": _l("Learning something"),
    "health": _l("Health"),
    "staying well": _l("Staying well"),
    "moving": _l("Moving about"),
    "making": _l("Making things"),
    "food": _l("Cooking and eating"),
}
#: Why the door of a session is not open, by its state.
NOT_OPEN: dict[str, str] = {
    "planned": _l("This session is not open yet. Whoever holds it opens the door."),
    "cancelled": _l("This session does not take place, so there is no door to open."),
    "dropped": _l("This session does not take place, so there is no door to open."),
    "closed": _l("This session is closed already."),
}


def when_of(there: GroupSession) -> str:
    """Return when a session is: `Sunday 10 May, 10:00 to 12:00`."""
    return _(
        "%(day)s, %(start)s to %(end)s",
        day=day(there.starts_at),
        start=clock_time(there.starts_at),
        end=clock_time(there.ends_at),
    )


def topics_of(keys: Sequence[str]) -> str:
    """Return what people talked about as one line."""
    return ", ".join(str(TOPIC_NAMES[key]) for key in keys if key in TOPIC_NAMES)
