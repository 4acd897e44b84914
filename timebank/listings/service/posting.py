"""Putting offers and requests up, answering them, taking them down."""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities import queries as communities
from timebank.communities.models import LOCALES, Community
from timebank.db import new_id
from timebank.errors import ThrottledError
from timebank.listings import policy, queries
from timebank.listings.errors import (
    BadDetailsError,
    CategoryRetiredError,
    ClosedListingError,
    NotYoursError,
    OwnListingError,
    PausedMemberError,
)
from timebank.listings.models import (
    AUDIENCES,
    KINDS,
    LISTED_DAYS_DEFAULT,
    LISTED_DAYS_MAX,
    PARTS_OF_DAY,
    PLACES,
    SUPPORTS,
    TITLE_LENGTH_MAX,
    TRANSITIONS,
    WEEKDAYS,
    WHEN_LENGTH_MAX,
    WORDS_LENGTH_MAX,
    Listing,
    ListingSlot,
    ListingWord,
)
from timebank.listings.search import spellings_in
from timebank.members import queries as members
from timebank.members.models import AREA_LENGTH_MAX, Member
from timebank.messaging import service as messaging
from timebank.messaging.models import Conversation

DAY = dt.timedelta(days=1)
#: What a conversation about a listing says it is about.
ABOUT = "listing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingDetails:
    """What somebody says about an offer or a request.

    Attributes:
        kind: "offer" or "request".
        category_id: A category that is not retired.
        title: One line.
        words: Some lines, or nothing.
        supports: Any of "social", "emotional", "practical".
        about_minutes: About how long.
        when_words: When it suits, in words.
        slots: Parts of weekdays that suit: pairs such as `(0, "morning")`; 0 is Monday.
        place: One of `listings.models.PLACES`.
        area: A part of town; never a street.
        audience: Who may see it.
        ends_on: Last day it is shown; None means until it is closed.
        transition: A big change that it is about, or None.
        language: The locale it is written in; None means the community's.
        is_anonymous: Whether only the coordinator learns who put it up.
    """

    kind: str
    category_id: uuid.UUID
    title: str
    words: str = ""
    supports: frozenset[str] = frozenset()
    about_minutes: int = 60
    when_words: str = ""
    slots: frozenset[tuple[int, str]] = frozenset()
    place: str = "public"
    area: str = ""
    audience: str = "community"
    ends_on: dt.date | None = None
    transition: str | None = None
    language: str | None = None
    is_anonymous: bool = False


# ------------------------------------------------------------------------------ posting


