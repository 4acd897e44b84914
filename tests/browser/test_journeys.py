"""The journeys of a phone without script, and of somebody who has only a keyboard."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Site
from timebank.listings import queries

pytestmark = pytest.mark.browser

TABS_MAX = 80
PHONE = 360


def at(site: Site, path: str) -> str:
    return f"/at/{site.world.community.slug}{path}"


def key(site: Site, name: str) -> str:
    return str(queries.category_by_key(site.session, site.world.community.id, name).id)


def answers_of(site: Site) -> dict[str, str]:
    """What is chosen at each step of a chain, by the field's name."""
    return {
        "heading": key(site, "paper"),
        "category": key(site, "letters"),
        "supports": "practical",
        "place": "public",
        "audience": "community",
    }


def tap(choice: Locator) -> None:
    """Tap a choice where a finger does: on its words."""
    choice.locator("xpath=following-sibling::label").click()
    expect(choice).to_be_checked()


def press(page: Page) -> None:
    """Press the first button of the page, and wait for the next page."""
    with page.expect_navigation():
        page.locator("main form button").first.click()


def current(page: Page) -> str:
    """Say which control has the focus: its name and value."""
    said: str = page.evaluate(
        "() => { const e = document.activeElement;"
        " const words = e === document.body ? '' : (e.innerText || '').trim();"
        " return `${e.name || ''}|${e.value || ''}|${words}`; }"
    )
    return said


def tab_to(page: Page, pattern: str) -> None:
    """Press Tab until the focus is where it should be; see that the focus can be seen."""
    for _tab in range(TABS_MAX):
        if re.search(pattern, current(page)):
            outline: str = page.evaluate(
                "() => { const s = getComputedStyle(document.activeElement);"
                " return s.outlineStyle + s.boxShadow; }"
            )
            assert outline != "nonenone", f"nobody sees that {current(page)} has the focus"
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{pattern} cannot be reached by keyboard on {page.url}")


# ---------------------------------------------------------------------------- no script


def test_help_is_asked_for_on_a_phone_without_script(site: Site) -> None:
    page = site.window("member", width=PHONE, script=False).new_page()
    page.goto(at(site, "/"))
    page.get_by_role("link", name="Ask for help").first.click()
    page.locator("[name=title]").fill("Read a letter with me")
    press(page)
    answers = answers_of(site)
    for _step in range(8):
        if page.locator("h1").inner_text() == "Check your request":
            break
        for name, value in answers.items():
            choice = page.locator(f"input[name={name}][value='{value}']")
            if choice.count():
                tap(choice)
        press(page)
    expect(page.locator("main")).to_contain_text("Read a letter with me")
    page.get_by_role("button", name="Put up my request").click()
    expect(page.locator("h1")).to_have_text("Your request is up")


def test_an_hour_is_noted_on_a_phone_without_script(site: Site) -> None:
    page = site.window("member", width=PHONE, script=False).new_page()
    other = site.window("treasurer", width=PHONE, script=False).new_page()
    page.goto(at(site, "/log"))
    tap(page.locator("input[name=side][value=give]"))
    page.locator("[name=who]").fill("Theo")
    page.locator("main summary").first.click()
    page.locator("[name=title]").fill("Carried the shopping up")
    page.locator("[name=worked_minutes]").select_option("45")
    page.locator("main form button").first.click()
    expect(page.locator("main")).to_contain_text("Carried the shopping up")

    other.goto(at(site, "/exchanges"))
    other.get_by_role("link", name="Carried the shopping up").first.click()
    other.get_by_role("button", name="Yes, that is right").click()
    expect(other.locator("main")).to_contain_text("45 min went to Mina")


def test_a_mistake_keeps_what_was_typed_without_script(site: Site) -> None:
    page = site.window("member", width=PHONE, script=False).new_page()
    page.goto(at(site, "/log"))
    page.locator("[name=who]").fill("Nobody of that name")
    page.locator("[name=worked_minutes]").select_option("45")
    page.locator("main form button").first.click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("[name=who]")).to_have_value("Nobody of that name")
    expect(page.locator("[name=worked_minutes]")).to_have_value("45")


# ---------------------------------------------------------------------------- keyboard


def test_help_is_offered_by_keyboard(site: Site) -> None:
    page = site.window("member").new_page()
    page.goto(at(site, "/"))
    tab_to(page, r"Offer help")
    page.keyboard.press("Enter")
    page.wait_for_url("**/offers/new**")
    tab_to(page, r"^title\|")
    page.keyboard.type("A walk by the river")
    tab_to(page, r"Continue$")
    page.keyboard.press("Enter")
    answers = answers_of(site)
    for _step in range(8):
        page.wait_for_load_state()
        if page.locator("h1").inner_text() == "Check your offer":
            break
        before = page.url
        for name, value in answers.items():
            if page.locator(f"input[name={name}][value='{value}']").count():
                _choose(page, name, value)
        tab_to(page, r"Continue$")
        page.keyboard.press("Enter")
        page.wait_for_function("before => location.href !== before", arg=before)
    tab_to(page, r"Put up my offer$")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Your offer is up")


def _choose(page: Page, name: str, value: str) -> None:
    """Tick a box, or walk through radio buttons with the arrow keys as a browser wants it."""
    kind = page.locator(f"input[name={name}]").first.get_attribute("type")
    if kind == "checkbox":
        tab_to(page, rf"^{name}\|{value}\|")
        page.keyboard.press("Space")
        return
    tab_to(page, rf"^{name}\|")
    page.keyboard.press("Space")
    for _arrow in range(TABS_MAX):
        if page.locator(f"input[name={name}][value='{value}']").is_checked():
            return
        page.keyboard.press("ArrowDown")
    pytest.fail(f"{name}={value} cannot be chosen by keyboard")


def test_the_first_tab_leads_to_the_page_itself(site: Site) -> None:
    page = site.window("member").new_page()
    page.goto(at(site, "/offers"))
    page.keyboard.press("Tab")
    assert "Skip to the page" in current(page)
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"


def test_after_a_mistake_the_focus_is_on_what_is_wrong(site: Site) -> None:
    page = site.window("member").new_page()
    page.goto(at(site, "/log"))
    page.locator("main form button").first.click()
    expect(page.get_by_role("alert")).to_be_focused()
