"""Coming to a line, chats, limits of one's own and of everybody, told as stories."""

import datetime as dt
from collections.abc import Callable
from random import Random

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from ledger import verify as ledger_verify
from tests.factories import NOW, make_member
from tests.timebank.exchanges.scene import DAY, TODAY, Scene, told
from timebank.communities.errors import LimitsOutOfOrderError
from timebank.communities.models import LIMITS, Community, CommunityChange
from timebank.communities.policy import Limits, limits_of
from timebank.db import new_id
from timebank.exchanges import service as exchanges
from timebank.home import service as home
from timebank.hours import limits as hours_limits
from timebank.hours import queries as hours
from timebank.hours import service as hours_service
from timebank.hours.errors import (
    NoBookError,
    TooFewHoursError,
    TooManyHoursError,
)
from timebank.hours.policy import is_beyond
from timebank.limits import queries, service
from timebank.limits.errors import (
    NoChatDueError,
    OwnAccountError,
)
from timebank.limits.models import Crossing
from timebank.members.models import Member
from timebank.messaging.models import Notice, OutboxMail


def give(scene: Scene, minutes: int, *, giver: Member | None = None) -> None:
    """Let Gita help Rune for so long, or somebody else."""
    by, other = giver or scene.gita, scene.rune if giver is None else scene.gita
    exchange = scene.log(by=by, other=other, worked_minutes=minutes)
    exchanges.answer_yes(scene.session, scene.community, exchange.id, by=other, now=NOW)


def worker(scene: Scene, now: dt.datetime = NOW) -> int:
    done = 0
    while service.tell_next(scene.session, now=now):
        done += 1
    return done


def lines(**changed: int | None) -> Limits:
    gentle = dict(zip(LIMITS, (None, -240, -120, 1200, 2400, None), strict=True))
    return Limits(**(gentle | changed))


def notices_about(scene: Scene, name: str) -> int:
    """Count what was told to anybody with a name in it."""
    scene.session.flush()
    return sum(name in str(facts) for facts in scene.session.scalars(sa.select(Notice.facts)))


# ----------------------------------------------------------------------- coming to a line


def test_the_member_alone_is_told_once_at_the_first_line(scene: Scene) -> None:
    give(scene, 60)
    assert worker(scene) == 0
    give(scene, 60)
    assert worker(scene) == 1
    give(scene, 15)
    assert worker(scene) == 0, "one crossing, not one exchange"
    assert told(scene, "rune").count("limit-floor-nudge") == 1
    assert told(scene, "cora") == []
    assert not queries.chats(scene.session, scene.community.id, today=TODAY, limit=9)


def test_at_the_second_line_a_coordinator_gets_a_task_and_nobody_else(scene: Scene) -> None:
    give(scene, 240)
    worker(scene)
    assert [kind for kind in told(scene, "rune") if kind.startswith("limit")] == [
        "limit-floor-soft"
    ], "who passes two lines at once hears of the further one"
    assert told(scene, "cora") == ["work-chat"]
    assert told(scene, "otto") == []
    [(crossing, member)] = queries.chats(scene.session, scene.community.id, today=TODAY, limit=9)
    assert (member.id, crossing.side, crossing.step) == (scene.rune.id, "floor", "soft")


def test_going_back_ends_it_and_coming_again_is_told_again(scene: Scene) -> None:
    give(scene, 240)
    worker(scene)
    give(scene, 130, giver=scene.rune)
    assert worker(scene, NOW + DAY) == 1
    assert not queries.chats(scene.session, scene.community.id, today=TODAY, limit=9)
    assert told(scene, "cora") == ["work-chat"]
    give(scene, 30)
    assert worker(scene, NOW + 2 * DAY) == 1
    ended = scene.session.scalars(sa.select(Crossing).where(Crossing.back_at.is_not(None))).all()
    assert {(one.step, one.back_at) for one in ended} == {
        ("soft", NOW + DAY),
        ("nudge", NOW + DAY),
    }


