"""Sessions in a real browser: signed up for by keyboard, and long words on a narrow phone."""

import datetime as dt

import pytest
import sqlalchemy as sa

from tests.browser.conftest import Site
from tests.browser.test_pages import sideways
from timebank.clock import utc_now
from timebank.groups.models import Group
from timebank.groups.queries import standing_of
from timebank.sessions import service
from timebank.sessions.models import GroupSession
from timebank.sessions.service import SessionDetails

pytestmark = pytest.mark.browser

PHONE = 320


def plan(site: Site, **details: str | int) -> GroupSession:
    """Let the member plan a session of the group they started, in two days."""
    session, world, now = site.session, site.world, utc_now()
    member = world.people["member"]
    group = session.scalars(
        sa.select(Group).where(
            Group.community_id == world.community.id, Group.started_by_id == member.id
        )
    ).one()
    planned = service.plan_session(
        session,
        world.community,
        group,
        SessionDetails(**details),  # type: ignore[arg-type]
        day_on=now.date() + dt.timedelta(days=2),
        starts_minute=10 * 60,
        length_minutes=60,
        who=standing_of(session, group, member, on=now.date()),
        now=now,
    )
    session.commit()
    return planned


def test_somebody_signs_up_by_keyboard_without_script(site: Site) -> None:
    planned = plan(site, title="Woodwork", sign_up="sign-up", capacity=2)
    page = site.window("treasurer", width=PHONE, script=False).new_page()
    page.goto(f"/at/{site.world.community.slug}/sessions/{planned.id}")
    page.get_by_role("button", name="I come").focus()
    page.keyboard.press("Enter")
    page.get_by_text("You have a place.").wait_for()


@pytest.mark.parametrize("page_path", ["/sessions/{id}", "/whats-on", "/whats-on/print", "/"])
def test_a_link_longer_than_a_phone_is_wide_stays_on_it(site: Site, page_path: str) -> None:
    planned = plan(
        site,
        title="W" * 80,
        setting="online",
        where_words=f"https://meet.example/{'a' * 170}",
        words="b" * 300,
    )
    page = site.window("member", width=PHONE).new_page()
    page.goto(f"/at/{site.world.community.slug}{page_path.format(id=planned.id)}")
    assert sideways(page) <= 0


@pytest.mark.parametrize("page_path", ["/pots", "/groups", "/groups/web"])
def test_a_group_with_a_name_of_one_long_word_stays_on_the_phone(
    site: Site, page_path: str
) -> None:
    for group in site.session.scalars(sa.select(Group)):
        group.name = "W" * 60
    site.session.commit()
    page = site.window("member", width=PHONE).new_page()
    page.goto(f"/at/{site.world.community.slug}{page_path}")
    assert sideways(page) <= 0
