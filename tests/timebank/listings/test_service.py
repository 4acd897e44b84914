"""Putting up, changing, answering and taking down."""

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community, make_member
from tests.timebank.listings.scene import TODAY, details_of, make_place, post
from timebank.errors import ThrottledError
from timebank.listings import queries, service
from timebank.listings.errors import (
    BadDetailsError,
    CategoryNotFoundError,
    CategoryRetiredError,
    ClosedListingError,
    ListingNotFoundError,
    NotYoursError,
    OwnListingError,
    PausedMemberError,
)
from timebank.listings.models import Listing, ListingWord
from timebank.listings.policy import LISTINGS_A_DAY_MAX
from timebank.listings.queries import Wanted
from timebank.members.models import Member
from timebank.messaging.models import Message, Notice, OutboxMail, Participant

DAY = dt.timedelta(days=1)


def notices_of(session: Session, member: object) -> list[str]:
    return list(
        session.scalars(
            sa.select(Notice.kind).where(Notice.member_id == member.id).order_by(Notice.id)  # type: ignore[attr-defined]
        )
    )


# ------------------------------------------------------------------------------ posting


def test_a_listing_keeps_what_was_said(session: Session) -> None:
    place = make_place(session)
    sam = make_member(session, place)
    listing = post(
        session,
        place,
        sam,
        kind="request",
        title="Someone for a form",
        words="Just the long one.",
        supports=frozenset({"practical", "emotional"}),
        about_minutes=45,
        when_words="not before ten",
        slots=frozenset({(0, "morning"), (5, "evening")}),
        place="area",
        area="Harbour",
        audience="everyone",
        ends_on=TODAY + 90 * DAY,
        language="da",
        is_anonymous=True,
        category="forms",
    )
    session.expire_all()
    kept = queries.by_id(session, place.id, listing.id)
    assert (kept.is_practical, kept.is_emotional, kept.is_social) == (True, True, False)
    assert {(slot.weekday, slot.part) for slot in kept.slots} == {(0, "morning"), (5, "evening")}
    assert (kept.language, kept.about_minutes, kept.area) == ("da", 45, "Harbour")
    assert kept.state == "open"
    leaf, heading = queries.place_in_tree(session, kept)
    assert (leaf.key, heading.key) == ("forms", "paper")


def test_the_language_of_a_listing_is_the_communitys_unless_said(session: Session) -> None:
    place = make_place(session, locale="ca")
    assert post(session, place, make_member(session, place)).language == "ca"


def test_nothing_goes_up_for_somebody_on_a_break(session: Session) -> None:
    place = make_place(session)
    for state in ("paused", "waiting", "left"):
        with pytest.raises(PausedMemberError):
            post(session, place, make_member(session, place, state=state))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "gift"),
        ("title", ""),
        ("title", "x" * 81),
        ("words", "x" * 1501),
        ("when_words", "x" * 201),
        ("area", "x" * 61),
        ("supports", frozenset({"medical"})),
        ("about_minutes", 0),
        ("about_minutes", -60),
        ("about_minutes", 2**63),
        ("slots", frozenset({(7, "morning")})),
        ("slots", frozenset({(0, "night")})),
        ("place", "home"),
        ("audience", "world"),
        ("transition", "divorce"),
        ("language", "xx"),
        ("ends_on", TODAY - DAY),
        ("ends_on", TODAY + 400 * DAY),
    ],
)
def test_asvs_10_a_value_out_of_range_is_refused_and_named(
    session: Session, field: str, value: object
) -> None:
    place = make_place(session)
    sam = make_member(session, place)
    with pytest.raises(BadDetailsError) as refused:
        post(session, place, sam, **{field: value})  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_category_of_elsewhere_or_out_of_use_is_refused(session: Session) -> None:
    place, elsewhere = make_place(session), make_place(session)
    sam = make_member(session, place)
    foreign = details_of(session, elsewhere)
    with pytest.raises(CategoryNotFoundError):
        service.post_listing(session, place, sam, foreign, now=NOW)
    service.retire_category(queries.category_by_key(session, place.id, "walks"), now=NOW)
    with pytest.raises(CategoryRetiredError):
        post(session, place, sam)


