"""Making a community and changing the rules of its house.

A community's books are opened one floor up: `members.service.found_community` makes the community,
its book and its pot in one go, because this context stands below `hours`.
"""

import datetime as dt
import uuid
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities import policy, queries
from timebank.communities.errors import BadSlugError, SlugTakenError, UnknownTimeZoneError
from timebank.communities.models import SETTINGS, Community, CommunityChange
from timebank.db import new_id


def create_community(
    session: Session, *, slug: str, name: str, now: dt.datetime, **settings: object
) -> Community:
    """Make a community with its rules, and without books yet.

    Args:
        session: The open unit of work; this function never commits it.
        slug: Short name for addresses: small letters, digits and hyphens.
        name: What people call it.
        now: Aware time of its beginning.
        **settings: object of `communities.models.SETTINGS`; the rest takes the defaults.

    Raises:
        BadSlugError: If the short name cannot stand in an address.
        SlugTakenError: If another community has it.
        UnknownTimeZoneError: If this machine does not know the time zone.
    """
    return _create(session, new_id(), slug=slug, name=name, now=now, settings=settings)


def remake_community(
    session: Session, community_id: uuid.UUID, *, slug: str, name: str, now: dt.datetime
) -> Community:
    """Make a community under the id it had, to have its hours back from its books.

    It takes and refuses what `create_community` does, and has the defaults for its rules.
    """
    return _create(session, community_id, slug=slug, name=name, now=now, settings={})


def _create(
    session: Session,
    community_id: uuid.UUID,
    *,
    slug: str,
    name: str,
    now: dt.datetime,
    settings: Mapping[str, object],
) -> Community:
    if not policy.is_slug(slug):
        raise BadSlugError(slug)
    if queries.by_slug(session, slug) is not None:
        raise SlugTakenError(slug)
    _check(settings)
    community = Community(id=community_id, slug=slug, name=name, created_at=now, **settings)
    session.add(community)
    session.flush()
    return community


def change_settings(
    session: Session,
    community: Community,
    wanted: Mapping[str, object],
    *,
    by_member_id: uuid.UUID | None,
    now: dt.datetime,
) -> list[CommunityChange]:
    """Change what differs and keep who changed it, when, from what and to what.

    New house rules get a new version number.

    Args:
        session: The open unit of work; this function never commits it.
        community: The community.
        wanted: New values by the names of `communities.models.SETTINGS`.
        by_member_id: The coordinator, or None from the command line.
        now: Aware time of the change.

    Returns:
        What was changed; empty when everything stayed as it was.

    Raises:
        UnknownTimeZoneError: If this machine does not know the time zone.
    """
    session.refresh(community, with_for_update=True)
    _check(wanted)
    changes = []
    for setting in SETTINGS:
        before = getattr(community, setting)
        if setting not in wanted or wanted[setting] == before:
            continue
        setattr(community, setting, wanted[setting])
        changes.append(
            CommunityChange(
                community_id=community.id,
                setting=setting,
                before=None if before is None else str(before),
                after=None if wanted[setting] is None else str(wanted[setting]),
                by_member_id=by_member_id,
                at=now,
            )
        )
        if setting == "house_rules":
            community.house_rules_version += 1
    session.add_all(changes)
    session.flush()
    return changes


def next_member_number(session: Session, community: Community) -> int:
    """Hand out the next member number; none is ever handed out twice, and gaps mean nothing."""
    return _next(session, community, "member_count")


def next_pot_number(session: Session, community: Community) -> int:
    """Hand out the number of the next pot; the community's own has the first."""
    return _next(session, community, "pot_count")


def count_from(session: Session, community: Community, *, members: int, pots: int) -> None:
    """Hand out no number any more up to these: somebody has them already."""
    community.member_count = max(community.member_count, members)
    community.pot_count = max(community.pot_count, pots)
    session.flush()


def _next(session: Session, community: Community, counter: str) -> int:
    column = getattr(Community, counter)
    number: int = session.execute(
        sa.update(Community)
        .where(Community.id == community.id)
        .values({counter: column + 1})
        .returning(column)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    session.expire(community, [counter])
    return number


def _check(settings: Mapping[str, object]) -> None:
    unknown = settings.keys() - set(SETTINGS)
    if unknown:
        raise TypeError(f"a community has no {', '.join(sorted(unknown))}")
    time_zone = settings.get("time_zone")
    if time_zone is not None and not policy.is_time_zone(str(time_zone)):
        raise UnknownTimeZoneError(str(time_zone))
