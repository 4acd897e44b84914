"""Note places where people meet."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.db import new_id
from timebank.groups.errors import PlaceTakenError, WordsMissingError
from timebank.groups.models import Venue
from timebank.groups.policy import places


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueDetails:
    """What is known of a place. It may be exact, because nobody lives there."""

    name: str
    address: str = ""
    postcode: str = ""
    area: str = ""
    setting: str = "community"
    access_words: str = ""
    opens_on: dt.date | None = None
    closes_on: dt.date | None = None


def add_venue(
    session: Session,
    community: Community,
    details: VenueDetails,
    *,
    now: dt.datetime,
    source_key: str | None = None,
) -> Venue:
    """Note a place for every group of the community.

    Raises:
        WordsMissingError: If it has no name.
        PlaceTakenError: If it is noted already.
    """
    venue = Venue(community_id=community.id, id=new_id(), added_at=now, source_key=source_key)
    _describe(session, venue, details)
    session.add(venue)
    session.flush()
    return venue


def change_venue(session: Session, venue: Venue, details: VenueDetails) -> None:
    """Change what is known of a place.

    Raises:
        WordsMissingError: If it would have no name.
        PlaceTakenError: If another one is noted like this.
    """
    _describe(session, venue, details)
    session.flush()


def _describe(session: Session, venue: Venue, details: VenueDetails) -> None:
    if not details.name.strip():
        raise WordsMissingError
    postcode = places.tidy_postcode(details.postcode)
    folded = places.folded(
        details.name, details.address, details.area, places.folded_postcode(postcode)
    )
    taken = sa.select(Venue.id).where(
        Venue.community_id == venue.community_id, Venue.folded == folded, Venue.id != venue.id
    )
    with session.no_autoflush:
        if session.scalar(taken.limit(1)) is not None:
            raise PlaceTakenError
    venue.name, venue.address = details.name.strip(), details.address
    venue.postcode, venue.area = postcode, details.area
    venue.setting, venue.access_words = details.setting, details.access_words
    venue.opens_on, venue.closes_on = details.opens_on, details.closes_on
    venue.folded = folded
