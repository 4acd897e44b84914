"""Two first replies in one instant are one conversation: real threads, both databases."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community, make_member
from timebank.db import new_id
from timebank.members.models import Member
from timebank.messaging import queries, service
from timebank.messaging.models import Conversation, Message, Participant
from timebank.web.session import run_in_transaction

AT_ONCE = 6


def test_first_words_in_one_instant_are_one_conversation(app: Flask, session: Session) -> None:
    community = make_community(session)
    pair = (make_member(session, community), make_member(session, community))
    keys, about_id, community_id = [one.id for one in pair], new_id(), community.id
    session.commit()
    barrier = Barrier(AT_ONCE)

    def write(number: int) -> UUID:
        """Write from either side, each in a transaction and on a connection of its own."""

        def work(unit: Session) -> UUID:
            one, other = (unit.get_one(Member, (community_id, key)) for key in keys)
            between = (one, other) if number % 2 else (other, one)
            # All have looked before the first one writes.
            queries.conversation_between(unit, community_id, between, about_id)
            talk = service.begin_conversation(
                unit,
                community_id,
                between=between,
                title="A walk",
                about_kind="listing",
                about_id=about_id,
                now=NOW,
            )
            service.send(unit, talk, author=between[0], body=f"Words {number}", now=NOW)
            return talk.id

        with app.app_context():
            barrier.wait(10)
            return run_in_transaction(work, give_up_after=60)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        talks = set(pool.map(write, range(AT_ONCE)))

    assert len(talks) == 1
    for model, count in ((Conversation, 1), (Participant, 2), (Message, AT_ONCE)):
        assert session.scalar(sa.select(sa.func.count()).select_from(model)) == count


def test_the_same_two_may_talk_about_several_things(session: Session) -> None:
    community = make_community(session)
    one, other = make_member(session, community), make_member(session, community)
    begun = [
        service.begin_conversation(
            session, community.id, between=pair, title="", about_id=about_id, now=NOW
        ).id
        for about_id in (None, new_id(), new_id())
        for pair in ((one, other), (other, one))
    ]
    assert len(set(begun)) == 3