def test_asvs_17_a_member_puts_up_so_many_a_day_and_no_more(session: Session) -> None:
    place = make_place(session)
    sam = make_member(session, place)
    for number in range(LISTINGS_A_DAY_MAX):
        post(session, place, sam, title=f"Walk {number}")
    with pytest.raises(ThrottledError):
        post(session, place, sam)
    post(session, place, sam, now=NOW + DAY + dt.timedelta(seconds=1))


def test_coordinators_hear_at_once_of_a_request_at_a_hard_moment(session: Session) -> None:
    place = make_place(session)
    sam = make_member(session, place)
    cora = make_member(session, place, roles=("coordinator",))
    dan = make_member(session, place, roles=("coordinator",))
    post(session, place, sam, kind="request", transition="leaving hospital")
    post(session, place, cora, kind="request", transition="crisis at a weekend")
    post(session, place, sam, kind="offer", transition="leaving hospital")
    assert notices_of(session, cora) == ["urgent request"]
    assert notices_of(session, dan) == ["urgent request"] * 2
    assert notices_of(session, sam) == []
    urgent = queries.urgent_requests(session, place, now=NOW, limit=10)
    assert [listing.transition for listing, _member in urgent] == [
        "leaving hospital",
        "crisis at a weekend",
    ]


# ----------------------------------------------------------------------------- changing


def test_changed_words_are_found_and_the_old_ones_are_not(session: Session) -> None:
    place = make_place(session)
    sam = make_member(session, place)
    listing = post(
        session, place, sam, title="Rødgrød med fløde", slots=frozenset({(0, "evening")})
    )
    details = details_of(
        session, place, title="Bread", slots=frozenset({(0, "evening"), (1, "morning")})
    )
    service.change_listing(session, place, listing, details, by=sam, now=NOW)
    words = set(session.scalars(sa.select(ListingWord.word)))
    assert words == {"bread"}
    assert len(listing.slots) == 2


def test_only_the_owner_changes_a_listing_and_only_while_it_is_up(session: Session) -> None:
    place = make_place(session)
    sam, eve = make_member(session, place), make_member(session, place)
    listing = post(session, place, sam)
    details = details_of(session, place)
    with pytest.raises(NotYoursError):
        service.change_listing(session, place, listing, details, by=eve, now=NOW)
    for act in (service.pause, lambda each, by: service.resume(place, each, by=by, now=NOW)):
        with pytest.raises(NotYoursError):
            act(listing, by=eve)
    with pytest.raises(NotYoursError):
        service.renew(place, listing, by=eve, now=NOW)
    with pytest.raises(NotYoursError):
        service.close(listing, by=eve, now=NOW)
    service.close(listing, by=sam, now=NOW)
    with pytest.raises(ClosedListingError):
        service.change_listing(session, place, listing, details, by=sam, now=NOW)


def test_a_changed_listing_may_keep_its_retired_category_and_its_past_end(
    session: Session,
) -> None:
    place = make_place(session)
    sam = make_member(session, place)
    listing = post(session, place, sam, ends_on=TODAY)
    service.retire_category(queries.category_by_key(session, place.id, "walks"), now=NOW)
    details = details_of(session, place, title="Another walk", ends_on=TODAY)
    service.change_listing(session, place, listing, details, by=sam, now=NOW + 9 * DAY)
    assert listing.title == "Another walk"


