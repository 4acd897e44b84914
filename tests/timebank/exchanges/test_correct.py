"""Putting right and flagging, told as stories, on both databases."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_member, writing
from tests.racing import race
from tests.timebank.exchanges.scene import DAY, TODAY, Scene, make_scene, moves, told
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.exchanges import errors, queries, service
from timebank.exchanges.models import Exchange, ExchangeCorrection, Overdraft
from timebank.exchanges.service import Right
from timebank.hours import queries as hours_queries
from timebank.hours import service as hours
from timebank.hours.errors import AlreadyTakenBackError, DifferentBeforeError, TooFewHoursError
from timebank.members.models import Member
from timebank.messaging.models import Notice


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(writing(session))


def confirmed(scene: Scene, **changed: Any) -> Exchange:
    exchange = scene.log(**changed)
    other = scene.rune if exchange.giver_id == scene.gita.id else scene.gita
    service.answer_yes(scene.session, scene.community, exchange.id, by=other, now=NOW)
    scene.session.flush()
    return exchange


def put_right(scene: Scene, exchange: Exchange, minutes: int = 90, **changed: Any) -> Any:
    values: dict[str, Any] = {"minutes": minutes, "happened_on": TODAY}
    given: dict[str, Any] = {"by": scene.cora, "reason": "It took longer", "now": NOW}
    right = Right(**(values | {key: changed.pop(key) for key in list(changed) if key in RIGHT}))
    entry_id = changed.pop("entry_id", exchange.entry_id)
    return service.correct_entry(
        scene.session, scene.community, entry_id, right, **(given | changed)
    )


RIGHT = {"minutes", "happened_on", "category_id", "member_id"}


def test_both_are_told_what_it_was_and_what_it_is(scene: Scene) -> None:
    exchange = confirmed(scene)
    first = exchange.entry_id
    corrected = put_right(scene, exchange)
    assert (exchange.entry_id, exchange.reversal_id) == (corrected.entry_id, None)
    assert (scene.balance(scene.gita), scene.balance(scene.rune)) == (90, -90)
    assert moves(scene, exchange)[-1] == ("correct", "Cora")
    for name in ("gita", "rune"):
        assert told(scene, name)[-1] == "hours-corrected"
    notice = scene.session.scalars(
        sa.select(Notice).where(Notice.kind == "hours-corrected").limit(1)
    ).one()
    assert notice.facts == {"before": 60, "minutes": 90, "reason": "It took longer"}
    kept = scene.session.scalars(sa.select(ExchangeCorrection)).one()
    assert (kept.entry_id, kept.exchange_id) == (first, exchange.id)
    assert queries.corrections(scene.session, scene.community.id, [kept.reversal_id]) == [kept]
    assert queries.corrections(scene.session, scene.community.id, []) == []


def test_the_same_correction_twice_is_one_and_tells_nobody_twice(scene: Scene) -> None:
    exchange = confirmed(scene)
    first = exchange.entry_id
    once = put_right(scene, exchange, entry_id=first)
    before = (told(scene, "gita"), moves(scene, exchange))
    assert put_right(scene, exchange, entry_id=first) == once
    assert (told(scene, "gita"), moves(scene, exchange)) == before
    with pytest.raises(DifferentBeforeError):
        put_right(scene, exchange, 30, entry_id=first)
    assert scene.balance(scene.gita) == 90


def test_taking_back_twice_with_the_same_words_tells_nobody_twice(scene: Scene) -> None:
    exchange = confirmed(scene)
    entry_id = exchange.entry_id or new_id()
    back: dict[str, Any] = {"by": scene.cora, "reason": "Logged twice", "now": NOW}
    for _ in range(2):
        service.reverse_entry(scene.session, scene.community, entry_id, **back)
    assert told(scene, "gita").count("hours-reversed") == 1
    assert [move for move, _by in moves(scene, exchange)].count("reverse") == 1
    with pytest.raises(AlreadyTakenBackError):
        put_right(scene, exchange)


def test_nobody_takes_back_what_they_paid_but_may_give_back_what_they_got(scene: Scene) -> None:
    entry_id = confirmed(scene).entry_id or new_id()
    back: dict[str, Any] = {"reason": "I would rather not pay", "now": NOW}
    with pytest.raises(errors.OwnExchangeError):
        service.reverse_entry(scene.session, scene.community, entry_id, by=scene.rune, **back)
    assert (scene.balance(scene.gita), scene.balance(scene.rune)) == (60, -60)
    service.reverse_entry(scene.session, scene.community, entry_id, by=scene.gita, **back)
    assert (scene.balance(scene.gita), scene.balance(scene.rune)) == (0, 0)


def test_a_refused_half_leaves_nothing(scene: Scene) -> None:
    exchange = confirmed(scene)
    hours.set_limits(
        scene.session, scene.community, scene.rune.account_code, floor_minutes=-60,
        ceiling_minutes=None, by=scene.cora, reason=None, now=NOW,
    )  # fmt: skip
    with pytest.raises(TooFewHoursError):
        put_right(scene, exchange)
    assert (scene.balance(scene.gita), scene.balance(scene.rune)) == (60, -60)
    assert len(hours_queries.latest_entries(scene.session, scene.community.id)) == 1
    assert told(scene, "gita")[-1] != "hours-corrected"


def test_what_is_asked_must_make_sense(scene: Scene) -> None:
    exchange = confirmed(scene)
    for refusal, changed in (
        (errors.WordsMissingError, {"reason": " "}),
        (errors.NothingChangedError, {"minutes": 60}),
        (errors.OwnExchangeError, {"by": scene.gita}),
        (errors.CategoryNotFoundError, {"category_id": new_id()}),
        (errors.MinutesOutOfRangeError, {"minutes": 0}),
        (errors.DayOutOfRangeError, {"happened_on": TODAY + DAY}),
        (errors.AccountFixedError, {"member_id": scene.otto.id}),
    ):
        with pytest.raises(refusal):
            put_right(scene, exchange, **changed)
    assert scene.balance(scene.gita) == 60


def test_what_is_told_of_hours_of_no_exchange_is_told_of_each_entry(scene: Scene) -> None:
    """Two that were taken back lie unread side by side, and each leads to its own entry."""
    given, back, right = [], [], []
    for number in range(3):
        moved = hours.move(
            scene.session, scene.community, kind="gift",
            legs=[(scene.gita.account_code, scene.rune.account_code, 30 + number)],
            happened_on=TODAY, category="gift", key=f"gift:{number}", by=None, now=NOW,
        )  # fmt: skip
        given.append(moved.entry_id)
    for number, entry_id in enumerate(given):
        reason: dict[str, Any] = {"by": scene.cora, "reason": f"Reason {number}", "now": NOW}
        if number == 2:
            wanted = Right(minutes=10, happened_on=TODAY)
            done = service.correct_entry(scene.session, scene.community, entry_id, wanted, **reason)
            right.append(done.entry_id)
            continue
        service.reverse_entry(scene.session, scene.community, entry_id, **reason)
        line = hours_queries.history(scene.session, scene.community.id, entry_id)
        back.append(line[-1].entry_id)
    for member in (scene.gita, scene.rune):
        notices = scene.session.scalars(
            sa.select(Notice).where(Notice.member_id == member.id).order_by(Notice.id)
        ).all()
        assert [(each.path, each.facts["reason"]) for each in notices] == [
            (f"hours/receipts/{entry_id}", f"Reason {number}")
            for number, entry_id in enumerate([*back, *right])
        ]
    rune = scene.rune.account_code
    service.forget_told(scene.session, scene.community, rune)
    kinds = ("hours-reversed", "hours-corrected")
    assert not scene.session.scalars(sa.select(Notice).where(Notice.kind.in_(kinds))).all()


def test_whose_hours_they_are_no_more_reads_of_the_entry_that_moved_them_back(
    scene: Scene,
) -> None:
    moved = hours.move(
        scene.session, scene.community, kind="opening",
        legs=[("opening", scene.gita.account_code, 30)],
        happened_on=TODAY, category="opening", key="opening:1", by=None, now=NOW,
    )  # fmt: skip
    done = service.correct_entry(
        scene.session, scene.community, moved.entry_id,
        Right(minutes=30, happened_on=TODAY, member_id=scene.rune.id),
        by=scene.cora, reason="It was Rune", now=NOW,
    )  # fmt: skip
    line = hours_queries.history(scene.session, scene.community.id, moved.entry_id)
    back = next(step.entry_id for step in line if step.takes_back)
    paths = {
        name: scene.session.scalars(
            sa.select(Notice.path).where(Notice.member_id == getattr(scene, name).id)
        ).all()
        for name in ("gita", "rune")
    }
    assert paths == {
        "gita": [f"hours/receipts/{back}"],
        "rune": [f"hours/receipts/{done.entry_id}"],
    }


def test_a_day_that_stays_may_lie_long_ago(scene: Scene) -> None:
    exchange = confirmed(scene)
    put_right(scene, exchange, now=NOW + 500 * DAY)
    assert exchange.worked_minutes == 90


# ------------------------------------------------------------------------------- flags


def overdrawn(scene: Scene) -> Exchange:
    """Gita got an hour and spent it with Otto, and may not go below nothing."""
    exchange = confirmed(scene)
    spent = scene.log(by=scene.otto, other=scene.gita)
    service.answer_yes(scene.session, scene.community, spent.id, by=scene.gita, now=NOW)
    hours.set_limits(
        scene.session, scene.community, scene.gita.account_code, floor_minutes=0,
        ceiling_minutes=None, by=scene.cora, reason=None, now=NOW,
    )  # fmt: skip
    return exchange


def test_treasurers_are_told_of_an_account_left_too_low(scene: Scene) -> None:
    theo = make_member(scene.session, scene.community, first_name="Theo", roles=("treasurer",))
    exchange = overdrawn(scene)
    corrected = put_right(scene, exchange, 45)
    assert corrected.overdrawn == (scene.gita.account_code,)
    [waiting] = queries.overdrafts_waiting(scene.session, scene.community.id, limit=9)
    assert (waiting.account_code, waiting.short_minutes) == (scene.gita.account_code, 15)
    notices = scene.session.scalars(sa.select(Notice).where(Notice.kind == "work-overdrawn")).all()
    assert [(each.member_id, each.path) for each in notices] == [
        (theo.id, f"books/overdrafts/{waiting.id}")
    ]
    for _ in range(2):
        service.see_to_overdraft(scene.session, scene.community, waiting.id, by=theo, now=NOW)
    assert not queries.overdrafts_waiting(scene.session, scene.community.id, limit=9)
    with pytest.raises(errors.OverdraftNotFoundError):
        service.see_to_overdraft(scene.session, scene.community, new_id(), by=theo, now=NOW)


def test_where_there_is_no_treasurer_coordinators_are_told(scene: Scene) -> None:
    exchange = overdrawn(scene)
    entry_id = exchange.entry_id or new_id()
    service.reverse_entry(
        scene.session, scene.community, entry_id, by=scene.otto, reason="Not so", now=NOW
    )
    assert told(scene, "cora")[-1] == "work-overdrawn"


def test_where_nobody_looks_after_accounts_it_is_flagged_all_the_same(scene: Scene) -> None:
    exchange = overdrawn(scene)
    entry_id, scene.cora.state = exchange.entry_id or new_id(), "left"
    service.reverse_entry(
        scene.session, scene.community, entry_id, by=scene.otto, reason="Not so", now=NOW
    )
    assert scene.session.scalars(sa.select(Overdraft.short_minutes)).all() == [60]


def test_of_twelve_at_once_one_puts_right(app: Flask, session: Session) -> None:
    scene = make_scene(session)
    exchange = confirmed(scene)
    entry_id, cora_id, exchange_id = exchange.entry_id or new_id(), scene.cora.id, exchange.id
    session.commit()

    def right(session: Session, community: Community) -> object:
        by = session.get_one(Member, (community.id, cora_id))
        return service.correct_entry(
            session,
            community,
            entry_id,
            Right(minutes=90, happened_on=TODAY),
            by=by,
            reason="It took longer",
            now=NOW,
        )

    race(app, scene.community.id, [right] * 12)
    session.rollback()
    assert (scene.balance(scene.gita), scene.balance(scene.rune)) == (90, -90)
    assert len(hours_queries.latest_entries(session, scene.community.id)) == 3
    kept = session.get_one(Exchange, (scene.community.id, exchange_id))
    assert kept.worked_minutes == 90
