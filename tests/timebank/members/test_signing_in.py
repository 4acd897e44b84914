"""Cards, links, passwords, devices and the throttle: what proves who somebody is."""

import datetime as dt
import hashlib

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community, make_member, make_person
from timebank.communities.models import Community
from timebank.errors import ThrottledError
from timebank.members import errors, queries, service
from timebank.members.models import (
    Address,
    CodeCard,
    DeviceSession,
    Member,
    Person,
    SignInAttempt,
    SignInToken,
)
from timebank.members.service import links, passwords, proofs, throttle
from timebank.members.service.links import Link

MINUTE = dt.timedelta(minutes=1)
GOOD = "plum kettle oxbow"


@pytest.fixture
def community(session: Session) -> Community:
    return make_community(session, slug="elm", name="Elm Street")


@pytest.fixture
def sam(session: Session, community: Community) -> Member:
    return make_member(session, community, sign_in_address="sam@example.org")


def person_of(session: Session, member: Member) -> Person:
    assert member.person_id is not None
    return queries.person(session, member.person_id)


def begin(session: Session, member: Member, means: str = "link") -> tuple[DeviceSession, str]:
    assert member.person_id is not None
    return service.begin_device(
        session, member.person_id, means=means, agent="Firefox/Linux", is_shared=False, now=NOW
    )


def a_link(session: Session, email: str = "sam@example.org", member: Member | None = None) -> Link:
    link = service.make_link(session, email, member=member, now=NOW)
    assert link is not None
    return link


def use(
    session: Session, link: Link, *, key: str = "first", now: dt.datetime = NOW
) -> service.Entered:
    return service.use_link(session, link.secret, key=key, agent="", is_shared=False, now=now)


# ---------------------------------------------------------------------------- code cards


def test_a_card_signs_in_until_the_next_one_is_made(
    session: Session, community: Community, sam: Member
) -> None:
    first = service.issue_card(session, sam, by=None, now=NOW)
    assert proofs.holder_of_card(session, community, "m1", first.lower()) is sam
    device, _secret = begin(session, sam, "card")
    other, _secret = begin(session, sam, "link")

    second = service.issue_card(session, sam, by=None, now=NOW)

    assert proofs.holder_of_card(session, community, sam.account_code, second) is sam
    with pytest.raises(errors.WrongSecretError):
        proofs.holder_of_card(session, community, sam.account_code, first)
    session.expire_all()
    assert device.ended_at == NOW
    assert other.ended_at is None


def test_asvs_41_the_code_of_a_card_is_kept_as_a_hash(session: Session, sam: Member) -> None:
    code = service.issue_card(session, sam, by=None, now=NOW)
    [card] = session.scalars(select(CodeCard)).all()
    assert code not in card.code_hash
    assert code.replace("-", "") not in card.code_hash
    assert card.code_hash.startswith("$argon2id$")


def test_the_device_that_asked_for_a_new_card_stays_signed_in(
    session: Session, sam: Member
) -> None:
    service.issue_card(session, sam, by=sam, now=NOW)
    here, _secret = begin(session, sam, "card")
    service.issue_card(session, sam, by=sam, now=NOW, keep_device_id=here.id)
    session.expire_all()
    assert here.ended_at is None


def test_a_card_is_of_one_community(session: Session, community: Community, sam: Member) -> None:
    code = service.issue_card(session, sam, by=None, now=NOW)
    elsewhere = make_community(session)
    make_member(session, elsewhere)
    with pytest.raises(errors.WrongSecretError):
        proofs.holder_of_card(session, elsewhere, sam.account_code, code)


def test_who_left_gets_no_card(session: Session, community: Community) -> None:
    gone = make_member(session, community, state="left")
    with pytest.raises(errors.NotHereError):
        service.issue_card(session, gone, by=None, now=NOW)
    assert not service.stop_card(session, gone, by=None, now=NOW)


# --------------------------------------------------------------------------------- links


def test_asvs_41_a_link_is_long_hashed_short_lived_and_used_once(
    session: Session, sam: Member
) -> None:
    link = a_link(session)
    assert len(link.secret) >= 43  # 32 random bytes
    [token] = session.scalars(select(SignInToken)).all()
    assert token.secret_hash == hashlib.sha256(link.secret.encode()).digest()
    assert token.expires_at - NOW == 15 * MINUTE

    assert links.link_is_good(session, link.secret, now=NOW)
    entered = use(session, link, now=NOW + 14 * MINUTE)
    assert entered.person_id == sam.person_id
    assert queries.device_of(session, entered.device_secret, now=NOW + 15 * MINUTE) is not None

    assert not links.link_is_good(session, link.secret, now=NOW)
    with pytest.raises(errors.LinkGoneError):
        use(session, link, key="another page", now=NOW + 14 * MINUTE)


