"""Each component, once, on a page that every page check looks at."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.conftest import Client
from tests.pages.page import Pages


@pytest.fixture
def demo_pages(make_app: Callable[..., Flask], client: Client) -> Pages:
    """Walk through a demo, where the patterns may be looked at."""
    demo = make_app(demo=True)
    browser = Client(demo, demo.response_class, use_cookies=True)
    browser.arranged = client.arranged
    return Pages(browser)


@pytest.mark.parametrize("name", ["", "/question", "/front", "/card"])
def test_every_pattern_is_a_sound_page(demo_pages: Pages, name: str) -> None:
    demo_pages.get(f"/patterns{name}")


@pytest.mark.parametrize("name", ["", "/question", "/front", "/card"])
def test_patterns_are_for_the_demo_only(pages: Pages, name: str) -> None:
    assert "We can't find that page" in pages.get(f"/patterns{name}", status=404).h1


def test_mistakes_are_listed_at_the_top_and_said_again_at_their_fields(demo_pages: Pages) -> None:
    demo_pages.get("/patterns")

    page = demo_pages.submit(button="Continue", words="Mornings are best", status=422)

    assert page.title.startswith("Error: Patterns")
    assert page.mistakes == ["Write your first name.", "Choose where."]
    assert page.link("Write your first name.") == "#first_name"
    assert page.link("Choose where.") == "#where-0"
    assert page.one("#first_name")["aria-describedby"] == "first_name-hint first_name-error"
    assert page.one("#words").get_text().strip() == "Mornings are best"


def test_what_was_said_on_the_last_page_is_a_status(demo_pages: Pages) -> None:
    page = demo_pages.get("/patterns?said=1")
    assert "Your offer is on the board." in page.all("main > [role=status]")[0]


def test_an_optional_field_says_so_and_a_needed_one_does_not(demo_pages: Pages) -> None:
    page = demo_pages.get("/patterns")
    assert page.all("label[for=phone]") == ["Phone (optional)"]
    assert page.all("label[for=first_name]") == ["Your first name"]


def test_the_question_is_the_heading_and_the_legend_at_once(demo_pages: Pages) -> None:
    page = demo_pages.get("/patterns/question")
    assert page.all("fieldset > legend > h1") == ["Where could you meet?"]
