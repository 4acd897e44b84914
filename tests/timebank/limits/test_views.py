"""The pages about limits, as members, coordinators and treasurers read them."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import at, make_member
from tests.pages.page import Page, Pages, Walk
from tests.timebank.exchanges.scene import Scene, make_scene
from timebank.clock import utc_now
from timebank.communities import policy
from timebank.communities.policy import Limits
from timebank.exchanges import service as exchanges
from timebank.exchanges.models import Exchange
from timebank.hours import queries as hours
from timebank.hours.models import OwnLimits
from timebank.limits import service
from timebank.limits.models import Crossing
from timebank.listings.models import Listing
from timebank.members.models import Member


@pytest.fixture
def theo(scene: Scene) -> Member:
    return make_member(scene.session, scene.community, first_name="Theo", roles=("treasurer",))


def helped(scene: Scene, minutes: int) -> Exchange:
    """Let Gita help Rune today, and let the worker look."""
    now = utc_now()
    exchange = scene.log(worked_minutes=minutes, now=now, happened_on=now.date())
    exchanges.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=now)
    while service.tell_next(scene.session, now=now):
        pass
    scene.session.commit()
    return exchange


def send(pages: Pages, address: str, data: dict[str, str], *, status: int) -> Page:
    """Send what no page offers, with the token of the page at hand."""
    token = pages.get("/you/communities").soup.select_one("[name=csrf_token]")
    assert token is not None
    return pages.post(address, data | {"csrf_token": str(token["value"])}, status=status)


def limits_now(scene: Scene) -> Limits:
    return policy.limits_of(scene.community)


def limits_of(member: Member, path: str = "") -> str:
    return f"/books/accounts/{member.account_code}/limits{path}"


# ------------------------------------------------------------------------------- a member


def test_a_member_reads_in_plain_words_how_far_their_hours_may_go(scene: Scene, walk: Walk) -> None:
    page = walk(scene.rune).get(at(scene.community, "/hours/limits"))
    assert "There is no stop: you can always ask for help." in page
    assert "With 2 h to give back we drop you a line." in page
    assert "The same for everybody here." in page
    assert "Your account was opened" in page
    assert "Three ideas" not in page


def test_ideas_are_what_is_really_asked_for_today(scene: Scene, walk: Walk) -> None:
    now = utc_now()
    walks = {"community_id": scene.community.id, "category_id": scene.category.id, "state": "open"}
    for member, kind, title in (
        (scene.otto, "request", "Company to the market"),
        (scene.rune, "offer", "A walk"),
    ):
        scene.session.add(
            Listing(
                **walks,
                member_id=member.id,
                kind=kind,
                title=title,
                words="",
                language="en",
                place="public",
                audience="community",
                about_minutes=60,
                posted_at=now,
            )
        )
    helped(scene, 240)
    rune = walk(scene.rune)
    page = rune.get(at(scene.community, "/hours/limits"))
    assert "Somebody asks: Company to the market" in page
    assert "Offer something small" in page
    assert page.all(".link-title")[0] == "Somebody asks: Company to the market"
    assert "Somebody asks: Company to the market" in rune.get(at(scene.community, "/hours"))
    notices = rune.get(at(scene.community, "/me/notices"))
    assert "nothing to be ashamed of" in notices


# --------------------------------------------------------------------------- for everybody


def test_a_coordinator_sees_whom_it_concerns_before_anything_changes(
    scene: Scene, walk: Walk
) -> None:
    helped(scene, 240)
    cora, address = walk(scene.cora), at(scene.community, "/settings/limits")
    page = cora.get(address)
    assert page.one("#floor_soft_minutes")["value"] == "4"
    assert page.one("#floor_minutes")["value"] == ""
    page = cora.submit(floor_nudge_minutes="1,5", floor_soft_minutes="2", floor_minutes="2:30")
    assert page.h1 == "Change the limits for everybody?"
    assert "This concerns 4 members, from now on." in page
    assert "1 of them is at the new stop or below it, and can still give." in page
    assert "2 h 30 min (now: no stop)" in page
    scene.session.expire_all()
    assert scene.community.floor_minutes is None
    page = cora.submit(button="Yes, change them for everybody")
    assert "The limits are changed, for everybody at once." in page
    scene.session.expire_all()
    changed = limits_now(scene)
    assert (changed.floor_minutes, changed.floor_nudge_minutes) == (-150, -90)
    assert hours.balance_of(scene.session, scene.gita).floor_minutes == -150
    history = cora.get(at(scene.community, "/settings"))
    assert "To give back: it stops at: from “no stop” to “2 h 30 min”" in history
    assert "Changed for everybody" in walk(scene.rune).get(at(scene.community, "/hours/limits"))
    cora.get(address)
    assert "Nothing was changed." in cora.submit()


def test_from_the_preview_one_goes_back_to_what_one_wrote(scene: Scene, walk: Walk) -> None:
    cora = walk(scene.cora)
    cora.get(at(scene.community, "/settings/limits"))
    cora.submit(floor_minutes="10", ceiling_minutes="60")
    page = cora.follow("No, go back")
    assert page.one("#floor_minutes")["value"] == "10"
    assert page.one("#ceiling_minutes")["value"] == "60"


@pytest.mark.parametrize(
    ("filled", "mistake"),
    [
        ({"floor_minutes": "1"}, "This comes after “To give back: a coordinator has a chat at”"),
        ({"ceiling_minutes": "30"}, "This comes after “To spend: a coordinator has a chat at”"),
        ({"floor_minutes": "4.1"}, "Write hours in quarters"),
        ({"floor_minutes": "-4"}, "Write hours in quarters"),
        ({"floor_minutes": "٤"}, "Write hours in quarters"),
        ({"floor_minutes": "1001"}, "Write at most 1000 hours."),
    ],
)
def test_limits_that_cannot_be_are_explained_and_kept(
    scene: Scene, walk: Walk, filled: dict[str, str], mistake: str
) -> None:
    cora, address = walk(scene.cora), at(scene.community, "/settings/limits")
    cora.get(address)
    page = cora.submit(**filled, status=422)
    [found] = page.mistakes
    assert found.startswith(mistake)
    name, value = next(iter(filled.items()))
    assert page.one(f"#{name}")["value"] == value
    send(cora, address, filled, status=422)
    scene.session.expire_all()
    assert (scene.community.floor_minutes, scene.community.ceiling_minutes) == (None, None)


# ------------------------------------------------------------------------------- a chat


def test_the_list_of_work_leads_to_a_chat_that_is_noted(scene: Scene, walk: Walk) -> None:
    helped(scene, 240)
    cora = walk(scene.cora)
    page = cora.get(at(scene.community, "/work"))
    assert "A chat would be nice" in page
    assert "has some hours to give back" in page
    page = cora.follow("Rune")
    assert page.h1 == "Limits of Rune"
    page = cora.submit(button="Remind me then", days="14")
    assert "We remind you on" in page
    assert "Cora put it off until" in page
    assert "Rune" not in cora.get(at(scene.community, "/work"))
    cora.get(at(scene.community, limits_of(scene.rune)))
    page = cora.submit(button="We had the chat")
    assert "Noted. Thank you for having that chat." in page
    assert "Cora had a chat on" in page
    crossing = scene.session.scalars(sa.select(Crossing).where(Crossing.step == "soft")).one()
    assert crossing.talked_by_id == scene.cora.id
    send(cora, at(scene.community, limits_of(scene.rune, "/talked")), {}, status=409)


def test_putting_off_needs_a_day_that_was_offered(scene: Scene, walk: Walk) -> None:
    helped(scene, 240)
    cora = walk(scene.cora)
    page = send(
        cora, at(scene.community, limits_of(scene.rune, "/put-off")), {"days": "3000"}, status=422
    )
    assert page.mistakes == ["Choose one of the answers on the page."]
    send(cora, at(scene.community, limits_of(scene.cora, "/put-off")), {"days": "7"}, status=403)


# --------------------------------------------------------------------------- for one alone


@pytest.mark.parametrize("role", ["cora", "theo"])
def test_a_bookkeeper_gives_one_member_limits_of_their_own(
    scene: Scene, theo: Member, walk: Walk, role: str
) -> None:
    by = theo if role == "theo" else scene.cora
    pages = walk(by)
    pages.get(at(scene.community, limits_of(scene.rune)))
    pages.follow("Change these limits")
    page = pages.submit(reason="", floor_minutes="20", status=422)
    assert page.mistakes == ["Write why, in a sentence the member can read."]
    page = pages.submit(reason="More room", floor_minutes="1", status=422)
    assert page.mistakes[0].startswith("This comes after")
    page = pages.submit(reason="More room", floor_minutes="20", until_on="2020-01-01", status=422)
    assert page.mistakes[0].startswith("Choose a day between")
    page = pages.submit(reason="More room while we move house", floor_minutes="20", until_on="")
    assert "Changed. The member was told" in page
    assert "Limits of their own" in page
    assert "More room while we move house" in page
    assert ("Rune" in page) is (role == "cora"), "a treasurer reads codes, not people"
    assert hours.balance_of(scene.session, scene.rune).floor_minutes == -20 * 60
    mine = walk(scene.rune).get(at(scene.community, "/hours/limits"))
    assert "These are limits of your own." in mine
    assert "More room while we move house" in mine
    pages.follow("Change these limits")
    page = pages.submit(whose="everybody", reason="We are done")
    assert "The same as for everybody." in page
    assert scene.session.scalars(sa.select(OwnLimits)).one().ended_at is not None
    send(
        pages,
        at(scene.community, limits_of(scene.rune, "/change")),
        {"whose": "everybody", "reason": "Again"},
        status=409,
    )


def test_a_reason_the_book_cannot_keep_is_explained(scene: Scene, walk: Walk) -> None:
    cora = walk(scene.cora)
    address = at(scene.community, limits_of(scene.rune, "/change"))
    cora.get(address)
    page = cora.submit(reason="x" * 501, status=422)
    assert page.mistakes == ["This is too long. Please keep it to 500 characters."]


def test_nobody_decides_about_themselves(scene: Scene, walk: Walk) -> None:
    cora = walk(scene.cora)
    page = cora.get(at(scene.community, limits_of(scene.cora)))
    assert "Another coordinator or treasurer can change them." in page
    cora.get(at(scene.community, limits_of(scene.cora, "/change")), status=403)


@pytest.mark.parametrize("code", ["G000001", "opening", "M999999", "Mx"])
def test_only_members_have_limits_of_their_own(scene: Scene, walk: Walk, code: str) -> None:
    walk(scene.cora).get(at(scene.community, f"/books/accounts/{code}/limits"), status=404)


# ------------------------------------------------------------------------------- overview


def test_the_overview_tells_treasurers_codes_and_coordinators_names(
    scene: Scene, theo: Member, walk: Walk
) -> None:
    address = at(scene.community, "/books/limits")
    assert "Nobody is at a line" in walk(theo).get(address)
    helped(scene, 240)
    page = walk(theo).get(address)
    assert scene.rune.account_code in page
    assert "Rune" not in page
    assert "4 h to give back" in page
    assert "Rune" in walk(scene.cora).get(address)


def test_the_overview_goes_by_numbers_and_never_by_balances(
    scene: Scene, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("timebank.limits.views.accounts.ROWS_ON_A_PAGE", 1)
    helped(scene, 240)
    now = utc_now()
    exchange = scene.log(
        by=scene.gita, other=scene.otto, worked_minutes=480, now=now, happened_on=now.date()
    )
    exchanges.answer_yes(scene.session, scene.community, exchange.id, by=scene.otto, now=now)
    scene.session.commit()
    cora = walk(scene.cora)
    page = cora.get(at(scene.community, "/books/limits"))
    assert scene.rune.account_code in page
    assert scene.otto.account_code not in page
    page = cora.follow("More")
    assert scene.otto.account_code in page


# -------------------------------------------------------------------------- let through once


def held_up(session: Session) -> tuple[Scene, Exchange]:
    scene = make_scene(session, floor_minutes=-30)
    return scene, helped(scene, 60)


def test_hours_that_wait_are_let_through_once(session: Session, walk: Walk) -> None:
    scene, exchange = held_up(session)
    cora, address = walk(scene.cora), at(scene.community, f"/exchanges/{exchange.id}")
    cora.get(address)
    cora.follow("Let it through once")
    page = cora.submit(reason="", status=422)
    assert page.mistakes == ["Write why, in a sentence both can read."]
    page = cora.submit(reason="The car broke down twice.")
    assert "The hours have moved. Both have been told." in page
    assert "You let the hours through this once" in page
    assert "The car broke down twice." in walk(scene.rune).get(address)
    cora.get(f"{address}/let-pass", status=409)
    assert "One exchange was let through" in cora.get(at(scene.community, limits_of(scene.rune)))


def test_a_treasurer_lets_hours_through_by_codes(session: Session, walk: Walk) -> None:
    scene, _exchange = held_up(session)
    theo = make_member(session, scene.community, first_name="Theo", roles=("treasurer",))
    pages = walk(theo)
    page = pages.get(at(scene.community, "/books/limits"))
    assert "Rune" not in page
    page = pages.follow(f"h from {scene.rune.account_code} to {scene.gita.account_code}")
    assert "Rune" not in page
    page = pages.submit(reason="Both were ill.")
    assert page.h1 == "Who is at which line"
    assert scene.balance(scene.rune) == -60


def test_nobody_lets_their_own_hours_through(session: Session, walk: Walk) -> None:
    scene = make_scene(session, floor_minutes=-30)
    now = utc_now()
    exchange = scene.log(by=scene.gita, other=scene.cora, now=now, happened_on=now.date())
    exchanges.answer_yes(session, scene.community, exchange.id, by=scene.cora, now=now)
    session.commit()
    cora = walk(scene.cora)
    page = cora.get(at(scene.community, f"/exchanges/{exchange.id}"))
    assert "Let it through once" not in page
    assert "Three ideas that make room" in page
    cora.get(at(scene.community, f"/exchanges/{exchange.id}/let-pass"), status=403)
