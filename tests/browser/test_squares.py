"""The printed squares are read by a program that we did not write, as a phone would read them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.browser.conftest import Site
from tests.browser.test_journeys import at

pytestmark = pytest.mark.browser

READER = "zbarimg"
#: Pixels of the picture for each of the page: a cheap printer, and a good one.
SCALES = {"96 dpi": 1.0, "300 dpi": 300 / 96}


def read_square(picture: Path) -> str:
    """Return what a picture with one square says."""
    if shutil.which(READER) is None:
        pytest.skip("zbarimg is not installed (apt-get install zbar-tools)")
    done = subprocess.run(
        [READER, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.removesuffix("\n")


@pytest.mark.parametrize("dots", SCALES)
def test_the_square_on_a_printed_card_signs_in(site: Site, tmp_path: Path, dots: str) -> None:
    page = site.window("member", scale=SCALES[dots]).new_page()
    page.goto(at(site, "/me/card"))
    page.get_by_role("main").locator("form[method=post] button").click()
    page.emulate_media(media="print")
    card = page.locator(".code-card")
    card.wait_for()
    number, code = card.locator("dd").all_inner_texts()[:2]
    card.screenshot(path=tmp_path / "card.png")
    address = read_square(tmp_path / "card.png")
    assert address.startswith(f"{site.url}/")
    assert number in address
    assert code.replace("-", "").replace(" ", "") in address

    stranger = site.window().new_page()
    stranger.goto(address)
    stranger.get_by_role("main").locator("form[method=post] button").click()
    stranger.wait_for_url(lambda url: url != address)
    stranger.goto(at(site, "/me"))
    assert number in stranger.get_by_role("main").inner_text()
