"""Two ways through the site that must always work: without script, and with the keys alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Site

pytestmark = pytest.mark.browser

PAGES_MAX = 12
TABS_MAX = 80
PHONE = 360
TITLE = "Company over coffee"
#: Questions that have no answer until somebody gives one.
MUST_CHOOSE = {"heading", "category", "supports", "place", "audience", "days", "transition"}
#: Whether somebody who looks at the page can see where they are.
SHOWS_FOCUS = """element => {
  const style = getComputedStyle(element)
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
  return outlined || style.boxShadow !== 'none' || element.matches('label *')
}"""


def answer(page: Page) -> None:
    """Answer a question: write the title, and take the first of each choice."""
    for field in page.locator("main form :is(input[type=text], textarea)").all():
        if field.get_attribute("name") == "title" and not field.input_value():
            field.fill(TITLE)
    for name in MUST_CHOOSE & names_on(page):
        if not page.locator(f"input[name='{name}']:checked").count():
            first = page.locator(f"input[name='{name}']").first
            # People tap the words.
            page.locator(f"label[for='{first.get_attribute('id')}']").click()


def names_on(page: Page) -> set[str]:
    boxes = page.locator("main input:is([type=radio], [type=checkbox])").all()
    return {box.get_attribute("name") or "" for box in boxes}


@pytest.mark.parametrize("kind", ["offers", "requests"])
@pytest.mark.parametrize("script", [False, True], ids=["without script", "with script"])
def test_help_is_offered_and_asked_for_on_a_small_phone(
    site: Site, kind: str, *, script: bool
) -> None:
    page = site.window("member", width=PHONE, script=script).new_page()
    page.goto(f"/at/{site.world.community.slug}/")
    page.locator(f"main a[href$='/{kind}/new']").first.click()
    for _ in range(PAGES_MAX):
        answer(page)
        page.locator("main form .btn-main").first.click()
        if page.url.endswith("/done"):
            break
    assert page.url.endswith("/done"), page.locator("main").inner_text()
    page.goto(f"/at/{site.world.community.slug}/{kind}?q=coffee")
    expect(page.locator("main")).to_contain_text(TITLE)


def test_help_is_asked_for_with_the_keys_alone(site: Site) -> None:
    page = site.window("member").new_page()
    page.goto(f"/at/{site.world.community.slug}/")
    press_until(page, lambda focus: leads_to(focus, "/requests/new"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/requests/new")
    for _ in range(PAGES_MAX):
        answer_with_keys(page)
        if page.url.endswith("/done"):
            break
    assert page.url.endswith("/done"), page.locator("main").inner_text()


def press_until(page: Page, found: Callable[[Locator], bool]) -> Locator:
    """Press Tab until the focus is where it should be; see that it can be seen all the way."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        focus = page.locator(":focus")
        if focus.count() == 0:
            continue
        assert focus.evaluate(SHOWS_FOCUS), f"no focus to be seen: {focus.evaluate(OUTER)}"
        if found(focus):
            return focus
    raise AssertionError(f"{TABS_MAX} times Tab at {page.url} did not get there")


OUTER = "element => element.outerHTML.slice(0, 200)"


def leads_to(focus: Locator, end: str) -> bool:
    return (focus.get_attribute("href") or "").endswith(end)


def answer_with_keys(page: Page) -> None:
    """Go through a question as it comes, and press its main button."""
    before = page.url

    def is_main_button(focus: Locator) -> bool:
        kind = focus.get_attribute("type")
        if focus.get_attribute("name") == "title" and not focus.input_value():
            page.keyboard.type(TITLE)
        if kind in {"radio", "checkbox"}:
            name = focus.get_attribute("name")
            chosen = page.locator(f"input[name='{name}']:checked").count()
            if name in MUST_CHOOSE and not chosen:
                page.keyboard.press("Space")
        return "btn-main" in (focus.get_attribute("class") or "")

    press_until(page, is_main_button)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url != before, page.locator("main").inner_text()


def test_the_first_key_skips_to_the_page(site: Site) -> None:
    page = site.window("member").new_page()
    page.goto(f"/at/{site.world.community.slug}/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_attribute("href", "#main")
    expect(page.locator(":focus")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_mistake_takes_the_focus_and_leads_to_its_field(site: Site) -> None:
    page = site.window("member").new_page()
    page.goto(f"/at/{site.world.community.slug}/offers/new")
    page.locator("main form .btn-main").first.click()
    assert page.title().startswith("Error: ")
    expect(page.locator(":focus")).to_have_attribute("role", re.compile("alert|group"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(":focus")).to_have_attribute("name", "title")
