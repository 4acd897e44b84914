"""What the door of a session asks before it opens, and its codes. Pure."""

import datetime as dt
import secrets
from collections.abc import Collection

from timebank.sessions.models import DIGITS_LENGTH, TOKEN_LENGTH, GroupSession

#: A session opens this long before it starts at the earliest: nobody opens next week's by mistake.
OPENS_BEFORE = dt.timedelta(hours=12)
#: A poster can be printed this long before; its code opens nothing until the session does.
PRINTED_BEFORE = dt.timedelta(days=7)
#: From this long after its end on a session that is still open is pointed out.
OPEN_LONG_AFTER = dt.timedelta(hours=6)


def opens_at(held: GroupSession) -> dt.datetime:
    """Return from when on a session can be opened."""
    return held.starts_at - OPENS_BEFORE


def printed_from(held: GroupSession) -> dt.datetime:
    """Return from when on a session can have a code."""
    return held.starts_at - PRINTED_BEFORE


def is_open_too_long(held: GroupSession, *, now: dt.datetime) -> bool:
    """Tell whether a session is open although it was over long ago."""
    return held.state == "open" and now > held.ends_at + OPEN_LONG_AFTER


def new_token() -> str:
    """Draw what stands in the address on a poster: nobody guesses it."""
    return secrets.token_urlsafe(16)[:TOKEN_LENGTH]


def new_digits(taken: Collection[str]) -> str:
    """Draw four figures that no other session has these days."""
    while True:
        digits = f"{secrets.randbelow(10**DIGITS_LENGTH):0{DIGITS_LENGTH}d}"
        if digits not in taken:
            return digits
