"""What people do on the pages of a door, for every story that is told on them."""

import datetime as dt
from typing import Any

from tests.factories import NOW, at
from tests.pages.page import HOST, Page, Pages
from tests.timebank.sessions.door import Door
from timebank.clock import utc_now
from timebank.groups import service as groups
from timebank.members.models import Member


def page_of(door: Door, page: str = "") -> str:
    return at(door.people.community, f"/sessions/{door.there.id}{page}")


def contacts(page: Page) -> str:
    return page.one("#door-contacts").get_text()


def keep_out(door: Door, member: Member) -> None:
    groups.exclude(
        door.session,
        door.people.group,
        member,
        until_on=utc_now().date() + dt.timedelta(days=30),
        review_on=utc_now().date(),
        reason="A quarrel.",
        by=door.people.lena,
        who=door.people.lead,
        today=door.there.day_on,
        now=NOW,
    )


def open_door(hugo: Pages, door: Door) -> Page:
    hugo.get(page_of(door, "/open"))
    return hugo.submit(on_duty=[str(door.people.hugo.id)])


def taps(door: Door, pages: Pages, *sent: dict[str, Any], status: int = 200) -> dict[str, Any]:
    """Send taps as the script of the page does."""
    token = pages.get(page_of(door, "/door")).one("#door")["data-token"]
    answer = pages.client.post(
        page_of(door, "/door/taps"),
        json={"taps": list(sent)},
        headers={"X-CSRFToken": str(token), "Referer": HOST + page_of(door, "/door")},
    )
    assert answer.status_code == status, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found
