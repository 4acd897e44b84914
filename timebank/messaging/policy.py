"""What may be written, shared and sent, and how often. Pure rules."""

import datetime as dt
import hashlib
import uuid

from timebank.members.models import Member

COORDINATOR = "coordinator"
#: Messages one member may write in an hour; a lively talk stays far below.
MESSAGES_AN_HOUR_MAX = 60
#: A second notice of the same thing, while the first lies unread, brings no second mail this long.
QUIET_FOR = dt.timedelta(days=1)
#: A mail is tried this often, each time after a longer pause, over about a day and a half.
TRIES_MAX = 8
FIRST_PAUSE = dt.timedelta(minutes=1)
PAUSE_FACTOR = 4
PAUSE_MAX = dt.timedelta(hours=12)
#: A worker that takes a mail has this long to send it before another may.
LEASE = dt.timedelta(minutes=5)
#: Members in these states hear no more from us, except what is written to them on purpose.
GONE = frozenset({"refused", "left"})


def pause_after(attempts: int) -> dt.timedelta:
    """Return how long to wait after the given number of failed tries, 1 or more."""
    longer: int = PAUSE_FACTOR ** (attempts - 1)
    return min(FIRST_PAUSE * longer, PAUSE_MAX)


def may_be_mailed(member: Member) -> bool:
    """Tell whether there is an address, and somebody here behind it."""
    return bool(member.email) and member.state not in GONE


def may_begin(member: Member, roles: frozenset[str], other_roles: frozenset[str]) -> bool:
    """Tell whether a member may write to another out of the blue.

    A coordinator may, to anybody; and anybody to a coordinator. All others meet over an offer or a
    request.
    """
    return member.is_here and COORDINATOR in (roles | other_roles)


def is_one_line(text: str) -> bool:
    """Tell whether a text may stand in a mail header: printable, on one line."""
    return text.isprintable()


def is_address(text: str) -> bool:
    """Tell whether a text can be an address that mail goes to: one @, something on both sides."""
    name, at, domain = text.partition("@")
    return (
        bool(name and at and domain)
        and "@" not in domain
        and not any(character.isspace() or character in ',;<>"()[]\\' for character in text)
    )


def pair_key(one: uuid.UUID, other: uuid.UUID, about_id: uuid.UUID | None) -> bytes:
    """Return what is one for two members and what they talk about, whoever of them begins."""
    pair = sorted((one.bytes, other.bytes))
    about = b"" if about_id is None else about_id.bytes
    return hashlib.sha256(b"".join(pair) + about).digest()
