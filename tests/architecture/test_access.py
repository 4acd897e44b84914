"""Access: every page says who may open it, and keeps its word."""

from collections.abc import Callable
from http import HTTPStatus

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.architecture.routes import ROLES, TABLE, Route, routes, table, unstated
from tests.world import ACTIVE, World, build_world
from timebank.web.access import SLUG

ASK = "/sign-in"
#: Parts of an address that name a thing of one community.
THINGS = {
    *("listing_id", "conversation_id", "notice_id", "exchange_id", "entry_id", "category_id"),
    *("member_id", "draft_id", "group_slug", "venue_id", "exclusion_id", "question_id"),
    *("pot_name", "move_id", "other_slug"),
    *("session_id", "series_id", "closed_id", "role_id", "shift_id", "swap_id"),
}
WAIT = "/waiting"


@pytest.fixture
def demo_app(make_app: Callable[..., Flask]) -> Flask:
    """Build the application with the pages of the demo too."""
    app = make_app(demo=True)
    # Tokens are another guard's business (test_requests.py); here they would hide who is let in.
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def answered(response: TestResponse) -> str:
    """Say in the words of the table what an answer is."""
    path = response.location or ""
    if path.partition("?")[0] == ASK:
        return "sign in"
    if response.status_code == HTTPStatus.FORBIDDEN and f'href="{ASK}' in response.text:
        return "sign in"
    if path.endswith(WAIT):
        return "wait"
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"fails with {response.status_code}"
    return "404" if response.status_code == HTTPStatus.NOT_FOUND else "open"


def test_every_page_states_who_may_open_it(make_app: Callable[..., Flask]) -> None:
    assert unstated(make_app(demo=True)) == []


def test_every_route_is_in_the_table(make_app: Callable[..., Flask]) -> None:
    assert TABLE.read_text("utf-8") == table(make_app(demo=True)), (
        "run `python -m tests.architecture.routes` and look at what changed"
    )


@pytest.mark.parametrize("role", ROLES)
def test_asvs_48_each_role_gets_what_the_table_says(
    demo_app: Flask, session: Session, role: str
) -> None:
    world = build_world(session)
    wrong = []
    for route in _harmless_first(routes(demo_app)):
        got = _try(demo_app, session, world, route, role)
        if got != route.cells[role] and route.method != "GET":
            # An earlier request of this walk may have taken the thing away: try on a fresh one.
            world = build_world(session)
            got = _try(demo_app, session, world, route, role)
        has_left = got == "wait" and role in ACTIVE and route.method != "GET"
        if got != route.cells[role] and not has_left:
            address = world.address(route, role)
            wrong.append(f"{route.method} {address}: {got}, not {route.cells[role]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", ["member", "treasurer", "auditor", "coordinator"])
def test_asvs_49_nothing_of_one_community_is_reachable_from_another(
    demo_app: Flask, session: Session, role: str
) -> None:
    here, there = build_world(session), build_world(session)
    leaks = []
    for route in routes(demo_app):
        if SLUG not in route.rule.arguments or route.cells["visitor"] == "open":
            continue
        client = here.client(demo_app, session, role)
        addresses = [there.address(route, role)]
        if route.rule.arguments & THINGS:
            # Another community's things, asked for at home.
            addresses.append(there.address(route, role, community=here.community))
        leaks += [
            f"{route.method} {address}: {answer.status_code}"
            for address in addresses
            if _shows_something(answer := client.open(address, method=route.method), route)
        ]
    assert not leaks, "\n".join(leaks)


def _shows_something(answer: TestResponse, route: Route) -> bool:
    """Tell whether somebody of another community learns that there is something."""
    is_sent_away = answer.status_code == HTTPStatus.SEE_OTHER and route.cells["other"] == "open"
    return answered(answer) != "404" and not is_sent_away


def _try(app: Flask, session: Session, world: World, route: Route, role: str) -> str:
    # Signed in anew each time: one of the requests signs out.
    client = world.client(app, session, role)
    return answered(client.open(world.address(route, role), method=route.method))


def _harmless_first(found: list[Route]) -> list[Route]:
    return sorted(found, key=lambda route: route.method)


def test_a_view_that_states_nothing_is_seen() -> None:
    app = Flask("forgotten", static_folder=None)
    app.add_url_rule("/", "forgotten", lambda: "Hello")
    assert unstated(app) == ["forgotten"]
