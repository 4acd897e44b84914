"""The sentences that tell members what became of an exchange; a mail's subject stays neutral."""

from timebank.messaging.notices import say
from timebank.web.words import lazy_gettext as _l


def register() -> None:
    """Give each kind of notice its sentence; `… unnamed` is for who asked without a name."""
    say("exchange-proposed", _l("%(name)s suggests a time. Does it suit you?"))
    say("exchange-proposed unnamed", _l("A member suggests a time. Does it suit you?"))
    say("exchange-changed", _l("%(name)s suggests something else. Does it suit you?"))
    say("exchange-changed unnamed", _l("A member suggests something else. Does it suit you?"))
    say("exchange-agreed", _l("%(name)s said yes. It is agreed."))
    say("exchange-declined", _l("%(name)s cannot do it this time."))
    say("exchange-declined unnamed", _l("The other member cannot do it this time."))
    say("exchange-cancelled", _l("%(name)s called it off."))
    say("exchange-cancelled unnamed", _l("The other member called it off."))
    say("exchange-reported", _l("%(name)s says it took %(hours)s. Did this happen?"))
    say("exchange-corrected", _l("%(name)s says it took %(hours)s. Is that right?"))
    say(
        "exchange-reminder",
        _l(
            "%(name)s still waits for your answer: did this happen? Soon no answer counts as a yes."
        ),
    )
    say("exchange-confirmed", _l("%(name)s said yes: it happened. All done."))
    say(
        "exchange-confirmed-by-silence",
        _l("Your time with %(name)s is confirmed, because nobody said otherwise."),
    )
    say("exchange-queried", _l("%(name)s remembers it differently. Have a look."))
    say("exchange-settled", _l("The coordinator has settled your time with %(name)s."))
    say(
        "exchange-held-up",
        _l("You and %(name)s agree. The hours wait for a moment; the coordinator knows."),
    )
    say(
        "exchange-let-pass",
        _l("The hours of your time with %(name)s have moved: they were let through this once."),
    )
    say(
        "exchange-given-back",
        _l(
            "The hours set aside for your time with %(name)s are free again: nobody has said that"
            " it happened. If it did, say so, and they move as usual."
        ),
    )
    say("exchange-thanked", _l("%(name)s says thank you."))
    say("work-queried", _l("Two members remember their time together differently."))
    say("work-held-up", _l("Two members agree, and a limit keeps their hours from moving."))
    say("work-overdrawn", _l("Account %(code)s is below its limit after hours were moved back."))
    say(
        "hours-corrected",
        _l("Hours were put right: %(hours)s instead of %(hours_before)s. The reason: %(reason)s"),
    )
    say("hours-reversed", _l("Hours were moved back. The reason: %(reason)s"))
