"""The pages of groups, walked as people walk them, without script."""

import csv
import datetime as dt
import io

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import at, make_member
from tests.pages.page import Page, Pages, Walk
from tests.timebank.conftest import Counted
from tests.timebank.groups.scene import Scene
from timebank.clock import utc_now
from timebank.groups import queries, service
from timebank.groups.models import Group

STATEMENTS_MAX = 12
DAY = dt.timedelta(days=1)


def path(scene: Scene, page: str = "") -> str:
    return at(scene.community, f"/groups/badminton{page}")


def here(pages: Pages) -> Page:
    assert pages.page is not None
    return pages.page


def test_three_answers_start_a_group_that_works(scene: Scene, walk: Walk) -> None:
    otto = walk(scene.otto)
    otto.get(at(scene.community, "/groups"))
    otto.follow("Start a group")
    otto.submit(name="Tea at four", when_words="", where_words="Café", status=422)
    page = otto.submit(when_words="Tuesdays")
    assert page.h1 == "Tea at four"
    assert "Here it is" in page
    assert "Tuesdays" in page
    assert page.all("main .link-list")[0].startswith("Plan the first date Invite somebody")
    assert "Good first steps" not in walk(scene.mia).get(here(otto).url)
    otto.follow("Say what it is like")
    otto.submit(words="A pot of tea, and whoever comes.")
    assert "Good first steps" not in here(otto)
    cora = walk(scene.cora)
    notices = cora.get(at(scene.community, "/me/notices"))
    assert "Otto started a group: Tea at four." in notices
    assert walk(scene.mia).get(at(scene.community, "/groups")).link("Tea at four")


def test_somebody_comes_in_reads_the_rules_and_goes(scene: Scene, walk: Walk) -> None:
    lena, mia = walk(scene.lena), walk(scene.mia)
    assert "No ground rules yet" in lena.get(path(scene, "/rules"))
    lena.follow("Write ground rules")
    lena.submit(words="Be kind.\n\nBe on time.")
    assert "Version 1" in here(lena)
    assert "You read them on" in here(lena), "whoever wrote them need not be asked"
    assert "Come in" in mia.get(path(scene))
    page = mia.submit(button="Come in")
    assert "Welcome" in page
    assert "There are ground rules to read" in page
    mia.follow("Read the ground rules")
    page = mia.submit(button="I have read them and keep to them")
    assert "There are ground rules to read" not in page
    assert "You read them on" in mia.get(path(scene, "/rules"))
    assert "Be kind." in mia.get(path(scene, "/rules/print"))
    assert "Mia came in" in mia.get(path(scene, "/story"))
    mia.get(path(scene, "/leave"))
    assert "You have left" in mia.submit(button="Yes, leave")
    mia.refused(path(scene, "/people"))
    mia.refused(path(scene, "/leave"))


def test_where_one_asks_first_a_lead_answers(scene: Scene, walk: Walk) -> None:
    lena, mia = walk(scene.lena), walk(scene.mia)
    lena.get(path(scene, "/change"))
    lena.submit(joining="ask")
    mia.get(path(scene))
    assert "You have asked to come in" in mia.submit(button="Ask to come in")
    assert "You can ask again" in mia.submit(button="Take it back")
    mia.submit(button="Ask to come in")
    assert "Somebody waits" in lena.get(path(scene))
    lena.get(path(scene, "/people"))
    assert "Mia has been told" in lena.submit(button="Let Mia in")
    assert "People in the group" in mia.get(path(scene))


def test_an_invitation_waits_on_the_page_of_the_group(scene: Scene, walk: Walk) -> None:
    lena, mia = walk(scene.lena), walk(scene.mia)
    make_member(scene.session, scene.community, first_name="Mia")
    lena.get(path(scene, "/invite"))
    lena.submit(who="Nobody", status=422)
    page = lena.submit(who="Mia", status=422)
    assert page.mistakes == ["Choose the person you mean."]
    lena.submit(member_number=str(scene.mia.number))
    assert "You are invited" in mia.get(at(scene.community, "/groups"))
    mia.get(path(scene))
    mia.submit(button="No, thank you")
    lena.get(path(scene, "/invite"))
    lena.submit(who=scene.mia.account_code)
    mia.get(path(scene))
    assert "Welcome" in mia.submit(button="Come in")


