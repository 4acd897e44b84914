"""The sentences that tell of a check of the books; a mail's subject stays neutral."""

from timebank.messaging.notices import say
from timebank.web.words import lazy_gettext as _l


def register() -> None:
    """Give each kind of notice its sentence: what is so, and what to do."""
    say(
        "books-wrong",
        _l(
            "A check of the books found something that is not right. Do not change anything in"
            " them. Open this page, and show it to whoever looks after this site."
        ),
    )
    say(
        "books-stopped-time",
        _l(
            "A check of the books took too long and was stopped, so we do not know if they are"
            " right. Ask for another one here. If that stops too, tell whoever looks after this"
            " site."
        ),
    )
    say(
        "books-stopped-memory",
        _l(
            "A check of the books took too much memory and was stopped, so we do not know if they"
            " are right. Ask for another one here. If that stops too, tell whoever looks after this"
            " site."
        ),
    )
    say(
        "books-stopped-space",
        _l(
            "The books could not be checked, because they could not be written to the disk. Perhaps"
            " it is full. Please tell whoever looks after this site today."
        ),
    )
    say(
        "books-stopped-ahead",
        _l(
            "The exported books hold hours that are gone from the database. Keep the exported"
            " books, change nothing, and tell whoever looks after this site today."
        ),
    )
    say(
        "books-stopped-foreign",
        _l(
            "The books could not be checked, because something else lies in their folder. Please"
            " ask whoever looks after this site to look there."
        ),
    )
    say(
        "books-stopped-fault",
        _l(
            "A check of the books broke off in the middle, so we do not know if they are right. Ask"
            " for another one here. If that breaks off too, tell whoever looks after this site."
        ),
    )
    say(
        "books-right-again",
        _l("The books were checked once more, and they are right. There is nothing left to do."),
    )
