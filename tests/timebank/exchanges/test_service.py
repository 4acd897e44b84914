"""What members do with an exchange, told as stories, on both databases."""

import contextlib
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community, make_member
from tests.timebank.exchanges.scene import DAY, TODAY, Scene, make_scene, moves, saturday, told
from timebank.db import new_id
from timebank.errors import NotFoundError, RefusalError
from timebank.exchanges import errors, policy, service
from timebank.exchanges.models import Exchange
from timebank.hours import queries as hours
from timebank.listings.models import Category, Listing
from timebank.messaging.models import Notice


def reported(scene: Scene, **changed: Any) -> Exchange:
    exchange = scene.propose(**changed)
    community = scene.community
    service.agree(scene.session, community, exchange.id, by=scene.gita, now=NOW)
    return service.report(
        scene.session,
        community,
        exchange.id,
        by=scene.gita,
        worked_minutes=75,
        happened_on=TODAY + 5 * DAY,
        now=NOW + 5 * DAY,
    )


def other_category(scene: Scene) -> UUID:
    elsewhere = make_community(scene.session)
    category = Category(community_id=elsewhere.id, key="walks", check_hint="none")
    scene.session.add(category)
    scene.session.flush()
    return category.id


def listing(scene: Scene, *, anonymous: bool = False, kind: str = "request") -> Listing:
    owner = scene.rune if kind == "request" else scene.gita
    made = Listing(
        community_id=scene.community.id,
        id=new_id(),
        kind=kind,
        member_id=owner.id,
        category_id=scene.category.id,
        title="A walk by the river",
        place="public",
        language="en",
        is_anonymous=anonymous,
        posted_at=NOW,
    )
    scene.session.add(made)
    scene.session.flush()
    return made


# --------------------------------------------------------------------------- the whole


def test_an_hour_is_proposed_agreed_given_confirmed_and_booked(scene: Scene) -> None:
    exchange = reported(scene)
    assert (exchange.state, exchange.awaiting_id) == ("done", scene.rune.id)

    service.answer_yes(
        scene.session, scene.community, exchange.id, by=scene.rune, worked_minutes=75, now=NOW
    )

    assert (exchange.state, exchange.awaiting_id) == ("confirmed", None)
    assert (scene.balance(scene.gita), scene.balance(scene.rune)) == (75, -75)
    assert moves(scene, exchange) == [
        ("propose", "Rune"),
        ("agree", "Gita"),
        ("report", "Gita"),
        ("confirm", "Rune"),
    ]
    assert told(scene, "gita") == ["exchange-proposed", "exchange-confirmed"]
    assert told(scene, "rune") == ["exchange-agreed", "exchange-reported"]
    entry = hours.entry(scene.session, scene.community.id, exchange.entry_id or new_id())
    assert (entry.category, entry.actor, entry.occurred_on) == (
        "walks",
        scene.rune.id,
        TODAY + 5 * DAY,
    )


def test_either_side_starts(scene: Scene) -> None:
    exchange = scene.propose(by=scene.gita)
    assert exchange.awaiting_id == scene.rune.id
    service.agree(scene.session, scene.community, exchange.id, by=scene.rune, now=NOW)
    assert exchange.state == "agreed"


# --------------------------------------------------------------------------- proposing


def test_two_people_are_needed_who_take_part(scene: Scene) -> None:
    with pytest.raises(errors.SamePersonError):
        scene.propose(receiver=scene.gita, by=scene.gita)
    with pytest.raises(errors.NotYourMoveError):
        scene.propose(by=scene.otto)
    paused = make_member(scene.session, scene.community, first_name="Pia", state="paused")
    with pytest.raises(errors.NotTakingPartError) as refusal:
        scene.propose(giver=paused)
    assert refusal.value.first_name == "Pia"


def test_a_kind_of_help_of_another_community_is_refused(scene: Scene) -> None:
    with pytest.raises(errors.CategoryNotFoundError):
        scene.propose(category_id=other_category(scene))
    with pytest.raises(errors.CategoryNotFoundError):
        scene.log(category_id=other_category(scene))


def test_an_exchange_may_come_from_a_listing_of_one_of_the_two(scene: Scene) -> None:
    request, offer = listing(scene), listing(scene, kind="offer")
    assert scene.propose(listing_id=request.id).listing_id == request.id
    assert scene.propose(listing_id=offer.id).listing_id == offer.id
    for wrong in (request.id, new_id()):
        with pytest.raises(NotFoundError):
            scene.propose(listing_id=wrong, giver=scene.rune, receiver=scene.gita)


