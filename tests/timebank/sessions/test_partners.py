"""Sessions that groups hold together, and what each of them has of one."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.timebank.sessions.door import MORNING, Door, make_door
from timebank.groups import service as groups
from timebank.groups.errors import (
    GroupEndedError,
    NotConnectedError,
    SameGroupError,
    SpeakToTheLeadError,
)
from timebank.groups.models import Group
from timebank.groups.policy.standing import Standing
from timebank.groups.queries import standing_of
from timebank.groups.service import Agreement
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.errors import (
    AlreadyClosedError,
    AlreadyPartnerError,
    NoPartnerError,
    NotYoursToHoldError,
    TooManyPartnersError,
)
from timebank.sessions.models import GroupSession, Series, SessionPartner
from timebank.sessions.service import Came, RoleDetails


@dataclass(slots=True)
class Two:
    """Lena's badminton and Otto's tea, connected three to one."""

    door: Door
    tea: Group = field(init=False)

    def __post_init__(self) -> None:
        """Let Otto start his group, and let the two be connected."""
        people = self.door.people
        self.tea = people.start(people.otto)
        self.connect(self.tea, people.otto)

    def connect(self, other: Group, lead: Member, own: int = 3, theirs: int = 1) -> None:
        """Connect a group with Lena's."""
        people, session = self.door.people, self.door.session
        groups.connect(
            session,
            people.group,
            other,
            Agreement(own_parts=own, other_parts=theirs),
            by=people.lena,
            who=people.lead,
            now=NOW,
        )
        groups.answer_tie(
            session,
            other,
            people.group,
            yes=True,
            by=lead,
            who=standing_of(session, other, lead, on=NOW.date()),
            now=NOW,
        )

    def of_tea(self, member: Member) -> Standing:
        """Return what somebody is to Otto's group."""
        return standing_of(self.door.session, self.tea, member, on=NOW.date())

    def ask(self, about: GroupSession | Series | None = None, **changed: Any) -> SessionPartner:
        """Let Lena ask Otto's group."""
        people = self.door.people
        values: dict[str, Any] = {
            "by": people.lena,
            "who": people.lead,
            "who_there": self.of_tea(people.lena),
            "now": NOW,
        }
        return service.ask_partner(
            self.door.session,
            about or self.door.there,
            people.group,
            changed.pop("other", self.tea),
            **(values | changed),
        )

    def answer(self, row: SessionPartner, *, yes: bool = True, **changed: Any) -> None:
        """Let Otto answer."""
        people = self.door.people
        values: dict[str, Any] = {
            "by": people.otto,
            "who_there": self.of_tea(people.otto),
            "now": NOW,
        }
        about = changed.pop("about", self.door.there)
        service.answer_partner(
            self.door.session, row, about, people.group, self.tea, yes=yes, **(values | changed)
        )


@pytest.fixture
def two(session: Session) -> Two:
    """Give two connected groups, and a session of the first."""
    return Two(make_door(session))


def test_a_session_is_held_together_once_the_other_group_says_yes(two: Two) -> None:
    row = two.ask()
    assert row.state == "asked"
    assert two.door.held.groups == [two.door.people.group]
    assert "session-together-asked" in two.door.people.told(two.door.people.otto)
    two.answer(row)
    assert two.door.held.groups == [two.door.people.group, two.tea]
    assert (row.own_parts, row.other_parts) == (3, 1)
    assert "session-together-yes" in two.door.people.told(two.door.people.lena)


def test_contacts_and_minutes_are_shared_as_agreed_and_add_up(two: Two) -> None:
    two.answer(two.ask())
    door = two.door
    door.rule("activity", pot_minutes=15)
    door.open()
    door.count(8)
    closing = door.close()
    shares = {
        group.id: (share.contacts, share.hosted_minutes)
        for share, group in queries.shares_of(door.session, closing)
    }
    assert shares == {door.people.group.id: (7, 90), two.tea.id: (2, 30)}
    assert (door.pot(), door.pot(two.tea)) == (23, 7)
    [(held, [mine, theirs])] = queries.held_together(door.session, door.people.group, two.tea)
    assert held is door.there
    assert (mine.contacts, theirs.contacts) == (7, 2)


def test_only_what_counts_is_on_the_page_of_both(two: Two) -> None:
    two.answer(two.ask())
    door = two.door
    door.open()
    door.close()
    door.correct(Came(contacts=4))
    [(_held, [mine, theirs])] = queries.held_together(door.session, door.people.group, two.tea)
    assert (mine.contacts, theirs.contacts) == (3, 1)


