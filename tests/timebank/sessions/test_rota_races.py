"""What happens at the same moment on rotas: a place is taken once, and nobody is on two."""

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.racing import Work, race
from tests.timebank.sessions.rota_scene import Rota, make_rota, plan
from timebank.communities.models import Community
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.models import GroupSession, ShiftSwap
from timebank.sessions.service import RoleDetails


@pytest.fixture
def rota(session: Session) -> Rota:
    """Let Hugo and Mia come along, and say what a night needs."""
    return make_rota(session)


def puts(
    rota: Rota, member_id: UUID, session_id: UUID, role_id: UUID, group_id: UUID | None = None
) -> Work:
    """Let somebody put their name down for a session of a group."""
    group_key, now = group_id or rota.scene.group.id, rota.now

    def work(session: Session, community: Community) -> None:
        service.put_name_down(
            session,
            session.get_one(type(rota.scene.group), (community.id, group_key)),
            session.get_one(GroupSession, (community.id, session_id)),
            role_id,
            by=session.get_one(Member, (community.id, member_id)),
            now=now,
        )

    return work


def test_the_last_place_is_taken_once(app: Flask, session: Session, rota: Rota) -> None:
    night, tea = rota.night().id, rota.tea.id
    ids = [rota.scene.mia.id, rota.scene.hugo.id, rota.scene.lena.id]
    session.commit()
    works = [puts(rota, each, night, tea) for each in ids]
    ended = race(app, rota.scene.community.id, works)
    assert ended == {"done": 1, "PlacesTakenError": 2}
    session.rollback()
    assert rota.missing() == [("Host", 2), ("Tea", 0)]


def test_nobody_gets_on_two_rotas_at_once(app: Flask, session: Session, rota: Rota) -> None:
    scene = rota.scene
    chess = scene.start(name="Chess")
    beside = plan(scene, chess)
    board = service.add_role(session, chess, beside, RoleDetails(name="Board"), who=scene.lead)
    other = next(
        each
        for each in queries.sessions_between(
            session,
            scene.community.id,
            group_id=chess.id,
            begin=rota.night().starts_at,
            end=rota.night().ends_at,
        )
    )
    works = [
        puts(rota, scene.lena.id, rota.night().id, rota.tea.id),
        puts(rota, scene.lena.id, other.id, board.id, chess.id),
    ]
    session.commit()
    assert race(app, scene.community.id, works) == {"done": 1, "BusyThenError": 1}


def test_a_part_is_taken_over_once(app: Flask, session: Session, rota: Rota) -> None:
    scene = rota.scene
    swap = rota.swap(rota.put_name(scene.mia), scene.mia)
    night, swap_id, now = rota.night().id, swap.id, rota.now
    group_key, group_type = scene.group.id, type(scene.group)

    def takes(member_id: UUID) -> Work:
        def work(session: Session, community: Community) -> None:
            service.take_over(
                session,
                session.get_one(group_type, (community.id, group_key)),
                session.get_one(GroupSession, (community.id, night)),
                session.get_one(ShiftSwap, (community.id, swap_id)),
                by=session.get_one(Member, (community.id, member_id)),
                now=now,
            )

        return work

    works = [takes(scene.hugo.id), takes(scene.lena.id)]
    session.commit()
    assert race(app, scene.community.id, works) == {"done": 1, "AnsweredError": 1}
