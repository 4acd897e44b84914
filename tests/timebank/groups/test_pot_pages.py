"""The pages of pots and of connected groups, walked as people walk them, without script."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy.orm import Session

from tests.factories import at, make_member
from tests.pages.page import Page, Pages, Walk
from tests.timebank.conftest import Counted
from tests.timebank.groups.scene import Scene, make_scene
from timebank.clock import utc_now
from timebank.groups import queries, service
from timebank.groups.models import Group
from timebank.groups.policy.crediting import Attendance, PotShare, Terms
from timebank.groups.service import Agreement

STATEMENTS_MAX = 12


@pytest.fixture
def scene(session: Session) -> Scene:
    """Let Mia come along and Hugo lead too."""
    scene = make_scene(session, floor_minutes=-600)
    scene.come_in(scene.mia)
    scene.come_in(scene.hugo, "lead")
    return scene


def path(scene: Scene, page: str = "") -> str:
    return at(scene.community, f"/pots/badminton{page}")


def here(pages: Pages) -> Page:
    assert pages.page is not None
    return pages.page


def give(scene: Scene, minutes: int) -> None:
    service.give(
        scene.session,
        scene.community,
        scene.group.account_code,
        minutes=minutes,
        words="For the shuttles.",
        by=scene.otto,
        today=utc_now().date(),
        now=utc_now(),
    )


def test_a_pot_says_what_it_holds_and_what_it_can_do_next(scene: Scene, walk: Walk) -> None:
    mia, lena, otto = walk(scene.mia), walk(scene.lena), walk(scene.otto)
    mia.get(at(scene.community, "/groups/badminton"))
    page = mia.follow("The pot")
    assert "It holds 0 min" in page
    assert "It cannot give anything just now" in page
    mia.follow("Give hours")
    mia.submit(minutes="90", words="For the shuttles.")
    page = here(mia)
    assert "Thank you. The hours are in the pot." in page
    assert "It can give up to 1 h 30 min; one person decides." in page
    assert "A gift" in page
    assert "For the shuttles." not in page
    assert "Mia" not in page.text
    assert "Mia · For the shuttles." in lena.get(path(scene))
    otto.refused(path(scene)).refused(path(scene, "/give"))
    mia.get(path(scene, "/give"))
    page = mia.submit(minutes="1200", status=422)
    assert "more than there is to give" in page


def test_help_is_asked_for_and_somebody_else_says_yes(scene: Scene, walk: Walk) -> None:
    give(scene, 90)
    mia, lena = walk(scene.mia), walk(scene.lena)
    mia.get(path(scene))
    mia.follow("Ask it for help")
    mia.submit(words="", status=422)
    mia.submit(words="A lift home", minutes="60")
    page = here(mia)
    assert "1 h to help Mia" in page
    assert "1 yes is missing" in page
    assert "Yes" not in page.all("main button")
    assert "is asked for 1 h" in lena.get(at(scene.community, "/me/notices"))
    lena.get(path(scene))
    assert "Done. The hours have moved." in lena.submit(button="Yes")
    assert scene.balance(scene.mia) == 60
    mia.get(path(scene, "/ask"))
    mia.submit(words="More")
    mia.get(path(scene))
    assert "The hours stay in the pot" in mia.submit(button="Take it back")


def test_nobody_decides_about_themselves_and_a_pot_keeps_its_floor(
    scene: Scene, walk: Walk
) -> None:
    give(scene, 30)
    lena, hugo = walk(scene.lena), walk(scene.hugo)
    lena.get(path(scene, "/ask"))
    lena.submit(words="Bread workshop", minutes="60")
    move = scene.waiting()[0]
    lena.get(path(scene))
    lena.submit(button="Take it back")
    lena.get(path(scene, "/pay"))
    page = lena.submit(who="Nobody", words="x", status=422)
    assert "Nobody here is called" in page
    lena.submit(who="Lena", words="Bread workshop", minutes="60")
    move = scene.waiting()[0]
    assert "Yes" not in here(lena).all("main button")
    hugo.get(path(scene))
    page = hugo.submit(button="Yes", status=422)
    assert "That is 30 min more than there is to give." in page
    assert scene.pot() == 30
    assert queries.approvals(scene.session, move) == []
    hugo.get(path(scene, "/pay"))
    page = hugo.submit(who="Mia", words="Sweeping", minutes="45", status=422)
    assert "That is 15 min more than there is to give." in page


def test_a_coordinator_says_how_carefully_a_pot_is_looked_after(scene: Scene, walk: Walk) -> None:
    give(scene, 120)
    cora, lena, hugo = walk(scene.cora), walk(scene.lena), walk(scene.hugo)
    lena.refused(path(scene, "/rule"))
    cora.get(path(scene))
    cora.follow("How carefully it is looked after")
    cora.submit(two_above_minutes="0", floor_minutes="60")
    assert "It can give up to 3 h; two people decide." in here(cora)
    lena.get(path(scene, "/pay"))
    lena.submit(who="Mia", words="Sweeping", minutes="60")
    assert "Asked. Somebody else decides" in here(lena)
    hugo.get(path(scene))
    assert "Done" in hugo.submit(button="Yes")


def test_the_page_of_all_pots_adds_up_with_the_books(scene: Scene, walk: Walk) -> None:
    give(scene, 90)
    service.post_session(
        scene.session,
        scene.community,
        Terms(kind="activity", activity="sport", pot_minutes=15),
        [Attendance(scene.lena.account_code, 120, is_host=True)],
        [PotShare(scene.group.account_code)],
        key="session:1",
        happened_on=utc_now().date(),
        by=scene.lena,
        now=utc_now(),
    )
    otto = walk(scene.otto)
    otto.get(at(scene.community, "/groups"))
    page = otto.follow("Pots")
    assert "Badminton 2 h" in page
    assert "Sport and moving about 2 h 30 min" in page
    assert "Together 0 min" in page
    assert "Nothing so far" in page
    page = otto.get(path(scene).replace("badminton", "community"))
    assert "The pot of" in page.h1
    assert "A session: Sport" in walk(scene.lena).get(path(scene))


def test_a_pot_goes_back_line_by_line(scene: Scene, walk: Walk) -> None:
    for minutes in range(1, 35):
        give(scene, minutes)
    mia = walk(scene.mia)
    page = mia.get(path(scene))
    seen = []
    while True:
        seen += page.all("main table:last-of-type tbody td[data-label=Hours]")
        if not page.soup.select("a[rel=next]"):
            break
        page = mia.follow("Older")
    assert seen == [f"+{minutes} min" for minutes in range(34, 0, -1)]
    assert "Older" in mia.follow("Newer")
    for nonsense in ("99", "x", "-1", "٣"):
        assert "+34 min" in mia.get(path(scene, f"?from={nonsense}"))


def connected(scene: Scene, walk: Walk, **fields: str) -> Group:
    tea = scene.start(scene.otto, name="Tea")
    lena, otto = walk(scene.lena), walk(scene.otto)
    lena.get(at(scene.community, "/groups/badminton"))
    lena.follow("Connected groups")
    lena.follow("Connect with a group")
    lena.submit(group_slug="", status=422)
    lena.submit(own_parts="0", other_parts="0", group_slug="tea", status=422)
    lena.submit(own_parts="2", other_parts="1", **fields)  # type: ignore[arg-type]
    assert "Waits for them" in here(lena)
    assert "would like to be connected" in otto.get(at(scene.community, "/me/notices"))
    otto.get(at(scene.community, "/groups/tea/with"))
    assert "Waits for you" in here(otto)
    page = otto.follow("Badminton")
    assert "1 part for Tea · 2 parts for Badminton" in page
    assert "Take it back" not in page, "that is for whoever asked"
    otto.submit(button="Yes, gladly")
    return tea


def test_two_groups_say_yes_and_their_thread_shows(scene: Scene, walk: Walk, pages: Pages) -> None:
    connected(scene, walk, words="A walk each month.")
    mia = walk(scene.mia)
    mia.get(at(scene.community, "/groups/badminton/with"))
    page = mia.follow("Tea")
    assert "A walk each month." in page
    assert "Between the two pots it is all even." in page
    web = mia.get(at(scene.community, "/groups/web"))
    assert web.all("svg text") == ["Badminton", "Tea"]
    assert len(web.soup.select("svg .chart-thread")) == 1
    assert "No threads yet" in pages.get(at(scene.community, "/groups/web"))
    mia.refused(at(scene.community, "/groups/badminton/with/chess"))
    mia.refused(at(scene.community, "/groups/badminton/connect"))
    lena = walk(scene.lena)
    offers = lena.get(at(scene.community, "/groups/badminton/connect")).all("#group_slug option")
    assert offers == ["Choose one"], "nobody is connected twice"


def test_terms_are_proposed_anew_and_a_connection_ends(scene: Scene, walk: Walk) -> None:
    connected(scene, walk)
    lena, otto = walk(scene.lena), walk(scene.otto)
    between = at(scene.community, "/groups/badminton/with/tea")
    lena.get(between)
    lena.follow("Propose something else")
    lena.submit(mutual_minutes="120", own_parts="1")
    assert "What is proposed" in here(lena)
    assert "Each has the same part" in here(lena)
    assert "2 parts for Badminton" in here(lena), "what was agreed holds until then"
    otto.get(at(scene.community, "/groups/tea/with/badminton"))
    otto.submit(button="Not this time")
    lena.get(between)
    lena.follow("End it")
    lena.submit(button="Yes, end it")
    assert "None yet" in here(lena)


def test_hours_flow_between_pots_until_the_limit_they_agreed(scene: Scene, walk: Walk) -> None:
    give(scene, 400)
    connected(scene, walk, mutual_minutes="60")
    lena = walk(scene.lena)
    lena.get(path(scene))
    lena.follow("To another pot")
    lena.submit(words="", status=422)
    lena.submit(words="Their cooks helped", other_code="G000003", minutes="45")
    assert "Done. The hours have moved." in here(lena)
    lena.get(path(scene, "/transfer"))
    page = lena.submit(words="More", other_code="G000003", minutes="30", status=422)
    assert "You can move up to 15 min now." in page
    lena.submit(minutes="15")
    lena.get(path(scene, "/transfer"))
    page = lena.submit(words="More", other_code="G000003", minutes="15", status=422)
    assert "and that is reached" in page
    assert "gave 1 h more to Tea" in lena.get(at(scene.community, "/groups/badminton/with/tea"))
    page = lena.get(at(scene.community, "/pots"))
    assert page.all("svg text") == ["Badminton", "Tea"]
    assert "Badminton Tea 1 h" in page


@pytest.mark.parametrize(
    "page",
    ["/pots", "/pots/badminton", "/groups/badminton/with", "/groups/web", "/groups/badminton"],
)
def test_a_page_asks_no_more_as_pots_are_used(
    scene: Scene, walk: Walk, counted: Counted, page: str
) -> None:
    lena = walk(scene.lena)
    scene.session.flush()

    def grow(count: int, start: int) -> None:
        for number in range(start, start + count):
            give(scene, 1)
            member = make_member(scene.session, scene.community, first_name=f"Walker {number}")
            other = scene.start(member, name=f"Walks {number}")
            service.connect(
                scene.session,
                scene.group,
                other,
                Agreement(mutual_minutes=60),
                by=scene.lena,
                who=scene.lead,
                now=utc_now(),
            )
            who = queries.standing_of(scene.session, other, member, on=utc_now().date())
            service.answer_tie(
                scene.session, other, scene.group, yes=True, by=member, who=who, now=utc_now()
            )
            service.ask_pot(
                scene.session,
                scene.community,
                scene.group.account_code,
                "grant",
                member=scene.mia,
                minutes=15,
                words="Please",
                by=scene.mia,
                who=scene.who(scene.mia),
                today=utc_now().date(),
                now=utc_now(),
            )

    grow(3, 0)
    few = counted(lena, at(scene.community, page))
    grow(12, 3)
    many = counted(lena, at(scene.community, page))
    assert many <= few
    assert many <= STATEMENTS_MAX


def test_two_who_say_yes_at_the_same_moment_move_the_hours_once(
    scene: Scene, walk: Walk, session: Session
) -> None:
    give(scene, 200)
    mia = walk(scene.mia)
    mia.get(path(scene, "/ask"))
    mia.submit(words="A lift home", minutes="60")
    tabs = [(pages := walk(who), pages.get(path(scene))) for who in (scene.lena, scene.hugo)]
    together = Barrier(len(tabs))

    def press(tab: tuple[Pages, Page]) -> int:
        pages, page = tab
        form = next(each for each in page.soup.select("form") if "/yes" in str(each["action"]))
        fields = {str(each["name"]): str(each["value"]) for each in form.select("input")}
        together.wait()
        answer = pages.client.post(
            str(form["action"]),
            data=fields,
            headers={"Referer": f"https://timebank.example{page.url}"},
        )
        return answer.status_code

    with ThreadPoolExecutor(len(tabs)) as pool:
        answers = sorted(pool.map(press, tabs))
    assert answers == [303, 409]
    session.rollback()
    assert scene.pot() == 140
    assert scene.balance(scene.mia) == 60
