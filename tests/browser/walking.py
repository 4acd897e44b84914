"""Walk over a site by its links, one page of each kind."""

from collections import deque
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from flask import Flask
from playwright.sync_api import Page
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

#: Where the demo shows everybody's mail.
OTHERS_MAIL = "/demo/mail"
#: Addresses that give a file or end the visit, and are no pages.
NO_PAGES = (
    "sign-out",
    ".zip",
    ".beancount",
    ".csv",
    ".txt",
    "/assets/",
    "/static/",
    ".svg",
    ".png",
    ".ics",
)


def walk(app: Flask, page: Page, start: str) -> Iterator[tuple[str, int]]:
    """Open every kind of page that can be reached by links; yield each with what it answered."""
    base = page.context.pages[0].url if page.url == "about:blank" else page.url
    waiting, seen, kinds = deque([start]), {start}, set[str]()
    adapter = app.url_map.bind("127.0.0.1")
    while waiting:
        path = waiting.popleft()
        kind = _kind(adapter, path)
        if kind in kinds:
            continue
        kinds.add(kind)
        response = page.goto(path)
        assert response is not None
        if not response.headers.get("content-type", "").startswith("text/html"):
            continue
        yield path, response.status
        if path.startswith(OTHERS_MAIL):
            # A letter leads the one it was written to; for others there may be nothing there.
            continue
        for link in page.eval_on_selector_all("a[href]", "links => links.map(a => a.href)"):
            parts = urlsplit(urljoin(base, link))
            found = parts.path + (f"?{parts.query}" if parts.query else "")
            if parts.hostname == "127.0.0.1" and found not in seen and not _is_no_page(found):
                seen.add(found)
                waiting.append(found)


def _is_no_page(path: str) -> bool:
    return any(mark in path for mark in NO_PAGES)


def _kind(adapter: object, path: str) -> str:
    try:
        endpoint, _values = adapter.match(urlsplit(path).path, method="GET")  # type: ignore[attr-defined]
    except (HTTPException, RequestRedirect):
        return path
    return str(endpoint)
