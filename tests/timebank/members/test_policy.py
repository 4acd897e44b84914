"""Who sees what, who may be one person, which passwords will do, and how codes are typed."""

import datetime as dt
import uuid

import pytest

from tests.factories import NOW
from timebank.members import policy
from timebank.members.areas import is_no_area
from timebank.members.models import CIRCLES, DeviceSession, Member
from timebank.members.policy import Traits

HERE, THERE = uuid.UUID(int=1), uuid.UUID(int=2)


def a_member(number: int, community_id: uuid.UUID = HERE, **columns: str) -> Member:
    values = {f"{field}_seen_by": "coordinator" for field in policy.FIELDS}
    values |= {"state": "active"} | columns
    return Member(community_id=community_id, id=uuid.UUID(int=number), **values)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  Åse   ØSTERGÅRD ", "ase ostergard"),
        ("Łucja Groß", "lucja gross"),
        ("Æbleskive", "aebleskive"),
        ("Núria Peña", "nuria pena"),
        ("Иван", "иван"),
        ("I\u015f\u0131k", "isik"),
        ("\uff26\uff35\uff2c\uff2c", "full"),
    ],
)
def test_search_forgets_accents_and_capitals(text: str, folded: str) -> None:
    assert policy.fold(text) == folded


def test_an_address_is_one_however_it_is_typed() -> None:
    assert policy.fold_address(" Ana@Example.ORG ") == "ana@example.org"


# ----------------------------------------------------------------------- who sees what


@pytest.mark.parametrize("field", policy.FIELDS)
def test_each_field_is_seen_by_its_circle_and_nobody_else(field: str) -> None:
    viewers = {
        "me": (a_member(1), frozenset[str]()),
        "coordinator": (a_member(2), frozenset({"coordinator"})),
        "treasurer": (a_member(3), frozenset({"treasurer"})),
        "member": (a_member(4), frozenset[str]()),
    }
    seen = {
        circle: {
            name
            for name, (viewer, roles) in viewers.items()
            if policy.may_see_field(
                a_member(1, HERE, **{f"{field}_seen_by": circle}), field, viewer, roles
            )
        }
        for circle in CIRCLES
    }
    assert seen == {
        "me": {"me"},
        "coordinator": {"me", "coordinator"},
        "community": {"me", "coordinator", "treasurer", "member"},
    }


def test_first_names_are_seen_by_the_community_and_by_nobody_outside() -> None:
    member = a_member(1)
    assert policy.may_see_field(member, "first_name", a_member(2), frozenset())
    assert not policy.may_see_field(member, "first_name", None, frozenset())
    for stranger in (a_member(2, THERE), a_member(1, THERE), a_member(2, state="waiting")):
        roles = frozenset({"coordinator"})
        assert not policy.may_see_field(member, "first_name", stranger, roles)


def test_who_left_is_seen_by_coordinators_alone() -> None:
    gone = a_member(1, state="left")
    assert policy.may_see(gone, a_member(2), frozenset({"coordinator"}))
    assert policy.may_see(gone, a_member(1), frozenset())
    assert not policy.may_see(gone, a_member(2), frozenset())
    assert policy.may_see(a_member(1, state="paused"), a_member(2), frozenset())
    assert not policy.may_see(a_member(1), a_member(2, THERE), frozenset({"coordinator"}))


@pytest.mark.parametrize(
    ("joining", "invited", "state"),
    [
        ("open", False, "active"),
        ("approval", False, "waiting"),
        ("approval", True, "active"),
        ("invitation", True, "active"),
        ("invitation", False, None),
    ],
)
def test_joining_begins_by_the_rule_of_the_community(
    joining: str,
    invited: bool,  # noqa: FBT001 - a value of the table above
    state: str | None,
) -> None:
    assert policy.state_after_joining(joining, invited=invited) == state


def test_after_ten_minutes_nobody_is_sure_any_more() -> None:
    device = DeviceSession(created_at=NOW)
    assert policy.is_sure(device, now=NOW + dt.timedelta(minutes=10))
    assert not policy.is_sure(device, now=NOW + dt.timedelta(minutes=11))


# ---------------------------------------------------------------------- the same person?