def test_a_part_is_given_and_the_last_lead_stays(scene: Scene, walk: Walk) -> None:
    scene.come_in(scene.hugo)
    lena = walk(scene.lena)
    lena.get(path(scene, "/people"))
    lena.follow("Change Hugo")
    lena.submit(part="host", is_paid=True)
    assert "Host · paid staff" in here(lena)
    assert "paid staff" not in walk(scene.hugo).get(path(scene, "/people"))
    lena.get(path(scene, f"/people/{scene.lena.id}"))
    page = lena.submit(part="member", status=422)
    assert "Somebody has to run the group" in page
    lena.get(path(scene, "/leave"))
    assert "Somebody has to run the group" in lena.submit(button="Yes, leave", status=422)


def test_what_is_typed_wrong_stays_and_is_named(scene: Scene, walk: Walk) -> None:
    lena = walk(scene.lena)
    lena.get(path(scene, "/change"))
    page = lena.submit(mailbox="cafe at home", words="We play.", status=422)
    assert page.mistakes == [
        "This is no e-mail address. It looks like cafe@example.org, or leave it empty."
    ]
    assert "We play." in page.one("textarea").get_text()
    lena.submit(mailbox="cafe@example.org", slots=["6-morning"], is_public=True)
    assert "cafe@example.org" in here(lena)
    assert "checked today" in lena.submit(button="Everything here is right today")
    assert "Checked on" in lena.get(path(scene))


def test_a_place_is_noted_found_by_postcode_and_chosen(scene: Scene, walk: Walk) -> None:
    lena = walk(scene.lena)
    lena.get(at(scene.community, "/places"))
    lena.follow("Note a place")
    lena.submit(name="Chaplin Close", opens_on="tomorrow", status=422)
    lena.submit(opens_on="2026-05-02", closes_on="2026-05-01", status=422)
    lena.submit(opens_on="", closes_on="", postcode="se18tu")
    lena.get(at(scene.community, "/places/new"))
    page = lena.submit(name="Chaplin Close", postcode="SE1 8TU", status=422)
    assert "noted already" in page
    lena.get(path(scene, "/change"))
    place = queries.venues(scene.session, scene.community.id)[0]
    page = lena.submit(venue_id=str(place.id))
    assert page.one("main").get_text().count("SE1 8TU") == 1, "a postcode is said once"
    mia = walk(scene.mia)
    assert mia.get(path(scene)[: -len("/badminton")] + "/print").html.count("SE1 8TU") == 1
    for text in ("SE18TU", "se1 8tu"):
        mia.get(at(scene.community, f"/groups?q={text}"))
        assert mia.follow("Badminton").h1 == "Badminton"
        mia.get(at(scene.community, f"/places?q={text}"))
        assert "Badminton" in mia.follow("Chaplin Close")
    mia.refused(at(scene.community, "/places/new"))
    lena.get(at(scene.community, f"/places/{place.id}/change"))
    assert "Steps" in lena.submit(access_words="Steps at the door.")


def test_a_visitor_meets_public_groups_and_no_names(scene: Scene, walk: Walk, pages: Pages) -> None:
    assert "Nothing to see from outside" in pages.get(at(scene.community, "/groups"))
    pages.refused(path(scene)).refused(path(scene, "/rules"))
    lena = walk(scene.lena)
    lena.get(path(scene, "/change"))
    lena.submit(is_public=True, supports=["social"])
    pages.get(at(scene.community, "/groups"))
    page = pages.follow("Badminton")
    assert "Sunday mornings" in page
    assert "Lena" not in page.html
    assert "Badminton" in pages.get(at(scene.community, "/groups?support=social&day=6x"))
    assert "No group like this yet" in pages.get(at(scene.community, "/groups?support=practical"))
    assert "Badminton" in pages.get(at(scene.community, "/groups/print"))
    assert "No groups to list" in pages.get(at(scene.community, "/groups/print?support=practical"))


def test_the_directory_is_a_file_for_other_programs(
    scene: Scene, client: Client, session: Session
) -> None:
    scene.start(name="=SUM(A1)", is_public=True, supports=["social"], slots=[(1, "afternoon")])
    session.commit()
    facts = client.get(at(scene.community, "/groups.json")).json
    assert facts is not None
    assert [group["name"] for group in facts["groups"]] == ["=SUM(A1)"]
    assert facts["groups"][0]["days"] == ["2 afternoon"]
    assert "Lena" not in client.get(at(scene.community, "/groups.json")).text
    answer = client.get(at(scene.community, "/groups.csv"))
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["name"] for row in rows] == ["'=SUM(A1)"]
    assert rows[0]["supports"] == "social"
    assert answer.mimetype == "text/csv"


