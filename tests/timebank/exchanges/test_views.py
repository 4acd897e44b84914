"""The pages of exchanges, walked as people walk them, without script."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import at, make_community, make_member
from tests.pages.page import Walk
from tests.timebank.exchanges.scene import DAY, Scene, make_scene, now_scene, saturday
from timebank.clock import utc_now
from timebank.exchanges import service
from timebank.exchanges.models import Exchange
from timebank.listings.models import Listing
from timebank.messaging import service as messaging


def talk(scene: Scene, *, listing: Listing | None = None, unnamed: bool = False) -> str:
    """Let Gita and Rune talk; return where Rune suggests a time."""
    conversation = messaging.begin_conversation(
        scene.session,
        scene.community.id,
        between=(scene.gita, scene.rune),
        title="A walk",
        about_kind="listing" if listing else None,
        about_id=listing.id if listing else None,
        unnamed={scene.rune.id} if unnamed else (),
        now=utc_now(),
    )
    scene.session.flush()
    return at(scene.community, f"/exchanges/new/{conversation.id}")


def request_of(scene: Scene, **changed: object) -> Listing:
    values: dict[str, object] = {
        "community_id": scene.community.id,
        "kind": "request",
        "member_id": scene.rune.id,
        "category_id": scene.category.id,
        "title": "A walk by the river",
        "place": "public",
        "language": "en",
        "posted_at": utc_now(),
        "about_minutes": 90,
    }
    listing = Listing(**(values | changed))
    scene.session.add(listing)
    scene.session.flush()
    return listing


def only(scene: Scene) -> Exchange:
    scene.session.rollback()
    return scene.session.scalars(sa.select(Exchange)).one()


# --------------------------------------------------------------------- the whole journey


def test_two_people_agree_help_and_confirm_without_script(scene: Scene, walk: Walk) -> None:
    rune, gita = walk(scene.rune), walk(scene.gita)
    saturday_on = (utc_now().date() + 5 * DAY).isoformat()

    rune.get(talk(scene))
    rune.submit(title="A walk", planned_on=saturday_on, part_of_day="morning", words="Gladly")
    assert "Waiting for Gita" in rune.page  # type: ignore[operator]

    gita.get(at(scene.community, "/exchanges"))
    gita.follow("A walk")
    assert "Does this suit you?" in gita.page  # type: ignore[operator]
    gita.submit(button="Yes, that suits me")
    assert "It is agreed" in gita.page  # type: ignore[operator]

    gita.follow("It happened")
    gita.submit(worked_minutes="75")
    assert "We asked Rune" in gita.page  # type: ignore[operator]

    rune.get(at(scene.community, "/exchanges"))
    rune.follow("A walk")
    page = rune.submit(button="Yes, that is right")
    assert "The hours have moved" in page
    assert "1 h 15 min went to Gita" in page
    assert page.all(".timeline-words") == [
        "You suggested this",
        "Gita said yes",
        "Gita said it happened: 1 h 15 min",
        "You confirmed it",
    ]
    rune.submit("main form", button="Send thanks", words="You made my week.")
    assert "You made my week." in gita.get(rune.page.url)  # type: ignore[union-attr]
    assert (scene.balance(scene.gita), only(scene).state) == (75, "confirmed")


def test_the_day_is_chosen_by_whoever_agrees_if_it_was_left_open(scene: Scene, walk: Walk) -> None:
    rune, gita = walk(scene.rune), walk(scene.gita)
    rune.get(talk(scene))
    rune.submit()
    address = rune.page.url  # type: ignore[union-attr]
    gita.get(address)
    page = gita.submit(button="Yes, that suits me", status=422)
    assert page.mistakes == ["Choose the day and the part of the day."]
    page = gita.submit(
        button="Yes, that suits me", planned_on="nonsense", part_of_day="evening", status=422
    )
    assert page.mistakes == ["Write the day like this: 2026-05-09."]
    page = gita.submit(
        button="Yes, that suits me", planned_on="2020-01-01", part_of_day="evening", status=422
    )
    assert "Choose a day between" in page.mistakes[0]
    tomorrow = (utc_now().date() + DAY).isoformat()
    page = gita.submit(button="Yes, that suits me", planned_on=tomorrow, part_of_day="evening")
    assert "It is agreed" in page


def test_a_suggestion_comes_filled_in_from_what_the_two_talk_about(
    scene: Scene, walk: Walk
) -> None:
    address = talk(scene, listing=request_of(scene))
    page = walk(scene.gita).get(address)
    assert page.one("[name=title]")["value"] == "A walk by the river"
    assert page.one("[name=agreed_minutes] option[selected]")["value"] == "90"
    assert page.one("[name=side]")["value"] == "give"
    gita = walk(scene.gita)
    gita.get(address)
    gita.submit()
    exchange = only(scene)
    assert (exchange.giver_id, exchange.receiver_id) == (scene.gita.id, scene.rune.id)


def test_asvs_50_a_listing_says_who_helps_whatever_the_form_says(scene: Scene, walk: Walk) -> None:
    address = talk(scene, listing=request_of(scene))
    gita = walk(scene.gita)
    page = gita.get(address)
    token = str(page.one("main [name=csrf_token]")["value"])
    gita.post(
        address,
        {
            "csrf_token": token,
            "side": "receive",
            "category_id": str(scene.category.id),
            "agreed_minutes": "60",
            "place": "public",
            "state": "confirmed",
            "giver_id": str(scene.otto.id),
            "community_id": str(scene.otto.id),
            "worked_minutes": "480",
        },
    )
    exchange = only(scene)
    assert exchange.receiver_id == scene.rune.id
    assert (exchange.state, exchange.worked_minutes) == ("proposed", None)


def test_who_asks_without_a_name_is_named_only_after_saying_yes(scene: Scene, walk: Walk) -> None:
    address = talk(scene, listing=request_of(scene, is_anonymous=True), unnamed=True)
    gita = walk(scene.gita)
    gita.get(address)
    assert "Rune" not in gita.submit().html
    rune = walk(scene.rune)
    rune.get(gita.page.url)  # type: ignore[union-attr]
    assert "sees your first name" in rune.page  # type: ignore[operator]
    tomorrow = (utc_now().date() + DAY).isoformat()
    rune.submit(button="Yes, that suits me", planned_on=tomorrow, part_of_day="morning")
    assert "You help Rune" in gita.get(gita.page.url)  # type: ignore[union-attr]
    gita.follow("Write to each other")
    assert gita.page is not None
    assert gita.page.h1 == "Rune"


def test_a_mistake_in_a_suggestion_keeps_what_was_typed(scene: Scene, walk: Walk) -> None:
    rune = walk(scene.rune)
    rune.get(talk(scene))
    page = rune.submit(
        title="x" * 81, planned_on="2020-01-01", words="Hello", part_of_day=None, status=422
    )
    assert "This is too long" in page.mistakes[0]
    assert "Choose the part of the day too." in page.mistakes
    assert page.one("textarea").get_text().strip() == "Hello"
    page = rune.submit(title="A walk", part_of_day="morning", status=422)
    assert "Choose a day between" in page.mistakes[0]
    paused = make_member(scene.session, scene.community, first_name="Pia", state="paused")
    conversation = messaging.begin_conversation(
        scene.session, scene.community.id, between=(scene.rune, paused), title="", now=utc_now()
    )
    rune.get(at(scene.community, f"/exchanges/new/{conversation.id}"))
    assert "not taking part" in rune.submit(status=422).mistakes[0]


def test_a_day_on_which_it_cannot_have_happened_is_refused_and_kept(
    scene: Scene, walk: Walk
) -> None:
    now = utc_now()
    exchange = scene.propose(now=now, terms=saturday(planned_on=now.date() + DAY))
    service.agree(scene.session, scene.community, exchange.id, by=scene.gita, now=now)
    gita = walk(scene.gita)
    gita.get(at(scene.community, f"/exchanges/{exchange.id}/report"))
    for day in (now.date() + 2 * DAY, now.date() - 1000 * DAY):
        page = gita.submit(happened_on=day.isoformat(), status=422)
        assert "Choose a day between" in page.mistakes[0]
        assert page.one("#happened_on")["value"] == day.isoformat()
    assert "We asked Rune" in gita.submit(happened_on=now.date().isoformat())


# ------------------------------------------------------------------------- other answers


def test_a_suggestion_is_changed_declined_and_withdrawn(scene: Scene, walk: Walk) -> None:
    now = utc_now()
    terms = saturday(planned_on=now.date() + DAY)
    ids = [scene.propose(now=now, terms=terms).id for _ in range(3)]
    gita, rune = walk(scene.gita), walk(scene.rune)
    gita.get(at(scene.community, f"/exchanges/{ids[0]}"))
    gita.follow("Suggest something else")
    page = gita.submit(agreed_minutes="45", planned_on="2020-01-01", status=422)
    assert "Choose a day between" in page.mistakes[0]
    gita.submit(planned_on=(now.date() + DAY).isoformat(), words="Shorter?")
    assert "Waiting for Rune" in gita.page  # type: ignore[operator]

    gita.get(at(scene.community, f"/exchanges/{ids[1]}"))
    gita.follow("Not this time")
    assert "Not this time" in gita.submit(words="I am away")
    assert "I am away" in rune.get(at(scene.community, f"/exchanges/{ids[1]}"))

    rune.get(at(scene.community, f"/exchanges/{ids[2]}"))
    rune.follow("Take it back")
    assert "Called off" in rune.submit()


def test_the_time_is_corrected_and_then_confirmed(scene: Scene, walk: Walk) -> None:
    address = at(scene.community, f"/exchanges/{now_scene(scene).id}")
    rune, gita = walk(scene.rune), walk(scene.gita)
    rune.get(address)
    rune.follow("Change the time")
    assert "We asked Gita" in rune.submit(worked_minutes="30", words="Half of it")
    page = gita.get(address)
    assert "Half of it" in page
    gita.submit(button="Yes, that is right")
    assert scene.balance(scene.gita) == 30


def test_a_yes_to_minutes_that_have_changed_is_refused(scene: Scene, walk: Walk) -> None:
    exchange = now_scene(scene)
    rune = walk(scene.rune)
    rune.get(at(scene.community, f"/exchanges/{exchange.id}"))
    service.answer_change(
        scene.session,
        scene.community,
        exchange.id,
        by=scene.gita,
        worked_minutes=120,
        now=utc_now(),
    )
    page = rune.submit(button="Yes, that is right", status=409)
    assert "has just changed how long it took" in page
    assert scene.balance(scene.gita) == 0


def test_a_no_needs_words_and_a_coordinator_can_settle(scene: Scene, walk: Walk) -> None:
    address = at(scene.community, f"/exchanges/{now_scene(scene).id}")
    rune, cora = walk(scene.rune), walk(scene.cora)
    rune.get(f"{address}/query")
    assert rune.submit(status=422).mistakes == [
        "Write a few words, so that the other person understands."
    ]
    assert "Nothing is counted until" in rune.submit(words="That was somebody else.")
    cora.get(address)
    assert "Gita helped Rune" in cora.page  # type: ignore[operator]
    cora.follow("Settle it")
    assert cora.submit(status=422).mistakes
    assert "Settled" in cora.submit(worked_minutes="30", reason="We talked")
    assert scene.balance(scene.gita) == 30
    assert "We talked" in rune.get(address)


def test_over_the_limit_the_page_stays_kind_and_the_coordinator_has_a_task(
    session: Session, walk: Walk
) -> None:
    scene = make_scene(session, floor_minutes=-30)
    address = at(scene.community, f"/exchanges/{now_scene(scene).id}")
    rune, cora = walk(scene.rune), walk(scene.cora)
    rune.get(address)
    page = rune.submit(button="Yes, that is right")
    assert "The hours wait" in page
    assert "Nothing is lost" in page
    assert "debt" not in page.text
    assert "Hours that wait for a limit" in cora.get(at(scene.community, "/work"))
    cora.get(address)
    cora.follow("Settle it")
    assert "A limit still keeps" in cora.submit(worked_minutes="60", reason="We talked")
    rune.get(address)
    assert "The hours wait" in rune.submit(button="Try again now")
    assert scene.balance(scene.gita) == 0


@pytest.mark.parametrize(("basis", "says"), [("mutual", "evens out"), ("paid", "Paid work")])
def test_what_moves_no_hours_says_so_plainly(
    scene: Scene, walk: Walk, basis: str, says: str
) -> None:
    exchange = now_scene(scene, basis=basis)
    rune = walk(scene.rune)
    assert says in rune.get(at(scene.community, f"/exchanges/{exchange.id}"))
    page = rune.submit(button="Yes, that is right")
    assert "Confirmed." in page
    assert scene.balance(scene.gita) == 0


def test_mutual_help_says_before_and_after_that_both_are_credited(scene: Scene, walk: Walk) -> None:
    exchange = now_scene(scene, basis="mutual")
    rune, cora = walk(scene.rune), walk(scene.cora)
    cora.get(at(scene.community, "/settings"))
    page = cora.submit(mutual_help="credited")
    assert "from “As even: no hours move” to “Each is credited with the time they gave”" in page

    page = rune.get(at(scene.community, "/log"))
    assert "As hours for both: we helped each other for the same time" in page
    page = rune.get(at(scene.community, f"/exchanges/{exchange.id}"))
    assert "Say yes, and each of you is credited with that time." in page
    page = rune.submit(button="Yes, that is right")
    assert "1 h came to each of you." in page
    assert "Each gave and got 1 h, and each was credited with it." in page
    cora.get(at(scene.community, "/settings"))
    cora.submit(mutual_help="even")
    page = rune.get(at(scene.community, f"/exchanges/{exchange.id}"))
    assert "each was credited with it" in page, "the past keeps its own rule"
    assert "Mutual help" in rune.get(at(scene.community, "/hours/statement"))
    assert "1 h came to each of the two." in cora.get(page.url)


@pytest.mark.parametrize("state", ["ceiling", "account"])
def test_each_reason_to_wait_has_its_own_words(scene: Scene, walk: Walk, state: str) -> None:
    exchange = now_scene(scene)
    exchange.held_up_at, exchange.held_up_by, exchange.awaiting_id = utc_now(), state, None
    for member in (scene.gita, scene.rune, scene.cora):
        page = walk(member).get(at(scene.community, f"/exchanges/{exchange.id}"))
        assert "Nothing is lost" in page


# -------------------------------------------------------------------- who may see and do


def test_asvs_49_an_exchange_of_others_and_of_elsewhere_is_not_there(
    scene: Scene, walk: Walk, session: Session
) -> None:
    exchange = now_scene(scene)
    elsewhere = make_community(session)
    stranger = make_member(session, elsewhere, roles=("coordinator", "treasurer"))
    for path in ("", "/report", "/change", "/correct", "/query", "/decline", "/cancel", "/settle"):
        walk(scene.otto).refused(at(scene.community, f"/exchanges/{exchange.id}{path}"))
        walk(stranger).refused(at(elsewhere, f"/exchanges/{exchange.id}{path}"))
    walk(scene.otto).refused(talk(scene))


def test_asvs_14_a_move_out_of_turn_is_refused_with_a_sentence(scene: Scene, walk: Walk) -> None:
    exchange = now_scene(scene)
    gita = walk(scene.gita)
    for move in ("report", "change", "decline"):
        page = gita.get(at(scene.community, f"/exchanges/{exchange.id}/{move}"), status=409)
        assert "gone another way" in page
    gita.get(at(scene.community, f"/exchanges/{exchange.id}/query"), status=403)
    assert "for the other person to say" in gita.page  # type: ignore[operator]


def test_the_list_is_calm_when_empty_and_goes_on_page_by_page(session: Session, walk: Walk) -> None:
    scene = make_scene(session, floor_minutes=-60 * 60)
    gita = walk(scene.gita)
    assert "Nothing agreed yet" in gita.get(at(scene.community, "/exchanges"))
    for _ in range(23):
        exchange = now_scene(scene)
        service.answer_yes(
            scene.session, scene.community, exchange.id, by=scene.rune, now=utc_now()
        )
    page = gita.get(at(scene.community, "/exchanges"))
    assert len(page.soup.select(".link-list li")) == 20
    assert len(gita.follow("More").soup.select(".link-list li")) == 3
    assert "Back to the newest" in gita.page  # type: ignore[operator]
