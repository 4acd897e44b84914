"""The sentences that tell members what becomes of a session; a mail's subject stays neutral."""

from timebank.messaging.notices import say
from timebank.web.words import lazy_gettext as _l


def register() -> None:
    """Give each kind of notice its sentence."""
    say("session-moved", _l("“%(title)s” with %(group)s is at another time or place now."))
    say("session-cancelled", _l("“%(title)s” with %(group)s is cancelled this time."))
    say("session-back", _l("“%(title)s” with %(group)s takes place after all."))
    say("session-closed-day", _l("“%(title)s” with %(group)s is on a day that is closed now."))
    say("session-place", _l("There is a place for you: “%(title)s” with %(group)s."))
    say("session-soon", _l("A small reminder: “%(title)s” with %(group)s is soon."))
    say("session-yours", _l("You hold “%(title)s” with %(group)s."))
    say("session-series-changed", _l("“%(title)s” with %(group)s has other dates now."))
    say("session-series-ended", _l("“%(title)s” with %(group)s goes on no longer."))
