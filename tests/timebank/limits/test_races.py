"""Limits under several hands at once: nobody is missed, told twice or let through twice."""

from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.racing import Work, race
from tests.timebank.exchanges.scene import DAY, TODAY, make_scene, told
from timebank.communities.models import LIMITS, Community
from timebank.communities.policy import Limits, limits_of
from timebank.exchanges import service as exchanges
from timebank.hours import queries as hours
from timebank.limits import service
from timebank.limits.models import Crossing
from timebank.members import service as members
from timebank.members.models import Member

GENTLE = dict(zip(LIMITS, (None, -240, -120, 1200, 2400, None), strict=True))


def joins(session: Session, community: Community) -> object:
    return members.add_member(session, community, first_name="Liv", by=None, now=NOW)


def tightens(session: Session, community: Community) -> object:
    limits = Limits(**(GENTLE | {"floor_minutes": -300}))
    return service.change_for_everybody(session, community, limits, by=None, now=NOW)


def test_who_joins_while_limits_change_gets_the_new_ones(app: Flask, session: Session) -> None:
    scene = make_scene(session)
    session.commit()
    ended = race(app, scene.community.id, [joins, tightens, joins, joins])
    assert ended == {"done": 4}
    session.rollback()
    standing = hours.standing(scene.community)
    codes = session.scalars(sa.select(standing.c.code)).all()
    assert len(codes) == 7
    found = hours.balances(session, scene.community.id, list(codes))
    assert {balance.floor_minutes for balance in found.values()} == {-300}


def test_several_workers_tell_once(app: Flask, session: Session) -> None:
    scene = make_scene(session)
    exchange = scene.log(worked_minutes=240)
    exchanges.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=NOW)
    session.commit()

    def look(session: Session, _community: Community) -> object:
        return service.tell_next(session, now=NOW)

    race(app, scene.community.id, [look] * 4)
    session.rollback()
    assert told(scene, "rune").count("limit-floor-soft") == 1
    assert told(scene, "cora") == ["work-chat"]
    steps = session.scalars(sa.select(Crossing.step).order_by(Crossing.step)).all()
    assert steps == ["nudge", "soft"]


def test_several_workers_end_limits_once(app: Flask, session: Session) -> None:
    scene = make_scene(session)
    service.give_own(
        *(session, scene.community, scene.rune, limits_of(scene.community)),
        until_on=TODAY + DAY,
        reason="We talked",
        by=scene.cora,
        now=NOW,
    )
    session.commit()

    def end(session: Session, _community: Community) -> object:
        return service.end_next(session, now=NOW + 2 * DAY)

    race(app, scene.community.id, [end] * 4)
    session.rollback()
    assert told(scene, "rune").count("limit-as-everybody") == 1


def lets_pass(exchange_id: UUID, by_id: UUID) -> Work:
    def work(session: Session, community: Community) -> object:
        by = session.get_one(Member, (community.id, by_id))
        return exchanges.let_pass(session, community, exchange_id, by=by, reason="x", now=NOW)

    return work


def test_hours_let_through_by_two_at_once_move_once(app: Flask, session: Session) -> None:
    scene = make_scene(session, floor_minutes=-30)
    exchange = scene.log()
    exchanges.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=NOW)
    session.commit()
    ended = race(app, scene.community.id, [lets_pass(exchange.id, scene.cora.id)] * 2)
    assert ended == {"done": 1, "NotHeldUpError": 1}
    session.rollback()
    assert scene.balance(scene.rune) == -60
    assert hours.balance_of(session, scene.rune).floor_minutes == -30
