"""Somebody comes by, asks to join, is let in, asks for help, and gets it."""

from sqlalchemy.orm import Session

from tests.factories import at
from tests.pages.page import Pages, Walk
from tests.timebank.listings.test_chain import answer_all
from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.listings import queries
from timebank.members.models import Member


def test_from_the_door_to_the_first_hour(
    session: Session,
    place: Community,
    cora: Member,
    gita: Member,
    walk: Walk,
    visitor: Pages,
) -> None:
    visitor.get(at(place))
    visitor.get(at(place, "/join"))
    visitor.submit(button="Begin")
    visitor.submit(first_name="Sunniva")
    visitor.submit(area="Elmside")
    visitor.submit(email="")
    visitor.submit(could_offer="A walk with your dog")
    visitor.submit(would_like="Somebody to read a letter with")
    visitor.submit(agree=True)
    assert visitor.submit(button="Join").h1 == "Thank you, Sunniva"
    assert "Almost there" in visitor.get(at(place, "/me")).h1

    desk = walk(cora)
    desk.get(at(place, "/work"))
    desk.follow("Sunniva")
    desk.follow("Let them in")
    desk.submit(reason="Met her at the café.")

    answer_all(
        visitor,
        session,
        place,
        kind="request",
        title="Read a letter with me",
        supports=["practical"],
        heading=_category(session, place, "paper"),
        category=_category(session, place, "letters"),
    )
    visitor.submit(button="Put up my request")

    giver = walk(gita)
    giver.get(at(place, "/requests"))
    giver.follow("Read a letter with me")
    giver.submit(body="I used to read telephone books for a living.")

    visitor.get(at(place, "/messages"))
    assert "telephone books" in visitor.follow("Read a letter with me")
    visitor.follow("Suggest a time")
    visitor.submit(planned_on=utc_now().date().isoformat(), part_of_day="afternoon")
    giver.get(at(place, "/exchanges"))
    giver.follow("Read a letter with me")
    giver.submit(button="Yes, that suits me")
    visitor.get(visitor.page.url)  # type: ignore[union-attr]
    visitor.follow("It happened")
    visitor.submit(worked_minutes="60")
    giver.get(giver.page.url)  # type: ignore[union-attr]
    assert "You have 1 h to spend" in giver.submit(button="Yes, that is right") or (
        "1 h to spend" in giver.get(at(place, "/hours"))
    )

    # The books balance, and whoever keeps them sees it.
    assert "1 h" in desk.get(at(place, "/books"))


def _category(session: Session, place: Community, key: str) -> str:
    return str(queries.category_by_key(session, place.id, key).id)
