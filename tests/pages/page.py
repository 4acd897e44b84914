"""Pages as tests see them: every one is checked, whichever test it came from.

Add a check to `Page` once and every page of every test has to pass it. `Pages` walks the site as a
person without script does: it follows links and redirects, and fills the forms that are really on
the page, hidden fields included.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin, urlsplit

import html5lib
from bs4 import BeautifulSoup, Tag
from werkzeug.test import TestResponse

from tests.pages.forms import Filling, fill
from tests.pages.headers import check_headers
from timebank.members.models import Member

if TYPE_CHECKING:
    from tests.conftest import Client

PAGE_BYTES_MAX = 50_000
REDIRECTS_MAX = 5
HOST = "https://timebank.example"
#: Left over from a template or a translation that was not filled in.
LEFT_OVER = re.compile(r"\{\{|\}\}|\{%|%\(\w+\)s|<[A-Z]\w+\.|\bUndefined\b")

HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
#: Fields that nobody has to fill in.
UNLABELLED = {"hidden", "submit", "button"}
SUMMARY = "error-summary"


class Page:
    """A parsed page that has passed the checks every page must pass."""

    def __init__(self, html: str, *, url: str = "/", status: int = 200) -> None:
        self.html = html
        self.url = url
        self.status = status
        html5lib.HTMLParser(strict=True).parse(html)
        self.soup = BeautifulSoup(html, "html.parser")
        # What is in a template is no part of the page yet.
        kept = {id(tag) for each in self.soup.find_all("template") for tag in each.find_all()}
        self._tags = [tag for tag in self.soup.find_all() if id(tag) not in kept]
        self._check_one_heading_and_matching_title()
        self._check_headings_go_down_one_by_one()
        self._check_ids_are_unique_and_references_meet()
        self._check_fields_have_labels()
        self._check_mistakes_stand_in_the_order_of_the_page()
        self._check_controls_have_names()
        self._check_nothing_runs_inline()
        self._check_nothing_comes_from_elsewhere()
        self._check_nothing_is_left_over()
        assert self.one("html").get("lang"), "say the language: <html lang>"
        size = len(html.encode())
        assert size < PAGE_BYTES_MAX, f"{url} is {size} bytes: show fewer things, or page them"

    # ------------------------------------------------------------------------ reading

    @property
    def text(self) -> str:
        """All words of the main part, white space evened out."""
        return words(self.soup.find("main") or self.soup)

    @property
    def h1(self) -> str:
        """The heading."""
        return words(self.one("h1"))

    @property
    def title(self) -> str:
        """The title in the browser's tab."""
        [found] = self.one("head").find_all("title")
        return words(found)

    @property
    def mistakes(self) -> list[str]:
        """What the error summary says."""
        return [words(item) for item in self.soup.select("[role=alert] li")]

    def one(self, selector: str) -> Tag:
        """Return the one element that fits, or fail."""
        # Far quicker than a selector, and most of what is looked for is the one `h1`.
        found = self.soup.find_all(selector) if selector.isalnum() else self.soup.select(selector)
        assert len(found) == 1, f"{len(found)} elements of {self.url} fit {selector!r}"
        return found[0]

    def all(self, selector: str) -> list[str]:
        """Return the words of every element that fits."""
        return [words(tag) for tag in self.soup.select(selector)]

    def link(self, text: str) -> str:
        """Return the address of the first link with these words, or fail."""
        for anchor in self.soup.select("a[href]"):
            if text in words(anchor) or text in str(anchor.get("aria-label", "")):
                return str(anchor["href"])
        msg = f"no link {text!r} on {self.url}: {self.all('a[href]')}"
        raise AssertionError(msg)

    def __contains__(self, text: str) -> bool:
        """Tell whether the words stand in the main part."""
        return text in self.text

    def __repr__(self) -> str:
        """Show what a failed test needs to see."""
        return f"<{self.status} {self.url}: {self.text[:1500]}>"

    # ------------------------------------------------------------------------- checks
    # One walk through the tree finds everything that they look at: a selector for each would take
    # longer than the page itself.

    def _named(self, *names: str) -> list[Tag]:
        return [tag for tag in self._tags if tag.name in names]

    def _having(self, attribute: str) -> list[Tag]:
        return [tag for tag in self._tags if attribute in tag.attrs]

    def _within(self) -> list[Tag]:
        """Links that lead to a place on the same page."""
        return [tag for tag in self._named("a") if str(tag.get("href", "")).startswith("#")]

    def _check_one_heading_and_matching_title(self) -> None:
        heading = self.h1
        assert heading, "an empty h1"
        assert self.title.startswith((heading, f"Error: {heading}")), (
            f"{self.url}: the title {self.title!r} does not begin with the h1 {heading!r}"
        )

    def _check_headings_go_down_one_by_one(self) -> None:
        main = self.soup.find("main")
        levels = [int(tag.name[1]) for tag in main.find_all(HEADINGS)] if main else []
        for before, level in pairwise(levels):
            assert level <= before + 1, f"{self.url}: h{before} is followed by h{level}"

    def _check_ids_are_unique_and_references_meet(self) -> None:
        ids = Counter(str(tag["id"]) for tag in self._having("id"))
        twice = [name for name, count in ids.items() if count > 1]
        assert not twice, f"{self.url}: ids used twice: {twice}"
        for attribute in ("aria-describedby", "aria-labelledby", "aria-controls", "for"):
            for tag in self._having(attribute):
                for name in _words_of(tag, attribute):
                    assert name in ids, f"{self.url}: {attribute}={name} points at nothing: {tag}"
        for tag in self._within():
            name = str(tag["href"])[1:]
            assert name in ids, f"{self.url}: the link #{name} goes nowhere"

    def _check_fields_have_labels(self) -> None:
        labelled = {name for tag in self._named("label") for name in _words_of(tag, "for")}
        for field in self._named("input", "select", "textarea"):
            if field.name == "input" and field.get("type") in UNLABELLED:
                continue
            assert (
                field.get("id") in labelled
                or field.find_parent("label")
                or field.get("aria-label")
                or field.get("aria-labelledby")
            ), f"{self.url}: give this field a label: {field}"
            assert field.get("name"), f"{self.url}: this field sends nothing: {field}"

    def _check_mistakes_stand_in_the_order_of_the_page(self) -> None:
        linked = [str(tag["href"])[1:] for tag in self._within() if tag.find_parent(class_=SUMMARY)]
        ids = [str(tag["id"]) for tag in self._having("id")]
        assert linked == sorted(linked, key=ids.index), f"{self.url}: put {linked} in page order"

    def _check_controls_have_names(self) -> None:
        for tag in self._named("a", "button", "summary"):
            named = words(tag) or tag.get("aria-label") or tag.find("img", alt=bool)
            assert named, f"{self.url}: nobody can tell what this does: {tag}"
        for tag in self._named("img"):
            assert "alt" in tag.attrs, f"{self.url}: say what the picture shows, or alt='': {tag}"
        for tag in self._named("a"):
            assert "href" in tag.attrs, f"{self.url}: a link that goes nowhere: {tag}"

    def _check_nothing_runs_inline(self) -> None:
        for tag in self._named("script", "style"):
            assert "nonce" in tag.attrs, f"{self.url}: script and style need a nonce: {tag}"
        for tag in self._tags:
            inline = [name for name in tag.attrs if name == "style" or name.startswith("on")]
            assert not inline, f"{self.url}: {inline} in {tag.name}: the browser will refuse it"

    def _check_nothing_comes_from_elsewhere(self) -> None:
        for attribute in ("src", "srcset", "href", "action", "formaction", "data", "poster"):
            for tag in self._having(attribute):
                address = urlsplit(urljoin(HOST + self.url, str(tag[attribute])))
                # A phone opens webcal: with its calendar, and fetches the same address.
                scheme = {"webcal": "https"}.get(address.scheme, address.scheme)
                ours = scheme in {"mailto", "tel", "data"} or (
                    f"{scheme}://{address.netloc}" == HOST
                )
                assert ours, f"{self.url} sends people elsewhere: {tag[attribute]}"

    def _check_nothing_is_left_over(self) -> None:
        left_over = LEFT_OVER.search(words(self.soup))
        assert left_over is None, f"{self.url}: {left_over}"


