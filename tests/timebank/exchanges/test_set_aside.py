"""Hours that are set aside when both have agreed, told as stories, on both databases."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from ledger.verify import verify
from tests.factories import NOW
from tests.racing import Work, race
from tests.timebank.exchanges.scene import DAY, TODAY, Scene, make_scene, moves, saturday, told
from tests.timebank.exchanges.test_races import yes
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.exchanges import errors, policy, service
from timebank.exchanges.models import Exchange
from timebank.hours import holding
from timebank.hours import queries as hours
from timebank.hours import service as hours_service
from timebank.members.models import Member

SATURDAY = TODAY + 5 * DAY


@pytest.fixture
def scene(session: Session) -> Scene:
    """A community where hours are set aside, and two hours down is as far as one can go."""
    return make_scene(session, setting_aside="agreed", floor_minutes=-120)


def agreed(scene: Scene, **changed: Any) -> Exchange:
    exchange = scene.propose(**changed)
    service.agree(scene.session, scene.community, exchange.id, by=scene.gita, now=NOW)
    return exchange


def done(scene: Scene, worked_minutes: int = 60) -> Exchange:
    exchange = agreed(scene)
    service.report(
        scene.session,
        scene.community,
        exchange.id,
        by=scene.gita,
        worked_minutes=worked_minutes,
        happened_on=SATURDAY,
        now=NOW + 5 * DAY,
    )
    return exchange


def answer(scene: Scene, exchange: Exchange) -> None:
    service.answer_yes(
        scene.session, scene.community, exchange.id, by=scene.rune, now=NOW + 5 * DAY
    )


def figures(scene: Scene, member: Member) -> tuple[int, int, int]:
    found = hours.balance_of(scene.session, member)
    return found.posted, found.held_in, found.held_out


def kinds(scene: Scene) -> list[str]:
    """The kinds of entries in the book, which must be sound, in order."""
    report = verify(scene.session.connection(), scene.community.id)
    assert report.ok, report.problems
    return [entry.kind for entry in hours.latest_entries(scene.session, scene.community.id)][::-1]


def freeze(scene: Scene, member: Member) -> None:
    hours_service.set_state(
        scene.session,
        scene.community,
        member.account_code,
        "frozen",
        by=scene.cora,
        reason="x",
        now=NOW,
    )


# ---------------------------------------------------------------------------- agreeing


def test_agreeing_sets_the_hours_aside_and_moves_nothing(scene: Scene) -> None:
    exchange = agreed(scene)
    assert (figures(scene, scene.rune), figures(scene, scene.gita)) == ((0, 0, 60), (0, 60, 0))
    assert exchange.entry_id is None
    hold = hours.entry(scene.session, scene.community.id, exchange.set_aside_id or new_id())
    assert (hold.kind, hold.occurred_on, hold.actor) == ("hold", SATURDAY, scene.gita.id)
    assert hold.expires_at == exchange.set_aside_ends_at
    assert moves(scene, exchange)[-2:] == [("agree", "Gita"), ("set aside", None)]


def test_where_nobody_asked_for_it_nothing_is_set_aside(session: Session) -> None:
    scene = make_scene(session)
    exchange = agreed(scene)
    assert (exchange.set_aside_id, kinds(scene)) == (None, [])
    assert moves(scene, exchange)[-1] == ("agree", "Gita")


@pytest.mark.parametrize("basis", ["mutual", "paid"])
def test_only_hours_that_somebody_would_spend_are_set_aside(scene: Scene, basis: str) -> None:
    assert agreed(scene, basis=basis).set_aside_id is None
    assert kinds(scene) == []


def test_they_are_set_aside_until_there_was_time_to_say_so_and_to_answer() -> None:
    zone = ZoneInfo("Europe/Copenhagen")
    ends_at = policy.set_aside_ends_at(SATURDAY, today=TODAY, confirm_days=7, zone=zone)
    last = SATURDAY + (policy.SET_ASIDE_DAYS + 7) * DAY
    assert ends_at.astimezone(zone) == dt.datetime.combine(last + DAY, dt.time.min, zone)
    late = policy.set_aside_ends_at(TODAY - 90 * DAY, today=TODAY, confirm_days=7, zone=zone)
    assert late.astimezone(zone).date() == TODAY + (policy.SET_ASIDE_DAYS + 8) * DAY


def test_a_proposal_that_is_answered_after_its_day_sets_hours_aside_too(scene: Scene) -> None:
    exchange = scene.propose()
    late = NOW + 100 * DAY
    service.agree(scene.session, scene.community, exchange.id, by=scene.gita, now=late)
    assert exchange.set_aside_ends_at is not None
    assert exchange.set_aside_ends_at > late + policy.SET_ASIDE_DAYS * DAY


@pytest.mark.parametrize("by", ["gita", "rune"])
def test_with_too_few_hours_it_is_not_agreed_and_stays_as_it_was(scene: Scene, by: str) -> None:
    agreed(scene)
    agree_by, asked_by = getattr(scene, by), scene.rune if by == "gita" else scene.gita
    exchange = scene.propose(by=asked_by, terms=saturday(agreed_minutes=75))
    with pytest.raises(errors.CannotSetAsideError) as refused:
        service.agree(scene.session, scene.community, exchange.id, by=agree_by, now=NOW)
    said = refused.value
    assert (said.held_up_by, said.available_minutes, said.minutes) == ("floor", 60, 75)
    assert said.is_own == (by == "rune")
    assert (exchange.state, exchange.set_aside_id) == ("proposed", None)
    assert moves(scene, exchange) == [("propose", asked_by.first_name)]
    assert figures(scene, scene.rune) == (0, 0, 60)


def test_a_ceiling_and_an_account_on_hold_are_in_the_way_too(session: Session) -> None:
    scene = make_scene(session, setting_aside="agreed", ceiling_minutes=60)
    exchange = scene.propose(terms=saturday(agreed_minutes=75))
    with pytest.raises(errors.CannotSetAsideError) as refused:
        service.agree(session, scene.community, exchange.id, by=scene.gita, now=NOW)
    assert (refused.value.held_up_by, refused.value.is_own) == ("ceiling", True)
    assert refused.value.available_minutes == 0
    freeze(scene, scene.rune)
    exchange = scene.propose()
    with pytest.raises(errors.CannotSetAsideError) as refused:
        service.agree(session, scene.community, exchange.id, by=scene.gita, now=NOW)
    assert (refused.value.held_up_by, refused.value.is_own) == ("account", False)


# -------------------------------------------------------------- changing and calling off


def test_other_terms_give_the_hours_back_and_agreeing_again_sets_others_aside(
    scene: Scene,
) -> None:
    exchange = agreed(scene)
    session, community = scene.session, scene.community
    terms = saturday(agreed_minutes=90)
    service.change(session, community, exchange.id, by=scene.rune, terms=terms, now=NOW)
    assert (exchange.set_aside_id, figures(scene, scene.rune)) == (None, (0, 0, 0))
    service.agree(session, community, exchange.id, by=scene.gita, now=NOW)
    assert figures(scene, scene.rune) == (0, 0, 90)
    assert kinds(scene) == ["hold", "release", "hold"]
    assert moves(scene, exchange)[1:] == [
        *(("agree", "Gita"), ("set aside", None), ("give back", None), ("change", "Rune")),
        *(("agree", "Gita"), ("set aside", None)),
    ]


def cancel(scene: Scene, exchange: Exchange) -> None:
    service.cancel(scene.session, scene.community, exchange.id, by=scene.gita, now=NOW + 5 * DAY)


def query(scene: Scene, exchange: Exchange) -> None:
    service.answer_no(
        scene.session, scene.community, exchange.id, by=scene.rune, words="No", now=NOW + 5 * DAY
    )


def settle(scene: Scene, exchange: Exchange, minutes: int) -> None:
    service.settle(
        scene.session,
        scene.community,
        exchange.id,
        by=scene.cora,
        worked_minutes=minutes,
        reason="We talked",
        now=NOW + 6 * DAY,
    )


@pytest.mark.parametrize("begin", [agreed, done])
def test_calling_it_off_gives_the_hours_back(
    scene: Scene, begin: Callable[[Scene], Exchange]
) -> None:
    exchange = begin(scene)
    cancel(scene, exchange)
    assert (exchange.state, exchange.set_aside_id) == ("cancelled", None)
    assert (figures(scene, scene.rune), figures(scene, scene.gita)) == ((0, 0, 0), (0, 0, 0))
    assert kinds(scene) == ["hold", "release"]


def test_a_query_keeps_them_set_aside_and_the_coordinator_decides(scene: Scene) -> None:
    exchange = done(scene)
    query(scene, exchange)
    assert figures(scene, scene.rune) == (0, 0, 60)
    settle(scene, exchange, 45)
    assert (figures(scene, scene.rune), exchange.state) == ((-45, 0, 0), "confirmed")
    assert kinds(scene) == ["hold", "capture"]


def test_where_nothing_counts_they_are_given_back(scene: Scene) -> None:
    exchange = done(scene)
    query(scene, exchange)
    settle(scene, exchange, 0)
    assert (figures(scene, scene.rune), exchange.state) == ((0, 0, 0), "cancelled")
    assert kinds(scene) == ["hold", "release"]


# --------------------------------------------------------------------------- confirming


def test_confirming_moves_what_was_set_aside(scene: Scene) -> None:
    exchange = done(scene)
    answer(scene, exchange)
    assert (exchange.state, exchange.set_aside_id, exchange.set_aside_ends_at) == (
        *("confirmed", None, None),
    )
    assert (figures(scene, scene.rune), figures(scene, scene.gita)) == ((-60, 0, 0), (60, 0, 0))
    entry = hours.entry(scene.session, scene.community.id, exchange.entry_id or new_id())
    assert (entry.kind, entry.idem_key) == ("capture", f"exchange:{exchange.id}")
    assert kinds(scene) == ["hold", "capture"]


def test_a_shorter_time_gives_the_rest_back_with_it(scene: Scene) -> None:
    answer(scene, done(scene, 45))
    assert (figures(scene, scene.rune), figures(scene, scene.gita)) == ((-45, 0, 0), (45, 0, 0))


def test_a_longer_time_is_one_entry_too(scene: Scene) -> None:
    exchange = done(scene, 90)
    answer(scene, exchange)
    assert (figures(scene, scene.rune), figures(scene, scene.gita)) == ((-90, 0, 0), (90, 0, 0))
    assert kinds(scene) == ["hold", "release", "exchange"]
    entry = hours.entry(scene.session, scene.community.id, exchange.entry_id or new_id())
    assert [leg.minutes for leg in entry.legs] == [90]


def test_a_longer_time_that_a_limit_stops_waits_and_keeps_what_is_set_aside(scene: Scene) -> None:
    exchange = done(scene, 135)
    answer(scene, exchange)
    assert (exchange.state, exchange.held_up_by) == ("done", "floor")
    assert exchange.set_aside_id is not None
    assert figures(scene, scene.rune) == (0, 0, 60)
    assert kinds(scene) == ["hold"]
    service.answer_change(
        scene.session, scene.community, exchange.id, by=scene.gita, worked_minutes=60, now=NOW
    )
    answer(scene, exchange)
    assert (exchange.state, kinds(scene)) == ("confirmed", ["hold", "capture"])


def test_no_limit_stops_what_was_set_aside(scene: Scene) -> None:
    exchange = done(scene)
    for member, floor, ceiling in ((scene.rune, 0, 0), (scene.gita, 0, 0)):
        hours_service.set_limits(
            scene.session,
            scene.community,
            member.account_code,
            floor_minutes=floor,
            ceiling_minutes=ceiling,
            by=scene.cora,
            reason="x",
            now=NOW,
        )
    answer(scene, exchange)
    assert exchange.state == "confirmed"


def test_an_account_on_hold_keeps_them_set_aside(scene: Scene) -> None:
    exchange = done(scene)
    freeze(scene, scene.rune)
    answer(scene, exchange)
    assert (exchange.held_up_by, figures(scene, scene.rune)) == ("account", (0, 0, 60))
    assert exchange.set_aside_id is not None


def test_silence_uses_them_too(scene: Scene) -> None:
    exchange = done(scene)
    assert service.confirm_next_silent(scene.session, now=NOW + 12 * DAY) == 1
    assert (exchange.state, kinds(scene)) == ("confirmed", ["hold", "capture"])


def test_hours_that_were_set_aside_can_be_taken_back_later(scene: Scene) -> None:
    exchange = done(scene)
    answer(scene, exchange)
    service.reverse_entry(
        scene.session,
        scene.community,
        exchange.entry_id or new_id(),
        by=scene.cora,
        reason="Logged twice",
        now=NOW + 6 * DAY,
    )
    assert (figures(scene, scene.rune), kinds(scene)) == (
        *((0, 0, 0), ["hold", "capture", "reversal"]),
    )


# ------------------------------------------------------------------------- time goes by


def give_back(scene: Scene, now: dt.datetime) -> int:
    return service.give_back_next(scene.session, now=now)


def test_time_gives_them_back_and_both_are_told(scene: Scene) -> None:
    exchange = agreed(scene)
    ends_at = exchange.set_aside_ends_at or NOW
    assert give_back(scene, ends_at - dt.timedelta(seconds=1)) == 0
    assert give_back(scene, ends_at) == 1
    assert give_back(scene, ends_at) == 0
    assert (exchange.state, exchange.set_aside_id, figures(scene, scene.rune)) == (
        *("agreed", None, (0, 0, 0)),
    )
    assert moves(scene, exchange)[-1] == ("expire", None)
    assert told(scene, "gita")[-1] == told(scene, "rune")[-1] == "exchange-given-back"
    assert kinds(scene) == ["hold", "expiry"]


def test_what_is_confirmed_after_that_moves_as_usual(scene: Scene) -> None:
    exchange = done(scene)
    assert give_back(scene, exchange.set_aside_ends_at or NOW) == 1
    answer(scene, exchange)
    assert (exchange.state, figures(scene, scene.rune)) == ("confirmed", (-60, 0, 0))
    assert kinds(scene) == ["hold", "expiry", "exchange"]


def test_turning_it_off_leaves_what_is_set_aside(scene: Scene) -> None:
    exchange = done(scene)
    scene.community.setting_aside = "never"
    answer(scene, exchange)
    assert kinds(scene) == ["hold", "capture"]


# ------------------------------------------------------------------- all at the same moment


def worker(session: Session, _community: Community) -> object:
    return service.give_back_next(session, now=NOW + 60 * DAY)


def cancelling(exchange_id: Any, member_id: Any) -> Work:
    def work(session: Session, community: Community) -> object:
        by = session.get_one(Member, (community.id, member_id))
        return service.cancel(session, community, exchange_id, by=by, now=NOW + 5 * DAY)

    return work


def agreeing(exchange_id: Any, member_id: Any) -> Work:
    def work(session: Session, community: Community) -> object:
        by = session.get_one(Member, (community.id, member_id))
        return service.agree(session, community, exchange_id, by=by, now=NOW)

    return work


def test_two_tabs_that_agree_at_once_set_the_hours_aside_once(app: Flask, scene: Scene) -> None:
    exchange = scene.propose()
    scene.session.commit()
    ended = race(app, scene.community.id, [agreeing(exchange.id, scene.gita.id)] * 6)
    scene.session.rollback()
    assert ended == {"done": 1, "IllegalMoveError": 5}
    assert (kinds(scene), figures(scene, scene.rune)) == (["hold"], (0, 0, 60))


def test_a_yes_a_cancelling_and_the_worker_at_once_end_it_once(app: Flask, scene: Scene) -> None:
    exchange = done(scene)
    scene.session.commit()
    works = [
        yes(exchange.id, scene.rune.id),
        cancelling(exchange.id, scene.gita.id),
        worker,
    ] * 3
    race(app, scene.community.id, works)
    scene.session.rollback()
    kept = scene.session.get_one(Exchange, (scene.community.id, exchange.id))
    assert kept.set_aside_id is None
    moved = 60 if kept.state == "confirmed" else 0
    assert figures(scene, scene.rune) == (-moved, 0, 0)
    ends = [kind for kind in kinds(scene) if kind in {"capture", "release", "expiry"}]
    assert len(ends) == 1
    assert kinds(scene).count("capture") + kinds(scene).count("exchange") == bool(moved)


# ------------------------------------------------------------- what nobody remembers


def test_what_is_set_aside_for_no_exchange_is_given_back_in_time(scene: Scene) -> None:
    """The books came back without the rest: nothing else would ever end it."""
    forgotten, kept = agreed(scene), agreed(scene)
    ends_at = forgotten.set_aside_ends_at or NOW
    forgotten.set_aside_id = forgotten.set_aside_ends_at = None
    scene.session.flush()
    session = scene.session
    assert service.give_back_forgotten(session, now=ends_at - dt.timedelta(seconds=1)) == 0
    assert service.give_back_forgotten(session, now=ends_at) == 1
    assert service.give_back_forgotten(session, now=ends_at) == 0
    assert (figures(scene, scene.rune), kinds(scene)) == ((0, 0, 60), ["hold", "hold", "expiry"])
    assert kept.set_aside_id is not None
    assert verify(session.connection(), scene.community.id).ok


def test_nobody_looks_through_the_book_where_the_sums_are_the_same(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed(scene)
    monkeypatch.setattr(holding, "overdue", None)
    assert service.give_back_forgotten(scene.session, now=NOW + 400 * DAY) == 0


def test_what_was_used_meanwhile_is_no_fault(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten, used = agreed(scene), done(scene)
    used_id = used.set_aside_id
    answer(scene, used)
    forgotten.set_aside_id = forgotten.set_aside_ends_at = None
    scene.session.flush()
    monkeypatch.setattr(holding, "overdue", lambda *_, **__: [used_id])
    assert service.give_back_forgotten(scene.session, now=NOW + 400 * DAY) == 0
    assert kinds(scene) == ["hold", "hold", "capture"]
