"""An entry is put right on a page: the old one, what moves it back, and the new one stay linked."""

from sqlalchemy.orm import Session

from tests.factories import at, make_member
from tests.pages.page import Walk
from tests.timebank.exchanges.scene import DAY, Scene, make_scene
from timebank.clock import utc_now
from timebank.exchanges import service
from timebank.exchanges.models import Exchange
from timebank.hours import service as hours
from timebank.listings.models import Category


def given(scene: Scene, **changed: object) -> Exchange:
    now = utc_now()
    values = {"now": now, "happened_on": now.date(), "title": "The hedge"} | changed
    exchange = scene.log(**values)
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=now)
    scene.session.flush()
    return exchange


def address(scene: Scene, exchange: Exchange, more: str = "") -> str:
    return at(scene.community, f"/books/entries/{exchange.entry_id}{more}")


def test_an_exchange_is_put_right_and_everybody_can_follow_it(scene: Scene, walk: Walk) -> None:
    food = Category(community_id=scene.community.id, key="food", check_hint="none")
    scene.session.add(food)
    exchange = given(scene)
    theo = make_member(scene.session, scene.community, first_name="Theo", roles=("treasurer",))
    treasurer, gita, cora = walk(theo), walk(scene.gita), walk(scene.cora)
    treasurer.get(address(scene, exchange))
    page = treasurer.follow("Put this right")
    assert "point to each other" in page
    page = treasurer.submit(status=422, minutes="90")
    assert page.mistakes == ["Write why, in a sentence that both can read."]
    yesterday = utc_now().date() - DAY
    page = treasurer.submit(
        minutes="90",
        happened_on=yesterday.isoformat(),
        category_id=str(food.id),
        reason="We had tea as well",
    )
    assert "Put right" in page
    assert "This was put right" in page
    assert page.all(".link-list .link-title") == [
        "No. 1, as it was first written",
        "No. 2 moves no. 1 back",
        "No. 3 stands instead of no. 1",
    ]
    assert (scene.balance(scene.gita), scene.balance(scene.rune)) == (90, -90)
    scene.session.expire_all()
    assert (exchange.worked_minutes, exchange.happened_on) == (90, yesterday)
    assert exchange.category_id == food.id

    # The statement says it line by line, each way, and leads to the exchange from each line.
    page = gita.get(at(scene.community, "/hours/statement"))
    assert page.all("tbody th") == [
        "The hedge (no. 1, moved back by no. 2, put right by no. 3)",
        "Moved back: The hedge (no. 2, for no. 1)",
        "Put right: The hedge (no. 3, instead of no. 1)",
    ]
    assert len({link["href"] for link in page.soup.select("tbody th a")}) == 1
    page = gita.get(at(scene.community, f"/exchanges/{exchange.id}"))
    assert "1 h 30 min came to you" in page
    assert "Theo, who looks after the books, put it right: 1 h 30 min" in page
    assert "We had tea as well" in page
    page = gita.follow("No. 2 moves no. 1 back")
    assert page.all(".link-list .link-title") == [
        "No. 1, as it was first written",
        "No. 3 stands instead of no. 1",
    ]
    page = gita.get(at(scene.community, "/me/notices"))
    assert "1 h 30 min instead of 1 h" in page
    assert "We had tea as well" in page

    # The other way round: from the first entry to the one that stands, and nothing twice.
    cora.get(at(scene.community, f"/exchanges/{exchange.id}"))
    page = cora.follow("No. 1, as it was first written")
    assert "These hours were moved back" in page
    assert not page.soup.find("a", string="Put this right")
    page = cora.get(f"{page.url}/correct")
    page = cora.submit(minutes="30", reason="Not so", status=409)
    assert "once is enough" in page
    cora.get(address(scene, exchange, "/correct"))
    page = cora.submit(minutes="75", reason="Without the tea")
    assert len(page.all(".link-list .link-title")) == 5
    assert scene.balance(scene.gita) == 75


def test_what_can_be_mended_is_said_beside_it_and_nothing_happens(scene: Scene, walk: Walk) -> None:
    exchange = given(scene)
    cora = walk(scene.cora)
    cora.get(address(scene, exchange, "/correct"))
    page = cora.submit(reason="The same", status=422)
    assert page.mistakes == ["That is what the books say already. Change what was wrong."]
    page = cora.submit(reason="Long ago", happened_on="2001-01-01", minutes="30", status=422)
    assert page.mistakes[0].startswith("Choose a day between")
    hours.set_limits(
        scene.session, scene.community, scene.rune.account_code, floor_minutes=-60,
        ceiling_minutes=None, by=scene.cora, reason="x", now=utc_now(),
    )  # fmt: skip
    cora.get(address(scene, exchange, "/correct"))
    page = cora.submit(reason="Longer", minutes="120", status=422)
    assert page.mistakes == ["There are not enough hours for this, as the rules of the house are."]
    # The page that says so shows the entry as it is, not the half that was undone.
    assert "These hours were moved back" not in cora.get(address(scene, exchange))
    assert (scene.balance(scene.gita), scene.balance(scene.rune)) == (60, -60)


