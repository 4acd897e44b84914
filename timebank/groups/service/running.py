"""Start a group, change it, say that its entry is right, end it."""

import datetime as dt
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities import service as communities
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.groups import queries
from timebank.groups.errors import GroupEndedError, NotYoursToRunError, WordsMissingError
from timebank.groups.models import (
    SLUG_LENGTH_MAX,
    TONES,
    Group,
    GroupMember,
    GroupSlot,
    GroupTransition,
)
from timebank.groups.policy import places, standing
from timebank.groups.service import telling
from timebank.hours import service as hours
from timebank.members.models import Member

#: Lets go of what hangs on a group that ends: the open unit of work, the group, who ends it, when.
LetGo = Callable[[Session, Group, Member, dt.datetime], None]
_LETTING_GO: list[LetGo] = []


def when_a_group_ends(let_go: LetGo) -> None:
    """Let a context above let go of what hangs on a group, in the act that ends it.

    It may raise a refusal where something has to be done first: then the group goes on.
    """
    if let_go not in _LETTING_GO:
        _LETTING_GO.append(let_go)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDetails:
    """What a group says about itself; the first three are enough to start with."""

    name: str
    when_words: str = ""
    where_words: str = ""
    words: str = ""
    area: str = ""
    venue_id: uuid.UUID | None = None
    tone: int | None = None
    sector: str | None = None
    supports: Collection[str] = ()
    transitions: Collection[str] = ()
    slots: Collection[tuple[int, str]] = field(default_factory=frozenset)
    is_public: bool = False
    needs_staff: bool = False
    joining: str = "open"
    mailbox: str = ""


def start_group(
    session: Session,
    community: Community,
    details: GroupDetails,
    *,
    by: Member | None,
    now: dt.datetime,
    source_key: str | None = None,
) -> Group:
    """Start a group. It has its pot and its lead and works at once; the coordinators are told.

    Args:
        session: The open unit of work; never committed here.
        community: Where.
        details: What the group says about itself.
        by: Who starts it and leads it; None where a list is brought in.
        now: When.
        source_key: Names the row of a list it came from, so that it comes once.

    Raises:
        WordsMissingError: If it has no name.
        VenueNotFoundError: If the community knows no such place.
    """
    if not details.name.strip():
        raise WordsMissingError
    number = communities.next_pot_number(session, community)
    group = Group(
        community_id=community.id,
        id=new_id(),
        number=number,
        slug=places.free_slug(details.name, _slugs(session, community, details.name)),
        started_by_id=by.id if by is not None else None,
        started_at=now,
        source_key=source_key,
        tone=number % TONES,
        state="open",
        slots=[],
        transitions=[],
    )
    _describe(session, group, details)
    session.add(group)
    session.flush()
    hours.open_pot(session, community, group.account_code)
    if by is not None:
        session.add(
            GroupMember(
                community_id=community.id,
                group_id=group.id,
                member_id=by.id,
                part="lead",
                state="active",
                since_at=now,
            )
        )
        telling.note(session, group, "started", by=by, now=now, member_id=by.id, part="lead")
        telling.tell(
            session,
            group,
            telling.coordinators(session, group),
            "group-started",
            by=by,
            now=now,
            topic=telling.TOPIC_WORK,
        )
    session.flush()
    return group


def change_group(
    session: Session,
    group: Group,
    details: GroupDetails,
    *,
    by: Member,
    who: standing.Standing,
    now: dt.datetime,
) -> None:
    """Change what a group says about itself; its address and its pot stay.

    Raises:
        NotYoursToRunError: If `by` does not run the group.
        GroupEndedError: If it has ended.
        WordsMissingError: If it would have no name.
        VenueNotFoundError: If the community knows no such place.
    """
    check_runs(group, who)
    if not details.name.strip():
        raise WordsMissingError
    _describe(session, group, details)
    telling.note(session, group, "changed", by=by, now=now)
    session.flush()


