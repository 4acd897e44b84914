"""Who may do what with a listing, and which words belong in no public text. Pure rules."""

import datetime as dt
import re
import tomllib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from timebank.listings.models import Listing
from timebank.listings.search import fold, words_in
from timebank.members.areas import street_addresses_in
from timebank.members.models import Member
from timebank.members.reaching import mail_addresses_in, phone_numbers_in

COORDINATOR = "coordinator"
#: Listings one member may put up in a day.
LISTINGS_A_DAY_MAX = 20
#: A reminder goes out this many days before the end.
NUDGE_DAYS = (7, 1)
_WORDS_FILE = Path(__file__).with_name("private_words.toml")
_LINK = re.compile(r"(?i)\b(?:https?://|www\.)\S+")
_DATE = re.compile(r"\b\d{1,4}([./-])\d{1,2}\1\d{1,4}\b")


@dataclass(frozen=True, slots=True)
class Worry:
    """Something in public words that the writer may want to look at once more.

    Attributes:
        kind: "phone", "mail", "link", "address" or "health".
        found: The words that look like it, as they were typed.
    """

    kind: str
    found: str


# ---------------------------------------------------------------------------------- who


def may_change(listing: Listing, member: Member) -> bool:
    """Tell whether a member may pause, renew and rewrite a listing: their own."""
    return listing.member_id == member.id


def may_close(listing: Listing, member: Member, roles: frozenset[str]) -> bool:
    """Tell whether a member may take a listing down: their own, or as coordinator."""
    return may_change(listing, member) or COORDINATOR in roles


def may_reply(listing: Listing, member: Member) -> bool:
    """Tell whether a member may answer a listing: everybody here but the one who put it up."""
    return listing.member_id != member.id and member.is_here


class Anonymous(Protocol):
    """A listing, or as much of it as tells whether its member is named."""

    @property
    def member_id(self) -> uuid.UUID:
        """Who put it up."""

    @property
    def is_anonymous(self) -> bool:
        """Whether they asked not to be named."""


def may_see_who(listing: Anonymous, viewer: Member | None, roles: frozenset[str]) -> bool:
    """Tell whether a viewer learns who put a listing up, where no name was wanted."""
    if not listing.is_anonymous:
        return True
    return viewer is not None and (viewer.id == listing.member_id or COORDINATOR in roles)


def audiences_of(viewer: Member | None, roles: frozenset[str]) -> tuple[str, ...]:
    """Name the audiences that a viewer belongs to; anybody at all belongs to "everyone"."""
    if viewer is None or viewer.state not in {"active", "paused"}:
        return ("everyone",)
    if COORDINATOR in roles:
        return ("everyone", "community", "coordinator")
    return ("everyone", "community")


def has_ended(listing: Listing, today: dt.date) -> bool:
    """Tell whether the last day of a listing is over; nothing is stored when that happens."""
    return listing.ends_on is not None and listing.ends_on < today


def nudge_due(listing: Listing, today: dt.date, listed_on: dt.date) -> int | None:
    """Return which reminder of the end is due today, in days before it, or None.

    Args:
        listing: An open listing.
        today: The date where its community is.
        listed_on: When it was put up or renewed: nobody is reminded of what they just chose.
    """
    if listing.ends_on is None or has_ended(listing, today):
        return None
    left = (listing.ends_on - today).days
    for days in sorted(NUDGE_DAYS):
        was_sent = listing.nudged_days is not None and listing.nudged_days <= days
        if left <= days:
            is_fresh = (listing.ends_on - listed_on).days <= days
            return None if was_sent or is_fresh else days
    return None


# ------------------------------------------------------------------------- public words


@cache
def _health_words() -> frozenset[str]:
    with _WORDS_FILE.open("rb") as file:
        by_language = tomllib.load(file)["health"]
    return frozenset(fold(word) for words in by_language.values() for word in words)


def worries_in(text: str) -> list[Worry]:
    """List what in a public text looks like a phone number, an address or a word about health.

    All languages are looked through at once: people mix them. It is a hint and never a wall, so a
    miss is better than a nuisance.
    """
    text = _DATE.sub(" ", text)
    found = [Worry("mail", address) for address in mail_addresses_in(text)]
    found += [Worry("link", match[0]) for match in _LINK.finditer(text)]
    found += [Worry("phone", number) for number in phone_numbers_in(text)]
    found += [Worry("address", words) for words in street_addresses_in(text)]
    found += [Worry("health", word) for word in _health_words_in(text)]
    return found


def _health_words_in(text: str) -> Iterable[str]:
    wanted = _health_words()
    seen: set[str] = set()
    for word in re.findall(r"[^\W\d_]+", text):
        folded = "".join(words_in(word))
        if folded not in seen and (folded in wanted or folded.removesuffix("s") in wanted):
            seen.add(folded)
            yield word
