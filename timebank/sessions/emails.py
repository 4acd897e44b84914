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
    say("session-not-yours", _l("Somebody else holds “%(title)s” with %(group)s."))
    say("session-series-changed", _l("“%(title)s” with %(group)s has other dates now."))
    say("session-series-ended", _l("“%(title)s” with %(group)s goes on no longer."))
    say(
        "session-group-ended",
        _l("%(group)s has come to its end. What it had planned does not take place any more."),
    )
    say("rota-asked", _l("%(name)s asks you for %(role)s with %(group)s. Can you come?"))
    say("rota-yes", _l("%(name)s says yes: %(role)s, %(group)s."))
    say("rota-no", _l("%(name)s can not come this time: %(role)s, %(group)s."))
    say("rota-taken-off", _l("Your name is off the rota: %(role)s, %(group)s."))
    say(
        "rota-gap",
        _l("%(name)s can not come after all. Somebody is missing soon: %(role)s, %(group)s."),
    )
    say("rota-gap-left", _l("Somebody is missing soon: %(role)s, %(group)s."))
    say("rota-swap-asked", _l("%(name)s looks for somebody to take over: %(role)s, %(group)s."))
    say(
        "rota-swap-no", _l("%(name)s can not take it over: %(role)s, %(group)s. It stays with you.")
    )
    say("rota-swap-taken", _l("%(taker)s takes over from you: %(role)s, %(group)s."))
    say("rota-swap-yours", _l("You took over from %(asker)s: %(role)s, %(group)s. Thank you."))
    say("rota-swap-seen", _l("%(taker)s takes over from %(asker)s: %(role)s, %(group)s."))
    say("rota-tomorrow", _l("You are on the rota tomorrow: %(role)s, %(group)s."))
    say(
        "session-hours-changed",
        _l("“%(title)s” with %(group)s was put right, and your hours changed. Look at your hours."),
    )
    say("session-put-right", _l("What “%(title)s” with %(group)s came to was put right."))
    say("session-together-asked", _l("%(group)s asks: shall we hold “%(title)s” together?"))
    say("session-together-yes", _l("%(group)s and you hold “%(title)s” together."))
    say("session-together-no", _l("%(group)s can not hold “%(title)s” together with you."))