@pytest.mark.parametrize(
    ("one", "other", "reasons"),
    [
        (Traits("ana lopez"), Traits("ana lopez"), ("name",)),
        (Traits("ana lopez"), Traits("lopez ana"), ("name",)),
        (Traits("jon smith"), Traits("john smith"), ("name",)),
        (Traits("ana", "Elmside"), Traits("anna", "elmside"), ("name",)),
        (Traits("bo", email="Bo@x.org"), Traits("robert", email="bo@X.org"), ("email",)),
        (
            Traits("bo", phone="+44 20 7946 0123"),
            Traits("bea", phone="020 7946 0123"),
            ("phone",),
        ),
        (Traits("bo", phone="none"), Traits("bea", phone="none"), ()),
        (Traits("ana"), Traits("petra"), ()),
        (Traits("bo"), Traits("bea"), ()),
    ],
)
def test_likely_duplicates_are_named_with_their_reasons(
    one: Traits, other: Traits, reasons: tuple[str, ...]
) -> None:
    assert policy.reasons_for_one_person(one, other) == reasons


# ---------------------------------------------------------------------------- passwords


@pytest.mark.parametrize(
    "password",
    [
        "correct horse staple",
        "x" * 3 + "plum kettle" * 4,
        "plum kettle oxbow heron " * 9,
        "7#9!2$5%8&",
        "🐶🐱🐭🐹🐰🦊🐻🐼🐨🐯",
        "день ночь утро вечер",
        "blåbærgrød i juni måned",
        "          plum kettle",
    ],
)
def test_asvs_34_any_long_password_of_one_s_own_will_do(password: str) -> None:
    assert policy.password_fault(password) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("plumkettl", "short"),
        ("x" * 1001, "long"),
        ("password12", "common"),
        ("P@ssw0rd2026", "common"),
        ("Welcome2026!", "common"),
        ("1234567890", "common"),
        ("19.04.1978 19.04", "common"),
        ("qwertyuiop", "common"),
        ("aaaaaaaaaaaa", "common"),
        ("xyplqxyplqxyplq", "common"),
        ("iloveyou iloveyou", "common"),
        ("timebank hours", "common"),
        ("Sunniva1985", "known"),
        ("elm-street!!", "known"),
        ("sunniva@example", "known"),
    ],
)
def test_asvs_35_passwords_that_others_would_try_are_refused(password: str, why: str) -> None:
    fault = policy.password_fault(
        password, ["Sunniva", "sunniva@example.org", "Elm Street", "Jo", ""]
    )
    assert fault is not None
    assert fault.why == why
    assert (fault.why == "known") == bool(fault.known)


# --------------------------------------------------------------------------- code cards


@pytest.mark.parametrize("typed", ["ABCD-EFGH", "abcd efgh", " abcdefgh ", "ab-cd-ef-gh"])
def test_a_code_may_be_typed_in_any_way(typed: str) -> None:
    assert policy.code_typed(typed) == "ABCDEFGH"
    assert policy.code_in_groups(policy.code_typed(typed)) == "ABCD-EFGH"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("M000042", 42),
        (" m42 ", 42),
        ("42", 42),
        ("", 0),
        ("M", 0),
        ("٤٢", 0),
        ("9" * 30, 0),
        ("-1", 0),
    ],
)
def test_a_number_may_be_typed_in_any_way(typed: str, number: int) -> None:
    assert policy.number_typed(typed) == number


def test_no_two_characters_of_a_code_look_alike() -> None:
    assert not set("01ILOU") & set(policy.CODE_ALPHABET)
    assert len(set(policy.CODE_ALPHABET)) == len(policy.CODE_ALPHABET) == 30


@pytest.mark.parametrize(
    ("text", "is_none"),
    [
        ("2100/2200 København", False),
        ("São Paulo 01310-100", False),
        ("100-8111 Chiyoda", False),
        ("Zone 2, Harbour", False),
        ("Hill, 020 7946 0018", True),
        ("Hill, +45 20 12 34 56", True),
        ("sam@example.org", True),
        ("12 High Street", True),
    ],
)
def test_an_area_may_be_a_postcode_and_no_way_to_reach_somebody(
    text: str, *, is_none: bool
) -> None:
    assert is_no_area(text) is is_none