class Pages:
    """A walk through the site. `page` is where one stands."""

    def __init__(self, client: "Client") -> None:
        self.client = client
        self.page: Page | None = None

    def get(self, path: str, *, status: int = 200) -> Page:
        """Open an address, follow where it leads, and check each answer."""
        return self._arrive(path, self.client.get(path, headers=self._referer()), status)

    def post(
        self, path: str, data: Mapping[str, str | list[str]] | None = None, *, status: int = 200
    ) -> Page:
        """Send a form that no page showed, as an attacker would; `submit` is for people."""
        answer = self.client.post(path, data=data or {}, headers=self._referer())
        return self._arrive(path, answer, status)

    def follow(self, link: str, *, status: int = 200) -> Page:
        """Take the first link with these words."""
        return self.get(urljoin(self._here().url, self._here().link(link)), status=status)

    def submit(
        self,
        form: str = "main form",
        *,
        button: str | None = None,
        status: int = 200,
        **fields: Filling,
    ) -> Page:
        """Fill in a form of the page one stands on and send it.

        Args:
            form: A CSS selector; the first form that fits and has the fields is taken.
            button: Words of the button to press, where there are several.
            status: What the page that follows should answer with: 422 for a mistake.
            **fields: What to fill in, by the field's name. A list ticks several boxes. Everything
                else is sent as the page has it.
        """
        here = self._here()
        filled = fill(here.soup, form, button, fields)
        address = urljoin(here.url, filled.action)
        if filled.method == "get":
            answer = self.client.get(
                urlsplit(address).path, query_string=filled.data, headers=self._referer()
            )
        else:
            answer = self.client.post(address, data=filled.data, headers=self._referer())
        return self._arrive(address, answer, status)

    def refused(self, path: str, *, status: int = 404) -> Self:
        """Open an address that this person must not see."""
        self.get(path, status=status)
        return self

    def _here(self) -> Page:
        assert self.page is not None, "open a page first: pages.get(…)"
        return self.page

    def _referer(self) -> dict[str, str]:
        # As a browser does; over HTTPS Flask-WTF wants it.
        return {"Referer": HOST + (self.page.url if self.page else "/")}

    def _arrive(self, path: str, answer: TestResponse, status: int) -> Page:
        for _ in range(REDIRECTS_MAX):
            check_headers(answer)
            if answer.status_code not in {301, 302, 303, 307, 308}:
                break
            assert answer.status_code == 303 or answer.request.method == "GET", (
                f"{path} answered {answer.status_code}: redirect with code=303"
            )
            path = urljoin(HOST + path, answer.location).removeprefix(HOST)
            answer = self.client.get(path, headers=self._referer())
        html = answer.get_data(as_text=True)
        assert answer.status_code == status, (
            f"{path} answered {answer.status_code}, not {status}: "
            f"{words(BeautifulSoup(html, 'html.parser'))[:1500]}"
        )
        self.page = Page(html, url=path, status=answer.status_code)
        return self.page


def words(tag: Tag) -> str:
    """Return the words of an element, white space evened out."""
    return " ".join(tag.get_text(" ").split()).replace(" ,", ",").replace(" .", ".")


def _words_of(tag: Tag, attribute: str) -> list[str]:
    value = tag.get(attribute) or ""
    return value.split() if isinstance(value, str) else list(value)


#: Opens a browser as somebody: the fixture `walk`.
Walk = Callable[[Member], Pages]
