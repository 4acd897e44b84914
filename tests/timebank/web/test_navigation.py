"""The header: only what leads somewhere for this person."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import make_community, make_member, sign_in
from tests.pages.page import Page, Pages
from tests.timebank.sessions.scene import make_sessions
from timebank.clock import utc_now


def _places(page: Page) -> list[str]:
    return page.all(".places a")


def test_a_visitor_finds_the_way_in_and_nothing_else(session: Session, pages: Pages) -> None:
    community = make_community(session)
    page = pages.get(f"/at/{community.slug}/")
    assert page.all(".account-sign-in") == ["Sign in"]
    assert _places(page) == []
    assert pages.get("/sign-in").all(".account-sign-in") == []


def test_a_member_sees_a_members_places(session: Session, new_client: Callable[[], Client]) -> None:
    community = make_community(session)
    client = new_client()
    sign_in(client, session, make_member(session, community))
    page = Pages(client).get(f"/at/{community.slug}/")
    assert _places(page) == [
        *("Home", "What’s on", "Offers", "Requests", "Groups", "Messages", "Agreements"),
        "My hours",
    ]
    assert page.one("[aria-current=page]").get_text(strip=True) == "Home"


def test_whoever_looks_after_a_time_bank_sees_a_second_row(
    session: Session, new_client: Callable[[], Client]
) -> None:
    community = make_community(session)
    for role, places in (
        ("coordinator", ["To do", "Rotas", "People", "Books", "Settings"]),
        ("treasurer", ["To do", "Books"]),
        ("auditor", ["Books"]),
    ):
        client = new_client()
        sign_in(client, session, make_member(session, community, roles=(role,)))
        page = Pages(client).get(f"/at/{community.slug}/")
        assert page.all(".places-staff a") == places


def test_somebody_who_waits_is_led_nowhere_in_vain(
    session: Session, new_client: Callable[[], Client]
) -> None:
    community = make_community(session)
    client = new_client()
    sign_in(client, session, make_member(session, community, state="waiting"))
    page = Pages(client).get(f"/at/{community.slug}/")
    assert _places(page) == []
    assert page.all(".menu li") == ["Change community", "My devices", "Sign out"]
    assert page.soup.select(".account-notices") == []


def test_changing_community_is_one_tap(session: Session, new_client: Callable[[], Client]) -> None:
    here, there, left = (make_community(session) for _ in range(3))
    member = make_member(session, here)
    for community, state in ((there, "active"), (left, "left")):
        again = make_member(session, community, state=state)
        again.person_id = member.person_id
    client = new_client()
    sign_in(client, session, member)
    pages = Pages(client)
    page = pages.get(f"/at/{here.slug}/")
    assert page.all(".menu-other") == [f"Over to {there.name}"]
    assert pages.follow(f"Over to {there.name}").url == f"/at/{there.slug}/"


def test_whatever_is_below_a_group_is_among_the_groups(
    session: Session, new_client: Callable[[], Client]
) -> None:
    scene = make_sessions(session, now=utc_now())
    community, client = scene.people.community, new_client()
    sign_in(client, session, scene.people.cora)
    pages = Pages(client)
    for path, here in (
        ("groups/badminton", "Groups"),
        ("groups/badminton/sessions", "Groups"),
        ("groups/badminton/rota", "Groups"),
        ("groups/badminton/figures", "Groups"),
        (f"sessions/{scene.morning.id}", "What’s on"),
        (f"sessions/{scene.morning.id}/change", "What’s on"),
        ("rota", "Rotas"),
        ("settings/time-zone", "Settings"),
    ):
        page = pages.get(f"/at/{community.slug}/{path}")
        assert page.all(".places [aria-current]") == [here], path