def test_pause_resume_renew_and_close(session: Session) -> None:
    place = make_place(session)
    sam = make_member(session, place)
    listing = post(session, place, sam, ends_on=TODAY + DAY)
    service.pause(listing, by=sam)
    assert listing.state == "paused"
    service.resume(place, listing, by=sam, now=NOW)
    assert (listing.state, listing.ends_on) == ("open", TODAY + DAY)
    service.pause(listing, by=sam)
    service.resume(place, listing, by=sam, now=NOW + 10 * DAY)
    assert listing.ends_on == TODAY + 100 * DAY
    setattr(listing, "nudged_days", 7)  # noqa: B010 -- mypy would think it stays so
    service.renew(place, listing, by=sam, now=NOW, days=30)
    assert listing.ends_on == TODAY + 30 * DAY
    assert listing.nudged_days is None
    with pytest.raises(BadDetailsError):
        service.renew(place, listing, by=sam, now=NOW, days=0)
    service.close(listing, by=sam, now=NOW)
    service.close(listing, by=sam, now=NOW + DAY)
    assert listing.closed_at == NOW


def test_a_coordinator_may_take_a_listing_down(session: Session) -> None:
    place = make_place(session)
    cora = make_member(session, place, roles=("coordinator",))
    listing = post(session, place, make_member(session, place))
    service.close(listing, by=cora, roles=frozenset({"coordinator"}), now=NOW)
    assert listing.state == "closed"


# ---------------------------------------------------------------------------- answering


def test_an_answer_begins_one_private_talk(session: Session) -> None:
    place = make_place(session)
    sam = make_member(session, place, first_name="Sam", email="sam@example.org")
    eve = make_member(session, place, first_name="Eve")
    listing = post(session, place, sam, title="A walk by the river")
    talk = service.reply(session, listing, eve, "Gladly!", now=NOW)
    again = service.reply(session, listing, eve, "On Sunday?", now=NOW)
    assert again.id == talk.id
    assert (talk.title, talk.about_kind, talk.about_id) == (listing.title, "listing", listing.id)
    assert session.scalar(sa.select(sa.func.count()).select_from(Message)) == 2
    # One notice and one mail, not two: the first still lies unread.
    assert notices_of(session, sam) == ["message"]
    assert session.scalar(sa.select(sa.func.count()).select_from(OutboxMail)) == 1


def test_nobody_answers_themselves_or_on_a_break(session: Session) -> None:
    place = make_place(session)
    sam = make_member(session, place)
    listing = post(session, place, sam)
    with pytest.raises(OwnListingError):
        service.reply(session, listing, sam, "Hello me", now=NOW)
    with pytest.raises(PausedMemberError):
        service.reply(session, listing, make_member(session, place, state="paused"), "Hi", now=NOW)


def test_somebody_without_a_name_stays_so_in_the_talk(session: Session) -> None:
    place = make_place(session)
    sam, eve = make_member(session, place), make_member(session, place)
    listing = post(session, place, sam, kind="request", is_anonymous=True)
    talk = service.reply(session, listing, eve, "I can help", now=NOW)
    unnamed = session.scalars(
        sa.select(Participant.member_id).where(
            Participant.conversation_id == talk.id, Participant.is_unnamed
        )
    ).all()
    assert unnamed == [sam.id]


# ------------------------------------------------------------------------------ finding


def titles(session: Session, place: object, **options: object) -> list[str]:
    wanted = Wanted(**{key: options.pop(key) for key in list(options) if key in Wanted.__slots__})  # type: ignore[arg-type]
    options = {"viewer": None, "today": TODAY, "limit": 20} | options
    rows = queries.shown(session, place.id, wanted, **options)  # type: ignore[attr-defined,arg-type]
    return [listing.title for listing in rows]


def test_each_viewer_finds_what_is_meant_for_them(session: Session) -> None:
    place = make_place(session)
    sam, eve = make_member(session, place), make_member(session, place)
    cora = make_member(session, place, roles=("coordinator",))
    for audience in ("everyone", "community", "coordinator"):
        post(session, place, sam, title=audience, audience=audience)
    assert titles(session, place) == ["everyone"]
    assert titles(session, place, viewer=eve) == ["community", "everyone"]
    roles = frozenset({"coordinator"})
    assert titles(session, place, viewer=cora, roles=roles) == [
        "coordinator",
        "community",
        "everyone",
    ]