def test_who_asks_without_a_name_is_named_to_nobody_before_they_agree(scene: Scene) -> None:
    request = listing(scene, anonymous=True)
    exchange = scene.propose(listing_id=request.id)
    assert told(scene, "gita") == ["exchange-proposed unnamed"]
    notice = scene.session.scalars(sa.select(Notice)).one()
    assert "Rune" not in str(notice.facts)
    service.agree(scene.session, scene.community, exchange.id, by=scene.gita, now=NOW)
    service.cancel(scene.session, scene.community, exchange.id, by=scene.gita, now=NOW)
    assert told(scene, "rune") == ["exchange-agreed", "exchange-cancelled"]


def test_nobody_plans_with_somebody_who_has_left(scene: Scene) -> None:
    exchange = scene.propose()
    scene.rune.state = "left"
    with pytest.raises(errors.NotTakingPartError):
        service.agree(scene.session, scene.community, exchange.id, by=scene.gita, now=NOW)
    assert exchange.state == "proposed"
    service.decline(scene.session, scene.community, exchange.id, by=scene.gita, now=NOW)
    assert exchange.state == "declined"


def test_agreeing_sets_the_day_that_was_left_open_and_leaves_a_named_one(scene: Scene) -> None:
    exchange = scene.propose(terms=saturday(planned_on=None, part_of_day=None))
    agree: dict[str, Any] = {"by": scene.gita, "now": NOW}
    with pytest.raises(errors.PlannedDayMissingError):
        service.agree(scene.session, scene.community, exchange.id, **agree)
    with pytest.raises(errors.PlannedDayMissingError):
        service.agree(scene.session, scene.community, exchange.id, planned_on=TODAY, **agree)
    assert exchange.planned_on is None
    with pytest.raises(errors.DayOutOfRangeError):
        service.agree(scene.session, scene.community, exchange.id, planned_on=TODAY - DAY, **agree)
    service.agree(
        scene.session,
        scene.community,
        exchange.id,
        planned_on=TODAY + DAY,
        part_of_day="evening",
        **agree,
    )
    assert str(exchange.planned_on) == str(TODAY + DAY)
    assert exchange.part_of_day == "evening"

    named = scene.propose()
    service.agree(
        scene.session, scene.community, named.id, planned_on=TODAY, part_of_day="evening", **agree
    )
    assert (named.planned_on, named.part_of_day) == (TODAY + 5 * DAY, "morning")


@pytest.mark.parametrize(
    "changed",
    [
        {"planned_on": TODAY + 6 * DAY},
        {"part_of_day": "evening"},
        {"agreed_minutes": 120},
        {"place": "phone"},
    ],
)
def test_a_yes_is_to_the_terms_that_were_shown(scene: Scene, changed: dict[str, Any]) -> None:
    exchange = scene.propose()
    agree: dict[str, Any] = {"by": scene.gita, "now": NOW}
    shown = policy.terms_line(exchange)
    service.change(
        scene.session,
        scene.community,
        exchange.id,
        by=scene.rune,
        terms=saturday(**changed),
        now=NOW,
    )
    with pytest.raises(errors.TermsChangedError):
        service.agree(scene.session, scene.community, exchange.id, shown=shown, **agree)
    assert exchange.state == "proposed"
    shown = policy.terms_line(exchange)
    service.agree(scene.session, scene.community, exchange.id, shown=shown, **agree)
    assert exchange.state == "agreed"


def test_other_terms_ask_the_other_side_again(scene: Scene) -> None:
    exchange = scene.propose()
    service.change(
        scene.session,
        scene.community,
        exchange.id,
        by=scene.gita,
        terms=saturday(agreed_minutes=50, place="phone"),
        words="Could we talk first?",
        now=NOW,
    )
    assert (exchange.state, exchange.awaiting_id) == ("proposed", scene.rune.id)
    assert (exchange.agreed_minutes, exchange.place) == (45, "phone")
    service.agree(scene.session, scene.community, exchange.id, by=scene.rune, now=NOW)
    service.change(
        scene.session, scene.community, exchange.id, by=scene.rune, terms=saturday(), now=NOW
    )
    assert (exchange.state, exchange.awaiting_id) == ("proposed", scene.gita.id)


