"""A member takes along everything that is kept of them, and nothing of anybody else."""

import io
import json
import re
from typing import Any
from zipfile import ZipFile

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import at, make_community, make_member, writing
from tests.pages.page import Walk
from tests.timebank.exchanges.scene import Scene, make_scene
from tests.timebank.home.test_forgetting import MARK, marked
from timebank.clock import utc_now
from timebank.exchanges import service as exchanges
from timebank.home.own_data import PARTS, own_data
from timebank.hours import service as hours
from timebank.listings import service as listings
from timebank.listings.service import ListingDetails
from timebank.members import service as members
from timebank.members.models import Member
from timebank.messaging import service as messages
from timebank.trail.models import TrailEvent

#: In everything that somebody else is, has and wrote.
OTHERS = "zanzibar"


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(writing(session))


def lived(scene: Scene) -> Member:
    """Somebody who has done a bit of everything, with others whose every word can be recognised."""
    session, community, now = scene.session, scene.community, utc_now()
    for other in (scene.rune, scene.gita, scene.cora, scene.otto):
        other.first_name = other.last_name = other.about = OTHERS
        other.email, other.phone = f"{OTHERS}{other.number}@example.org", f"{OTHERS}1"
    mine = marked(scene)
    mine.rules_version = community.house_rules_version
    details = ListingDetails(
        kind="request", category_id=scene.category.id, title=f"{OTHERS} title", words=OTHERS,
        audience="everyone",
    )  # fmt: skip
    listing = listings.post_listing(session, community, scene.rune, details, now=now)
    talk = listings.reply(session, listing, mine, f"{MARK} would do that", now=now)
    messages.send(session, talk, author=scene.rune, body=f"{OTHERS} says where", now=now)
    theirs = scene.log(
        by=scene.rune, other=mine, by_gave=False, now=now, happened_on=now.date(),
        title=f"{OTHERS} cellar",
    )  # fmt: skip
    exchanges.answer_no(
        session, community, theirs.id, by=mine, words=f"{MARK} was not there", now=now
    )
    given = scene.log(by=mine, other=scene.rune, now=now, happened_on=now.date())
    exchanges.answer_yes(session, community, given.id, by=scene.rune, now=now)
    exchanges.thank(session, community, given.id, by=scene.rune, words=f"{OTHERS} thanks", now=now)
    members.give_role(session, mine, "treasurer", by=scene.cora, now=now)
    session.flush()
    return mine


def unpacked(walk: Walk, member: Member, scene: Scene) -> dict[str, str]:
    pages = walk(member)
    pages.get(at(scene.community, "/me"))
    page = pages.follow("Everything about me")
    assert "Others are account numbers" in page
    answer = pages.client.get(page.one("a[href$='/me/data.zip']")["href"])
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith(
        f'attachment; filename="{member.account_code}-'
    )
    with ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_all_of_ones_own_is_in_it_and_nothing_of_anybody_else(scene: Scene, walk: Walk) -> None:
    mine = lived(scene)
    files = unpacked(walk, mine, scene)
    for name, content in files.items():
        assert OTHERS not in content, name
    facts = json.loads(files["my-data/my-data.json"])
    assert facts["details"]["email"] == f"{MARK}@example.org"
    assert [row["folded"] for row in facts["addresses"]] == [f"{MARK}@example.org"]
    assert {row["body"] for row in facts["messages-i-wrote"]} == {
        f"{MARK} says yes",
        f"{MARK} would do that",
    }
    assert f"{MARK} was not there" in {r["words"] for r in facts["what-i-said-about-exchanges"]}
    assert facts["thanks-i-gave"][0]["words"] == f"{MARK} thanks"
    assert facts["thanks-i-got"][0]["by_member"] == scene.rune.account_code
    assert "words" not in facts["thanks-i-got"][0]
    assert facts["offers-and-requests"][0]["title"] == f"{MARK} title"
    titles = {row["title"] for row in facts["exchanges"]}
    assert f"{MARK} hedge" in titles
    assert "" in titles
    people = {row["giver"] for row in facts["exchanges"]}
    assert people == {mine.account_code}
    assert facts["roles"][0]["role"] == "treasurer"
    assert facts["exchanges"][0]["category"].startswith(scene.category.key)


