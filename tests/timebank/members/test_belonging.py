"""Joining, letting in, pausing, leaving, roles and details: what each keeps and refuses."""

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community, make_member, make_person, writing
from timebank.communities.errors import SlugTakenError
from timebank.communities.models import Community
from timebank.db import Base
from timebank.hours import queries as hours
from timebank.hours.errors import NoSuchAccountError
from timebank.members import errors, queries, service
from timebank.members.models import Member, RoleGrant
from timebank.members.policy import Traits
from timebank.members.service import Answers

LATER = NOW + dt.timedelta(days=1)


@pytest.fixture
def community(session: Session) -> Community:
    return make_community(session)


@pytest.fixture
def cora(session: Session, community: Community) -> Member:
    return make_member(session, community, first_name="Cora", roles=("coordinator",))


def kinds(session: Session, member: Member) -> list[str]:
    return [event.kind for event in reversed(queries.history(session, member))]


def test_a_community_is_founded_with_its_book_and_its_pot(session: Session) -> None:
    elm = service.found_community(
        writing(session), slug="elm", name="Elm Street", joining="invitation", now=NOW
    )
    assert elm.joining == "invitation"
    assert hours.balance(session, elm.id, "G000001").posted == 0
    with pytest.raises(SlugTakenError, match="elm"):
        service.found_community(session, slug="elm", name="Another", now=NOW)


def test_a_first_name_is_enough_to_belong(
    session: Session, community: Community, cora: Member
) -> None:
    sam = service.add_member(
        session, community, first_name="Søren", last_name="Ågård", by=cora, now=NOW
    )
    assert (sam.state, sam.account_code, sam.email, sam.phone) == ("active", "M000002", "", "")
    assert sam.folded_name == "soren agard"
    assert (queries.shown_name(sam), queries.full_name(sam)) == ("Søren", "Søren Ågård")
    assert hours.balance_of(session, sam).posted == 0
    [event] = queries.history(session, sam)
    assert (event.kind, event.by_member_id, event.at) == ("added", cora.id, NOW)
    with pytest.raises(errors.NameMissingError):
        service.add_member(session, community, first_name="", by=cora, now=NOW)


def test_a_person_belongs_to_a_community_once(session: Session, community: Community) -> None:
    person = make_person(session)
    service.add_member(session, community, first_name="Sam", by=None, now=NOW, person_id=person.id)
    with pytest.raises(errors.AlreadyMemberError):
        service.add_member(
            session, community, first_name="Sam", by=None, now=NOW, person_id=person.id
        )
    with pytest.raises(errors.AlreadyMemberError):
        service.join(session, community, Answers(first_name="S"), now=NOW, person_id=person.id)


def test_numbers_are_never_given_twice(session: Session, community: Community) -> None:
    numbers = [
        service.join(session, community, Answers(first_name="Sam"), now=NOW).number
        for _each in range(3)
    ]
    assert numbers == [1, 2, 3]
    assert community.member_count == 3


def test_somebody_waits_has_no_account_and_is_let_in(
    session: Session, community: Community, cora: Member
) -> None:
    community.joining = "approval"
    wanda = service.join(session, community, Answers(first_name="Wanda"), now=NOW)
    assert (wanda.state, wanda.folded_name) == ("waiting", "wanda")
    assert queries.waiting_count(session, community.id) == 1
    with pytest.raises(NoSuchAccountError):
        hours.balance_of(session, wanda)

    service.approve(session, wanda, community=community, by=cora, now=LATER, reason="We met.")

    assert wanda.state == "active"
    assert hours.balance_of(session, wanda).posted == 0
    event = queries.history(session, wanda)[0]
    assert (event.kind, event.by_member_id, event.reason) == ("approved", cora.id, "We met.")
    with pytest.raises(errors.AlreadyDecidedError) as refusal:
        service.approve(session, wanda, community=community, by=cora, now=LATER)
    assert refusal.value.state == "active"
    with pytest.raises(errors.AlreadyDecidedError):
        service.refuse(session, wanda, by=cora, reason="Too late", now=LATER)


def test_a_refusal_keeps_who_when_and_why_and_can_be_taken_back(
    session: Session, community: Community, cora: Member
) -> None:
    community.joining = "approval"
    person = make_person(session)
    answers = Answers(first_name="Wanda")
    wanda = service.join(session, community, answers, now=NOW, person_id=person.id)
    service.refuse(session, wanda, by=cora, reason="Lives too far away.", now=LATER)

    event = queries.history(session, wanda)[0]
    assert (event.kind, event.at, event.reason) == ("refused", LATER, "Lives too far away.")
    with pytest.raises(errors.JoiningRefusedError):
        service.join(session, community, answers, now=LATER, person_id=person.id)

    service.bring_back(session, wanda, community=community, by=cora, now=LATER)
    assert wanda.state == "active"
    with pytest.raises(errors.AlreadyDecidedError):
        service.bring_back(session, wanda, community=community, by=cora, now=LATER)


