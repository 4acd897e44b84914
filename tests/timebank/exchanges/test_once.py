"""A yes counts once, whatever is pressed, sent again or left out."""

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import at, sign_in
from tests.pages.page import Pages, Walk
from tests.timebank.exchanges.scene import DAY, Scene, now_scene, saturday
from timebank.clock import utc_now
from timebank.hours import queries as hours

#: Who is calling takes four, the book six at most; the rest is the form, the deal and the notice.
YES_STATEMENTS_MAX = 17


def forms_of(pages: Pages, address: str) -> dict[str, str]:
    page = pages.get(address)
    form = page.one("form[action$='/confirm']")
    return {str(tag["name"]): str(tag["value"]) for tag in form.select("input")}


@pytest.mark.parametrize("shown", ["", "-60", "٦٠", "1e9", "61", "9" * 5000])
def test_asvs_10_a_yes_to_another_time_than_the_page_showed_counts_for_nothing(
    scene: Scene, walk: Walk, shown: str
) -> None:
    exchange = now_scene(scene)
    address = at(scene.community, f"/exchanges/{exchange.id}")
    rune = walk(scene.rune)
    form = forms_of(rune, address) | {"worked_minutes": shown}
    rune.post(f"{address}/confirm", form, status=409)
    scene.session.expire_all()
    assert exchange.state == "done"


def test_a_second_tab_leads_to_what_the_first_one_did(scene: Scene, walk: Walk) -> None:
    address = at(scene.community, f"/exchanges/{now_scene(scene).id}")
    rune = walk(scene.rune)
    first, second = forms_of(rune, address), forms_of(rune, address)
    assert first["submission_key"] != second["submission_key"]
    assert "Confirmed" in rune.post(f"{address}/confirm", first)
    page = rune.post(f"{address}/confirm", second)
    assert page.url.endswith(address)
    assert "This is confirmed already. The hours moved, and once." in page
    assert scene.balance(scene.gita) == 60


def test_asvs_16_twenty_posts_at_once_confirm_once(
    app: Flask, scene: Scene, walk: Walk, new_client: Callable[[], Client], session: Session
) -> None:
    exchange = now_scene(scene)
    address = at(scene.community, f"/exchanges/{exchange.id}")
    tabs = []
    for number in range(4):
        # Four tabs, each with a form of its own, each pressed five times.
        client = new_client()
        sign_in(client, session, scene.rune)
        tabs += [(client, forms_of(Pages(client), address))] * 5
        assert len(tabs) == (number + 1) * 5
    session.commit()
    cookies = {
        id(client): client.get_cookie("__Host-timebank", domain="timebank.example")
        for client, _form in tabs
    }
    barrier = Barrier(len(tabs))

    def press(tab: tuple[Client, dict[str, str]]) -> int:
        client, form = tab
        cookie = cookies[id(client)]
        assert cookie is not None
        browser = app.test_client(use_cookies=False)
        barrier.wait(10)
        answer = browser.post(
            f"{address}/confirm",
            data=form,
            base_url="https://timebank.example",
            headers={
                "Cookie": f"__Host-timebank={cookie.value}",
                "Referer": "https://timebank.example/",
            },
        )
        return answer.status_code

    with ThreadPoolExecutor(len(tabs)) as pool:
        answers = Counter(pool.map(press, tabs))
    # The tab that came first is answered alike each time; the others are led to what it did.
    assert answers == {303: len(tabs)}
    session.rollback()
    assert scene.balance(scene.gita) == 60
    assert len(hours.latest_entries(session, scene.community.id)) == 1


def test_a_form_sent_again_is_answered_as_the_first_time(scene: Scene, walk: Walk) -> None:
    address = at(scene.community, f"/exchanges/{now_scene(scene).id}")
    rune = walk(scene.rune)
    form = forms_of(rune, address)
    for _ in range(3):
        assert "Confirmed" in rune.post(f"{address}/confirm", dict(form))
    assert scene.balance(scene.gita) == 60


@pytest.mark.parametrize("part", ["night", "9" * 40, "\x00"])
def test_a_part_of_the_day_that_was_not_offered_is_refused(
    scene: Scene, walk: Walk, part: str
) -> None:
    open_day = saturday(planned_on=None, part_of_day=None)
    exchange = scene.propose(terms=open_day)
    gita = walk(scene.gita)
    page = gita.get(at(scene.community, f"/exchanges/{exchange.id}"))
    fields = {
        name: str(page.one(f"form[action$='/agree'] input[name={name}]")["value"])
        for name in ("csrf_token", "submission_key")
    }
    page = gita.post(
        f"{page.url}/agree",
        fields | {"planned_on": str(utc_now().date() + 5 * DAY), "part_of_day": part},
        status=422,
    )
    assert "Choose the part of the day from the list." in page.mistakes
    assert exchange.state == "proposed"


def test_a_yes_asks_the_database_little_until_it_counts(
    engine: Engine, scene: Scene, walk: Walk
) -> None:
    address = at(scene.community, f"/exchanges/{now_scene(scene).id}")
    rune = walk(scene.rune)
    form = forms_of(rune, address)
    asked: list[str] = []
    noted = {
        "before_cursor_execute": lambda *told: asked.append(str(told[2])),
        "commit": lambda _connection: asked.append("COMMIT"),
    }
    for moment, note in noted.items():
        event.listen(engine, moment, note)
    try:
        assert "Confirmed" in rune.post(f"{address}/confirm", form)
    finally:
        for moment, note in noted.items():
            event.remove(engine, moment, note)
    until = asked[: asked.index("COMMIT")]
    assert len([each for each in until if not re.match("BEGIN|SET", each)]) <= YES_STATEMENTS_MAX
