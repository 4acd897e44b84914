"""The nights of a group with a rota: what every story of rotas begins with."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.timebank.groups.scene import TODAY, Scene, make_scene
from timebank.groups import service as groups
from timebank.groups.models import Group
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.models import GroupSession, Series, Shift, ShiftRole, ShiftSwap
from timebank.sessions.policy.rota import Roster
from timebank.sessions.service import Repeat, RoleDetails, SessionDetails

DAY = dt.timedelta(days=1)
#: The Saturday after `NOW`, which is a Monday.
SATURDAY = TODAY + 5 * DAY


@dataclass(slots=True)
class Rota:
    """The crisis nights of a group: Saturdays from eight to two, two hosts and one for tea."""

    scene: Scene
    now: dt.datetime = NOW
    series: Series = field(init=False)
    host: ShiftRole = field(init=False)
    tea: ShiftRole = field(init=False)

    @property
    def session(self) -> Session:
        """The database."""
        return self.scene.session

    def night(self, number: int = 0) -> GroupSession:
        """Return one of the next nights."""
        return self.session.scalars(
            sa.select(GroupSession)
            .where(GroupSession.series_id == self.series.id, GroupSession.starts_at > self.now)
            .order_by(GroupSession.starts_at)
        ).all()[number]

    def roster(self, number: int = 0) -> Roster:
        """Return who is on the rota of a night."""
        return queries.roster_of(self.session, self.night(number), self.scene.group)

    def missing(self, number: int = 0) -> list[tuple[str, int]]:
        """Return how many are missing in each role of a night."""
        return [(each.role.name, each.missing) for each in self.roster(number).covers]

    def coming(self, number: int = 0) -> list[str]:
        """Name who comes to a night."""
        return [hand.first_name for hand in self.roster(number).coming]

    def put_name(
        self, by: Member, role: ShiftRole | None = None, number: int = 0, **changed: Any
    ) -> Shift:
        """Let somebody put their name down."""
        values: dict[str, Any] = {"by": by, "now": self.now}
        return service.put_name_down(
            self.session,
            self.scene.group,
            self.night(number),
            (role or self.tea).id,
            **(values | changed),
        )

    def ask(self, member: Member, role: ShiftRole | None = None, **changed: Any) -> Shift:
        """Let Lena put somebody else down."""
        values: dict[str, Any] = {"by": self.scene.lena, "who": self.scene.lead, "now": self.now}
        return service.put_down(
            self.session,
            self.scene.group,
            self.night(),
            (role or self.tea).id,
            member,
            **(values | changed),
        )

    def answer(self, part: Shift, by: Member, *, yes: bool, now: dt.datetime = NOW) -> None:
        """Let somebody answer."""
        night = queries.session_by_id(self.session, part.community_id, part.session_id)
        service.answer(self.session, self.scene.group, night, part, yes=yes, by=by, now=now)

    def step_back(self, part: Shift, by: Member, *, now: dt.datetime = NOW) -> None:
        """Let somebody take a name off."""
        night = queries.session_by_id(self.session, part.community_id, part.session_id)
        who = self.scene.who(by)
        service.step_back(self.session, self.scene.group, night, part, by=by, who=who, now=now)

    def swap(self, part: Shift, by: Member, asked: Member | None = None) -> ShiftSwap:
        """Let somebody look for another."""
        night = queries.session_by_id(self.session, part.community_id, part.session_id)
        return service.ask_to_swap(
            self.session, self.scene.group, night, part, asked=asked, by=by, now=self.now
        )

    def take(self, swap: ShiftSwap, by: Member, now: dt.datetime = NOW) -> Shift:
        """Let somebody take a part over."""
        return service.take_over(self.session, self.scene.group, self.night(), swap, by=by, now=now)

    def away(self, member: Member, until_on: dt.date) -> None:
        """Decide that somebody stays away from the group for a time."""
        groups.exclude(
            self.session,
            self.scene.group,
            member,
            until_on=until_on,
            review_on=until_on,
            reason="A loud evening.",
            by=self.scene.lena,
            who=self.scene.lead,
            today=TODAY,
            now=NOW,
        )


def plan(
    scene: Scene, group: Group | None = None, *, now: dt.datetime = NOW, **changed: Any
) -> Series:
    """Plan nights of a group: Saturdays from eight to two."""
    group = group or scene.group
    repeat: dict[str, Any] = {
        "rrule": "FREQ=WEEKLY;BYDAY=SA",
        "starts_on": now.date(),
        "starts_minute": 20 * 60,
        "length_minutes": 6 * 60,
    }
    return service.plan_series(
        scene.session,
        scene.community,
        group,
        SessionDetails(title=f"{group.name} night"),
        Repeat(**(repeat | changed)),
        by=scene.lena,
        who=scene.lead,
        now=now,
    )


def make_rota(session: Session, *, now: dt.datetime = NOW) -> Rota:
    """Let Hugo and Mia come along, and say what a night needs."""
    scene = make_scene(session, time_zone="Europe/London")
    scene.come_in(scene.hugo, "host")
    scene.come_in(scene.mia)
    made = Rota(scene, now)
    made.series = plan(scene, now=now)
    made.host = service.add_role(
        session,
        scene.group,
        made.series,
        RoleDetails(name="Host", needed=2, is_hosting=True),
        who=scene.lead,
    )
    made.tea = service.add_role(
        session, scene.group, made.series, RoleDetails(name="Tea"), who=scene.lead
    )
    return made