def test_the_pots_of_both_pay_the_hosts_as_agreed(two: Two) -> None:
    two.answer(two.ask())
    door = two.door
    door.rule("pot")
    door.fill_pot(90)
    door.give(door.people.otto, 30)
    groups.give(
        door.session,
        door.people.community,
        two.tea.account_code,
        by=door.people.otto,
        minutes=30,
        words="",
        today=NOW.date(),
        now=NOW,
    )
    door.open()
    door.close()
    assert (door.pot(), door.pot(two.tea)) == (0, 0)
    assert door.balance(door.people.hugo) == 120


def test_hosts_of_both_groups_hold_it_and_both_leads_hear_when_it_is_put_right(two: Two) -> None:
    two.answer(two.ask())
    door, otto = two.door, two.door.people.otto
    door.open(otto, by=otto)
    assert door.there.opened_by_id == otto.id
    door.come(door.people.mia, by=otto, who=door.who(otto))
    door.close(by=otto, who=door.who(otto))
    cora = door.people.cora
    door.correct(Came(contacts=5), by=cora, who=door.who(cora, "coordinator"))
    for lead in (door.people.lena, otto):
        assert "session-put-right" in door.people.told(lead)


def test_whoever_stays_away_from_either_group_stays_away_from_what_they_hold_together(
    two: Two,
) -> None:
    two.answer(two.ask())
    door = two.door
    groups.exclude(
        door.session,
        two.tea,
        door.people.mia,
        until_on=door.there.day_on,
        review_on=door.there.day_on,
        reason="A quarrel.",
        by=door.people.otto,
        who=two.of_tea(door.people.otto),
        today=NOW.date(),
        now=NOW,
    )
    mia = door.people.mia
    assert queries.known_of(door.session, door.held, [mia.id]).kept_out
    door.open()
    with pytest.raises(SpeakToTheLeadError):
        door.come(mia)
    with pytest.raises(SpeakToTheLeadError):
        door.open(mia, door.people.hugo)
    assert door.contacts == 1


def test_the_same_is_said_to_whoever_signs_up_or_puts_their_name_down(two: Two) -> None:
    two.answer(two.ask())
    door, group = two.door, two.door.people.group
    planned, mia = door.there, door.people.mia
    door.people.come_in(mia)
    planned.sign_up, planned.capacity = "sign-up", 1
    door.session.flush()
    service.sign_up(door.session, group, planned, door.people.otto, now=NOW)
    waits = service.sign_up(door.session, group, planned, mia, now=NOW)
    tea = service.add_role(
        door.session, group, planned, RoleDetails(name="Tea", needed=2), who=door.people.lead
    )
    groups.exclude(
        door.session,
        two.tea,
        mia,
        until_on=planned.day_on,
        review_on=planned.day_on,
        reason="A quarrel.",
        by=door.people.otto,
        who=two.of_tea(door.people.otto),
        today=NOW.date(),
        now=NOW,
    )
    service.withdraw(door.session, group, planned, door.people.otto, now=NOW)
    assert waits.state == "waiting"
    with pytest.raises(SpeakToTheLeadError):
        service.put_name_down(door.session, group, planned, tea.id, by=mia, now=NOW)
    service.withdraw(door.session, group, planned, mia, now=NOW)
    with pytest.raises(SpeakToTheLeadError):
        service.sign_up(door.session, group, planned, mia, now=NOW)
    # In a session that Lena's group holds alone they are welcome.
    alone = door.planned.plan_one(sign_up="sign-up", starts_minute=18 * 60)
    assert service.sign_up(door.session, group, alone, mia, now=NOW).state == "signed"


def test_a_yes_to_a_series_is_one_to_each_of_its_dates(two: Two) -> None:
    series = two.door.planned.plan()
    row = two.ask(series)
    two.answer(row, about=series)
    dates = two.door.planned.dates(series)
    for date in (dates[0], dates[-1]):
        two.door.there = date
        assert two.door.held.groups == [two.door.people.group, two.tea]
    # One of its dates may be held with the same group by itself as well; it is there once.
    two.answer(two.ask(dates[0]), about=dates[0])
    two.door.there = dates[0]
    assert len(two.door.held.groups) == 2


def test_whoever_runs_both_groups_has_answered_by_asking(two: Two) -> None:
    people = two.door.people
    row = two.ask(who_there=Standing(part="lead", state="active", is_member=True))
    assert row.state == "joined"
    assert people.group in two.door.held.groups


def test_a_no_is_a_no_and_one_may_ask_again(two: Two) -> None:
    row = two.ask()
    two.answer(row, yes=False)
    assert two.door.held.groups == [two.door.people.group]
    assert "session-together-no" in two.door.people.told(two.door.people.lena)
    with pytest.raises(NoPartnerError):
        two.answer(row)
    assert two.ask() is row


