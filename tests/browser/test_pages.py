"""Every page that each role can reach: WCAG 2.2 AA at three widths, and no sideways scroll."""

from http import HTTPStatus

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page

from tests.browser.conftest import HEIGHT, WIDTHS, Site
from tests.browser.walking import walk

pytestmark = pytest.mark.browser

AXE = AXE_FILE_PATH.read_text("utf-8")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


def violations(page: Page) -> list[str]:
    """List what axe finds, in one line each; the program is put into a page once."""
    if page.evaluate("() => typeof window.axe === 'undefined'"):
        page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
    return [
        f"{each['id']}: {each['help']}: {[node['html'][:150] for node in each['nodes'][:3]]}"
        for each in found
    ]


def sideways(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    width: int = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


@pytest.mark.parametrize(
    "role", ["visitor", "waiting", "member", "treasurer", "auditor", "coordinator"]
)
def test_every_page_that_can_be_reached_is_accessible(site: Site, role: str) -> None:
    window = site.window(role)
    page = window.new_page()
    wrong = []
    count = 0
    for path, status in walk(site.app, page, f"/at/{site.world.community.slug}/"):
        if status != HTTPStatus.OK:
            wrong.append(f"a link leads to {path}, which answers {status}")
            continue
        count += 1
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            wrong += [f"{path} at {width}: {each}" for each in violations(page)]
            if sideways(page) > 0:
                wrong.append(f"{path} at {width}: {sideways(page)} pixels too wide")
    assert not wrong, "\n".join(wrong)
    assert count > (1 if role in {"visitor", "waiting"} else 10), "the walk did not get far"


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>", "image-alt"),
        ("<p style='color:#999;background:#fff'>Hard to read</p>", "color-contrast"),
        ("<button></button>", "button-name"),
    ],
)
def test_a_page_that_shuts_somebody_out_is_seen(site: Site, body: str, rule: str) -> None:
    page = site.window().new_page()
    page.set_content(f"<!doctype html><html lang=en><title>T</title><main><h1>T</h1>{body}</main>")
    assert any(each.startswith(rule) for each in violations(page))


def test_a_page_that_is_too_wide_is_seen(site: Site) -> None:
    page = site.window(width=320).new_page()
    page.set_content("<p style='width:400px'>Wide</p>")
    assert sideways(page) > 0


LARGE = """() => document.querySelectorAll(".cards-table tbody tr").forEach(row => {
  const [month, ...numbers] = row.children
  month.textContent = "September"
  numbers.forEach(cell => {
    const isTime = cell.dataset.label.includes("ours")
    cell.textContent = isTime ? "1,234\\u00a0h\\u00a045\\u00a0min" : "12,345"
  })
})"""
#: How many lines a text takes, by the first row of the table.
LINES = """() => {
  const range = document.createRange()
  range.selectNodeContents(document.querySelector(".cards-table tbody th"))
  return new Set(Array.from(range.getClientRects(), each => each.top)).size
}"""


@pytest.mark.parametrize("width", [320, 640, 736, 768, 1280])
def test_a_table_of_large_numbers_breaks_no_word_and_no_page(site: Site, width: int) -> None:
    page = site.window("coordinator", width=width).new_page()
    page.goto(f"/at/{site.world.community.slug}/figures")
    assert page.locator(".cards-table thead th").count() >= 7
    page.evaluate(LARGE)
    assert sideways(page) <= 0
    assert page.evaluate(LINES) == 1
    assert not violations(page)