def test_many_hours_to_spend_bring_a_kind_word_too(scene: Scene) -> None:
    hours_service.bring_in(
        *(scene.session, scene.community, scene.gita),
        minutes=1200,
        happened_on=TODAY,
        key="opening:1",
        by=None,
        now=NOW,
    )
    assert worker(scene) == 1
    assert told(scene, "gita") == ["limit-ceiling-nudge"]
    assert told(scene, "cora") == []


def test_mail_about_a_line_has_a_subject_that_tells_nothing(scene: Scene) -> None:
    scene.rune.email = "rune@example.org"
    scene.cora.email = "cora@example.org"
    give(scene, 240)
    scene.session.execute(sa.delete(OutboxMail))
    worker(scene)
    mails = scene.session.scalars(sa.select(OutboxMail).order_by(OutboxMail.id)).all()
    assert {(mail.to_address, mail.topic, mail.subject) for mail in mails} == {
        ("rune@example.org", "hours", ""),
        ("cora@example.org", "work", ""),
    }


def test_nobody_is_looked_at_who_has_left(scene: Scene) -> None:
    give(scene, 240)
    scene.rune.state = "left"
    scene.session.flush()
    assert worker(scene) == 0


def test_a_line_that_is_moved_counts_as_a_line_that_is_crossed(scene: Scene) -> None:
    give(scene, 90)
    assert worker(scene) == 0
    service.change_for_everybody(
        scene.session,
        scene.community,
        lines(floor_nudge_minutes=-60, floor_soft_minutes=-90),
        by=scene.cora,
        now=NOW,
    )
    assert worker(scene) == 1
    assert told(scene, "cora") == ["work-chat"]
    assert worker(scene) == 0


def test_the_database_and_the_rules_say_the_same_of_every_balance(scene: Scene) -> None:
    random = Random(7)
    session, community = scene.session, scene.community
    people = [make_member(session, community, first_name=f"P{number}") for number in range(12)]
    for number, member in enumerate(people):
        minutes = random.choice((-900, -240, -121, -120, -1, 0, 1, 1199, 1200, 2400, 5000))
        if minutes:
            hours_service.bring_in(
                *(session, community, member),
                minutes=minutes,
                happened_on=TODAY,
                key=f"opening:{number}",
                by=None,
                now=NOW,
            )
        if number % 3 == 0:
            own = lines(floor_minutes=-100 * 60, floor_nudge_minutes=None, ceiling_minutes=6000)
            hours_limits.give_own(
                *(session, community, member.account_code, own),
                until_on=None,
                reason="We talked",
                by=None,
                now=NOW,
            )
    standing = hours.standing(community)
    for row in session.execute(sa.select(standing)):
        limits, _own = hours.limits_for(session, community, row.code)
        for name in queries.COUNTED:
            side, _dash, step = name.partition("_")
            expected = is_beyond(row.minutes, limits, side, step)
            assert bool(getattr(row, name)) is expected, (row.code, row.minutes, name)


# -------------------------------------------------------------------------------- chats


def test_a_chat_that_was_had_is_off_the_list_and_says_who(scene: Scene) -> None:
    give(scene, 240)
    worker(scene)
    crossing = service.note_chat(scene.session, scene.rune, by=scene.cora, now=NOW)
    assert (crossing.talked_at, crossing.talked_by_id) == (NOW, scene.cora.id)
    assert not queries.chats(scene.session, scene.community.id, today=TODAY, limit=9)
    with pytest.raises(NoChatDueError):
        service.note_chat(scene.session, scene.rune, by=scene.cora, now=NOW)
    with pytest.raises(NoChatDueError):
        service.note_chat(scene.session, scene.gita, by=scene.cora, now=NOW)


def test_a_chat_can_be_put_off_and_comes_back(scene: Scene) -> None:
    give(scene, 240)
    worker(scene)
    crossing = service.put_off_chat(
        scene.session, scene.community, scene.rune, days=7, by=scene.cora, now=NOW
    )
    assert (crossing.put_off_until, crossing.put_off_by_id) == (TODAY + 7 * DAY, scene.cora.id)
    scene.session.flush()
    for days, due in ((0, 0), (6, 0), (7, 1)):
        found = queries.chats(scene.session, scene.community.id, today=TODAY + days * DAY, limit=9)
        assert len(found) == due