def exclude(scene: Scene, walk: Walk) -> Pages:
    """Let Lena decide that Mia stays away, on pages."""
    today = utc_now().date()
    lena = walk(scene.lena)
    lena.get(path(scene, "/apart"))
    lena.follow("Decide that somebody stays away")
    values = {"who": "Mia", "until_on": (today + 14 * DAY).isoformat(), "reason": "Shouted."}
    page = lena.submit(**values, review_on=(today + 20 * DAY).isoformat(), status=422)
    assert "Choose a day between" in page
    lena.submit(review_on=(today + 7 * DAY).isoformat())
    return lena


def test_nobody_decides_about_themselves_and_the_form_says_so(scene: Scene, walk: Walk) -> None:
    lena = walk(scene.lena)
    lena.get(path(scene, "/apart/new"))
    day = utc_now().date().isoformat()
    page = lena.submit(who="Lena", until_on=day, review_on=day, reason="Why not.", status=422)
    assert page.mistakes == ["Nobody decides this about themselves. Ask somebody else to."]


def test_an_exclusion_shows_to_the_lead_and_the_member_and_to_nobody_else(
    scene: Scene, walk: Walk
) -> None:
    scene.come_in(scene.hugo, "host")
    other = scene.start(scene.otto, name="Tea")
    lena = exclude(scene, walk)
    assert "Holds" in here(lena)
    hugo, otto, mia = walk(scene.hugo), walk(scene.otto), walk(scene.mia)
    hugo.refused(path(scene, "/apart")).refused(path(scene, "/away"))
    otto.refused(path(scene, "/apart"))
    tea = at(scene.community, f"/groups/{other.slug}")
    assert "Nobody" in otto.get(f"{tea}/apart")
    assert "Mia" not in otto.get(f"{tea}/people").html
    mia.get(path(scene))
    page = mia.submit(button="Come in", status=422)
    assert "Please speak to the person who runs this group." in page
    mia.get(tea)
    assert "Welcome" in mia.submit(button="Come in")
    assert "from a group" in mia.get(at(scene.community, "/me/notices"))
    assert "Shouted." in mia.get(path(scene, "/away"))


def test_an_appeal_goes_to_somebody_else_and_is_answered(scene: Scene, walk: Walk) -> None:
    lena = exclude(scene, walk)
    mia, cora = walk(scene.mia), walk(scene.cora)
    mia.get(path(scene, "/away"))
    mia.follow("Ask that somebody else looks at it")
    mia.submit(words="", status=422)
    mia.submit(words="The cook shouted first.")
    lena.get(path(scene, "/apart"))
    page = lena.follow("Mia")
    assert "Somebody who did not decide answers it" in page
    decision = queries.exclusions(scene.session, scene.group)[0]
    lena.refused(path(scene, f"/apart/{decision.id}/answer"))
    cora.get(path(scene, "/apart"))
    cora.follow("Mia")
    cora.follow("Answer the appeal")
    cora.submit(outcome="shortened", words="We heard both.", status=422)
    cora.submit(outcome="lifted", until_on="")
    assert "This is over" in mia.get(path(scene, "/away"))


def test_a_decision_is_looked_at_again_on_its_page(scene: Scene, walk: Walk) -> None:
    lena = exclude(scene, walk)
    lena.follow("Mia")
    lena.follow("Look at it again")
    lena.submit(outcome="stands", review_on="2020-01-01", words="We talked.", status=422)
    lena.submit(review_on="")
    assert "We talked." in here(lena)
    lena.follow("Look at it again")
    lena.submit(outcome="lifted", words="All good.")
    assert "Ended early on" in here(lena)


def test_a_group_ends_after_saying_what_becomes_of_its_hours(scene: Scene, walk: Walk) -> None:
    lena = walk(scene.lena)
    lena.get(path(scene))
    lena.follow("End the group")
    assert "The group has ended" in lena.submit(button="Yes, end it")
    assert "has come to its end" in lena.get(path(scene))
    assert "Badminton" not in lena.get(at(scene.community, "/groups")).all("main h3")


def grow(scene: Scene, count: int) -> list[Group]:
    groups = [scene.start(name=f"Walk {number}", slots=[(1, "morning")]) for number in range(count)]
    for number in range(count):
        member = make_member(scene.session, scene.community, first_name=f"Walker {number}")
        service.join(scene.session, scene.group, member, today=utc_now().date(), now=utc_now())
    return groups


@pytest.mark.parametrize(
    "page", ["/groups", "/groups/badminton", "/groups/badminton/people", "/places", "/groups/print"]
)
def test_a_page_asks_no_more_as_the_community_grows(
    scene: Scene, walk: Walk, counted: Counted, page: str
) -> None:
    lena: Pages = walk(scene.lena)
    grow(scene, 3)
    few = counted(lena, at(scene.community, page))
    grow(scene, 30)
    many = counted(lena, at(scene.community, page))
    assert many <= few
    assert many <= STATEMENTS_MAX