def test_either_group_may_go_on_alone_until_it_is_closed(two: Two) -> None:
    row = two.ask()
    two.answer(row)
    people, door = two.door.people, two.door
    ends: dict[str, Any] = {"by": people.otto, "now": NOW}
    nobody = Standing(is_member=True)
    with pytest.raises(NotYoursToHoldError):
        service.end_partner(door.session, row, door.there, who=nobody, who_there=nobody, **ends)
    otto = two.of_tea(people.otto)
    service.end_partner(door.session, row, door.there, who=nobody, who_there=otto, **ends)
    assert door.held.groups == [people.group]
    with pytest.raises(NoPartnerError):
        service.end_partner(door.session, row, door.there, who=nobody, who_there=otto, **ends)
    two.answer(two.ask())
    door.open()
    door.close()
    with pytest.raises(AlreadyClosedError):
        service.end_partner(door.session, row, door.there, who=nobody, who_there=otto, **ends)
    with pytest.raises(AlreadyClosedError):
        two.ask()


def test_what_makes_no_sense_is_refused(two: Two) -> None:
    people, door = two.door.people, two.door
    with pytest.raises(NotYoursToHoldError):
        two.ask(by=people.mia, who=door.who(people.mia))
    with pytest.raises(SameGroupError):
        two.ask(other=people.group)
    stranger = people.start(people.mia, name="Chess")
    with pytest.raises(NotConnectedError):
        two.ask(other=stranger)
    two.ask()
    with pytest.raises(AlreadyPartnerError):
        two.ask()
    stranger.state = "ended"
    with pytest.raises(GroupEndedError):
        two.ask(other=stranger)


def test_a_session_has_a_handful_of_groups_at_most(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("timebank.sessions.service.partners.PARTNERS_MAX", 1)
    two.ask()
    chess = two.door.people.start(two.door.people.mia, name="Chess")
    two.connect(chess, two.door.people.mia)
    with pytest.raises(TooManyPartnersError):
        two.ask(other=chess)


def test_the_answer_counts_by_what_is_agreed_by_then(two: Two) -> None:
    row = two.ask()
    people, session = two.door.people, two.door.session
    groups.propose_terms(
        session,
        people.group,
        two.tea,
        Agreement(own_parts=1, other_parts=1),
        by=people.lena,
        who=people.lead,
        now=MORNING,
    )
    groups.answer_tie(
        session,
        two.tea,
        people.group,
        yes=True,
        by=people.otto,
        who=two.of_tea(people.otto),
        now=MORNING,
    )
    two.answer(row)
    assert (row.own_parts, row.other_parts) == (1, 1)
    assert len(session.scalars(sa.select(SessionPartner)).all()) == 1


def test_what_was_closed_together_stays_so_when_it_is_put_right(two: Two) -> None:
    """The pot of a group that went on alone later keeps its part of what was held before."""
    door, people = two.door, two.door.people
    door.rule("activity", pot_minutes=15)
    series = door.planned.plan()
    row = two.ask(series)
    two.answer(row, about=series)
    door.there = door.planned.dates(series)[0]
    at: dict[str, Any] = {"now": door.there.starts_at}
    door.open(**at)
    door.close(**at)
    assert (door.pot(), door.pot(two.tea)) == (23, 7)
    otto = two.of_tea(people.otto)
    service.end_partner(
        door.session,
        row,
        series,
        who=Standing(is_member=True),
        who_there=otto,
        by=people.otto,
        **at,
    )
    assert door.held.groups == [people.group, two.tea]
    assert door.who(people.otto).part == "lead"
    again = door.correct(Came(contacts=8), **at)
    assert (door.pot(), door.pot(two.tea)) == (23, 7)
    assert [share.parts for share, _group in queries.shares_of(door.session, again)] == [3, 1]


def test_what_was_closed_alone_stays_so_when_another_group_joins_the_series(two: Two) -> None:
    """Neither its pot nor those who run it have a part in what was held before they joined."""
    door, people = two.door, two.door.people
    door.rule("activity", pot_minutes=15)
    series = door.planned.plan()
    door.there = door.planned.dates(series)[0]
    at: dict[str, Any] = {"now": door.there.starts_at}
    door.open(**at)
    door.close(**at)
    two.answer(two.ask(series), about=series)
    assert door.held.groups == [people.group]
    assert door.who(people.otto).part != "lead"
    door.correct(Came(contacts=8), **at)
    assert (door.pot(), door.pot(two.tea)) == (30, 0)
