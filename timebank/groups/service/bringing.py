"""Bring in groups and places from a list that somebody else keeps; again changes nothing."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from timebank.communities.models import Community
from timebank.groups.errors import PlaceTakenError
from timebank.groups.models import WHEN_LENGTH_MAX, Group, Venue
from timebank.groups.policy import places
from timebank.groups.service.places import VenueDetails, add_venue
from timebank.groups.service.running import GroupDetails, start_group
from timebank.groups.sheets import Row
from timebank.members.models import AREA_LENGTH_MAX


@dataclass(slots=True)
class Brought:
    """What became of a list.

    Attributes:
        groups: Names of the groups that are new.
        venues: Names of the places that are new.
        known: How many rows were in already.
    """

    groups: list[str] = field(default_factory=list)
    venues: list[str] = field(default_factory=list)
    known: int = 0


def bring_in_venues(
    session: Session, community: Community, rows: Sequence[Row], *, now: dt.datetime
) -> Brought:
    """Note the places of a list that are not noted yet."""
    brought = Brought()
    there = _keys(session, community, Venue.source_key, [row.key for row in rows])
    for row in rows:
        if row.key in there or _venue(session, community, row, brought, now=now) is None:
            brought.known += 1
    return brought


def bring_in_groups(
    session: Session, community: Community, rows: Sequence[Row], *, now: dt.datetime
) -> Brought:
    """Start the groups of a list that are not here yet, each at its place.

    Nobody runs them to begin with; the coordinators do, until somebody is given that part.
    """
    brought = Brought()
    there = _keys(session, community, Group.source_key, [row.key for row in rows])
    for row in rows:
        if row.key in there:
            brought.known += 1
            continue
        venue = None
        if row.postcode or row.address:
            venue = _venue(session, community, row, brought, now=now) or _noted(
                session, community, row
            )
        details = GroupDetails(
            name=row.name,
            words=row.words,
            when_words=row.when[:WHEN_LENGTH_MAX],
            area=row.area[:AREA_LENGTH_MAX],
            venue_id=venue.id if venue is not None else None,
            sector=row.sector,
            supports=("practical", "social"),
            is_public=True,
        )
        start_group(session, community, details, by=None, now=now, source_key=row.key)
        brought.groups.append(row.name)
    return brought


def _keys(
    session: Session,
    community: Community,
    column: InstrumentedAttribute[str | None],
    keys: Collection[str],
) -> set[str | None]:
    return set(
        session.scalars(
            sa.select(column).where(column.in_(keys), column.class_.community_id == community.id)
        )
    )


def _details(row: Row) -> VenueDetails:
    return VenueDetails(
        name=row.name,
        address=row.address,
        postcode=row.postcode,
        area=row.area[:AREA_LENGTH_MAX],
    )


def _venue(
    session: Session, community: Community, row: Row, brought: Brought, *, now: dt.datetime
) -> Venue | None:
    """Note a place, or return None where it is noted already."""
    try:
        venue = add_venue(session, community, _details(row), now=now, source_key=row.key)
    except PlaceTakenError:
        return None
    brought.venues.append(venue.name)
    return venue


def _noted(session: Session, community: Community, row: Row) -> Venue | None:
    """Return the place that is noted under what the row says."""
    folded = places.folded(
        row.name, row.address, row.area[:AREA_LENGTH_MAX], places.folded_postcode(row.postcode)
    )
    return session.scalar(
        sa.select(Venue).where(Venue.community_id == community.id, Venue.folded == folded)
    )