# ---------------------------------------------------------------------- the crediting rule


def test_a_rule_is_seen_at_work_before_it_counts(scene: Scene, walk: Walk) -> None:
    lena, mia = walk(scene.lena), walk(scene.mia)
    assert "has not written a rule yet" in mia.get(path(scene, "/crediting"))
    mia.refused(path(scene, "/crediting/change"))
    lena.get(path(scene, "/crediting"))
    lena.follow("Choose a rule")
    page = lena.submit(kind="activity", activity="sport", pot_minutes="15")
    assert "An hour of hosting gives the host 1 h and the pot 15 min." in page
    assert "A host, 2 h +2 h" in page
    assert "Paid staff, 2 h 0 min" in page
    assert "The pot +53 min" in page
    assert "Together 0 min" in page
    assert queries.crediting_rules(scene.session, scene.group) == []
    page = lena.submit(button="Use this rule")
    assert "Taking part costs nothing." in page
    assert "Paid staff are written down and never credited." in page
    assert "the pot 15 min" in mia.get(path(scene, "/crediting"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "participants"}, "Hosts get hours and nobody gives them."),
        ({"kind": "pot", "pot_minutes": "15"}, "A share for the pot comes from recognised"),
        ({"kind": "unpaid", "credits_participants": True}, "Hours for those who take part"),
        ({"kind": "pot", "applies_from_on": "soon"}, "Write the day like this"),
    ],
)
def test_a_rule_that_does_not_add_up_is_refused_with_a_sentence(
    scene: Scene, walk: Walk, fields: dict[str, str | bool], words: str
) -> None:
    lena = walk(scene.lena)
    lena.get(path(scene, "/crediting/change"))
    page = lena.submit(status=422, **fields)  # type: ignore[arg-type]
    assert words in page
    assert page.soup.select(f"input[value={fields['kind']}][checked]")


def test_a_rule_for_a_day_that_is_over_is_refused_and_one_to_come_is_announced(
    scene: Scene, walk: Walk
) -> None:
    lena = walk(scene.lena)
    today = utc_now().date()

    def choose(kind: str, days: int, **fields: str | bool) -> None:
        lena.get(path(scene, "/crediting/change"))
        day = (today + days * DAY).isoformat()
        lena.submit(kind=kind, applies_from_on=day, **fields)  # type: ignore[arg-type]

    choose("pot", 0)
    lena.submit(button="Use this rule", applies_from_on=(today - DAY).isoformat(), status=422)
    assert "from today on" in here(lena)
    lena.get(path(scene, "/crediting/change"))
    lena.submit(kind="pot", applies_from_on=(today - 2 * DAY).isoformat(), status=422)
    assert "from today on" in here(lena), "before anybody sees what it would do"
    choose("donated", 0)
    lena.submit(button="Use this rule")
    choose("participants", 9, is_shared_evenly=True)
    page = lena.submit(button="Use this rule")
    assert "hosts give theirs away" in page
    assert "share the hosts’ hours equally" in page
    choose("activity", 0, credits_participants=True, is_shared_evenly=False)
    page = lena.submit(button="Use this rule")
    assert "An hour of taking part gives 1 h as well." in page
    assert "Version 1" in page
    choose("participants", 0, cost_minutes="10", credits_participants=False)
    page = lena.submit(button="Use this rule")
    assert "gives the pot 10 min of yours" in page
    assert "out of the pot" in page


def test_whoever_runs_a_group_and_stays_away_finds_none_of_its_pages(
    scene: Scene, walk: Walk
) -> None:
    scene.come_in(scene.hugo, "lead")
    lena, pages = walk(scene.lena), ("/change", "/apart", "/crediting/change", "/sessions/new")
    for page in pages:
        lena.get(path(scene, page))
    today = utc_now().date()
    service.exclude(
        scene.session,
        scene.group,
        scene.lena,
        until_on=today + DAY,
        review_on=today,
        reason="A quarrel.",
        by=scene.hugo,
        who=scene.who(scene.hugo),
        today=today,
        now=utc_now(),
    )
    for page in (*pages, "/closed-days"):
        lena.refused(path(scene, page))
    assert "Change what it says" not in lena.get(path(scene))
    assert "A quarrel." in lena.get(path(scene, "/away"))
    # What she was asked to decide in the group is not hers any more; what is elsewhere is.
    tea = scene.start(scene.lena, name="Tea")
    lena.get(at(scene.community, f"/groups/{tea.slug}/change"))
    walk(scene.hugo).get(path(scene, "/change"))
