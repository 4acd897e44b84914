"""Limits, silence, thanks and hours taken back, told as stories, on both databases."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from ledger.verify import verify
from tests.factories import NOW
from tests.timebank.exchanges.scene import DAY, TODAY, Scene, make_scene, moves, told
from timebank.db import new_id
from timebank.errors import ConflictError
from timebank.exchanges import errors, service
from timebank.exchanges.models import Exchange, ThankYou
from timebank.hours import limits as hours_limits
from timebank.hours import queries as hours
from timebank.hours import service as hours_service
from timebank.hours.errors import AccountClosedError, AlreadyTakenBackError, ReasonMissingError
from timebank.limits.history import history

# -------------------------------------------------------------------------------- limits


def test_over_the_floor_the_answer_counts_and_nothing_is_half_done(session: Session) -> None:
    scene = make_scene(session, floor_minutes=-30)
    exchange = scene.log()
    service.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=NOW)
    assert (exchange.state, exchange.held_up_by, exchange.entry_id) == ("done", "floor", None)
    assert exchange.silence_ends_at == NOW + DAY
    assert scene.balance(scene.gita) == 0
    assert told(scene, "cora") == ["work-held-up"]
    assert moves(scene, exchange)[-1] == ("hold", None)

    # Trying again says nothing new until the limit is out of the way.
    service.answer_yes(session, scene.community, exchange.id, by=scene.gita, now=NOW)
    assert told(scene, "cora") == ["work-held-up"]

    hours_service.set_limits(
        session,
        scene.community,
        scene.rune.account_code,
        floor_minutes=-120,
        ceiling_minutes=None,
        by=scene.cora,
        reason="We talked",
        now=NOW,
    )
    assert service.confirm_silent(session, scene.community, now=NOW + DAY) == 1
    assert exchange.state == "confirmed"
    assert scene.balance(scene.gita) == 60
    assert exchange.held_up_at is None


def test_over_the_ceiling_it_is_held_up_too(session: Session) -> None:
    scene = make_scene(session, ceiling_minutes=30)
    exchange = scene.log()
    service.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=NOW)
    assert (exchange.held_up_by, scene.balance(scene.gita)) == ("ceiling", 0)


def test_with_an_account_on_hold_it_is_held_up_too(scene: Scene) -> None:
    exchange, session = scene.log(), scene.session
    hours_service.set_state(
        session,
        scene.community,
        scene.rune.account_code,
        "frozen",
        by=scene.cora,
        reason="x",
        now=NOW,
    )
    service.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=NOW)
    assert exchange.held_up_by == "account"


def test_other_minutes_free_what_was_held_up(session: Session) -> None:
    scene = make_scene(session, floor_minutes=-30)
    exchange = scene.log()
    service.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=NOW)
    service.answer_change(
        session, scene.community, exchange.id, by=scene.gita, worked_minutes=30, now=NOW
    )
    assert (exchange.held_up_at, exchange.awaiting_id) == (None, scene.rune.id)
    service.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=NOW)
    assert scene.balance(scene.rune) == -30


def held_up(session: Session, **settings: Any) -> tuple[Scene, Exchange]:
    scene = make_scene(session, **settings)
    exchange = scene.log()
    service.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=NOW)
    assert exchange.held_up_at is not None
    return scene, exchange


@pytest.mark.parametrize("settings", [{"floor_minutes": -30}, {"ceiling_minutes": 30}])
def test_once_hours_pass_a_limit_with_a_reason_and_the_limit_stays(
    session: Session, settings: dict[str, int]
) -> None:
    scene, exchange = held_up(session, **settings)
    reason = "Both were ill for a month."
    service.let_pass(session, scene.community, exchange.id, by=scene.cora, reason=reason, now=NOW)
    assert (exchange.state, exchange.held_up_at) == ("confirmed", None)
    assert (scene.balance(scene.gita), scene.balance(scene.rune)) == (60, -60)
    assert moves(scene, exchange)[-1] == ("let pass", "Cora")
    assert told(scene, "rune")[-1] == told(scene, "gita")[-1] == "exchange-let-pass"
    limited = scene.rune if "floor_minutes" in settings else scene.gita
    account = hours.balance_of(session, limited)
    if "floor_minutes" in settings:
        assert account.floor_minutes == -30
    else:
        assert account.ceiling_minutes == 30
    found = history(session, scene.community, account.code, since=NOW)
    assert (found[0].kind, found[0].reason, found[0].by_member_id) == (
        "let pass",
        reason,
        scene.cora.id,
    )
    assert verify(session.connection(), scene.community.id).ok
    # The next one waits again: it was this once.
    again = scene.log()
    service.answer_yes(session, scene.community, again.id, by=scene.rune, now=NOW)
    assert again.held_up_at is not None


def test_credited_mutual_help_passes_a_limit_for_both(session: Session) -> None:
    scene = make_scene(session, ceiling_minutes=30, mutual_help="credited")
    exchange = scene.log(basis="mutual")
    service.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=NOW)
    assert exchange.held_up_by == "ceiling"
    service.let_pass(session, scene.community, exchange.id, by=scene.cora, reason="x", now=NOW)
    assert (scene.balance(scene.gita), scene.balance(scene.rune)) == (60, 60)


def test_more_than_was_set_aside_passes_a_limit_too(session: Session) -> None:
    scene = make_scene(session, setting_aside="agreed", floor_minutes=-60)
    community, exchange = scene.community, scene.propose()
    service.agree(session, community, exchange.id, by=scene.gita, now=NOW)
    service.report(
        *(session, community, exchange.id),
        by=scene.gita,
        worked_minutes=120,
        happened_on=TODAY + 5 * DAY,
        now=NOW + 5 * DAY,
    )
    service.answer_yes(session, community, exchange.id, by=scene.rune, now=NOW + 5 * DAY)
    assert exchange.held_up_by == "floor"
    service.let_pass(session, community, exchange.id, by=scene.cora, reason="x", now=NOW + 5 * DAY)
    account = hours.balance_of(session, scene.rune)
    assert (account.posted, account.held_out, account.floor_minutes) == (-120, 0, -60)
    assert verify(session.connection(), community.id).ok


def test_a_limit_that_is_gone_by_then_leaves_no_trace_of_moving_it(session: Session) -> None:
    scene, exchange = held_up(session, floor_minutes=-30)
    hours_service.bring_in(
        *(session, scene.community, scene.rune),
        minutes=60,
        happened_on=TODAY,
        key="opening:1",
        by=None,
        now=NOW,
    )
    service.let_pass(session, scene.community, exchange.id, by=scene.cora, reason="x", now=NOW)
    assert scene.balance(scene.rune) == 0
    code = scene.rune.account_code
    assert len(hours.account_history(session, scene.community.id, code)) == 1


def test_letting_hours_pass_takes_a_reason_and_somebody_else(session: Session) -> None:
    scene, exchange = held_up(session, floor_minutes=-30)
    community = scene.community
    with pytest.raises(errors.WordsMissingError):
        service.let_pass(session, community, exchange.id, by=scene.cora, reason=" ", now=NOW)
    for side in (scene.gita, scene.rune):
        with pytest.raises(errors.OwnHoursError):
            service.let_pass(session, community, exchange.id, by=side, reason="x", now=NOW)
    with pytest.raises(errors.ExchangeNotFoundError):
        service.let_pass(session, community, new_id(), by=scene.cora, reason="x", now=NOW)
    hours_service.set_state(
        *(session, community, scene.gita.account_code, "frozen"), by=None, reason=None, now=NOW
    )
    with pytest.raises(AccountClosedError):
        service.let_pass(session, community, exchange.id, by=scene.cora, reason="x", now=NOW)
    past = hours_limits.past_limits(session, community, {}, reason="", by=scene.cora, now=NOW)
    with pytest.raises(ReasonMissingError), past:
        pytest.fail("nothing is booked without a reason")
    assert (exchange.state, scene.balance(scene.rune)) == ("done", 0)
    ended = scene.propose()
    with pytest.raises(errors.NotHeldUpError):
        service.let_pass(session, community, ended.id, by=scene.cora, reason="x", now=NOW)


def test_at_the_floor_one_can_still_ask(session: Session) -> None:
    scene, _exchange = held_up(session, floor_minutes=-30)
    assert scene.propose(now=NOW).state == "proposed"


# ------------------------------------------------------------------------------- silence


def test_silence_confirms_after_the_days_of_the_house_with_two_notices(scene: Scene) -> None:
    exchange = scene.log()
    assert exchange.silence_ends_at == NOW + 7 * DAY
    assert service.remind_next(scene.session, now=NOW + 4 * DAY) == 0
    assert service.remind_next(scene.session, now=NOW + 5 * DAY) == 1
    assert service.remind_next(scene.session, now=NOW + 5 * DAY) == 0
    assert service.confirm_next_silent(scene.session, now=NOW + 7 * DAY - dt.timedelta(1)) == 0
    assert service.confirm_next_silent(scene.session, now=NOW + 7 * DAY) == 1
    assert service.confirm_next_silent(scene.session, now=NOW + 7 * DAY) == 0
    assert exchange.state == "confirmed"
    assert scene.balance(scene.gita) == 60
    assert moves(scene, exchange)[-1] == ("confirm", None)
    assert told(scene, "rune") == [
        "exchange-reported",
        "exchange-reminder",
        "exchange-confirmed-by-silence",
    ]
    assert told(scene, "gita") == ["exchange-confirmed-by-silence"]


def test_silence_never_confirms_above_the_cap_or_an_unusual_amount(session: Session) -> None:
    scene = make_scene(session, silent_minutes_max=120)
    assert scene.log(worked_minutes=135).silence_ends_at is None  # above the cap
    assert scene.log(worked_minutes=120).silence_ends_at is not None
    scene.community.silent_minutes_max = 480
    assert scene.log(worked_minutes=135).silence_ends_at is None  # unusual for two who never met
    confirmed = scene.log(worked_minutes=90)
    service.answer_yes(session, scene.community, confirmed.id, by=scene.rune, now=NOW)
    assert scene.log(worked_minutes=135).silence_ends_at is not None  # not for these two now


def test_silence_never_confirms_for_somebody_who_cannot_be_asked(scene: Scene) -> None:
    scene.rune.person_id = None
    assert scene.log().silence_ends_at is None
    assert scene.log(by=scene.rune, other=scene.gita, by_gave=False).silence_ends_at is not None


def test_a_query_stops_silence(scene: Scene) -> None:
    exchange = scene.log()
    service.answer_no(
        scene.session, scene.community, exchange.id, by=scene.rune, words="Not me", now=NOW
    )
    assert service.confirm_silent(scene.session, scene.community, now=NOW + 30 * DAY) == 0
    assert exchange.state == "queried"


def test_silence_that_meets_a_limit_waits_as_a_yes_would(session: Session) -> None:
    scene = make_scene(session, floor_minutes=-30)
    exchange = scene.log()
    assert service.confirm_silent(session, scene.community, now=NOW + 8 * DAY) == 1
    assert (exchange.state, exchange.held_up_by) == ("done", "floor")
    assert service.remind_next(session, now=NOW + 8 * DAY) == 0


# ------------------------------------------------------------------------ before and after


def test_a_thank_you_is_said_once_and_after(scene: Scene) -> None:
    exchange = scene.log()
    thank: dict[str, Any] = {"by": scene.rune, "words": "You made my week.", "now": NOW}
    with pytest.raises(ConflictError):
        service.thank(scene.session, scene.community, exchange.id, **thank)
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=NOW)
    with pytest.raises(errors.WordsMissingError):
        service.thank(scene.session, scene.community, exchange.id, **(thank | {"words": " "}))
    service.thank(scene.session, scene.community, exchange.id, **thank)
    with pytest.raises(errors.AlreadyThankedError):
        service.thank(scene.session, scene.community, exchange.id, **thank)
    with pytest.raises(errors.NotYourMoveError):
        service.thank(scene.session, scene.community, exchange.id, **(thank | {"by": scene.cora}))
    scene.session.flush()
    thanks = scene.session.scalars(sa.select(ThankYou)).one()
    assert thanks.to_member_id == scene.gita.id
    assert told(scene, "gita")[-1] == "exchange-thanked"


def test_hours_are_taken_back_once_with_a_reason_and_both_are_told(scene: Scene) -> None:
    exchange = scene.log()
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=NOW)
    entry_id = exchange.entry_id or new_id()
    back: dict[str, Any] = {"by": scene.cora, "now": NOW}
    with pytest.raises(errors.WordsMissingError):
        service.reverse_entry(scene.session, scene.community, entry_id, reason="", **back)
    over = service.reverse_entry(
        scene.session, scene.community, entry_id, reason="Logged twice", **back
    )
    assert list(over) == []
    assert (scene.balance(scene.gita), scene.balance(scene.rune)) == (0, 0)
    assert exchange.reversal_id is not None
    assert moves(scene, exchange)[-1] == ("reverse", "Cora")
    assert told(scene, "gita")[-1] == told(scene, "rune")[-1] == "hours-reversed"
    with pytest.raises((AlreadyTakenBackError, ConflictError)):
        service.reverse_entry(scene.session, scene.community, entry_id, reason="Once more", **back)


def test_hours_brought_in_are_taken_back_too(scene: Scene) -> None:
    outcome = hours_service.bring_in(
        scene.session,
        scene.community,
        scene.gita,
        minutes=120,
        happened_on=TODAY,
        key="opening:1",
        by=scene.cora,
        now=NOW,
    )
    service.reverse_entry(
        scene.session,
        scene.community,
        outcome.entry_id,
        reason="Wrong person",
        by=scene.cora,
        now=NOW,
    )
    assert told(scene, "gita") == ["hours-reversed"]