def test_a_link_that_is_too_old_or_made_up_opens_nothing(session: Session, sam: Member) -> None:
    link = a_link(session)
    with pytest.raises(errors.LinkGoneError):
        use(session, link, now=NOW + 16 * MINUTE)
    with pytest.raises(errors.LinkGoneError):
        use(session, Link("made up", "", "sign in"))
    assert not links.link_is_good(session, "made up", now=NOW)
    assert service.make_link(session, "nobody@example.org", now=NOW) is None


def test_the_same_button_pressed_twice_ends_in_one_device(session: Session, sam: Member) -> None:
    link = a_link(session)
    first = use(session, link)
    second = use(session, link)
    session.expire_all()
    assert queries.device_of(session, first.device_secret, now=NOW) is None
    assert queries.device_of(session, second.device_secret, now=NOW) is not None
    with pytest.raises(errors.LinkGoneError):
        use(session, link, now=NOW + 2 * MINUTE)


def test_the_owner_of_an_address_ends_what_others_set_up_under_it(
    session: Session, community: Community
) -> None:
    """Somebody joined with another's address, made a card, chose a password, and stayed in."""
    fake = make_member(session, community)
    person = person_of(session, fake)
    service.note_address(session, person.id, "owner@example.org")
    service.issue_card(session, fake, by=fake, now=NOW)
    service.set_password(session, person, GOOD, keep_device_id=None, now=NOW)
    device, _secret = begin(session, fake, "join")

    entered = use(session, a_link(session, "Owner@example.org"))

    session.expire_all()
    assert device.ended_at == NOW
    assert person.password_hash is None
    assert queries.card_in_use(session, fake) is None
    assert queries.device_of(session, entered.device_secret, now=NOW) is not None
    assert [one.verified_at for one in queries.addresses_of(session, person.id)] == [NOW]


def test_a_card_from_a_coordinator_stays_when_an_address_is_confirmed(
    session: Session, community: Community
) -> None:
    cora = make_member(session, community, roles=("coordinator",))
    bo = make_member(session, community)
    service.issue_card(session, bo, by=cora, now=NOW)
    service.note_address(session, person_of(session, bo).id, "bo@example.org")
    use(session, a_link(session, "bo@example.org"))
    assert queries.card_in_use(session, bo) is not None


def test_a_later_link_does_not_sign_out_other_devices(session: Session, sam: Member) -> None:
    first, second = use(session, a_link(session)), use(session, a_link(session))
    for entered in (first, second):
        assert queries.device_of(session, entered.device_secret, now=NOW) is not None


# ------------------------------------------- joining with an address that is known here


def joined_with(session: Session, community: Community, email: str) -> tuple[Member, Link]:
    member = service.join(
        session, community, service.Answers(first_name="Sam", email=email), now=NOW
    )
    assert member.person_id is not None
    service.note_address(session, member.person_id, email)
    return member, a_link(session, email, member)


def test_a_membership_made_without_signing_in_goes_to_the_owner_of_the_address(
    session: Session, sam: Member
) -> None:
    there = make_community(session)
    member, link = joined_with(session, there, "sam@example.org")
    device, _secret = begin(session, member, "join")
    assert member.person_id != sam.person_id

    entered = use(session, link)

    session.expire_all()
    assert member.person_id == sam.person_id == entered.person_id
    assert device.ended_at == NOW


def test_it_stays_apart_where_the_owner_belongs_already(
    session: Session, community: Community, sam: Member
) -> None:
    double, link = joined_with(session, community, "sam@example.org")
    assert use(session, link).person_id == sam.person_id
    session.expire_all()
    assert double.person_id != sam.person_id


def test_it_stays_apart_where_it_belongs_to_somebody_who_is_more(
    session: Session, sam: Member
) -> None:
    there, third = make_community(session), make_community(session)
    member, link = joined_with(session, there, "sam@example.org")
    make_member(session, third, person=person_of(session, member))
    use(session, link)
    session.expire_all()
    assert member.person_id != sam.person_id


