"""The sentences that tell of lines and limits; a mail's subject stays neutral."""

from timebank.messaging.notices import say
from timebank.web.words import lazy_gettext as _l


def register() -> None:
    """Give each kind of notice its sentence."""
    say(
        "limit-floor-nudge",
        _l(
            "You have been helped a little more than you have given so far. That is fine: it is "
            "what we are here for. Here are three ideas to give some time back."
        ),
    )
    say(
        "limit-floor-soft",
        _l(
            "You have some hours to give back, and that is nothing to be ashamed of. A coordinator "
            "may ask how you are and what you would enjoy doing. Here are three ideas until then."
        ),
    )
    say(
        "limit-ceiling-nudge",
        _l(
            "You have given a lot of time. Let somebody do something for you, or give some hours "
            "away. Here are three ideas."
        ),
    )
    say(
        "limit-ceiling-soft",
        _l(
            "You have many hours to spend. A coordinator may ask what would do you good. Here are "
            "three ideas until then."
        ),
    )
    say("limit-own", _l("How far your hours may go was changed for you. Here is how, and why."))
    say("limit-as-everybody", _l("How far your hours may go is the same as for everybody again."))
    say("work-chat", _l("It may be a good moment for a chat with %(name)s."))
