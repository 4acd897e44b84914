"""Two people act on one exchange: the second reads how it stands, and loses no word."""

from tests.factories import at
from tests.pages.page import Walk
from tests.timebank.exchanges.scene import DAY, Scene, saturday
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


def test_a_yes_to_a_suggestion_that_has_changed_is_refused(scene: Scene, walk: Walk) -> None:
    now = utc_now()
    day = now.date() + 5 * DAY
    exchange = scene.propose(terms=saturday(planned_on=day), now=now)
    path = at(scene.community, f"/exchanges/{exchange.id}")
    gita = walk(scene.gita)
    gita.get(path)
    later = saturday(planned_on=day + DAY, part_of_day="evening")
    service.change(scene.session, scene.community, exchange.id, by=scene.rune, terms=later, now=now)
    page = gita.submit(button="Yes, that suits me", status=409)
    assert "The other person has just suggested something else." in page
    page = gita.follow("See how it stands now")
    assert "Does this suit you?" in page
    assert "It is agreed" in gita.submit(button="Yes, that suits me")


def test_a_yes_without_all_that_is_needed_still_asks_for_the_rest(scene: Scene, walk: Walk) -> None:
    now = utc_now()
    open_day = saturday(planned_on=None, part_of_day=None)
    exchange = scene.propose(terms=open_day, now=now)
    gita = walk(scene.gita)
    gita.get(at(scene.community, f"/exchanges/{exchange.id}"))
    day = str(now.date() + DAY)
    page = gita.submit(button="Yes, that suits me", planned_on=day, status=422)
    assert page.mistakes == ["Choose the day and the part of the day."]
    assert page.one("#planned_on")["value"] == day
    assert "It is agreed" in gita.submit(button="Yes, that suits me", part_of_day="morning")
