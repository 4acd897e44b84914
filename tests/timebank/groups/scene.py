"""A badminton morning in a church hall: what every story of groups begins with."""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community, make_member
from timebank.communities.models import Community
from timebank.groups import queries, service
from timebank.groups.models import Group, GroupEvent, PotMove
from timebank.groups.policy.standing import Standing
from timebank.groups.service import GroupDetails
from timebank.hours import queries as hours
from timebank.members.models import Member
from timebank.messaging.models import Notice

TODAY = NOW.date()


@dataclass(slots=True)
class Scene:
    """Lena leads, Hugo hosts, Mia comes along, Cora coordinates, Otto has no part in it."""

    session: Session
    community: Community
    lena: Member
    hugo: Member
    mia: Member
    cora: Member
    otto: Member
    group: Group = field(init=False)

    def who(self, member: Member, *roles: str) -> Standing:
        """Return what somebody is to the group."""
        return queries.standing_of(
            self.session, self.group, member, frozenset(roles), on=NOW.date()
        )

    @property
    def lead(self) -> Standing:
        """What Lena is to the group."""
        return self.who(self.lena)

    def start(self, member: Member | None = None, **details: Any) -> Group:
        """Let somebody start another group."""
        values: dict[str, Any] = {"name": "Tea", "when_words": "Tuesdays", "where_words": "Café"}
        return service.start_group(
            self.session,
            self.community,
            GroupDetails(**(values | details)),
            by=member or self.lena,
            now=NOW,
        )

    def come_in(self, member: Member, part: str = "member", *, is_paid: bool = False) -> None:
        """Let somebody come into the group with a part."""
        service.join(self.session, self.group, member, today=TODAY, now=NOW)
        service.give_part(
            self.session,
            self.group,
            member,
            part,
            is_paid=is_paid,
            by=self.lena,
            who=self.lead,
            now=NOW,
        )

    def pot(self, group: Group | None = None) -> int:
        """Return the minutes in a group's pot."""
        return queries.pot_minutes(self.session, group or self.group)

    def waiting(self) -> list[PotMove]:
        """List the moves of pots that wait to be decided, the oldest first."""
        self.session.flush()
        return list(
            self.session.scalars(
                sa.select(PotMove).where(PotMove.state == "waiting").order_by(PotMove.id)
            )
        )

    def balance(self, member: Member) -> int:
        """Return the minutes on a member's account."""
        return hours.balance_of(self.session, member).posted

    def told(self, member: Member) -> list[str]:
        """List the kinds of notices that a member got, in order."""
        self.session.flush()
        return list(
            self.session.scalars(
                sa.select(Notice.kind).where(Notice.member_id == member.id).order_by(Notice.id)
            )
        )

    def story(self) -> list[str]:
        """List what happened to the group, in order."""
        self.session.flush()
        return list(
            self.session.scalars(
                sa.select(GroupEvent.kind)
                .where(GroupEvent.group_id == self.group.id)
                .order_by(GroupEvent.id)
            )
        )


def make_scene(session: Session, **settings: Any) -> Scene:
    """Make the people, and let Lena start the group."""
    community = make_community(session, **settings)
    scene = Scene(
        session,
        community,
        lena=make_member(session, community, first_name="Lena"),
        hugo=make_member(session, community, first_name="Hugo"),
        mia=make_member(session, community, first_name="Mia"),
        cora=make_member(session, community, first_name="Cora", roles=("coordinator",)),
        otto=make_member(session, community, first_name="Otto"),
    )
    scene.group = scene.start(
        name="Badminton", when_words="Sunday mornings", where_words="The church hall"
    )
    return scene