@pytest.mark.parametrize("state", ["paused", "left", "waiting", "refused"])
def test_the_listings_of_somebody_not_here_are_not_shown(session: Session, state: str) -> None:
    place = make_place(session)
    sam, eve = make_member(session, place), make_member(session, place)
    listing = post(session, place, sam, audience="everyone")
    sam.state = state
    assert titles(session, place, viewer=eve) == []
    with pytest.raises(ListingNotFoundError):
        queries.get(session, place, listing.id, eve, now=NOW)
    sam.state = "active"
    assert queries.get(session, place, listing.id, eve, now=NOW) is listing


def test_what_is_paused_closed_or_over_is_not_shown(session: Session) -> None:
    place = make_place(session)
    sam, eve = make_member(session, place), make_member(session, place)
    service.pause(post(session, place, sam, title="paused"), by=sam)
    service.close(post(session, place, sam, title="closed"), by=sam, now=NOW)
    over = post(session, place, sam, title="until today", ends_on=TODAY)
    assert titles(session, place, viewer=eve) == ["until today"]
    assert titles(session, place, viewer=eve, today=TODAY + DAY) == []
    # The owner, and who talks with them about it, still open it.
    service.reply(session, over, eve, "Still?", now=NOW)
    for viewer in (sam, eve):
        assert queries.get(session, place, over.id, viewer, now=NOW + 9 * DAY) is over
    with pytest.raises(ListingNotFoundError):
        queries.get(session, place, over.id, None, now=NOW)


def test_the_end_is_read_where_the_community_is(session: Session) -> None:
    place = make_place(session, time_zone="Pacific/Auckland")
    late = dt.datetime(2026, 5, 4, 13, tzinfo=dt.UTC)
    assert place.day_of(late) == dt.date(2026, 5, 5)


def test_a_list_is_narrowed(session: Session) -> None:
    place = make_place(session)
    sam, eve = make_member(session, place), make_member(session, place)
    walk = post(
        session, place, sam, title="walk", area="Harbour", slots=frozenset({(6, "morning")})
    )
    post(session, place, sam, title="tea", category="visits", language="da")
    post(session, place, sam, title="form", category="forms", supports=frozenset({"practical"}))
    post(session, place, sam, title="listen", supports=frozenset({"emotional"}), kind="request")

    def found(**narrowed: object) -> list[str]:
        return titles(session, place, viewer=eve, **narrowed)

    assert found(kind="request") == ["listen"]
    assert found(kind="offer", support="practical") == ["form"]
    assert found(kind="offer", support="social") == ["tea", "walk"]
    assert found(support="emotional") == ["listen"]
    assert found(area="Harbour") == ["walk"]
    assert found(language="da") == ["tea"]
    assert found(category_ids=[walk.category_id]) == ["listen", "walk"]
    assert found(kind="offer", weekday=6) == ["form", "tea", "walk"]
    assert found(kind="offer", weekday=2) == ["form", "tea"]


def test_areas_to_choose_from_are_those_of_what_somebody_may_find(session: Session) -> None:
    place = make_place(session)
    sam, eve = make_member(session, place), make_member(session, place)
    for audience, area in (("everyone", "Harbour"), ("community", "Hill"), ("coordinator", "Lea")):
        post(session, place, sam, audience=audience, area=area)
    over = post(session, place, sam, audience="everyone", area="Quay")
    over.ends_on = TODAY - DAY
    session.flush()

    def areas(viewer: Member | None, *roles: str) -> list[str]:
        held = frozenset(roles)
        return list(
            queries.areas(session, place.id, "offer", viewer=viewer, roles=held, today=TODAY)
        )

    assert areas(None) == ["Harbour"]
    assert areas(eve) == ["Harbour", "Hill"]
    assert areas(eve, "coordinator") == ["Harbour", "Hill", "Lea"]