def test_an_address_nobody_has_proven_goes_to_who_proves_it(
    session: Session, community: Community
) -> None:
    squatter = make_person(session)
    service.note_address(session, squatter.id, "ida@example.org")
    ida, link = joined_with(session, community, "ida@example.org")

    entered = use(session, link)

    assert entered.person_id == ida.person_id
    session.expire_all()
    assert queries.addresses_of(session, squatter.id) == []
    [address] = session.scalars(select(Address)).all()
    assert (address.person_id, address.verified_at) == (ida.person_id, NOW)


def test_a_membership_without_a_person_is_left_alone(session: Session, sam: Member) -> None:
    there = make_community(session)
    member, link = joined_with(session, there, "sam@example.org")
    member.person_id = None
    assert use(session, link).person_id == sam.person_id
    assert member.person_id is None


def test_old_links_and_tries_are_forgotten(session: Session, sam: Member) -> None:
    a_link(session)
    service.take_try(session, throttle.Caller("", b"k"), [(throttle.PLACE, "")], now=NOW)
    tomorrow = NOW + dt.timedelta(days=2)
    assert links.delete_old_links(session, now=tomorrow) == 0, "it can still be exchanged"
    assert links.delete_old_links(session, now=NOW + dt.timedelta(days=31)) == 1
    assert throttle.delete_old_attempts(session, now=NOW) == 0
    assert throttle.delete_old_attempts(session, now=tomorrow) == 1


# ----------------------------------------------------------------------------- passwords


def test_asvs_52_passwords_are_hashed_as_owasp_asks(session: Session, sam: Member) -> None:
    person = person_of(session, sam)
    service.set_password(session, person, GOOD, keep_device_id=None, now=NOW)
    assert person.password_hash is not None
    found = extract_parameters(person.password_hash)
    assert (found.type.name, found.memory_cost) == ("ID", 19 * 1024)
    assert (found.time_cost, found.parallelism) == (2, 1)
    assert not proofs.needs_new_hash(person)

    person.password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    assert proofs.needs_new_hash(person)
    passwords.hash_anew(session, person.id, GOOD)
    assert not proofs.needs_new_hash(person)
    assert proofs.is_password_of(person, GOOD)


def test_asvs_47_a_new_password_signs_out_every_other_device(session: Session, sam: Member) -> None:
    here, _secret = begin(session, sam)
    there, _secret = begin(session, sam)
    service.set_password(session, person_of(session, sam), GOOD, keep_device_id=here.id, now=NOW)
    session.expire_all()
    assert (here.ended_at, there.ended_at) == (None, NOW)


def test_asvs_34_accents_agree_however_they_are_typed_and_nothing_is_cut(
    session: Session, sam: Member
) -> None:
    person = person_of(session, sam)
    long = "blåbærgrød " * 18
    service.set_password(session, person, long, keep_device_id=None, now=NOW)
    assert proofs.is_password_of(person, long.replace("å", "å"))
    assert not proofs.is_password_of(person, long[:-2])
    assert proofs.owner_of_password(session, "SAM@example.org", long) is person


def test_a_password_needs_a_way_back(session: Session, community: Community) -> None:
    bo = make_member(session, community)
    person = person_of(session, bo)
    with pytest.raises(errors.NoWayBackError):
        service.set_password(session, person, GOOD, keep_device_id=None, now=NOW)
    service.issue_card(session, bo, by=None, now=NOW)
    service.set_password(session, person, GOOD, keep_device_id=None, now=NOW)


@pytest.mark.parametrize("password", ["ElmStreet2026", "sam@example", "M000001-sam"])
def test_asvs_35_words_others_know_of_a_person_make_no_password(
    session: Session, sam: Member, password: str
) -> None:
    with pytest.raises(errors.WeakPasswordError) as refusal:
        service.set_password(
            session, person_of(session, sam), password, keep_device_id=None, now=NOW
        )
    assert refusal.value.why == "known"
    assert refusal.value.known


@pytest.mark.parametrize(
    ("email", "password"),
    [("sam@example.org", "wrong"), ("nobody@example.org", GOOD), ("sam@example.org", "")],
)
def test_a_wrong_pair_is_refused_whichever_half_is_wrong(
    session: Session, sam: Member, email: str, password: str
) -> None:
    service.set_password(session, person_of(session, sam), GOOD, keep_device_id=None, now=NOW)
    with pytest.raises(errors.WrongSecretError):
        proofs.owner_of_password(session, email, password)