def test_a_proposal_is_declined_or_withdrawn(scene: Scene) -> None:
    declined, withdrawn = scene.propose(), scene.propose()
    service.decline(
        scene.session, scene.community, declined.id, by=scene.gita, words="Away", now=NOW
    )
    service.cancel(scene.session, scene.community, withdrawn.id, by=scene.rune, now=NOW)
    assert (declined.state, withdrawn.state) == ("declined", "cancelled")
    assert told(scene, "rune") == ["exchange-declined"]
    with pytest.raises(errors.IllegalMoveError):
        service.agree(scene.session, scene.community, declined.id, by=scene.gita, now=NOW)


# ----------------------------------------------------------------------------- answering


def test_an_exchange_is_confirmed_once_and_by_whoever_is_asked(scene: Scene) -> None:
    exchange = scene.log()
    with pytest.raises(errors.NotYourMoveError):
        service.answer_yes(scene.session, scene.community, exchange.id, by=scene.gita, now=NOW)
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=NOW)
    with pytest.raises(errors.AlreadyConfirmedError):
        service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=NOW)
    assert scene.balance(scene.gita) == 60


def test_a_yes_is_to_the_minutes_that_were_shown(scene: Scene) -> None:
    exchange = scene.log()
    service.answer_change(
        scene.session, scene.community, exchange.id, by=scene.gita, worked_minutes=120, now=NOW
    )
    with pytest.raises(errors.MinutesChangedError) as refusal:
        service.answer_yes(
            scene.session, scene.community, exchange.id, by=scene.rune, worked_minutes=60, now=NOW
        )
    assert refusal.value.worked_minutes == 120
    assert exchange.state == "done"


def test_other_minutes_turn_the_question_round(scene: Scene) -> None:
    exchange = scene.log()
    service.answer_change(
        scene.session, scene.community, exchange.id, by=scene.rune, worked_minutes=40, now=NOW
    )
    assert (exchange.worked_minutes, exchange.awaiting_id) == (45, scene.gita.id)
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.gita, now=NOW)
    assert scene.balance(scene.gita) == 45


def test_the_reporter_may_take_back_what_they_said(scene: Scene) -> None:
    exchange = scene.log()
    service.cancel(scene.session, scene.community, exchange.id, by=scene.gita, now=NOW)
    assert (exchange.state, exchange.silence_ends_at) == ("cancelled", None)


def test_a_query_needs_words_and_is_settled_by_the_two(scene: Scene) -> None:
    exchange = scene.log()
    with pytest.raises(errors.WordsMissingError):
        service.answer_no(
            scene.session, scene.community, exchange.id, by=scene.rune, words=" ", now=NOW
        )
    service.answer_no(
        scene.session, scene.community, exchange.id, by=scene.rune, words="Half of it", now=NOW
    )
    assert (exchange.state, exchange.awaiting_id) == ("queried", None)
    assert told(scene, "cora") == ["work-queried"]
    service.answer_change(
        scene.session, scene.community, exchange.id, by=scene.gita, worked_minutes=30, now=NOW
    )
    # What was queried once is never confirmed by silence.
    assert (exchange.awaiting_id, exchange.silence_ends_at) == (scene.rune.id, None)
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=NOW)
    assert scene.balance(scene.gita) == 30


def test_a_coordinator_settles_a_query_with_a_reason(scene: Scene) -> None:
    queried = {}
    for minutes in (45, 0):
        exchange = scene.log()
        service.answer_no(
            scene.session, scene.community, exchange.id, by=scene.rune, words="No", now=NOW
        )
        settle: dict[str, Any] = {"by": scene.cora, "worked_minutes": minutes, "now": NOW}
        with pytest.raises(errors.WordsMissingError):
            service.settle(scene.session, scene.community, exchange.id, reason="", **settle)
        service.settle(scene.session, scene.community, exchange.id, reason="We talked", **settle)
        queried[minutes] = exchange
    assert (queried[45].state, queried[0].state) == ("confirmed", "cancelled")
    assert scene.balance(scene.gita) == 45
    assert "exchange-settled" in told(scene, "gita")
    for side in (scene.gita, scene.otto):
        with pytest.raises(RefusalError):
            service.settle(
                scene.session,
                scene.community,
                scene.log().id,
                by=side,
                worked_minutes=1,
                reason="x",
                now=NOW,
            )


