"""Confirmed means posted, once: threads of their own, transactions of their own, both databases."""

from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.racing import Work, race
from tests.timebank.exchanges.scene import DAY, Scene, make_scene
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.exchanges import service
from timebank.exchanges.models import Exchange, ExchangeMove
from timebank.hours import queries as hours
from timebank.members.models import Member


def yes(exchange_id: UUID, member_id: UUID) -> Work:
    def work(session: Session, community: Community) -> object:
        by = session.get_one(Member, (community.id, member_id))
        return service.answer_yes(session, community, exchange_id, by=by, now=NOW)

    return work


def change(exchange_id: UUID, member_id: UUID, minutes: int) -> Work:
    def work(session: Session, community: Community) -> object:
        by = session.get_one(Member, (community.id, member_id))
        return service.answer_change(
            session, community, exchange_id, by=by, worked_minutes=minutes, now=NOW
        )

    return work


def silence(session: Session, community: Community) -> object:
    return service.confirm_silent(session, community, now=NOW + 8 * DAY)


def booked(session: Session, scene: Scene) -> int:
    """Count the entries of the book and see that the hours on both accounts fit them."""
    session.rollback()
    entries = hours.latest_entries(session, scene.community.id)
    assert scene.balance(scene.gita) == sum(entry.legs[0].minutes for entry in entries)
    assert scene.balance(scene.gita) == -scene.balance(scene.rune)
    return len(entries)


def test_asvs_16_fifty_confirms_at_once_post_once(app: Flask, session: Session) -> None:
    scene = make_scene(session)
    exchange = scene.log()
    session.commit()
    ended = race(app, scene.community.id, [yes(exchange.id, scene.rune.id)] * 50)
    assert ended == {"done": 1, "AlreadyConfirmedError": 49}
    assert booked(session, scene) == 1


def test_twenty_yeses_of_both_sides_and_silence_post_once(app: Flask, session: Session) -> None:
    scene = make_scene(session)
    exchange = scene.log()
    session.commit()
    works = [yes(exchange.id, scene.rune.id), yes(exchange.id, scene.gita.id), silence] * 7
    ended = race(app, scene.community.id, works)
    assert booked(session, scene) == 1
    confirmations = session.scalar(sa.select(sa.func.count()).where(ExchangeMove.move == "confirm"))
    assert confirmations == 1
    assert ended["done"] <= 8  # silence that finds nothing to do is done too


def test_a_yes_and_a_change_at_once_leave_one_answer(app: Flask, session: Session) -> None:
    scene = make_scene(session)
    exchange = scene.log()
    session.commit()
    works = [yes(exchange.id, scene.rune.id), change(exchange.id, scene.gita.id, 120)] * 6
    race(app, scene.community.id, works)
    session.rollback()
    kept = session.get_one(Exchange, (scene.community.id, exchange.id))
    if kept.state == "confirmed":
        assert booked(session, scene) == 1
        assert scene.balance(scene.gita) == kept.worked_minutes
    else:
        assert booked(session, scene) == 0


def test_hours_are_taken_back_once_by_twelve_at_once(app: Flask, session: Session) -> None:
    scene = make_scene(session)
    exchange = scene.log()
    service.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=NOW)
    entry_id, cora_id = exchange.entry_id or new_id(), scene.cora.id
    session.commit()

    def back(session: Session, community: Community) -> object:
        by = session.get_one(Member, (community.id, cora_id))
        return service.reverse_entry(
            session, community, entry_id, by=by, reason="Logged twice", now=NOW
        )

    race(app, scene.community.id, [back] * 12)
    session.rollback()
    assert scene.balance(scene.gita) == scene.balance(scene.rune) == 0
    assert len(hours.latest_entries(session, scene.community.id)) == 2
