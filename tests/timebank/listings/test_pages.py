"""The pages of offers and requests, as a person without script walks through them."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import at, make_member, sign_in
from tests.pages.page import Page, Pages
from tests.timebank.listings.scene import make_place, post
from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.listings import queries, service
from timebank.listings.models import Listing
from timebank.members.models import Member
from timebank.messaging.models import Conversation, Message
from timebank.web.drafts import Draft

STATEMENTS_MAX = 12


@pytest.fixture
def place(session: Session) -> Community:
    return make_place(session, slug="harbour", name="Harbour time bank")


@pytest.fixture
def sam(session: Session, place: Community) -> Member:
    return make_member(
        session, place, first_name="Sam", area="Harbour", email="sam@example.org", phone="0770 1"
    )


@pytest.fixture
def eve(session: Session, place: Community) -> Member:
    return make_member(session, place, first_name="Eve", last_name="Hidden")


@pytest.fixture
def as_sam(client: Client, session: Session, sam: Member) -> Pages:
    sign_in(client, session, sam)
    return Pages(client)


def up(session: Session, community: Community, member: Member, **said: object) -> Listing:
    return post(session, community, member, now=utc_now(), **said)


def only(session: Session) -> Listing:
    session.rollback()
    return session.scalars(sa.select(Listing)).one()


def key(session: Session, place: Community, name: str) -> str:
    return str(queries.category_by_key(session, place.id, name).id)


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


# ---------------------------------------------------------------------------- the lists


def test_offers_and_requests_are_listed_apart(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    up(session, place, eve, title="Bread baking", area="Old Town", place="area")
    up(session, place, eve, title="A lift on Monday", kind="request")
    page = as_sam.get(at(place, "/offers"))
    assert "Bread baking" in page
    assert "Old Town · 1 h" in page
    assert "Eve" in page
    assert "Hidden" not in page.html
    assert "A lift" not in page
    assert "A lift" in as_sam.get(at(place, "/requests"))


def test_a_list_is_searched_and_narrowed_by_a_form(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    up(session, place, eve, title="Rødgrød", category="cooking", place="area", area="Ærø")
    up(session, place, eve, title="Round the lake", slots=frozenset({(0, "morning")}))
    as_sam.get(at(place, "/offers"))
    page = as_sam.submit("form[role=search]", q="rodgrod")
    assert page.all(".tile-title") == ["Rødgrød"]
    as_sam.get(at(place, "/offers"))
    assert as_sam.submit("form[role=search]", q="walks").all(".tile-title") == ["Round the lake"]
    for narrowed, found in (
        ({"category": "food"}, ["Rødgrød"]),
        ({"category": "walks"}, ["Round the lake"]),
        ({"area": "Ærø"}, ["Rødgrød"]),
        ({"day": "0"}, ["Round the lake", "Rødgrød"]),
        ({"day": "1"}, ["Rødgrød"]),
        ({"support": "social"}, ["Round the lake", "Rødgrød"]),
        ({"support": "emotional"}, []),
        ({"language": "da"}, []),
    ):
        as_sam.get(at(place, "/offers"))
        page = as_sam.submit(".filters-form", **narrowed)  # type: ignore[arg-type]
        assert page.all(".tile-title") == found, narrowed
    assert page.h1 == "Offers"
    assert "Nothing like this yet" in page


@pytest.mark.parametrize(
    "query",
    ["category=x&support=y&day=9&language=zz", "q=" + "%F0%9F%8D%8E" * 90, "day=-1", "q=%00"],
)
def test_a_question_that_makes_no_sense_narrows_nothing(
    as_sam: Pages, session: Session, place: Community, eve: Member, query: str
) -> None:
    up(session, place, eve)
    assert as_sam.get(at(place, f"/offers?{query}")).all(".tile-title") == ["A walk"]


def test_a_long_list_has_pages(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    for number in range(20):
        up(session, place, eve, title=f"Walk {number}")
    up(session, place, as_owner(session, place), title="Walk 20")
    page = as_sam.get(at(place, "/offers?support=social"))
    assert len(page.all(".tile-title")) == 20
    page = as_sam.follow("More")
    assert page.all(".tile-title") == ["Walk 0"]
    as_sam.get(at(place, "/offers?after=nonsense"), status=404)


def as_owner(session: Session, place: Community) -> Member:
    return make_member(session, place, first_name="Olga")


def test_an_empty_list_says_what_could_be_next(as_sam: Pages, place: Community) -> None:
    for path, words in (("/offers", "No offers yet"), ("/requests", "No requests yet")):
        assert words in as_sam.get(at(place, path))
    assert "Nothing up yet" in as_sam.get(at(place, "/listings/mine"))


def test_somebody_from_outside_sees_what_is_for_everyone_and_a_first_name(
    pages: Pages, session: Session, place: Community, eve: Member
) -> None:
    eve.email, eve.phone = "eve@example.org", "0770 900"
    listing = up(session, place, eve, title="Open to all", audience="everyone")
    hidden = up(session, place, eve, title="Members only")
    page = pages.get(at(place, "/offers"))
    assert page.all(".tile-title") == ["Open to all"]
    page = pages.get(at(place, f"/listings/{listing.id}"))
    assert "Eve" in page
    for secret in ("Hidden", "eve@example.org", "0770"):
        assert secret not in page.html
    assert "Sign in to answer" in page
    pages.get(at(place, f"/listings/{hidden.id}"), status=404)


def test_the_list_of_a_closed_place_asks_to_sign_in(pages: Pages, place: Community) -> None:
    assert "Sign in" in pages.get(at(place, "/offers"))


# ------------------------------------------------------------------------ one of a list


def test_an_answer_leads_into_a_private_talk(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    listing = up(session, place, eve, title="Bread baking")
    as_sam.get(at(place, f"/listings/{listing.id}"))
    page = as_sam.submit(body="  ", status=422)
    assert page.mistakes == ["Write a few words first."]
    page = as_sam.submit(body="I bring the flour")
    assert page.h1 == "Eve"
    assert "I bring the flour" in page
    assert session.scalars(sa.select(Message.body)).all() == ["I bring the flour"]
    page = as_sam.get(at(place, f"/listings/{listing.id}"))
    assert "You are in touch about this" in page
    service.close(listing, by=eve, now=utc_now())
    as_sam.get(at(place, f"/listings/{listing.id}"))


def test_asvs_51_no_name_where_none_was_wanted(
    as_sam: Pages, session: Session, place: Community, eve: Member, new_client: Callable[[], Client]
) -> None:
    listing = up(session, place, eve, kind="request", title="Quietly", is_anonymous=True)
    for path in ("/requests", f"/listings/{listing.id}"):
        page = as_sam.get(at(place, path))
        assert "A member" in page
        assert "Eve" not in page.html
        assert str(eve.id) not in page.html
    page = as_sam.submit(body="I can come")
    assert page.h1 == "A member"
    assert "Eve" not in page.html
    cora = make_member(session, place, first_name="Cora", roles=("coordinator",))
    browser = new_client()
    sign_in(browser, session, cora)
    assert "Eve" in Pages(browser).get(at(place, f"/listings/{listing.id}"))


def test_ones_own_are_paused_shown_renewed_and_taken_down(
    as_sam: Pages, session: Session, place: Community, sam: Member
) -> None:
    listing = up(session, place, sam, title="My walk")
    address = at(place, f"/listings/{listing.id}")
    as_sam.get(address)
    assert "Paused" in as_sam.submit(button="Pause")
    assert "My walk" in as_sam.get(at(place, "/listings/mine"))
    as_sam.get(address)
    as_sam.submit(button="Show it again")
    as_sam.submit(button="Renew")
    assert only(session).ends_on is not None
    as_sam.follow("Take it down")
    page = as_sam.submit(button="Yes, take it down")
    assert page.h1 == "My offers and requests"
    assert "Closed" in page
    assert only(session).state == "closed"
    assert "You took this down" in as_sam.get(address)


@pytest.mark.parametrize("act", ["pause", "resume", "renew", "edit"])
def test_nobody_touches_what_belongs_to_others(
    as_sam: Pages, session: Session, place: Community, eve: Member, act: str
) -> None:
    listing = up(session, place, eve)
    token = as_sam.get(at(place, "/offers/new")).one("main input[name=csrf_token]")["value"]
    as_sam.post(at(place, f"/listings/{listing.id}/{act}"), {"csrf_token": str(token)}, status=404)
    as_sam.get(at(place, f"/listings/{listing.id}/close"), status=404)
    assert only(session).state == "open"


def test_a_coordinator_takes_a_listing_down(
    client: Client, session: Session, place: Community, eve: Member
) -> None:
    cora = make_member(session, place, roles=("coordinator",))
    listing = up(session, place, eve, kind="request")
    sign_in(client, session, cora)
    pages = Pages(client)
    pages.get(at(place, f"/listings/{listing.id}"))
    pages.follow("Take this down as coordinator")
    assert pages.submit(button="Yes, take it down").h1 == "Requests"


def test_after_posting_one_sees_who_may_be_looking_for_it(
    as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    up(session, place, eve, kind="request", title="Who walks with me?", category="calm")
    up(session, place, eve, kind="request", title="A form", category="forms")
    listing = up(session, place, sam)
    page = as_sam.get(at(place, f"/listings/{listing.id}/done"))
    assert page.all(".tile-title") == ["Who walks with me?"]


# --------------------------------------------------------------------------- categories


def test_a_coordinator_keeps_the_categories(
    client: Client, session: Session, place: Community
) -> None:
    sign_in(client, session, make_member(session, place, roles=("coordinator",)))
    pages = Pages(client)
    pages.get(at(place, "/settings/categories"))
    pages.follow("Add one")
    page = pages.submit(name="", status=422)
    assert page.mistakes == ["Write a name."]
    pages.submit(name="Boats", parent=key(session, place, "repairs"), check_hint="ask lead")
    pages.follow("Add one")
    page = pages.submit(name="BOATS", parent=key(session, place, "repairs"), status=422)
    assert "already" in page.mistakes[0]
    pages.get(at(place, "/settings/categories"))
    pages.follow("Boats")
    assert pages.submit(name="", status=422).mistakes == ["Write a name."]
    pages.submit(name="Boats and rafts")
    pages.follow("Boats and rafts")
    pages.submit(button="Stop using it")
    assert "Not used any more" in pages.page  # type: ignore[operator]
    pages.follow("Boats and rafts")
    pages.submit(button="Use it again")
    other = queries.category_by_key(session, place.id, "bikes")
    pages.get(at(place, f"/settings/categories/{other.id}"))
    assert pages.submit(name="Boats and rafts", status=422).mistakes


# ----------------------------------------------------------------------------- security

HOSTILE = "<script>alert('\"`&')</script><img src=x onerror=1>"


def test_asvs_01_words_of_people_are_never_markup(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    eve.first_name = "<b>Eve"
    listing = up(
        session,
        place,
        eve,
        title=HOSTILE,
        words=f"{HOSTILE}\n\n{HOSTILE}",
        when_words=HOSTILE,
        area="<i>Harbour",
        place="area",
    )
    for path in ("/offers", f"/offers?q={HOSTILE}", f"/listings/{listing.id}"):
        page = as_sam.get(at(place, path))
        assert "<script>alert" not in page.html
        assert "<img src=x" not in page.html
        assert "<b>Eve" not in page.html
        assert "<i>Harbour" not in page.html
        assert "<script>alert" in page.text
    page = as_sam.submit(body=HOSTILE)
    assert "<script>alert" not in page.html
    assert HOSTILE in page


def test_asvs_27_looking_changes_nothing(
    as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    listing = up(session, place, eve)
    own = up(session, place, sam)
    tables = (Listing, Draft, Conversation, Message)
    before = [session.scalar(sa.select(sa.func.count()).select_from(each)) for each in tables]
    for path in (
        "/offers",
        "/requests",
        "/offers/new",
        "/requests/new",
        f"/listings/{listing.id}",
        f"/listings/{own.id}/close",
        f"/listings/{own.id}/done",
        "/listings/mine",
    ):
        as_sam.get(at(place, path))
    session.rollback()
    after = [session.scalar(sa.select(sa.func.count()).select_from(each)) for each in tables]
    assert after == before


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


def test_asvs_56_pages_are_not_kept_and_addresses_name_nobody(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    up(session, place, eve)
    page = as_sam.get(at(place, "/offers"))
    links = " ".join(str(tag["href"]) for tag in page.soup.select("a[href]"))
    assert "Eve" not in links
    answer = as_sam.client.get(at(place, "/offers"))
    assert answer.headers["Cache-Control"] == "no-store"


# -------------------------------------------------------------------------------- speed


def statements(engine: Engine, pages: Pages, path: str) -> int:
    counted: list[str] = []

    def count(*args: object) -> None:
        counted.append(str(args[2]))

    event.listen(engine, "before_cursor_execute", count)
    try:
        pages.get(path)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len([each for each in counted if not each.startswith(("BEGIN", "SET"))])


def test_pages_ask_little_of_the_database_however_much_there_is(
    engine: Engine, as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    listing = up(session, place, eve, slots=frozenset({(0, "morning")}))
    own = up(session, place, sam)
    paths = [
        at(place, path)
        for path in (
            "/offers",
            "/offers?q=walk&category=wellbeing&day=0&support=social",
            f"/listings/{listing.id}",
            f"/listings/{own.id}",
            "/listings/mine",
        )
    ]
    session.commit()
    few = {path: statements(engine, as_sam, path) for path in paths}
    for number in range(16):
        up(session, place, eve, title=f"Walk {number}", slots=frozenset({(1, "evening")}))
    session.commit()
    many = {path: statements(engine, as_sam, path) for path in paths}
    assert many == few
    assert max(many.values()) <= STATEMENTS_MAX, many


def test_this_file_reads_pages(as_sam: Pages, place: Community) -> None:
    assert isinstance(as_sam.get(at(place, "/offers")), Page)