def test_a_search_wants_every_word_and_folds_them(session: Session) -> None:
    place = make_place(session)
    sam, eve = make_member(session, place), make_member(session, place)
    post(session, place, sam, title="Rødgrød på Ærø", words="Kogt af kærlighed")
    post(session, place, sam, title="Formulari municipal", area="Gràcia")
    post(session, place, sam, title="Æblekage i Århus", words="100 % smør_ og sukker")

    def found(words: str) -> list[str]:
        return titles(session, place, viewer=eve, words=words)

    assert found("rodgrod") == ["Rødgrød på Ærø"]
    assert found("RØDGR") == ["Rødgrød på Ærø"]
    assert found("roedgroed aeroe") == ["Rødgrød på Ærø"]
    assert found("formularis gracia") == ["Formulari municipal"]
    assert found("aarhus") == ["Æblekage i Århus"]
    assert found("rodgrod arhus") == []
    assert found("%") == ["Æblekage i Århus", "Formulari municipal", "Rødgrød på Ærø"]
    assert found("smor_") == ["Æblekage i Århus"]
    assert found("zebra") == []
    # Two letters are a word and no beginning: they would begin half of all there are.
    assert found("i") == ["Æblekage i Århus"]
    assert found("ro") == []


def test_a_search_looks_at_names_of_categories_too(session: Session) -> None:
    place = make_place(session)
    sam, eve = make_member(session, place), make_member(session, place)
    walk = post(session, place, sam, title="Round the lake")
    post(session, place, sam, title="Tea", category="visits")
    named = {frozenset({"walks", "walk"}): [walk.category_id]}
    found = titles(session, place, viewer=eve, words="walks", categories_named=named)
    assert found == ["Round the lake"]


def test_pages_follow_each_other_without_a_gap(session: Session) -> None:
    place = make_place(session)
    sam = make_member(session, place)
    posted = [post(session, place, sam, title=f"{number}") for number in range(5)]
    first = titles(session, place, viewer=sam, limit=3)
    rest = titles(session, place, viewer=sam, limit=3, after=posted[2].id)
    assert first + rest == ["4", "3", "2", "1", "0"]
    own = queries.of_member(session, sam, after=posted[1].id, limit=5)
    assert [listing.title for listing in own] == ["0"]


def test_asvs_49_another_communitys_listing_is_not_there(session: Session) -> None:
    place, elsewhere = make_place(session), make_place(session)
    listing = post(session, place, make_member(session, place), audience="everyone")
    stranger = make_member(session, elsewhere)
    with pytest.raises(ListingNotFoundError):
        queries.get(session, elsewhere, listing.id, stranger, now=NOW)
    with pytest.raises(ListingNotFoundError):
        queries.by_id(session, elsewhere.id, listing.id)
    assert titles(session, elsewhere, viewer=stranger) == []


# ---------------------------------------------------------------------------- reminders


def test_a_reminder_goes_out_once_a_week_before_and_once_a_day_before(session: Session) -> None:
    place = make_place(session)
    sam = make_member(session, place, email="sam@example.org")
    listing = post(session, place, sam, ends_on=TODAY + 30 * DAY)
    paused = post(session, place, sam, ends_on=TODAY + 30 * DAY)
    service.pause(paused, by=sam)
    post(session, place, sam)
    sent = {}
    for day in range(32):
        for _run in range(2):
            count = service.nudge_ending(session, NOW + day * DAY)
            if count:
                sent[day] = count
    assert sent == {23: 1, 29: 1}
    assert notices_of(session, sam) == ["listing ends 7", "listing ends 1"]
    mails = session.scalars(sa.select(OutboxMail).order_by(OutboxMail.id)).all()
    assert [mail.topic for mail in mails] == ["listing", "listing"]
    assert str(listing.id) in (mails[0].once_key or "")


def test_a_worker_that_slept_reminds_late_and_only_of_the_last(session: Session) -> None:
    place = make_place(session)
    sam = make_member(session, place)
    post(session, place, sam, ends_on=TODAY + 30 * DAY)
    assert service.nudge_ending(session, NOW + 29 * DAY) == 1
    assert service.nudge_ending(session, NOW + 30 * DAY) == 0
    assert notices_of(session, sam) == ["listing ends 1"]


def test_a_community_without_listings_has_nobody_to_remind(session: Session) -> None:
    make_community(session)
    assert service.nudge_ending(session, NOW) == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(Listing)) == 0
