"""Take the pictures of the README: `make screenshots`.

A demo of its own is filled in a temporary folder and served, so that the pictures show what
anybody sees after `make demo`.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.databases import free_port
from timebank.config import ROOT

FOLDER = ROOT / "docs" / "images"
CHROMIUM = Path(os.environ.get("TIMEBANK_TEST_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
PHONE, DESK = (360, 740), (1280, 800)
START_SECONDS_MAX = 180
#: Where a visitor looks in.
PLACE = "/at/windmill/"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture.

    Attributes:
        name: Of the file.
        who: A person of the demo; None for a visitor.
        path: Below the community's address.
        size: Of the window, in pixels.
        has: What the page must show; where it does not, the first page linked from it that does.
    """

    name: str
    who: str | None
    path: str
    size: tuple[int, int]
    has: str | None = None


PICTURES = (
    Picture("front-desk", None, "", DESK),
    Picture("home-phone", "Amina", "", PHONE),
    Picture("confirm-phone", "Amina", "exchanges", PHONE, has="form[action$='/confirm']"),
    Picture("hours-phone", "Amina", "hours", PHONE),
    Picture("group-phone", "Callum", "groups/weekend-drop-in", PHONE),
    Picture("pot-phone", "Amina", "pots/badminton-sunday", PHONE),
    Picture("figures-phone", "Amina", "groups/badminton-sunday/figures", PHONE),
    Picture("offers-desk", "Amina", "offers", DESK),
    Picture("work-desk", "Rosa", "work", DESK),
)


def main() -> None:
    """Fill a demo, serve it, and take every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        _served(Path(home)) as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for picture in PICTURES:
            _take(browser, url, picture)
            print(f"docs/images/{picture.name}.png")
        browser.close()


@contextlib.contextmanager
def _served(home: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{free_port()}"
    environment = os.environ | {
        "TIMEBANK_HOME": str(home),
        "TIMEBANK_BASE_URL": url,
        "TIMEBANK_DATABASE_URL": "",
    }
    command = [sys.executable, "-m", "timebank.cli"]
    subprocess.run([*command, "demo", "--no-serve"], env=environment, check=True, cwd=ROOT)  # noqa: S603 -- our own words
    server = subprocess.Popen(  # noqa: S603 -- our own words
        [*command, "serve", "--port", url.rpartition(":")[2]], env=environment, cwd=ROOT
    )
    try:
        _wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(url):  # noqa: S310 -- our own server
            return
        time.sleep(0.2)
    raise TimeoutError(url)


def _take(browser: Browser, url: str, picture: Picture) -> None:
    width, height = picture.size
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
        color_scheme="light",
        locale="en-GB",
    )
    page = context.new_page()
    place = _arrive(page, picture.who)
    page.goto(f"{place}{picture.path}")
    if picture.has:
        _follow(page, picture.has)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{picture.name}.png")
    context.close()


def _follow(page: Page, wanted: str) -> None:
    links = page.eval_on_selector_all("main a[href]", "links => links.map(a => a.href)")
    for link in links:
        if page.locator(wanted).count():
            return
        page.goto(link)


def _arrive(page: Page, who: str | None) -> str:
    """Sign in as a person of the demo; return the address of their community."""
    page.goto("/demo")
    if who is not None:
        page.get_by_role("button", name=f"Sign in as {who}").first.click()
        page.wait_for_url("**/at/*/")
        return page.url
    page.goto(PLACE)
    return page.url


if __name__ == "__main__":
    main()