def test_an_invitation_lets_one_person_in_for_two_weeks(
    session: Session, community: Community, cora: Member
) -> None:
    community.joining = "invitation"
    with pytest.raises(errors.InvitationNeededError):
        service.join(session, community, Answers(first_name="Ida"), now=NOW)
    secret = service.invite(session, community, by=cora, now=NOW)
    for bad, now in ((f"{secret}x", NOW), (secret, NOW + dt.timedelta(days=15))):
        with pytest.raises(errors.InvitationNeededError):
            service.join(session, community, Answers(first_name="Ida"), now=now, invitation=bad)

    ida = service.join(session, community, Answers(first_name="Ida"), now=NOW, invitation=secret)

    assert ida.state == "active"
    with pytest.raises(errors.InvitationNeededError):
        service.join(session, community, Answers(first_name="Bo"), now=NOW, invitation=secret)


def test_an_invitation_of_another_community_opens_nothing(
    session: Session, community: Community, cora: Member
) -> None:
    elsewhere = make_community(session, joining="invitation")
    secret = service.invite(session, community, by=cora, now=NOW)
    with pytest.raises(errors.InvitationNeededError):
        service.join(session, elsewhere, Answers(first_name="I"), now=NOW, invitation=secret)


def test_who_leaves_loses_roles_and_card_and_comes_back_with_the_same_number(
    session: Session, community: Community, cora: Member
) -> None:
    person = make_person(session)
    answers = Answers(first_name="Theo", rules_version=1)
    theo = service.join(session, community, answers, now=NOW, person_id=person.id)
    service.give_role(session, theo, "treasurer", by=cora, now=NOW)
    service.issue_card(session, theo, by=cora, now=NOW)

    service.leave(session, theo, by=theo, now=LATER, reason="Moving")

    assert theo.state == "left"
    assert queries.roles_of(session, theo) == frozenset()
    assert queries.card_in_use(session, theo) is None
    assert kinds(session, theo) == [
        "joined",
        "role given",
        "card issued",
        "role ended",
        "card stopped",
        "left",
    ]
    again = service.join(session, community, answers, now=LATER, person_id=person.id)
    assert again is theo
    assert (theo.state, theo.number) == ("active", 2)


def test_a_break_begins_and_ends(session: Session, community: Community, cora: Member) -> None:
    sam = make_member(session, community)
    service.pause(session, sam, by=sam, now=NOW)
    assert sam.state == "paused"
    with pytest.raises(errors.AlreadyDecidedError):
        service.pause(session, sam, by=sam, now=NOW)
    service.resume(session, sam, by=cora, now=NOW, reason="Feels better")
    assert sam.state == "active"
    with pytest.raises(errors.AlreadyDecidedError):
        service.resume(session, sam, by=sam, now=NOW)


def test_the_last_coordinator_stays(session: Session, community: Community, cora: Member) -> None:
    for act in (service.pause, service.leave):
        with pytest.raises(errors.LastCoordinatorError):
            act(session, cora, by=cora, now=NOW)
    with pytest.raises(errors.LastCoordinatorError):
        service.end_role(session, cora, "coordinator", by=cora, now=NOW)

    second = make_member(session, community, roles=("coordinator",))
    service.end_role(session, cora, "coordinator", by=second, now=NOW)
    with pytest.raises(errors.LastCoordinatorError):
        service.leave(session, second, by=second, now=NOW)
    service.leave(session, cora, by=cora, now=NOW)


def test_roles_are_given_ended_and_remembered(
    session: Session, community: Community, cora: Member
) -> None:
    sam = make_member(session, community)
    service.give_role(session, sam, "treasurer", by=cora, now=NOW)
    with pytest.raises(errors.RoleHeldError):
        service.give_role(session, sam, "treasurer", by=cora, now=NOW)
    service.end_role(session, sam, "treasurer", by=None, now=LATER)
    with pytest.raises(errors.RoleNotHeldError):
        service.end_role(session, sam, "treasurer", by=cora, now=LATER)
    service.give_role(session, sam, "treasurer", by=None, now=LATER)

    grants: list[RoleGrant] = list(queries.role_history(session, sam))
    assert [(one.given_by_id, one.ended_at) for one in grants] == [(None, None), (cora.id, LATER)]
    assert queries.holders(session, community.id, "treasurer") == [sam]

    service.pause(session, sam, by=sam, now=LATER)
    assert queries.holders(session, community.id, "treasurer") == []
    with pytest.raises(errors.NotHereError):
        service.give_role(session, sam, "coordinator", by=cora, now=LATER)


def test_every_membership_of_a_person_comes_with_its_community_and_what_they_may_do_there(
    session: Session, community: Community, cora: Member
) -> None:
    person = make_person(session)
    other = make_community(session, name="Aa before the rest")
    here = make_member(session, community, first_name="Theo", person=person)
    there = make_member(session, other, first_name="Theo", person=person)
    for role in ("auditor", "coordinator", "treasurer"):
        service.give_role(session, here, role, by=cora, now=NOW)
    service.end_role(session, here, "auditor", by=cora, now=LATER)
    session.flush()
    assert queries.memberships_of(session, person.id) == [
        (there, other, frozenset()),
        (here, community, {"coordinator", "treasurer"}),
    ]
    assert queries.memberships_of(session, make_person(session).id) == []


