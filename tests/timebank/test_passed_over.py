"""One thing that always fails has its turn once an hour, and the others have theirs."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.timebank.exchanges.scene import DAY, TODAY, Scene, make_scene, told
from timebank import worker
from timebank.communities.policy import limits_of
from timebank.exchanges import service as exchanges
from timebank.exchanges.models import Exchange
from timebank.exchanges.queries import Deal
from timebank.exchanges.service import moving, silence
from timebank.hours import holding
from timebank.hours import limits as hours_limits
from timebank.limits import service as limits
from timebank.members.models import Member
from timebank.passed_over import PassedOver

HOUR = dt.timedelta(hours=1)


class BrokenError(Exception):
    """Nobody foresaw this."""


def fails_for(key: object, what: Callable[..., Any], place: int) -> Callable[..., Any]:
    """Do as before, but fail whenever the argument at a place is, or has, this key."""

    def work(*args: Any, **more: Any) -> Any:
        found = args[place]
        if key in (found, getattr(found, "id", None)):
            raise BrokenError
        return what(*args, **more)

    return work


def run(app: Flask, job: Callable[[dt.datetime], int], now: dt.datetime) -> int:
    with app.app_context():
        return job(now)


def states(session: Session) -> list[str]:
    session.rollback()
    return list(session.scalars(sa.select(Exchange.state).order_by(Exchange.silence_ends_at)))


def three_silent(session: Session) -> tuple[list[Scene], uuid.UUID]:
    """Three exchanges nobody answered in two communities, and the one that is due first."""
    one, other = make_scene(session), make_scene(session)
    first = one.log().id
    one.log(now=NOW + HOUR)
    other.log(now=NOW + 2 * HOUR)
    session.commit()
    return [one, other], first


def test_an_exchange_that_can_not_be_confirmed_stops_no_other(
    app: Flask,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    scenes, bad = three_silent(session)
    job = worker._one_by_one(exchanges.confirm_next_silent)
    with monkeypatch.context() as patch:
        patch.setattr(silence, "_confirm", fails_for(bad, silence._confirm, 2))
        assert run(app, job, NOW + 8 * DAY) == 2
        assert str(bad) in caplog.text
        session.rollback()
        assert session.scalars(sa.select(Exchange.id).where(Exchange.state == "done")).all() == [
            bad
        ]
        assert [told(scene, "gita") for scene in scenes] == [["exchange-confirmed-by-silence"]] * 2
        # Before the hour is over nothing is tried, and nothing complained about again.
        caplog.clear()
        session.rollback()
        assert run(app, job, NOW + 8 * DAY + HOUR / 2) == 0
        assert not caplog.text
    # Whatever it was is mended: then it has its turn.
    assert run(app, job, NOW + 8 * DAY + HOUR) == 1
    assert set(states(session)) == {"confirmed"}
    assert told(scenes[0], "gita") == ["exchange-confirmed-by-silence"] * 2


def test_a_reminder_that_can_not_be_written_stops_no_other(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes, bad = three_silent(session)
    monkeypatch.setattr(silence, "_remind", fails_for(bad, silence._remind, 1))
    job = worker._one_by_one(exchanges.remind_next)
    assert run(app, job, NOW + 6 * DAY) == 2
    assert [told(scene, "rune").count("exchange-reminder") for scene in scenes] == [1, 1]


def agreed(scene: Scene) -> Exchange:
    exchange = scene.propose()
    exchanges.agree(scene.session, scene.community, exchange.id, by=scene.gita, now=NOW)
    return exchange


def test_hours_that_can_not_be_given_back_stop_no_others(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (make_scene(session, setting_aside="agreed") for _ in range(2))
    bad, good = agreed(one).set_aside_id, agreed(other).set_aside_id
    assert bad is not None
    assert good is not None
    session.commit()
    broken = fails_for(bad, holding.let_end, 2)
    monkeypatch.setattr(holding, "let_end", broken)
    job = worker._one_by_one(exchanges.give_back_next)
    assert run(app, job, NOW + 400 * DAY) == 1
    session.rollback()
    assert session.scalars(
        sa.select(Exchange.set_aside_id).where(Exchange.set_aside_id.is_not(None))
    ).all() == [bad]


def test_hours_that_nothing_uses_and_can_not_be_given_back_stop_no_others(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = make_scene(session, setting_aside="agreed")
    bad, good = agreed(scene).set_aside_id, agreed(scene).set_aside_id
    session.execute(sa.update(Exchange).values(set_aside_id=None, set_aside_ends_at=None))
    session.commit()
    assert bad is not None
    assert good is not None
    monkeypatch.setattr(holding, "let_end", fails_for(bad, holding.let_end, 2))
    job = worker._one_by_one(exchanges.give_back_forgotten)
    assert run(app, job, NOW + 400 * DAY) == 1
    session.rollback()
    assert holding.overdue(session, scene.community, now=NOW + 400 * DAY) == [bad]


def test_limits_that_can_not_be_ended_or_told_of_stop_no_others(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = make_scene(session)
    for member in (scene.gita, scene.rune):
        own = limits_of(scene.community)
        limits.give_own(
            *(session, scene.community, member, own),
            until_on=TODAY + DAY,
            reason="We talked",
            by=scene.cora,
            now=NOW,
        )
    bad = scene.gita.account_code
    session.commit()
    broken = fails_for(bad, hours_limits.give_the_communitys, 2)
    monkeypatch.setattr(hours_limits, "give_the_communitys", broken)
    job = worker._one_by_one(limits.end_next)
    assert run(app, job, NOW + 3 * DAY) == 1
    assert told(scene, "rune").count("limit-as-everybody") == 1
    assert "limit-as-everybody" not in told(scene, "gita")


def test_a_member_who_can_not_be_told_of_a_line_stops_no_other(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = make_scene(session), make_scene(session)
    for scene in (one, other):
        exchange = scene.log(worked_minutes=240)
        exchanges.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=NOW)
    bad = one.rune.id
    session.commit()

    told_of: list[uuid.UUID] = []
    look_at = limits.look_at

    def look(session: Session, community: Any, member: Member, *, now: dt.datetime) -> None:
        if member.id == bad:
            raise BrokenError
        told_of.append(member.id)
        look_at(session, community, member, now=now)

    monkeypatch.setattr(limits, "look_at", look)
    job = worker._one_by_one(limits.tell_next)
    assert run(app, job, NOW) == len(told_of) > 0
    assert told(other, "rune").count("limit-floor-soft") == 1


def test_where_the_database_is_to_blame_the_job_waits_and_the_others_come_first_then(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    _scenes, bad = three_silent(session)
    book = moving.book

    def full(session: Session, community: Any, deal: Deal, *args: Any, **more: Any) -> None:
        if deal.exchange.id == bad:
            raise OperationalError("INSERT", {}, OSError("database or disk is full"))
        book(session, community, deal, *args, **more)

    monkeypatch.setattr(moving, "book", full)
    job = worker._one_by_one(exchanges.confirm_next_silent)
    with pytest.raises(OperationalError):
        run(app, job, NOW + 8 * DAY)
    assert states(session) == ["done"] * 3
    session.rollback()
    assert run(app, job, NOW + 8 * DAY) == 2


def test_what_fails_before_anything_is_taken_up_fails_the_job(app: Flask) -> None:
    def broken(_session: Session, *, now: dt.datetime, passed: PassedOver) -> int:
        raise BrokenError(now, passed)

    with pytest.raises(BrokenError):
        run(app, worker._one_by_one(broken), NOW)