def post_listing(
    session: Session,
    community: Community,
    member: Member,
    details: ListingDetails,
    *,
    now: dt.datetime,
) -> Listing:
    """Put up an offer or a request of a member.

    Args:
        session: The open unit of work; this function never commits it.
        community: Where.
        member: Whose it is; somebody may have typed it for them.
        details: What they say about it.
        now: Aware time of posting.

    Raises:
        PausedMemberError: If the member takes a break or is not here yet or any more.
        ThrottledError: If the member put up too many today.
        BadDetailsError: If a value is out of its range.
        CategoryNotFoundError: If the community has no such category.
        CategoryRetiredError: If the category is not used any more.
    """
    if not member.is_here:
        raise PausedMemberError
    if queries.count_since(session, member, now - DAY) >= policy.LISTINGS_A_DAY_MAX:
        raise ThrottledError(int(DAY.total_seconds()) // 4)
    listing = Listing(
        community_id=community.id,
        id=new_id(),
        member_id=member.id,
        kind=details.kind,
        state="open",
        posted_at=now,
    )
    _check_kind(details)
    _write(session, community, listing, details, now)
    session.add(listing)
    session.flush()
    _index(session, listing)
    if listing.kind == "request" and listing.transition is not None:
        _call_coordinators(session, listing, now)
    return listing


def _call_coordinators(session: Session, listing: Listing, now: dt.datetime) -> None:
    """Tell the coordinators at once of a request at a hard moment: it should not wait its turn."""
    for coordinator in members.holders(session, listing.community_id, policy.COORDINATOR):
        if coordinator.id != listing.member_id:
            messaging.tell(
                session,
                coordinator,
                topic="work",
                kind="urgent request",
                facts={"title": listing.title},
                path=f"listings/{listing.id}",
                now=now,
            )


def change_listing(
    session: Session,
    community: Community,
    listing: Listing,
    details: ListingDetails,
    *,
    by: Member,
    now: dt.datetime,
) -> Listing:
    """Rewrite a listing; its kind stays what it is.

    Raises:
        NotYoursError: If it is somebody else's.
        ClosedListingError: If it is closed.
        BadDetailsError, CategoryNotFoundError, CategoryRetiredError: As for a new one.
    """
    _check_changeable(listing, by)
    _write(session, community, listing, details, now)
    session.flush()
    _index(session, listing)
    return listing


def _write(
    session: Session,
    community: Community,
    listing: Listing,
    details: ListingDetails,
    now: dt.datetime,
) -> None:
    _check(community, listing, details, community.day_of(now))
    category = queries.category(session, community.id, details.category_id)
    if category.retired_at is not None and listing.category_id != category.id:
        raise CategoryRetiredError
    listing.category_id = category.id
    listing.title, listing.words = details.title, details.words
    listing.is_social = "social" in details.supports
    listing.is_emotional = "emotional" in details.supports
    listing.is_practical = "practical" in details.supports
    listing.about_minutes = details.about_minutes
    listing.when_words = details.when_words
    listing.place, listing.area = details.place, details.area
    listing.audience = details.audience
    if listing.ends_on != details.ends_on:
        listing.ends_on, listing.nudged_days = details.ends_on, None
    listing.transition = details.transition
    listing.language = details.language or community.locale
    listing.is_anonymous = details.is_anonymous
    kept = {(slot.weekday, slot.part): slot for slot in listing.slots}
    listing.slots = [
        kept.get((weekday, part))
        or ListingSlot(community_id=community.id, listing_id=listing.id, weekday=weekday, part=part)
        for weekday, part in sorted(details.slots)
    ]


def _check_kind(details: ListingDetails) -> None:
    if details.kind not in KINDS:
        raise BadDetailsError("kind")


def _check(community: Community, listing: Listing, details: ListingDetails, today: dt.date) -> None:
    """Refuse what no form of ours sends; the forms say the same in friendlier words."""
    latest = today + dt.timedelta(days=LISTED_DAYS_MAX)
    ends_on = details.ends_on
    rules = {
        "title": 0 < len(details.title) <= TITLE_LENGTH_MAX,
        "words": len(details.words) <= WORDS_LENGTH_MAX,
        "when_words": len(details.when_words) <= WHEN_LENGTH_MAX,
        "area": len(details.area) <= AREA_LENGTH_MAX,
        "supports": details.supports <= frozenset(SUPPORTS),
        "about_minutes": 1 <= details.about_minutes <= community.exchange_minutes_max,
        "slots": all(
            weekday in WEEKDAYS and part in PARTS_OF_DAY for weekday, part in details.slots
        ),
        "place": details.place in PLACES,
        "audience": details.audience in AUDIENCES,
        "transition": details.transition is None or details.transition in TRANSITIONS,
        "language": details.language is None or details.language in LOCALES,
        "ends_on": ends_on is None or ends_on == listing.ends_on or today <= ends_on <= latest,
    }
    for field, is_kept in rules.items():
        if not is_kept:
            raise BadDetailsError(field)


def _index(session: Session, listing: Listing) -> None:
    """Bring the words that a listing is found by up to date."""
    wanted = spellings_in(f"{listing.title}\n{listing.words}\n{listing.when_words}\n{listing.area}")
    of_listing = (
        ListingWord.community_id == listing.community_id,
        ListingWord.listing_id == listing.id,
    )
    there = frozenset(session.scalars(sa.select(ListingWord.word).where(*of_listing)))
    if gone := there - wanted:
        session.execute(sa.delete(ListingWord).where(*of_listing, ListingWord.word.in_(gone)))
    session.add_all(
        ListingWord(community_id=listing.community_id, word=word, listing_id=listing.id)
        for word in sorted(wanted - there)
    )
    session.flush()


# ------------------------------------------------------------------------- taking part


def reply(
    session: Session, listing: Listing, member: Member, body: str, *, now: dt.datetime
) -> Conversation:
    """Answer a listing: begin a private conversation with whoever put it up, and write to them.

    Somebody who did not want to be named stays unnamed in the conversation until they say who
    they are.

    Raises:
        OwnListingError: If it is the member's own.
        PausedMemberError: If the member takes a break.
        ThrottledError: If the member wrote too much in the last hour.
    """
    if listing.member_id == member.id:
        raise OwnListingError
    if not policy.may_reply(listing, member):
        raise PausedMemberError
    owner = queries.owner_of(session, listing)
    conversation = messaging.begin_conversation(
        session,
        listing.community_id,
        between=(owner, member),
        title=listing.title,
        about_kind=ABOUT,
        about_id=listing.id,
        unnamed={owner.id} if listing.is_anonymous else (),
        now=now,
    )
    messaging.send(session, conversation, author=member, body=body, now=now)
    return conversation


def pause(listing: Listing, *, by: Member) -> None:
    """Hide a listing until it is resumed.

    Raises:
        NotYoursError: If it is somebody else's.
        ClosedListingError: If it is closed.
    """
    _check_changeable(listing, by)
    listing.state = "paused"


def resume(community: Community, listing: Listing, *, by: Member, now: dt.datetime) -> None:
    """Show a paused listing again; one whose last day is over is renewed.

    Raises:
        NotYoursError: If it is somebody else's.
        ClosedListingError: If it is closed.
    """
    _check_changeable(listing, by)
    listing.state = "open"
    if policy.has_ended(listing, community.day_of(now)):
        renew(community, listing, by=by, now=now)


def renew(
    community: Community,
    listing: Listing,
    *,
    by: Member,
    now: dt.datetime,
    days: int = LISTED_DAYS_DEFAULT,
) -> None:
    """Show a listing for `days` more, counted from today.

    Raises:
        NotYoursError: If it is somebody else's.
        ClosedListingError: If it is closed.
        BadDetailsError: If `days` is out of range.
    """
    _check_changeable(listing, by)
    if not 1 <= days <= LISTED_DAYS_MAX:
        raise BadDetailsError("days")
    listing.state = "open"
    listing.ends_on = community.day_of(now) + dt.timedelta(days=days)
    listing.renewed_at = now
    listing.nudged_days = None


def close(
    listing: Listing, *, by: Member, now: dt.datetime, roles: frozenset[str] = frozenset()
) -> None:
    """Take a listing down for good; closing it again changes nothing.

    Raises:
        NotYoursError: If it is somebody else's, and the member no coordinator.
    """
    if not policy.may_close(listing, by, roles):
        raise NotYoursError
    listing.state = "closed"
    listing.closed_at = listing.closed_at or now


def _check_changeable(listing: Listing, by: Member) -> None:
    if not policy.may_change(listing, by):
        raise NotYoursError
    if listing.state == "closed":
        raise ClosedListingError


def nudge_ending(session: Session, now: dt.datetime) -> int:
    """Remind members of listings that end in 7 days and in 1 day; return how many were reminded.

    It may be run as often as one likes, and late: each reminder goes out once.
    """
    reminded = 0
    for community in communities.every(session):
        today = community.day_of(now)
        until = today + dt.timedelta(days=max(policy.NUDGE_DAYS))
        for listing, member in queries.ending(session, community, until=until, today=today):
            listed_on = community.day_of(listing.renewed_at or listing.posted_at)
            days = policy.nudge_due(listing, today, listed_on)
            if days is not None:
                _nudge(session, listing, member, days, now)
                reminded += 1
    return reminded


def _nudge(session: Session, listing: Listing, member: Member, days: int, now: dt.datetime) -> None:
    listing.nudged_days = days
    messaging.tell(
        session,
        member,
        topic="listing",
        kind=f"listing ends {days}",
        facts={"title": listing.title},
        path=f"listings/{listing.id}",
        now=now,
        once_key=f"listing-ends-{listing.id}-{listing.ends_on}-{days}",
    )
