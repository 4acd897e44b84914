"""Putting something up, question by question, as a person without script does it."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import at, sign_in
from tests.pages.page import Pages
from tests.timebank.listings.scene import key, only, up
from timebank.communities.models import Community
from timebank.members.models import Member
from timebank.web.drafts import Draft

STATEMENTS_MAX = 12


def answer_all(
    pages: Pages, session: Session, place: Community, *, kind: str, title: str, **said: object
) -> int:
    """Walk through the chain up to the look at the end; return how many pages that took."""
    answers = {
        "words": "",
        "heading": key(session, place, "wellbeing"),
        "category": key(session, place, "walks"),
        "supports": ["social"],
        "place": "public",
        "audience": "community",
    } | said
    pages.get(at(place, f"/{kind}s/new"))
    pages.submit(title=title, words=str(answers["words"]))
    steps = (
        ("heading",),
        ("category",),
        ("supports", *(("transition",) if "transition" in said else ())),
        tuple(name for name in ("slots", "when_words", "about_minutes") if name in said),
        ("place",),
        ("audience", *(("is_anonymous", "days") if "is_anonymous" in said else ())),
    )
    seen = 1
    for names in steps:
        pages.submit(**{name: answers[name] for name in names})  # type: ignore[arg-type]
        seen += 1
        if pages.page is not None and pages.page.h1 == "If it cannot wait":
            pages.follow("Go on with my request")
    return seen + 1


# ---------------------------------------------------------------------------- the chain


def test_an_offer_is_up_after_eight_pages(
    as_sam: Pages, session: Session, place: Community
) -> None:
    seen = answer_all(
        as_sam,
        session,
        place,
        kind="offer",
        title="A walk by the river",
        slots=["6-morning", "5-morning"],
        when_words="not in the rain",
        about_minutes=90,
    )
    assert seen <= 8
    page = as_sam.page
    assert page is not None
    assert page.h1 == "Check your offer"
    for words in ("A walk by the river", "Walks", "1 h 30 min", "Sat, Sun: morning", "rain"):
        assert words in page
    page = as_sam.submit(button="Put up my offer")
    assert page.h1 == "Your offer is up"
    listing = only(session)
    assert (listing.kind, listing.about_minutes, listing.area) == ("offer", 90, "Harbour")
    assert {(slot.weekday, slot.part) for slot in listing.slots} == {
        (5, "morning"),
        (6, "morning"),
    }
    assert listing.ends_on is not None
    assert session.scalars(sa.select(Draft)).all() == []


def test_a_request_at_a_hard_moment_shows_first_where_help_is_at_once(
    as_sam: Pages, session: Session, place: Community
) -> None:
    as_sam.get(at(place, "/requests/new"))
    as_sam.submit(title="Somebody on Sunday")
    as_sam.submit(heading=key(session, place, "transitions"))
    page = as_sam.submit(category=key(session, place, "weekends"))
    assert page.h1 == "What do you hope for?"
    page = as_sam.submit(supports=["emotional"], transition="crisis at a weekend")
    assert page.h1 == "If it cannot wait"
    assert "112" in page
    assert "Ask Ana" in page
    assert as_sam.follow("Go on with my request").h1 == "When would it suit you?"


def test_every_answer_can_be_changed_from_the_look_at_the_end(
    as_sam: Pages, session: Session, place: Community
) -> None:
    answer_all(as_sam, session, place, kind="request", title="A walk")
    for link, question in (
        ("Change In one line", {"title": "A swim"}),
        ("Change About how long", {"about_minutes": "30"}),
        ("Change Where", {"place": "area", "area": "Old Town"}),
        ("Change Who may see it", {"audience": "everyone"}),
    ):
        as_sam.follow(link)
        page = as_sam.submit(**question)  # type: ignore[arg-type]
        assert page.h1 == "Check your request", link
    for words in ("A swim", "30 min", "Old Town", "Everyone"):
        assert words in page
    as_sam.submit(button="Put up my request")
    assert only(session).title == "A swim"


def test_where_it_could_be_is_a_part_of_town_and_no_street_address(
    as_sam: Pages, session: Session, place: Community
) -> None:
    answer_all(as_sam, session, place, kind="offer", title="A walk")
    as_sam.follow("Change Where")
    page = as_sam.submit(place="area", area="Calle Mayor 3", status=422)
    assert "“Calle Mayor 3” looks like a street address" in page.mistakes[0]
    assert page.one("#area")["value"] == "Calle Mayor 3"
    assert as_sam.submit(area="Mayor").h1 == "Check your offer"


@pytest.mark.parametrize("noted", ["Strandvejen 12", "Harbour, 020 7946 0018"])
def test_an_address_that_a_member_s_page_still_has_is_not_put_forward(
    as_sam: Pages, session: Session, place: Community, noted: str
) -> None:
    sam = session.scalars(sa.select(Member).where(Member.first_name == "Sam")).one()
    sam.area = noted
    session.commit()
    answer_all(as_sam, session, place, kind="offer", title="A talk")
    assert as_sam.page is not None
    assert as_sam.page.h1 == "Check your offer"


def test_another_heading_asks_again_what_exactly(
    as_sam: Pages, session: Session, place: Community
) -> None:
    answer_all(as_sam, session, place, kind="offer", title="Soup")
    here = as_sam.page
    assert here is not None
    draft = re.search(r"/listings/new/([\w-]+)/", here.url)
    assert draft is not None
    as_sam.get(at(place, f"/listings/new/{draft[1]}/heading"))
    page = as_sam.submit(heading=key(session, place, "food"))
    assert page.h1 == "What exactly?"
    page = as_sam.submit(category=key(session, place, "cooking"))
    assert page.h1 == "Check your offer"
    assert "Cooking" in page


def test_a_missing_answer_is_asked_for_and_nothing_is_lost(
    as_sam: Pages, session: Session, place: Community
) -> None:
    as_sam.get(at(place, "/offers/new"))
    page = as_sam.submit(title="", words="Only the second half", language="da", status=422)
    assert page.mistakes == ["Write in a few words what it is."]
    assert page.one("textarea").get_text().strip() == "Only the second half"
    assert page.one("select[name=language] option[selected]")["value"] == "da"
    page = as_sam.submit(title="x" * 81, status=422)
    assert "80 characters" in page.mistakes[0]
    as_sam.submit(title="Good")
    page = as_sam.submit(status=422)
    assert page.mistakes == ["Choose the closest one."]
    assert page.one("#error-summary a")["href"] == "#heading-0"
    as_sam.submit(heading=key(session, place, "food"))
    as_sam.submit(category=key(session, place, "cooking"))
    page = as_sam.submit(supports=[], status=422)
    assert page.mistakes == ["Tick at least one."]


def test_a_made_up_answer_is_refused_with_words(
    as_sam: Pages, session: Session, place: Community
) -> None:
    answer_all(as_sam, session, place, kind="offer", title="A walk")
    here = as_sam.page
    assert here is not None
    base = here.url.removesuffix("check")
    for step, bad in (
        ("heading", {"heading": "nonsense"}),
        ("category", {"category": key(session, place, "cooking")}),
        ("support", {"supports": ["medical"]}),
        ("when", {"about_minutes": "7"}),
        ("when", {"about_minutes": "1e9"}),
        ("when", {"about_minutes": "٦٠٠٠"}),
        ("when", {"slots": ["9-night"]}),
        ("where", {"place": "home"}),
        ("who", {"audience": "world"}),
        ("who", {"days": "9999999999999999999"}),
    ):
        as_sam.get(base + step)
        form = {
            str(tag["name"]): str(tag.get("value", ""))
            for tag in as_sam.page.soup.select("main input[type=hidden]")  # type: ignore[union-attr]
        }
        page = as_sam.post(base + step, {**form, **bad}, status=422)
        assert page.mistakes, step


def test_words_that_could_be_misused_are_pointed_out_and_may_stay(
    as_sam: Pages, session: Session, place: Community
) -> None:
    answer_all(
        as_sam, session, place, kind="request", title="A lift", words="Ring 020 7946 0018, chemo"
    )
    page = as_sam.page
    assert page is not None
    assert page.h1 == "Look once more at your words"
    assert "020 7946 0018" in page
    assert "something about health: chemo" in page
    as_sam.follow("Change my words")
    page = as_sam.submit(words="Ring 020 7946 0018")
    assert page.h1 == "Look once more at your words"
    page = as_sam.submit(button="Keep them as they are")
    assert page.h1 == "Check your request"
    assert "a phone number" in page
    assert as_sam.submit(button="Put up my request").h1 == "Your request is up"


def test_a_check_hint_is_shown_before_posting(
    as_sam: Pages, session: Session, place: Community
) -> None:
    answer_all(
        as_sam,
        session,
        place,
        kind="offer",
        title="The bank with you",
        heading=key(session, place, "paper"),
        category=key(session, place, "bills"),
    )
    assert as_sam.page is not None
    assert "The law may have a say" in as_sam.page


def test_a_draft_is_its_owners_alone(
    as_sam: Pages, session: Session, place: Community, eve: Member, new_client: Callable[[], Client]
) -> None:
    as_sam.get(at(place, "/offers/new"))
    page = as_sam.submit(title="Mine")
    other = new_client()
    sign_in(other, session, eve)
    Pages(other).get(page.url, status=404)


def test_posting_twice_puts_up_one(as_sam: Pages, session: Session, place: Community) -> None:
    answer_all(as_sam, session, place, kind="offer", title="Once")
    here = as_sam.page
    assert here is not None
    form = {
        str(tag["name"]): str(tag["value"]) for tag in here.soup.select("main input[type=hidden]")
    }
    for _press in range(3):
        assert as_sam.post(here.url, dict(form)).h1 == "Your offer is up"
    assert only(session).title == "Once"


def test_a_listing_is_changed_through_the_same_questions(
    as_sam: Pages, session: Session, place: Community, sam: Member
) -> None:
    listing = up(session, place, sam, title="Old words", ends_on=None)
    as_sam.get(at(place, f"/listings/{listing.id}"))
    page = as_sam.submit(button="Change it")
    assert page.h1 == "Check your offer"
    as_sam.follow("Change In one line")
    as_sam.submit(title="New words")
    page = as_sam.submit(button="Save the changes")
    assert page.h1 == "New words"
    changed = only(session)
    assert (changed.title, changed.ends_on) == ("New words", None)


def test_asvs_50_a_field_that_was_not_asked_is_not_taken(
    as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    as_sam.get(at(place, "/offers/new"))
    token = as_sam.page.one("main input[name=csrf_token]")["value"]  # type: ignore[union-attr]
    as_sam.post(
        at(place, "/offers/new"),
        {
            "csrf_token": str(token),
            "title": "A walk",
            "language": "en",
            "member_id": str(eve.id),
            "done": "what",
            "listing": str(eve.id),
            "kind": "request",
        },
    )
    session.rollback()
    draft = session.scalars(sa.select(Draft)).one()
    assert draft.owner_id == sam.id
    assert draft.answers == {
        "kind": "offer",
        "done": ["what"],
        "title": "A walk",
        "words": "",
        "language": "en",
    }
