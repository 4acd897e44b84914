"""Somebody leaves for good: no name, mail or word is left, and every proof holds."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from ledger import checkpoints, periods, schema
from ledger.receipts import check
from ledger.verify import verify
from tests.factories import at, make_community, make_member, writing
from tests.pages.page import Walk
from tests.timebank.exchanges.scene import Scene, make_scene
from timebank.cli import cli
from timebank.clock import utc_now
from timebank.db import Base
from timebank.exchanges import service as exchanges
from timebank.home import service
from timebank.home.errors import AlreadyForgottenError, NobodyToGiveToError, WaitsForAnswerError
from timebank.hours import months, proofs, sealing
from timebank.hours import queries as hours
from timebank.hours import service as hours_service
from timebank.hours.sealing import Vault
from timebank.listings import service as listings
from timebank.listings.service import ListingDetails
from timebank.members import service as members
from timebank.members.errors import (
    AlreadyDecidedError,
    LastCoordinatorError,
    MemberNotFoundError,
)
from timebank.members.models import DeviceSession, Member, Person
from timebank.messaging import service as messages
from timebank.messaging.models import Notice

#: What is in every name, address and word of the one who goes.
MARK = "quetzal"
POT = "G000001"


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(writing(session))


def marked(scene: Scene) -> Member:
    """Somebody whose every word can be recognised, and who has done a bit of everything."""
    session, community, now = scene.session, scene.community, utc_now()
    gone = members.add_member(
        session, community, first_name=f"{MARK}a", last_name=f"{MARK}b", area=f"{MARK}c",
        email=f"{MARK}@example.org", phone=f"{MARK}d", by=scene.cora, now=now,
    )  # fmt: skip
    gone.about, gone.could_offer, gone.would_like = f"{MARK}e", f"{MARK}f", f"{MARK}g"
    assert gone.person_id is not None
    members.note_address(session, gone.person_id, gone.email)
    members.issue_card(session, gone, by=scene.cora, now=now)
    details = ListingDetails(
        kind="offer", category_id=scene.category.id, title=f"{MARK} title", words=f"{MARK} words",
        audience="everyone", area=f"{MARK} street", when_words=f"{MARK} noon",
    )  # fmt: skip
    listing = listings.post_listing(session, community, gone, details, now=now)
    talk = listings.reply(session, listing, scene.rune, "I would like that.", now=now)
    messages.send(session, talk, author=gone, body=f"{MARK} says yes", now=now)
    given = scene.log(
        by=gone, other=scene.rune, worked_minutes=90, now=now, happened_on=now.date(),
        title=f"{MARK} hedge",
    )  # fmt: skip
    exchanges.answer_yes(session, community, given.id, by=scene.rune, now=now)
    exchanges.thank(session, community, given.id, by=gone, words=f"{MARK} thanks", now=now)
    wrong = scene.log(by=gone, other=scene.gita, now=now, happened_on=now.date())
    exchanges.answer_yes(session, community, wrong.id, by=scene.gita, now=now)
    assert wrong.entry_id is not None
    exchanges.reverse_entry(
        session, community, wrong.entry_id, by=scene.cora, reason=f"{MARK} was away", now=now
    )
    # No exchange: what moved for a session of a group, say.
    for key in ("one", "two"):
        moved = hours_service.transfer(
            session, community, receiver=scene.rune, giver=gone, minutes=30,
            happened_on=now.date(), category="company", key=f"session:{key}", by=scene.cora,
            now=now,
        )  # fmt: skip
        entry_id = moved.entry_id
        back: dict[str, Any] = {"by": scene.cora, "reason": f"{MARK} came {key}", "now": now}
        if key == "one":
            right = exchanges.Right(minutes=45, happened_on=now.date())
            entry_id = exchanges.correct_entry(session, community, entry_id, right, **back).entry_id
        exchanges.reverse_entry(session, community, entry_id, **back)
    scene.propose(by=gone, giver=gone, receiver=scene.rune, now=now, words=f"{MARK} asks",
                  terms=exchanges.Terms(agreed_minutes=60, place="public"))  # fmt: skip
    scene.propose(by=scene.rune, giver=gone, receiver=scene.rune, now=now,
                  terms=exchanges.Terms(agreed_minutes=60, place="public"))  # fmt: skip
    hours_service.set_limits(
        session, community, gone.account_code, floor_minutes=-600, ceiling_minutes=None,
        by=scene.cora, reason=f"{MARK} is ill", now=now,
    )  # fmt: skip
    session.flush()
    return gone


def dump(session: Session) -> str:
    """Everything there is in the database, as text."""
    session.flush()
    tables = [*Base.metadata.sorted_tables, *schema.metadata.sorted_tables]
    return "\n".join(
        f"{table.name}: {[str(value) for value in row]}"
        for table in tables
        for row in session.execute(sa.select(table))
    )


def left_over(session: Session) -> list[str]:
    return [line for line in dump(session).splitlines() if MARK in line.lower()]


def forget(scene: Scene, member: Member, hours_to: str = POT, **changed: Any) -> int:
    given: dict[str, Any] = {"by": member, "now": utc_now()}
    return service.forget_member(
        scene.session, scene.community, member, hours_to=hours_to, **(given | changed)
    )


def test_no_name_mail_or_word_is_left_and_the_guard_sees_them_before(scene: Scene) -> None:
    gone = marked(scene)
    seen = {line.partition(":")[0] for line in left_over(scene.session)}
    assert {
        "member", "address", "listing", "message", "exchange", "exchange_move", "thank_you",
        "memo", "account_change", "notice", "conversation",
    } <= seen  # fmt: skip
    assert forget(scene, gone) == 90
    assert left_over(scene.session) == []
    assert service.is_forgotten(gone)
    assert (gone.state, gone.person_id, gone.first_name) == ("left", None, gone.account_code)
    assert hours.balance(scene.session, scene.community.id, POT).posted == 90
    account = hours.balance_of(scene.session, gone)
    assert (account.posted, account.state) == (0, "closed")


def test_what_others_were_told_of_somebody_else_stays(scene: Scene) -> None:
    """Of hours that belong to no exchange; a notice that says not whose they were is old."""
    gone, session, community = marked(scene), scene.session, scene.community
    moved = hours_service.transfer(
        session, community, receiver=scene.otto, giver=scene.gita, minutes=30,
        happened_on=utc_now().date(), category="company", key="session:three", by=scene.cora,
        now=utc_now(),
    )  # fmt: skip
    back: dict[str, Any] = {"by": scene.cora, "reason": "Twice in the list", "now": utc_now()}
    exchanges.reverse_entry(session, community, moved.entry_id, **back)
    messages.tell(
        session, scene.cora, topic="hours", kind="hours-reversed", path="hours",
        facts={"reason": f"{MARK} of last year"}, now=utc_now(),
    )  # fmt: skip
    kept = sa.select(Notice.facts).where(
        Notice.path.startswith("hours"), Notice.kind == "hours-reversed"
    )
    assert len(session.scalars(kept).all()) > 2
    forget(scene, gone)
    reasons = [facts["reason"] for facts in session.scalars(kept)]
    assert reasons == ["Twice in the list"] * 2


def test_every_proof_holds_afterwards(app: Flask, session: Session, tmp_path: Path) -> None:
    scene = make_scene(session)
    gone = marked(scene)
    community, vault = scene.community, Vault.of(app.config["SETTINGS"], scene.community)
    session.commit()
    with app.app_context():
        sealing.seal(community, vault, now=utc_now())
    session.rollback()
    before = proofs.latest(session, community.id)
    assert before is not None
    receipts = [
        checkpoints.receipt(session.connection(), community.id, entry.entry_id)
        for entry in hours.latest_entries(session, community.id)
    ]
    next_month = utc_now() + dt.timedelta(days=40)
    with app.app_context():
        months.seal(community, vault, now=next_month)
    session.rollback()
    [sealed, *_more] = months.listed(session, community.id, before=None, limit=3)
    writing(session)
    forget(scene, gone, now=next_month)
    session.commit()
    with app.app_context():
        sealing.seal(community, vault, now=next_month + dt.timedelta(days=1))
    session.rollback()
    after = proofs.latest(session, community.id)
    assert after is not None
    keys = [each.key for each in proofs.keys_of(session, community.id)]
    for receipt in receipts:
        assert check(receipt, keys=keys, published=[before.note]).is_published
    assert proofs.contained(session, community.id, before.size, after.size)
    assert periods.trial_balance(session.connection(), community.id, sealed)
    assert verify(session.connection(), community.id).ok
    run = app.test_cli_runner().invoke
    books = tmp_path / "books"
    assert run(cli, ["ledger", "verify"]).exit_code == 0
    done = run(cli, ["books", "export", str(books)])
    assert done.exit_code == 0, done.output
    done = run(cli, ["books", "check", str(books), "--json"])
    assert json.loads(done.output)["ok"] is True, done.output
    assert MARK not in "".join(
        path.read_text("utf-8") for path in books.rglob("*") if path.is_file()
    )


def test_hours_go_to_somebody_or_are_let_go(scene: Scene) -> None:
    gone = marked(scene)
    for nobody in ("M000099", gone.account_code, "opening", "M1x"):
        with pytest.raises((NobodyToGiveToError, MemberNotFoundError)):
            forget(scene, gone, nobody)
        assert gone.state == "active"
    assert forget(scene, gone, scene.otto.account_code) == 90
    assert scene.balance(scene.otto) == 90
    # Who has hours to give back owes nobody anything.
    assert forget(scene, scene.rune) == -90
    assert hours.balance(scene.session, scene.community.id, "written-off").posted == -90
    with pytest.raises(AlreadyForgottenError):
        forget(scene, scene.rune)
    with pytest.raises(AlreadyDecidedError):
        members.bring_back(
            scene.session, gone, community=scene.community, by=scene.cora, now=utc_now()
        )


def test_who_left_before_with_nothing_is_forgotten_later(scene: Scene) -> None:
    members.leave(scene.session, scene.otto, by=scene.otto, now=utc_now())
    assert forget(scene, scene.otto, by=scene.cora) == 0
    assert hours.balance_of(scene.session, scene.otto).state == "closed"


def test_hours_go_to_nobody_who_is_away(scene: Scene) -> None:
    gone = marked(scene)
    members.pause(scene.session, scene.otto, by=scene.otto, now=utc_now())
    with pytest.raises(NobodyToGiveToError):
        forget(scene, gone, scene.otto.account_code)
    assert gone.state == "active"


def test_what_was_reported_is_answered_first(scene: Scene) -> None:
    gone = marked(scene)
    scene.log(by=gone, other=scene.rune, now=utc_now(), happened_on=utc_now().date())
    with pytest.raises(WaitsForAnswerError) as waits:
        forget(scene, gone)
    assert waits.value.count == 1
    assert gone.state == "active"


def test_the_last_coordinator_stays(scene: Scene) -> None:
    with pytest.raises(LastCoordinatorError):
        forget(scene, scene.cora)
    assert scene.cora.state == "active"


def test_who_was_never_let_in_is_forgotten_too(scene: Scene) -> None:
    waiting = make_member(
        scene.session, scene.community, first_name=f"{MARK}a", state="waiting",
        sign_in_address=f"{MARK}@example.org",
    )  # fmt: skip
    assert forget(scene, waiting, by=None) == 0
    assert left_over(scene.session) == []


def test_who_belongs_elsewhere_still_signs_in_there(scene: Scene) -> None:
    gone = marked(scene)
    assert gone.person_id is not None
    person = scene.session.get_one(Person, gone.person_id)
    elsewhere = make_community(scene.session)
    other = make_member(scene.session, elsewhere, person=person)
    forget(scene, gone)
    assert other.person_id == person.id
    assert [line.partition(":")[0] for line in left_over(scene.session)] == ["address"]


# -------------------------------------------------------------------------------- pages


def test_a_member_leaves_for_good_and_says_where_the_hours_go(session: Session, walk: Walk) -> None:
    scene = make_scene(session)
    gone = marked(scene)
    pages = walk(gone)
    pages.get(at(scene.community, "/me/leave"))
    page = pages.follow("Leave for good")
    assert "The 1 h 30 min that are left" in page
    assert pages.submit(status=422).mistakes == ["Tick the box if you are sure."]
    page = pages.submit(hours_to="person", number="x", is_sure=True, status=422)
    assert page.mistakes == ["Write the member’s number, such as 12 or M000012."]
    page = pages.submit(hours_to="person", number=gone.account_code, is_sure=True, status=422)
    assert "to the pot, or to somebody else" in page.mistakes[0]
    page = pages.submit(hours_to="person", number=str(scene.otto.number), is_sure=True)
    assert "we have forgotten who you were" in page
    session.expire_all()
    assert left_over(session) == []
    assert scene.balance(scene.otto) == 90
    devices = session.scalars(sa.select(DeviceSession)).all()
    assert [bool(device.ended_at) for device in devices] == [True]
    assert "Sign in" in pages.get(at(scene.community, "/")).html
    # Those who met them still read their own pages.
    rune = walk(scene.rune)
    for path in ("/exchanges", "/hours", "/hours/statement", "/messages", "/me/notices", "/offers"):
        assert MARK not in rune.get(at(scene.community, path)).text


def test_a_coordinator_forgets_somebody_who_asked_for_it(session: Session, walk: Walk) -> None:
    scene = make_scene(session)
    gone = marked(scene)
    cora = walk(scene.cora)
    address = at(scene.community, f"/people/{gone.id}")
    cora.get(address)
    page = cora.follow("Forget them")
    assert f"Forget {MARK}a?" in page.h1
    page = cora.submit(is_sure=True)
    assert gone.account_code in page.h1
    assert "nobody behind it" in page
    session.expire_all()
    assert left_over(session) == []
    cora.get(f"{address}/forget")
    cora.submit(is_sure=True, status=409)
    walk(scene.gita).refused(f"{address}/forget")


def test_the_command_forgets(app: Flask, session: Session) -> None:
    scene = make_scene(session)
    gone = marked(scene)
    session.commit()
    run = app.test_cli_runner().invoke
    for number, words in (("x", "no member number"), ("M000099", "Nobody here")):
        done = run(cli, ["member", "erase", number, "--yes"])
        assert (done.exit_code, words in done.output) == (1, True)
    done = run(cli, ["member", "erase", gone.account_code], input="n\n")
    assert done.exit_code == 1
    done = run(cli, ["member", "erase", gone.account_code, "--yes"])
    assert done.output == f"{gone.account_code} is forgotten. 90 minutes were moved.\n"
    session.rollback()
    session.expire_all()
    assert left_over(session) == []


@pytest.mark.parametrize("who", ["gita", "rune"])
def test_who_goes_leaves_no_hours_set_aside(session: Session, who: str) -> None:
    scene = make_scene(writing(session), setting_aside="agreed")
    exchange = scene.propose()
    exchanges.agree(session, scene.community, exchange.id, by=scene.gita, now=utc_now())
    assert hours.balance_of(session, scene.rune).held_out == 60
    gone, stays = (scene.gita, scene.rune) if who == "gita" else (scene.rune, scene.gita)
    service.forget_member(
        session, scene.community, gone, hours_to=POT, by=scene.cora, now=utc_now()
    )
    assert (exchange.state, exchange.set_aside_id) == ("cancelled", None)
    held = hours.balance_of(session, stays)
    assert (held.posted, held.held_in, held.held_out) == (0, 0, 0)
    assert verify(session.connection(), scene.community.id).ok