def test_hours_brought_in_for_the_wrong_member_are_put_right(scene: Scene, walk: Walk) -> None:
    now = utc_now()
    outcome = hours.bring_in(
        scene.session, scene.community, scene.gita, minutes=754, happened_on=now.date(),
        key="opening:1", by=None, now=now,
    )  # fmt: skip
    cora = walk(scene.cora)
    cora.get(at(scene.community, f"/books/entries/{outcome.entry_id}/correct"))
    for number, words in (("nobody", 422), ("99", 422), ("9" * 12, 422)):
        page = cora.submit(number=number, reason="Mixed up", status=words)
        assert page.mistakes == ["Nobody here has that number."]
    page = cora.submit(number=scene.gita.account_code, hours="x", reason="Mixed up", status=422)
    assert page.mistakes == ["Write a whole number, up to 100000."]
    page = cora.submit(hours="", minutes="0", number="2", reason="Mixed up", status=422)
    assert page.mistakes == ["Write how much it should be. If it is nothing, move it back instead."]
    page = cora.submit(
        number=scene.cora.account_code, hours="12", minutes="0", reason="For me", status=403
    )
    assert "Ask another coordinator or treasurer" in page
    cora.get(at(scene.community, f"/books/entries/{outcome.entry_id}/correct"))
    page = cora.submit(number=str(scene.rune.number), hours="12", minutes="30", reason="Mixed up")
    assert (scene.balance(scene.gita), scene.balance(scene.rune)) == (0, 750)
    for member in (scene.gita, scene.rune):
        page = walk(member).get(at(scene.community, "/me/notices"))
        assert "12 h 30 min instead of 12 h 34 min" in page
    # A receipt leads only to what is about its holder.
    gita = walk(scene.gita)
    page = gita.get(at(scene.community, f"/hours/receipts/{outcome.entry_id}"))
    assert page.all(".link-list .link-title") == ["No. 2 moves no. 1 back"]


def test_a_movement_between_other_accounts_keeps_whose_it_is(scene: Scene, walk: Walk) -> None:
    now = utc_now()
    legs = [(scene.gita.account_code, scene.rune.account_code, 20)]
    gift = hours.move(
        scene.session, scene.community, kind="gift", legs=legs, happened_on=now.date(),
        category="gift", key="gift:1", by=None, now=now,
    )  # fmt: skip
    cora = walk(scene.cora)
    page = cora.get(at(scene.community, f"/books/entries/{gift.entry_id}/correct"))
    assert not page.soup.select("[name=number]")
    cora.submit(hours="", minutes="25", reason="Five more")
    assert scene.balance(scene.rune) == 25


def test_own_hours_and_those_of_several_are_not_put_right_here(scene: Scene, walk: Walk) -> None:
    now = utc_now()
    own = scene.log(by=scene.cora, other=scene.rune, now=now, happened_on=now.date())
    service.answer_yes(scene.session, scene.community, own.id, by=scene.rune, now=now)
    legs = [(hours.MUTUAL_HELP, each.account_code, minutes) for each, minutes in
            ((scene.gita, 30), (scene.rune, 45))]  # fmt: skip
    several = hours.move(
        scene.session, scene.community, kind="activity", legs=legs, happened_on=now.date(),
        category="company", key="cafe:1", by=None, now=now,
    )  # fmt: skip
    cora = walk(scene.cora)
    for entry_id in (own.entry_id, several.entry_id):
        page = cora.get(at(scene.community, f"/books/entries/{entry_id}"))
        assert not page.soup.find("a", string="Put this right")
    page = cora.get(address(scene, own, "/correct"), status=403)
    assert "Ask another coordinator or treasurer to put them right" in page
    assert not page.soup.select("[name=reason]")
    cora.get(at(scene.community, f"/books/entries/{several.entry_id}/correct"))
    page = cora.submit(hours="1", reason="More", status=422)
    assert "more for some than for others" in page


def test_hours_of_mutual_help_are_put_right_for_both(session: Session, walk: Walk) -> None:
    scene = make_scene(session, mutual_help="credited")
    exchange = given(scene, basis="mutual")
    cora = walk(scene.cora)
    page = cora.get(address(scene, exchange, "/correct"))
    assert "counts for each of them" in page
    cora.submit(minutes="90", reason="It took longer")
    assert (scene.balance(scene.gita), scene.balance(scene.rune)) == (90, 90)


def test_putting_right_is_for_bookkeepers(scene: Scene, walk: Walk) -> None:
    exchange = given(scene)
    walk(scene.gita).refused(address(scene, exchange, "/correct"))
