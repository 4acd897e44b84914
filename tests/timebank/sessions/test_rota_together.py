"""The rota of what groups hold together: who stays away from one of them is on it no more."""

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.timebank.sessions.door import make_door
from tests.timebank.sessions.test_partners import Two
from timebank.groups import service as groups
from timebank.sessions import queries, service
from timebank.sessions.models import GroupSession, Series, Shift
from timebank.sessions.service import RoleDetails

DAY = dt.timedelta(days=1)


@pytest.fixture
def two(session: Session) -> Two:
    """Give two connected groups, and let Mia come along with the first."""
    two = Two(make_door(session))
    two.door.people.come_in(two.door.people.mia)
    return two


def put_name(two: Two, planned: GroupSession, about: GroupSession | Series) -> Shift:
    """Let a session take somebody for tea, and Mia put her name down."""
    people, session = two.door.people, two.door.session
    tea = service.add_role(session, people.group, about, RoleDetails(name="Tea"), who=people.lead)
    return service.put_name_down(session, people.group, planned, tea.id, by=people.mia, now=NOW)


def keep_out(two: Two, planned: GroupSession) -> None:
    """Let Otto decide that Mia stays away from his group until that day."""
    otto = two.door.people.otto
    groups.exclude(
        two.door.session, two.tea, two.door.people.mia, until_on=planned.day_on,
        review_on=planned.day_on, reason="A quarrel.", by=otto, who=two.of_tea(otto),
        today=NOW.date(), now=NOW,
    )  # fmt: skip


def missing(two: Two, planned: GroupSession) -> int:
    return queries.roster_of(two.door.session, planned, two.door.people.group).missing


@pytest.mark.parametrize("kind", ["one date", "series"])
def test_whoever_stays_away_from_a_group_that_holds_it_too_leaves_a_gap(
    two: Two, kind: str
) -> None:
    session, people = two.door.session, two.door.people
    series = two.door.planned.plan(starts_on=NOW.date() + DAY)
    planned, later = two.door.planned.dates(series)[:2]
    about = series if kind == "series" else planned
    part = put_name(two, planned, about)
    two.answer(two.ask(about), about=about)
    assert missing(two, planned) == 0
    keep_out(two, planned)
    assert missing(two, planned) == 1, "the place is free again"
    assert queries.own_shifts(session, people.mia, since=NOW) == []
    soon = planned.starts_at - 2 * DAY
    assert [service.tell_next_gap(session, now=soon) for _again in range(2)] == [1, 0]
    assert part.gap_told_at == soon
    assert "rota-gap-left" in people.told(people.lena)
    assert service.remind_next(session, now=planned.starts_at - DAY) == 0
    if kind == "series":
        tea = part.role_id
        service.put_name_down(session, people.group, later, tea, by=people.mia, now=NOW)
        assert missing(two, later) == 0, "a week later it is over"


def test_whoever_is_named_as_host_and_stays_away_there_is_not_on_it(two: Two) -> None:
    planned, people = two.door.there, two.door.people
    planned.host_id = people.mia.id
    two.answer(two.ask())
    roster = queries.roster_of(two.door.session, planned, people.group)
    assert [hand.first_name for hand in roster.coming] == ["Mia"]
    keep_out(two, planned)
    assert queries.on_duty(two.door.session, planned, people.group) == []


def test_a_group_that_was_asked_and_has_not_answered_keeps_nobody_out(two: Two) -> None:
    planned = two.door.there
    put_name(two, planned, planned)
    two.ask()
    keep_out(two, planned)
    assert missing(two, planned) == 0