def test_who_asks_without_a_name_is_no_number_before_they_say_yes(scene: Scene) -> None:
    """The number stands beside the name on their page, so it would be the name."""
    session, community, now = scene.session, scene.community, utc_now()
    details = ListingDetails(
        kind="request", category_id=scene.category.id, title="Somebody to talk to", words="",
        audience="everyone", is_anonymous=True,
    )  # fmt: skip
    listing = listings.post_listing(session, community, scene.rune, details, now=now)
    talk = listings.reply(session, listing, scene.gita, "I would", now=now)
    deal = scene.propose(by=scene.gita, listing_id=listing.id, conversation_id=talk.id)
    [row] = own_data(session, community, scene.gita, now=now).parts["exchanges"]
    assert row["giver"] == row["proposed_by"] == scene.gita.account_code
    assert row["receiver"] == ""
    [row] = own_data(session, community, scene.rune, now=now).parts["exchanges"]
    assert (row["giver"], row["receiver"]) == (scene.gita.account_code, scene.rune.account_code)
    exchanges.agree(session, community, deal.id, by=scene.rune, now=now)
    session.flush()
    [row] = own_data(session, community, scene.gita, now=now).parts["exchanges"]
    assert row["receiver"] == scene.rune.account_code


def test_the_page_inside_says_what_is_where_and_every_sheet_opens(scene: Scene, walk: Walk) -> None:
    mine = lived(scene)
    files = unpacked(walk, mine, scene)
    index = files["my-data/index.html"]
    linked = set(re.findall(r'href="([^"]+)"', index))
    assert linked | {"index.html"} == {name.removeprefix("my-data/") for name in files}
    facts = json.loads(files["my-data/my-data.json"])
    for name in linked - {"my-data.json", "statement.beancount", "details.csv"}:
        rows = files[f"my-data/{name}"].count("\r\n") - 1
        assert rows >= len(facts[name.removesuffix(".csv")]) > 0
    statement = files["my-data/statement.beancount"]
    assert f"Hours of {mine.account_code}" in statement
    assert statement.count(" * ") == len({row["seq"] for row in facts["statement"]})
    assert facts["statement"][-1]["balance_minutes"] == hours_of(scene, mine)


def hours_of(scene: Scene, member: Member) -> int:
    return scene.balance(member)


def test_words_that_begin_like_a_formula_stay_words(scene: Scene, walk: Walk) -> None:
    scene.gita.about = "=1+1"
    files = unpacked(walk, scene.gita, scene)
    assert "'=1+1" in files["my-data/details.csv"]
    assert json.loads(files["my-data/my-data.json"])["details"]["about"] == "=1+1"


def test_the_trail_keeps_that_it_was_taken(scene: Scene, walk: Walk) -> None:
    unpacked(walk, scene.gita, scene)
    kept = scene.session.scalars(
        sa.select(TrailEvent).where(TrailEvent.kind == "export", TrailEvent.detail == "own data")
    ).one()
    assert (kept.person_id, kept.community_id) == (scene.gita.person_id, scene.community.id)


def test_what_is_kept_in_another_community_is_not_in_it(scene: Scene) -> None:
    session, now = scene.session, utc_now()
    town = make_community(session, slug="town")
    mine = lived(scene)
    twin = make_member(session, town, first_name="Elsewhere", person=mine.person)
    details = ListingDetails(
        kind="offer", category_id=scene.category.id, title="Here", words="", audience="everyone"
    )
    assert details.title
    found = own_data(session, town, twin, now=now)
    assert MARK not in json.dumps({part.name: found.parts[part.name] for part in PARTS})
    assert found.parts["statement"] == []
    assert found.details["first_name"] == "Elsewhere"


def test_somebody_without_an_account_has_no_statement(scene: Scene) -> None:
    """As while they wait to be let in."""
    waiting = make_member(scene.session, scene.community, first_name="Wanda", state="waiting")
    hours_gone: Any = own_data(scene.session, scene.community, waiting, now=utc_now())
    assert isinstance(hours_gone.statement, str)
    assert hours.MUTUAL_HELP not in hours_gone.statement