def test_an_outsider_finds_nothing(scene: Scene) -> None:
    exchange = scene.propose()
    with pytest.raises(errors.ExchangeNotFoundError):
        service.agree(scene.session, scene.community, exchange.id, by=scene.otto, now=NOW)
    with pytest.raises(errors.ExchangeNotFoundError):
        service.agree(scene.session, scene.community, new_id(), by=scene.gita, now=NOW)


def test_asvs_49_an_exchange_of_another_community_is_not_there(scene: Scene) -> None:
    exchange = scene.propose()
    elsewhere = make_community(scene.session)
    coordinator = make_member(scene.session, elsewhere, roles=("coordinator",))
    with pytest.raises(errors.ExchangeNotFoundError):
        service.agree(scene.session, elsewhere, exchange.id, by=coordinator, now=NOW)


# ------------------------------------------------------------------------ kinds of help


@pytest.mark.parametrize("basis", ["mutual", "paid"])
def test_mutual_and_paid_help_is_confirmed_and_moves_nothing(scene: Scene, basis: str) -> None:
    exchange = scene.log(basis=basis)
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=NOW)
    assert (exchange.state, exchange.worked_minutes, exchange.entry_id) == ("confirmed", 60, None)
    assert scene.balance(scene.gita) == scene.balance(scene.rune) == 0


def test_mutual_help_credits_both_where_the_community_wants_it(session: Session) -> None:
    scene = make_scene(session, mutual_help="credited")
    exchange = scene.log(basis="mutual")
    for _each in range(2):
        with contextlib.suppress(errors.AlreadyConfirmedError):
            service.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=NOW)
    assert exchange.entry_id is not None
    assert scene.balance(scene.gita) == scene.balance(scene.rune) == 60
    trial = {
        row.code: row.posted for row in hours.trial_balance(session, scene.community.id).accounts
    }
    assert trial["activity-mutual-help"] == -120
    assert sum(trial.values()) == 0

    service.reverse_entry(
        session, scene.community, exchange.entry_id, by=scene.cora, reason="Not so.", now=NOW
    )
    assert scene.balance(scene.gita) == scene.balance(scene.rune) == 0
    assert told(scene, "gita")[-1] == told(scene, "rune")[-1] == "hours-reversed"


def test_mutual_help_waits_for_the_ceiling_of_either(session: Session) -> None:
    scene = make_scene(session, mutual_help="credited", ceiling_minutes=90)
    service.answer_yes(
        session,
        scene.community,
        scene.log(by=scene.rune, other=scene.otto).id,
        by=scene.otto,
        now=NOW,
    )
    exchange = scene.log(basis="mutual")
    service.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=NOW)
    assert (exchange.state, exchange.held_up_by) == ("done", "ceiling")
    assert scene.balance(scene.gita) == 0, "both or none"


def test_one_hour_is_one_hour_whoever_gives_it(scene: Scene) -> None:
    for giver, other in ((scene.gita, scene.rune), (scene.cora, scene.rune)):
        exchange = scene.log(by=giver, other=other)
        service.answer_yes(scene.session, scene.community, exchange.id, by=other, now=NOW)
    assert scene.balance(scene.gita) == scene.balance(scene.cora) == 60


def test_help_received_is_logged_by_the_one_who_was_helped(scene: Scene) -> None:
    exchange = scene.log(by=scene.rune, other=scene.gita, by_gave=False)
    assert (exchange.giver_id, exchange.receiver_id) == (scene.gita.id, scene.rune.id)
    assert exchange.awaiting_id == scene.gita.id


@pytest.mark.parametrize("minutes", [0, -15, 481])
def test_asvs_13_minutes_outside_the_rules_are_refused(scene: Scene, minutes: int) -> None:
    with pytest.raises(errors.MinutesOutOfRangeError):
        scene.log(worked_minutes=minutes)
    with pytest.raises(errors.MinutesOutOfRangeError):
        scene.propose(terms=saturday(agreed_minutes=minutes))


def test_asvs_13_a_day_outside_the_rules_is_refused(scene: Scene) -> None:
    with pytest.raises(errors.DayOutOfRangeError):
        scene.log(happened_on=TODAY + DAY)
    with pytest.raises(errors.DayOutOfRangeError):
        scene.propose(terms=saturday(planned_on=TODAY - DAY))