def test_who_has_no_password_cannot_sign_in_with_one(session: Session, sam: Member) -> None:
    with pytest.raises(errors.WrongSecretError):
        proofs.owner_of_password(session, "sam@example.org", "")
    person = person_of(session, sam)
    assert not proofs.needs_new_hash(person)
    person.password_hash = "damaged"
    assert not proofs.is_password_of(person, "damaged")


# ------------------------------------------------------------------------------- devices


def test_asvs_45_a_device_ends_when_it_lies_idle_and_when_it_is_old(
    session: Session, sam: Member
) -> None:
    device, secret = begin(session, sam)
    assert queries.device_of(session, secret, now=NOW + dt.timedelta(days=30)) is device
    assert queries.device_of(session, secret, now=NOW + dt.timedelta(days=31)) is None

    service.see_device(session, device.id, now=NOW + dt.timedelta(days=179))
    session.expire_all()
    assert queries.device_of(session, secret, now=NOW + dt.timedelta(days=180)) is device
    assert queries.device_of(session, secret, now=NOW + dt.timedelta(days=181)) is None


def test_a_shared_device_ends_soon(session: Session, sam: Member) -> None:
    device, secret = begin(session, sam)
    device.is_shared = True
    assert queries.device_of(session, secret, now=NOW + dt.timedelta(hours=1)) is device
    assert queries.device_of(session, secret, now=NOW + dt.timedelta(hours=2)) is None


def test_asvs_46_an_ended_device_is_signed_out_for_good(session: Session, sam: Member) -> None:
    device, secret = begin(session, sam)
    assert sam.person_id is not None
    assert service.end_device(session, sam.person_id, device.id, now=NOW)
    session.expire_all()
    assert queries.device_of(session, secret, now=NOW) is None
    assert not service.end_device(session, sam.person_id, device.id, now=NOW)
    assert queries.devices(session, sam.person_id, now=NOW) == []


def test_nobody_ends_the_device_of_another(
    session: Session, community: Community, sam: Member
) -> None:
    device, _secret = begin(session, sam)
    other = make_person(session)
    assert not service.end_device(session, other.id, device.id, now=NOW)
    assert service.end_devices(session, other.id, now=NOW) == 0
    assert sam.person_id is not None
    assert queries.devices(session, sam.person_id, now=NOW) == [device]


def test_a_secret_is_kept_as_a_hash_and_is_new_at_each_sign_in(
    session: Session, sam: Member
) -> None:
    (one, first), (two, second) = begin(session, sam), begin(session, sam)
    assert first != second
    assert one.secret_hash == hashlib.sha256(first.encode()).digest() != two.secret_hash


# ------------------------------------------------------------------------------ throttle


def test_asvs_37_the_eleventh_try_of_an_account_waits(session: Session) -> None:
    tries = [(throttle.PLACE, ""), (throttle.ACCOUNT, "sam@example.org")]
    for minute in range(10):
        # From ten places: the account is counted by itself.
        place = throttle.Caller(f"192.0.2.{minute}", b"key")
        service.take_try(session, place, tries, now=NOW + minute * MINUTE / 10)

    caller = throttle.Caller("198.51.100.1", b"key")
    with pytest.raises(ThrottledError) as refusal:
        service.take_try(session, caller, tries, now=NOW + 2 * MINUTE)

    assert refusal.value.retry_seconds == 180
    assert session.scalar(select(func.count()).select_from(SignInAttempt)) == 20
    service.take_try(session, caller, tries, now=NOW + 5 * MINUTE)
    service.take_try(session, caller, [(throttle.ACCOUNT, "bo@example.org")], now=NOW)


def test_a_try_that_succeeded_is_forgiven(session: Session) -> None:
    caller = throttle.Caller("192.0.2.1", b"key")
    for _each in range(20):
        done = service.take_try(session, caller, [(throttle.ACCOUNT, "sam")], now=NOW)
        service.forgive(session, done)
    assert session.scalar(select(func.count()).select_from(SignInAttempt)) == 0


def test_what_is_counted_tells_nobody_who_or_where(session: Session) -> None:
    for key in (b"one", b"two"):
        caller = throttle.Caller("192.0.2.1", key)
        service.take_try(session, caller, [(throttle.PLACE, "")], now=NOW)
    buckets = session.scalars(select(SignInAttempt.bucket)).all()
    assert len(set(buckets)) == 2
    assert hashlib.sha256(b"place\x00192.0.2.1").digest() not in buckets