def test_a_coordinator_at_a_line_is_somebody_elses_task(scene: Scene) -> None:
    ida = make_member(scene.session, scene.community, first_name="Ida", roles=("coordinator",))
    exchange = scene.log(by=scene.gita, other=scene.cora, worked_minutes=240)
    exchanges.answer_yes(scene.session, scene.community, exchange.id, by=scene.cora, now=NOW)
    worker(scene)
    assert "work-chat" not in told(scene, "cora")
    with pytest.raises(OwnAccountError):
        service.note_chat(scene.session, scene.cora, by=scene.cora, now=NOW)
    service.note_chat(scene.session, scene.cora, by=ida, now=NOW)


# ----------------------------------------------------------------------- for everybody


def test_new_limits_reach_every_account_that_has_none_of_its_own(scene: Scene) -> None:
    session, community = scene.session, scene.community
    service.give_own(
        *(session, community, scene.otto, lines(floor_minutes=-1200)),
        until_on=None,
        reason="New baby",
        by=scene.cora,
        now=NOW,
    )
    wanted = lines(floor_minutes=-300, ceiling_minutes=3000)
    reach = queries.reach(session, community, wanted)
    assert (reach.members, reach.with_own) == (3, 1)
    changed = service.change_for_everybody(session, community, wanted, by=scene.cora, now=NOW)
    assert changed == 3
    balance = hours.balance_of(session, scene.gita)
    assert (balance.floor_minutes, balance.ceiling_minutes) == (-300, 3000)
    assert hours.balance_of(session, scene.otto).floor_minutes == -1200
    settings = set(session.scalars(sa.select(CommunityChange.setting)))
    assert settings == {"floor_minutes", "ceiling_minutes"}
    last = hours.account_history(session, community.id, scene.gita.account_code)[-1]
    assert (last.actor, last.floor_after, last.ceiling_after) == (scene.cora.id, -300, 3000)

    assert service.change_for_everybody(session, community, wanted, by=scene.cora, now=NOW) == 0
    assert hours_limits.reach_everybody(session, community, by=None, now=NOW) == 0


def test_who_joins_later_begins_with_the_limits_of_then(scene: Scene) -> None:
    service.change_for_everybody(
        scene.session, scene.community, lines(floor_minutes=-300), by=scene.cora, now=NOW
    )
    late = make_member(scene.session, scene.community, first_name="Liv")
    assert hours.balance_of(scene.session, late).floor_minutes == -300


def test_the_preview_counts_who_is_past_the_new_stop_and_they_can_still_earn(
    scene: Scene,
) -> None:
    give(scene, 180)
    session, community = scene.session, scene.community
    wanted = lines(floor_minutes=-120, floor_soft_minutes=-60, floor_nudge_minutes=-60)
    reach = queries.reach(session, community, wanted)
    assert (reach.members, reach.counts["floor_stop"], reach.counts["floor_soft"]) == (4, 1, 1)
    service.change_for_everybody(session, community, wanted, by=scene.cora, now=NOW)
    with pytest.raises(TooFewHoursError):
        transfer(scene, giver=scene.gita, receiver=scene.rune, minutes=15, key="a")
    transfer(scene, giver=scene.rune, receiver=scene.gita, minutes=15, key="b")
    assert scene.balance(scene.rune) == -165


def transfer(scene: Scene, *, giver: Member, receiver: Member, minutes: int, key: str) -> None:
    hours_service.transfer(
        scene.session,
        scene.community,
        giver=giver,
        receiver=receiver,
        minutes=minutes,
        happened_on=TODAY,
        category="walks",
        key=key,
        by=scene.cora,
        now=NOW,
    )