def mark_checked(
    session: Session,
    group: Group,
    *,
    by: Member,
    who: standing.Standing,
    today: dt.date,
    now: dt.datetime,
) -> None:
    """Say that the group's entry in the directory is right today.

    Raises:
        NotYoursToRunError, GroupEndedError: As their names say.
    """
    check_runs(group, who)
    group.checked_on, group.checked_by_id = today, by.id
    telling.note(session, group, "checked", by=by, now=now)


def end_group(
    session: Session,
    community: Community,
    group: Group,
    *,
    by: Member,
    who: standing.Standing,
    now: dt.datetime,
    today: dt.date,
) -> int:
    """End a group: what its pot holds goes to the community's pot, and the pot is closed.

    Returns:
        The minutes that went over.

    Raises:
        NotYoursToRunError, GroupEndedError: As their names say.
        AccountInUseError: If the pot owes hours; somebody has to give them first.
        RefusalError: If a context above wants something done first (`when_a_group_ends`).
    """
    session.refresh(group, with_for_update=True)
    check_runs(group, who)
    for let_go in _LETTING_GO:
        let_go(session, group, by, now)
    minutes = hours.close_pot(
        session,
        community,
        group.account_code,
        key=f"group-ended:{group.id}",
        happened_on=today,
        by=by,
        now=now,
    )
    group.state, group.ended_at = "ended", now
    telling.note(session, group, "ended", by=by, now=now)
    told = [each.member for each in queries.companions(session, group)]
    telling.tell(session, group, told, "group-ended", by=by, now=now)
    return minutes


def check_runs(group: Group, who: standing.Standing) -> None:
    """Refuse what only those who run the group may do, and any change to one that has ended.

    Raises:
        NotYoursToRunError, GroupEndedError: As their names say.
    """
    if not standing.may_run(who):
        raise NotYoursToRunError
    if not group.is_open:
        raise GroupEndedError


def _slugs(session: Session, community: Community, name: str) -> frozenset[str]:
    base = places.slug_of(name)
    return frozenset(
        session.scalars(
            sa.select(Group.slug).where(
                Group.community_id == community.id,
                Group.slug.startswith(base[: SLUG_LENGTH_MAX - 6], autoescape=True),
            )
        )
    )


def _describe(session: Session, group: Group, details: GroupDetails) -> None:
    if details.venue_id is not None:
        queries.venue(session, group.community_id, details.venue_id)
    group.name = details.name.strip()
    group.words, group.area = details.words, details.area
    group.when_words, group.where_words = details.when_words, details.where_words
    group.venue_id = details.venue_id
    group.folded = places.folded(group.name, group.when_words, group.where_words, group.area)
    if details.tone is not None:
        group.tone = details.tone
    group.sector = details.sector
    group.is_social = "social" in details.supports
    group.is_emotional = "emotional" in details.supports
    group.is_practical = "practical" in details.supports
    group.is_public, group.needs_staff = details.is_public, details.needs_staff
    group.joining, group.mailbox = details.joining, details.mailbox
    _set_slots(group, details)
    _set_transitions(group, details)


def _set_slots(group: Group, details: GroupDetails) -> None:
    """Keep the rows that stay: a row taken out and put in again would meet its own key."""
    wanted = set(details.slots)
    group.slots = [slot for slot in group.slots if (slot.weekday, slot.part) in wanted]
    there = {(slot.weekday, slot.part) for slot in group.slots}
    group.slots += [
        GroupSlot(community_id=group.community_id, group_id=group.id, weekday=weekday, part=part)
        for weekday, part in sorted(wanted - there)
    ]


def _set_transitions(group: Group, details: GroupDetails) -> None:
    wanted = set(details.transitions)
    group.transitions = [each for each in group.transitions if each.transition in wanted]
    there = {each.transition for each in group.transitions}
    group.transitions += [
        GroupTransition(community_id=group.community_id, group_id=group.id, transition=transition)
        for transition in sorted(wanted - there)
    ]
