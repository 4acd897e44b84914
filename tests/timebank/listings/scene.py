"""A community with its categories, and listings in one line."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community
from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.listings import queries, service
from timebank.listings.models import Listing
from timebank.listings.service import ListingDetails
from timebank.members.models import Member

TODAY = NOW.date()


def make_place(session: Session, **settings: Any) -> Community:
    """Make a community that has the shipped categories."""
    community = make_community(session, **settings)
    service.seed_categories(session, community.id)
    return community


def details_of(session: Session, community: Community, **said: Any) -> ListingDetails:
    """Say something dull and valid, but for what is `said`; `category` is a key."""
    key = said.pop("category", "walks")
    category = queries.category_by_key(session, community.id, key)
    values = {"kind": "offer", "title": "A walk", "supports": frozenset({"social"})}
    return ListingDetails(category_id=category.id, **(values | said))


def post(
    session: Session,
    community: Community,
    member: Member,
    *,
    now: dt.datetime = NOW,
    **said: Any,
) -> Listing:
    """Put up a listing."""
    details = details_of(session, community, **said)
    return service.post_listing(session, community, member, details, now=now)


def up(session: Session, community: Community, member: Member, **said: Any) -> Listing:
    """Put up a listing now, so that a page shows it."""
    return post(session, community, member, now=utc_now(), **said)


def only(session: Session) -> Listing:
    """Return the one listing there is, as it stands in the database."""
    session.rollback()
    return session.scalars(sa.select(Listing)).one()


def key(session: Session, place: Community, name: str) -> str:
    """Return the id of a category as a form sends it."""
    return str(queries.category_by_key(session, place.id, name).id)