def test_whatever_the_limits_are_moving_towards_the_middle_is_never_refused(
    scene: Scene,
) -> None:
    """Draw limits and help at random: only what goes further past a stop is refused."""
    random = Random(11)
    session, community = scene.session, scene.community
    for number in range(150):
        if number % 5 == 0:
            floor = random.choice((None, 0, -60, -300, -900))
            ceiling = random.choice((None, 0, 60, 300, 900))
            wanted = Limits(
                floor_minutes=floor,
                floor_soft_minutes=None,
                floor_nudge_minutes=None,
                ceiling_nudge_minutes=None,
                ceiling_soft_minutes=None,
                ceiling_minutes=ceiling,
            )
            service.change_for_everybody(session, community, wanted, by=None, now=NOW)
        giver, receiver = random.sample((scene.gita, scene.rune, scene.otto), 2)
        minutes = random.choice((15, 60, 240))
        before = {member.id: scene.balance(member) for member in (giver, receiver)}
        stop = limits_of(community)
        lowest, highest = before[receiver.id] - minutes, before[giver.id] + minutes
        too_low = stop.floor_minutes is not None and lowest < stop.floor_minutes
        too_high = stop.ceiling_minutes is not None and highest > stop.ceiling_minutes
        is_refused = False
        try:
            transfer(scene, giver=giver, receiver=receiver, minutes=minutes, key=f"k{number}")
        except (TooFewHoursError, TooManyHoursError):
            is_refused = True
        assert is_refused is (too_low or too_high)
    # Nobody was ever stopped for where they already were, only for going on.
    report = ledger_verify.verify(session.connection(), community.id)
    assert report.problems == ()


@pytest.fixture
def counted(engine: Engine) -> Callable[[], int]:
    statements: list[str] = []
    event.listen(
        engine,
        "before_cursor_execute",
        lambda _conn, _cursor, statement, *_rest: statements.append(statement),
    )
    return lambda: len(statements)


def test_reaching_everybody_asks_no_more_of_the_database_for_more_members(
    scene: Scene, counted: Callable[[], int]
) -> None:
    asked = []
    for floor, members in ((-300, 0), (-360, 40)):
        for number in range(members):
            make_member(scene.session, scene.community, first_name=f"P{number}")
        scene.session.flush()
        before = counted()
        service.change_for_everybody(
            scene.session, scene.community, lines(floor_minutes=floor), by=scene.cora, now=NOW
        )
        asked.append(counted() - before)
    assert asked[0] == asked[1] <= 8


def test_limits_out_of_order_change_nothing(scene: Scene) -> None:
    with pytest.raises(LimitsOutOfOrderError):
        lines(floor_minutes=-60)
    assert scene.session.scalar(sa.select(sa.func.count()).select_from(CommunityChange)) == 0


def test_a_community_without_a_book_has_nobody_to_reach(session: Session) -> None:
    unborn = Community(id=new_id(), slug="unborn")
    with pytest.raises(NoBookError):
        hours_limits.lock_book(session, unborn)
    with pytest.raises(NoBookError):
        hours_limits.reach_everybody(session, unborn, by=None, now=NOW)


def test_the_database_knows_a_members_account_as_the_application_does(scene: Scene) -> None:
    scene.otto.number = 1_234_567
    scene.gita.number = 98_765
    scene.session.flush()
    rows = scene.session.execute(sa.select(Member, queries.account_code()))
    assert {member.account_code for member, _code in rows} == set(
        scene.session.scalars(sa.select(queries.account_code()))
    )
    codes = set(scene.session.scalars(sa.select(queries.account_code())))
    assert {"M1234567", "M098765"} <= codes


def test_who_leaves_for_good_is_named_in_no_chat_either(scene: Scene) -> None:
    """A coordinator was told "have a chat with Rune"; that is a place where a name lies, too."""
    give(scene, 240)
    assert worker(scene) == 1
    assert notices_about(scene, "Rune") > 0
    home.forget_member(
        scene.session, scene.community, scene.rune, hours_to="", by=scene.cora, now=NOW
    )
    assert notices_about(scene, "Rune") == 0
