"""A Sunday morning with an open door: what every story of the door begins with."""

import datetime as dt
import itertools
import uuid
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from tests.factories import NOW, make_member
from tests.timebank.sessions.scene import Scene as Planned
from tests.timebank.sessions.scene import make_sessions
from timebank.db import new_id
from timebank.groups import service as groups
from timebank.groups.models import Group
from timebank.groups.policy.crediting import Terms
from timebank.groups.policy.standing import Standing
from timebank.hours import queries as hours
from timebank.hours import service as hour_service
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.models import GroupSession, SessionAttendance, SessionClosing
from timebank.sessions.queries import Held
from timebank.sessions.service import Came

#: The Sunday on which the door opens: half past nine in London, half an hour before it starts.
MORNING = dt.datetime(2026, 5, 10, 8, 30, tzinfo=dt.UTC)
_gifts = itertools.count(1)


@dataclass(slots=True)
class Door:
    """The people of the groups' story at a session that lasts from ten to twelve."""

    planned: Planned
    #: The session that the story is about.
    there: GroupSession = field(init=False)

    def __post_init__(self) -> None:
        """Let Hugo hold the sessions, as his part says."""
        self.there = self.planned.morning
        people = self.planned.people
        people.come_in(people.hugo, "host")

    @property
    def session(self) -> Session:
        """The open unit of work."""
        return self.planned.session

    @property
    def people(self) -> Any:
        """Lena leads, Hugo hosts, Mia comes along, Cora coordinates, Otto has no part in it."""
        return self.planned.people

    @property
    def held(self) -> Held:
        """The session as services take it."""
        return queries.held(self.session, self.there.community_id, self.there.id)

    def who(self, member: Member, *roles: str) -> Standing:
        """Return what somebody is to the session."""
        return queries.standing_at(
            self.session, self.held, member, frozenset(roles), today=self.there.day_on
        )

    def rule(self, kind: str = "activity", **terms: Any) -> None:
        """Let the group have a crediting rule since before the session."""
        groups.write_crediting_rule(
            self.session,
            self.people.group,
            Terms(kind=kind, **terms),
            applies_from_on=NOW.date(),
            by=self.people.lena,
            who=self.people.lead,
            today=NOW.date(),
            now=NOW,
        )

    def ground_rules(self, words: str = "Come sober, or come tomorrow.") -> int:
        """Give the group ground rules; return their version."""
        rules = groups.write_rules(
            self.session,
            self.people.group,
            words,
            by=self.people.lena,
            who=self.people.lead,
            now=NOW,
        )
        return rules.version

    def give(self, member: Member, minutes: int) -> None:
        """Let a member have hours."""
        hour_service.bring_in(
            self.session,
            self.people.community,
            member,
            minutes=minutes,
            happened_on=NOW.date(),
            key=f"test:{next(_gifts)}",
            by=None,
            now=NOW,
        )

    def fill_pot(self, minutes: int) -> None:
        """Let the pot hold something."""
        self.give(self.people.cora, minutes)
        hour_service.move(
            self.session,
            self.people.community,
            kind="gift",
            legs=[(self.people.cora.account_code, self.people.group.account_code, minutes)],
            happened_on=NOW.date(),
            category="pot.gift",
            key=f"test:{next(_gifts)}",
            by=None,
            now=NOW,
        )

    def open(self, *on_duty: Member, by: Member | None = None, **changed: Any) -> None:
        """Open the door, with Hugo on duty unless others are."""
        by = by or self.people.hugo
        values: dict[str, Any] = {
            "named_version": self.people.group.rules_version,
            "who": self.who(by),
            "now": MORNING,
        }
        service.open_session(
            self.session,
            self.held,
            on_duty=on_duty or (self.people.hugo,),
            by=by,
            **(values | changed),
        )

    def come(self, member: Member, **changed: Any) -> SessionAttendance:
        """Let Hugo note that somebody is there."""
        values: dict[str, Any] = {
            "way": "name",
            "by": self.people.hugo,
            "who": self.who(self.people.hugo),
            "now": MORNING,
        }
        return service.check_in(self.session, self.held, member, **(values | changed))

    def crowd(self, number: int) -> list[Member]:
        """Make so many members more."""
        return [
            make_member(self.session, self.people.community, first_name=f"Guest {each}")
            for each in range(number)
        ]

    def count(self, number: int = 1, *, key: uuid.UUID | None = None, **changed: Any) -> None:
        """Let Hugo count people without a name."""
        values: dict[str, Any] = {
            "by": self.people.hugo,
            "who": self.who(self.people.hugo),
            "now": MORNING,
        }
        service.count(
            self.session, self.held, number, client_key=key or new_id(), **(values | changed)
        )

    def close(self, came: Came | None = None, **changed: Any) -> SessionClosing:
        """Let Hugo close the session."""
        values: dict[str, Any] = {
            "by": self.people.hugo,
            "who": self.who(self.people.hugo),
            "now": MORNING + dt.timedelta(hours=4),
        }
        return service.close_session(
            self.session, self.people.community, self.held, came or Came(), **(values | changed)
        )

    def correct(self, came: Came | None = None, **changed: Any) -> SessionClosing:
        """Let Lena put the closing right."""
        values: dict[str, Any] = {
            "reason": "Mia left early.",
            "by": self.people.lena,
            "who": self.who(self.people.lena),
            "now": MORNING + dt.timedelta(days=1),
        }
        return service.correct_session(
            self.session, self.people.community, self.held, came or Came(), **(values | changed)
        )

    def stays(self, member: Member, minutes: int | None, role: str = "participant") -> None:
        """Let Hugo say how long somebody was there."""
        service.set_stay(
            self.session,
            self.held,
            [service.Arrival(member=member, role=role, minutes=minutes)],
            who=self.who(self.people.hugo),
        )

    def goes(self, member: Member, **changed: Any) -> None:
        """Let Hugo take somebody's check-in back."""
        values: dict[str, Any] = {"who": self.who(self.people.hugo), "now": MORNING}
        service.check_out(self.session, self.held, member, **(values | changed))

    def spend(self, giver: Member, taker: Member, minutes: int) -> None:
        """Let one member give another hours of theirs."""
        hour_service.transfer(
            self.session,
            self.people.community,
            receiver=giver,
            giver=taker,
            minutes=minutes,
            happened_on=NOW.date(),
            category="other",
            key=f"test:{next(_gifts)}",
            by=None,
            now=NOW,
        )

    def limit(self, member: Member, *, floor_minutes: int) -> None:
        """Let a member's account go so low and no lower."""
        hour_service.set_limits(
            self.session,
            self.people.community,
            member.account_code,
            floor_minutes=floor_minutes,
            ceiling_minutes=None,
            by=None,
            reason="A test.",
            now=NOW,
        )

    def balance(self, member: Member) -> int:
        """Return the minutes on a member's account."""
        return hours.balance_of(self.session, member).posted

    def pot(self, group: Group | None = None) -> int:
        """Return the minutes in a pot."""
        return int(self.people.pot(group))

    @property
    def contacts(self) -> int:
        """Everybody who is there so far."""
        self.session.flush()
        return queries.counts(self.session, self.there).contacts


def make_door(session: Session, **settings: Any) -> Door:
    """Make the people, the group, and the session that is to be opened."""
    return Door(make_sessions(session, settings=settings))
