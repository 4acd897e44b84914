"""A badminton morning with dates: what every story of sessions begins with."""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.timebank.groups.scene import Scene as GroupScene
from tests.timebank.groups.scene import make_scene
from timebank.sessions import queries, service
from timebank.sessions.models import GroupSession, Series
from timebank.sessions.service import Repeat, SessionDetails

#: The Monday on which tests happen.
TODAY = NOW.date()
LONDON = ZoneInfo("Europe/London")
WEEK = dt.timedelta(weeks=1)


@dataclass(slots=True)
class Scene:
    """The people of the groups' story (`tests.timebank.groups.scene`) and their sessions."""

    people: GroupScene
    #: When it is; a page sees the real time and not this one.
    now: dt.datetime = NOW
    #: From ten to twelve, in six days: a Sunday, where nobody says what time it is.
    morning: GroupSession = field(init=False)

    @property
    def session(self) -> Session:
        """The open unit of work."""
        return self.people.session

    @property
    def today(self) -> dt.date:
        """The day that it is in London."""
        return self.now.astimezone(LONDON).date()

    def plan(self, rule: str = "FREQ=WEEKLY;BYDAY=SU", **values: Any) -> Series:
        """Plan a series; values go where they belong, all others are dull and valid."""
        repeat: dict[str, Any] = {
            "rrule": rule,
            "starts_on": self.today,
            "starts_minute": 10 * 60,
            "length_minutes": 120,
            "until_on": None,
        }
        mine = {name: values.pop(name) for name in repeat if name in values}
        return service.plan_series(
            self.session,
            self.people.community,
            self.people.group,
            SessionDetails(**({"title": "Badminton"} | values)),
            Repeat(**(repeat | mine)),
            by=self.people.lena,
            who=self.people.lead,
            now=self.now,
        )

    def plan_one(
        self,
        day_on: dt.date | None = None,
        starts_minute: int = 10 * 60,
        length_minutes: int = 120,
        **details: Any,
    ) -> GroupSession:
        """Plan a single session."""
        return service.plan_session(
            self.session,
            self.people.community,
            self.people.group,
            SessionDetails(**({"title": "Badminton"} | details)),
            day_on=day_on or self.today + dt.timedelta(days=6),
            starts_minute=starts_minute,
            length_minutes=length_minutes,
            who=self.people.lead,
            now=self.now,
        )

    def dates(self, series: Series) -> list[GroupSession]:
        """Return the sessions of a series in order."""
        return [each for each in self.every() if each.series_id == series.id]

    def every(self, group_id: uuid.UUID | None = None) -> list[GroupSession]:
        """Return every session of the community in order."""
        self.session.flush()
        return list(
            queries.sessions_between(
                self.session,
                self.people.community.id,
                group_id=group_id,
                begin=self.now - 1000 * WEEK,
                end=self.now + 1000 * WEEK,
            )
        )


def make_sessions(
    session: Session, *, now: dt.datetime = NOW, settings: dict[str, Any] | None = None
) -> Scene:
    """Make the people, the group, and a single session in six days from ten to twelve."""
    scene = Scene(make_scene(session, **(settings or {})), now=now)
    scene.morning = scene.plan_one()
    return scene
