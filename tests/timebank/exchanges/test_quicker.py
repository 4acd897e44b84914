"""Two people act on one exchange: the second reads how it stands, and loses no word."""

from tests.factories import at
from tests.pages.page import Walk
from tests.timebank.exchanges.scene import Scene
from timebank.clock import utc_now
from timebank.exchanges import service


def test_who_comes_second_is_led_to_how_it_stands_and_keeps_what_they_wrote(
    scene: Scene, walk: Walk
) -> None:
    now = utc_now()
    exchange = scene.log(now=now, happened_on=now.date())
    path = at(scene.community, f"/exchanges/{exchange.id}")
    rune = walk(scene.rune)
    rune.get(f"{path}/query")
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=now)
    page = rune.submit(words="It was <b>half</b> an hour.", status=409)
    assert page.h1 == "Somebody was quicker"
    assert "It was <b>half</b> an hour." in page
    assert page.link("See how it stands now") == path
    # Where nothing was written there is nothing to copy.
    page = rune.get(f"{path}/query", status=409)
    assert "What you wrote" not in page
    assert page.link("See how it stands now") == path
