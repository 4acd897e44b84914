"""The door on a tablet: with a network, without one, and with nobody signed in any more."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from timebank.sessions import queries
from timebank.sessions.models import GroupSession, SessionTally

pytestmark = pytest.mark.browser

WAITING = "{} waiting to be sent."
SENT = "Everything is sent."


def door_of(site: Site) -> tuple[str, GroupSession]:
    """Return the address of an open door that the member holds, and its session."""
    there = site.session.get_one(
        GroupSession,
        (site.world.community.id, site.world.examples["member"]["session_id in door"]),
    )
    return f"/at/{site.world.community.slug}/sessions/{there.id}/door", there


def contacts(site: Site, there: GroupSession) -> int:
    site.session.rollback()
    return queries.counts(site.session, there).contacts


def soon(site: Site, page: Page, there: GroupSession, number: int) -> None:
    """See that so many arrive within a moment."""
    for _moment in range(100):
        if contacts(site, there) == number:
            return
        page.wait_for_timeout(50)
    assert contacts(site, there) == number


def wait_until(page: Page, question: str) -> None:
    """Ask the page until it says yes; a promise is waited for."""
    for _moment in range(100):
        if page.evaluate(question):
            return
        page.wait_for_timeout(50)
    assert page.evaluate(question), question


def wait_until_kept(page: Page) -> None:
    """Wait until the page is kept for a time without a network."""
    kept = "(await caches.open('door')).match(`${location.pathname}?kept`)"
    wait_until(page, f"async () => Boolean(await {kept})")


def plus(page: Page, times: int = 1) -> None:
    for _tap in range(times):
        page.get_by_role("button", name="Somebody came in").click()


def test_taps_are_counted_at_once_and_sent(site: Site) -> None:
    address, there = door_of(site)
    page = site.window("member", width=360).new_page()
    page.goto(address)
    before = contacts(site, there)
    page.locator("label[for=door-first]").click()
    plus(page, 3)
    expect(page.locator("#door-contacts")).to_have_text(str(before + 3))
    page.get_by_role("button", name="One too many: take back").click()
    expect(page.locator("#door-state")).to_contain_text(SENT)
    soon(site, page, there, before + 2)
    assert queries.counts(site.session, there).tallied_first == 1


def test_a_name_is_found_while_one_types_and_the_rules_come_first(site: Site) -> None:
    address, there = door_of(site)
    page = site.window("member", width=768).new_page()
    page.goto(address)
    before = contacts(site, there)
    page.get_by_label("First name or member number").press_sequentially("The")
    page.locator("[data-member]:visible", has_text="Theo").get_by_role("button").first.click()
    rules = page.locator("#door-rules")
    expect(rules).to_contain_text("Be kind.")
    rules.get_by_role("button", name="Heard, and will keep to them").click()
    expect(page.locator("[data-member]", has_text="Theo")).to_contain_text("is here")
    expect(page.locator("#door-state")).to_contain_text(SENT)
    soon(site, page, there, before + 1)
    page.locator("[data-member]", has_text="Theo").locator("[data-out]").click()
    expect(page.locator("#door-contacts")).to_have_text(str(before))


def test_without_a_network_counting_goes_on_and_everything_is_sent_once(site: Site) -> None:
    address, there = door_of(site)
    window = site.window("member", width=768)
    page = window.new_page()
    page.goto(address)
    before = contacts(site, there)
    wait_until_kept(page)
    window.set_offline(True)
    plus(page, 2)
    expect(page.locator("#door-state")).to_contain_text(WAITING.format(2))
    expect(page.locator("#door-contacts")).to_have_text(str(before + 2))
    page.reload()
    expect(page.locator("#door-contacts")).to_have_text(str(before + 2))
    plus(page)
    expect(page.locator("#door-state")).to_contain_text(WAITING.format(3))
    assert contacts(site, there) == before
    window.set_offline(False)
    expect(page.locator("#door-state")).to_contain_text(SENT, timeout=20_000)
    expect(page.locator("#door-contacts")).to_have_text(str(before + 3))
    soon(site, page, there, before + 3)
    page.reload()
    expect(page.locator("#door-contacts")).to_have_text(str(before + 3))
    taps = site.session.scalars(
        sa.select(SessionTally).where(SessionTally.session_id == there.id)
    ).all()
    assert len(taps) == 3


def test_whoever_is_signed_out_loses_nothing_and_is_asked_to_sign_in(site: Site) -> None:
    address, there = door_of(site)
    window = site.window("member", width=768)
    page = window.new_page()
    page.goto(address)
    before = contacts(site, there)
    window.clear_cookies()
    plus(page, 2)
    state = page.locator("#door-state")
    expect(state).to_contain_text("Sign in again to send them. They stay on this device.")
    expect(state.get_by_role("link", name="Sign in")).to_be_visible()
    assert contacts(site, there) == before
    site.session.rollback()
    window.add_cookies([site.cookie("member")])
    page.goto(address)
    expect(page.locator("#door-state")).to_contain_text(SENT)
    soon(site, page, there, before + 2)


def test_signing_out_leaves_what_was_not_sent_and_no_name(site: Site) -> None:
    address, there = door_of(site)
    window = site.window("member", width=1280)
    page = window.new_page()
    page.goto(address)
    before = contacts(site, there)
    wait_until_kept(page)
    page.route("**/door/taps", lambda route: route.abort())
    plus(page, 2)
    expect(page.locator("#door-state")).to_contain_text(WAITING.format(2))
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signed-out")
    wait_until(page, "async () => !(await caches.has('door'))")
    page.unroute("**/door/taps")
    site.session.rollback()
    window.add_cookies([site.cookie("member")])
    page.goto(address)
    expect(page.locator("#door-state")).to_contain_text(SENT)
    soon(site, page, there, before + 2)


def test_signing_out_with_everything_sent_leaves_nothing(site: Site) -> None:
    address, _there = door_of(site)
    page = site.window("member", width=1280).new_page()
    page.goto(address)
    plus(page)
    expect(page.locator("#door-state")).to_contain_text(SENT)
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signed-out")
    assert page.evaluate("indexedDB.databases().then(all => all.length)") == 0


def test_what_is_sent_after_the_closing_is_said_to_count_later(site: Site) -> None:
    address, there = door_of(site)
    page = site.window("member").new_page()
    page.goto(address)
    before = contacts(site, there)
    there.state = "closed"
    site.session.commit()
    plus(page)
    expect(page.locator("#door-state")).to_contain_text("1 reached us after the closing.")
    soon(site, page, there, before + 1)


def test_without_script_the_same_page_works_by_its_forms(site: Site) -> None:
    address, there = door_of(site)
    page = site.window("member", width=320, script=False).new_page()
    page.goto(address)
    before = contacts(site, there)
    plus(page, 2)
    expect(page.locator("#door-contacts")).to_have_text(str(before + 2))
    soon(site, page, there, before + 2)


def test_no_page_but_the_door_is_kept(site: Site) -> None:
    address, there = door_of(site)
    window = site.window("member", width=768)
    page = window.new_page()
    page.goto(address)
    wait_until_kept(page)
    for other in ("people", "close"):
        page.goto(address.replace("/door", f"/{other}"))
    page.goto(address)
    kept = page.evaluate(
        "caches.open('door').then(c => c.keys()).then(all => all.map(r => new URL(r.url).pathname))"
    )
    assert {path for path in kept if not path.startswith("/assets/")} == {address}
    assert str(there.id) in address