def test_details_change_and_the_history_names_fields_but_no_values(
    session: Session, community: Community
) -> None:
    sam = make_member(session, community, first_name="Sam")
    changed = service.edit_member(
        session,
        sam,
        {"first_name": "Ægir", "phone": "020 7946 0123", "area": "", "phone_seen_by": "me"},
        by=sam,
        now=NOW,
    )
    assert changed == ["first_name", "phone", "phone_seen_by"]
    assert sam.folded_name == "aegir"
    [event] = queries.history(session, sam)
    assert (event.kind, event.reason) == ("changed", "first_name, phone, phone_seen_by")

    assert service.edit_member(session, sam, {"first_name": "Ægir"}, by=sam, now=NOW) == []
    assert len(queries.history(session, sam)) == 1
    with pytest.raises(errors.NameMissingError):
        service.edit_member(session, sam, {"first_name": ""}, by=sam, now=NOW)


@pytest.mark.parametrize("field", ["state", "number", "person_id", "community_id", "id"])
def test_asvs_50_what_is_no_detail_cannot_be_edited(
    session: Session, community: Community, field: str
) -> None:
    sam = make_member(session, community)
    with pytest.raises(TypeError, match=field):
        service.edit_member(session, sam, {field: "x"}, by=sam, now=NOW)


# ------------------------------------------------------------------------------ finding


def test_a_last_name_that_somebody_keeps_to_themselves_finds_nobody(
    session: Session, community: Community
) -> None:
    sam = make_member(session, community, first_name="Sam")
    details = {"last_name": "Østby", "last_name_seen_by": "coordinator"}
    service.edit_member(session, sam, details, by=sam, now=NOW)
    assert queries.find(session, community.id, "ostby", limit=5) == [sam]
    service.edit_member(session, sam, {"last_name_seen_by": "me"}, by=sam, now=NOW)
    assert queries.find(session, community.id, "ostby", limit=5) == []
    assert queries.find(session, community.id, "sam", limit=5) == [sam]


def test_people_are_found_by_part_of_the_name_or_by_number(
    session: Session, community: Community
) -> None:
    elsewhere = make_community(session)
    for place in (community, elsewhere):
        service.add_member(session, place, first_name="Åse", last_name="Østby", by=None, now=NOW)
    bo = service.add_member(session, community, first_name="Bo_", by=None, now=NOW)
    [ase] = queries.find(session, community.id, "ost as", 5)
    assert ase.account_code == "M000001"
    assert queries.find(session, community.id, "m000002", 5) == [bo]
    assert queries.find(session, community.id, "_", 5) == [bo]
    assert queries.find(session, community.id, "%", 5) == []
    assert queries.find(session, community.id, "  ", 5) == []
    assert queries.by_number(session, community.id, 2) is bo
    with pytest.raises(errors.MemberNotFoundError):
        queries.by_number(session, community.id, 99)
    with pytest.raises(errors.MemberNotFoundError):
        queries.get(session, elsewhere.id, bo.id)


def test_pages_of_people_follow_each_other_by_name(session: Session, community: Community) -> None:
    for name in ("Ana", "Ana", "Åse", "Bo", "Cy"):
        service.add_member(session, community, first_name=name, by=None, now=NOW)
    seen: list[Member] = []
    after = None
    while batch := queries.here(session, community.id, after=after, limit=2):
        seen += batch
        after = batch[-1].id
    assert [member.first_name for member in seen] == ["Ana", "Ana", "Åse", "Bo", "Cy"]
    assert len({member.id for member in seen}) == 5
    assert queries.several(session, community.id, []) == {}
    assert queries.count_by_state(session, community.id) == {"active": 5}


def test_likely_duplicates_are_suggested(session: Session, community: Community) -> None:
    one = service.add_member(session, community, first_name="Sunniva", by=None, now=NOW)
    two = service.add_member(
        session, community, first_name="Sunnivah", phone="020 7946 0123", by=None, now=NOW
    )
    make_member(session, make_community(session), first_name="Sunniva")
    make_member(session, community, first_name="Petra")
    traits = Traits("sunniva", phone="+442079460123")
    found = queries.lookalikes(session, community.id, traits)
    assert [(like.member, like.reasons) for like in found] == [
        (two, ("phone", "name")),
        (one, ("name",)),
    ]
    assert [like.member for like in queries.lookalikes(session, community.id, traits, but=two.id)]


# ------------------------------------------------------------------------------- promises


def test_nothing_asks_for_a_birthday_a_diagnosis_or_an_identity_number() -> None:
    words = {"birth", "birthday", "born", "age", "diagnosis", "illness", "identity", "passport"}
    words |= {"cpr", "nhs", "ssn", "dni", "gender", "religion", "ethnicity"}
    asked = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if words & set(column.name.split("_"))
    ]
    assert asked == []


def test_contact_may_stay_empty_in_the_schema(session: Session, community: Community) -> None:
    member = service.join(session, community, Answers(first_name="Sam"), now=NOW)
    assert session.scalar(select(Member.email).where(Member.id == member.id)) == ""
