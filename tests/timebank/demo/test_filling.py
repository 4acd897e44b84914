"""The demo is filled through the services: short, and looked at from all sides."""

import dataclasses
import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ledger.verify import verify
from tests.conftest import Client
from tests.factories import make_community
from timebank.communities.models import Community
from timebank.demo import commands, mark, meetings, script, service
from timebank.demo.mark import SignIn
from timebank.exchanges.models import Exchange
from timebank.groups import queries as groups
from timebank.members.models import Member
from timebank.messaging.models import Notice
from timebank.sessions import queries as sessions
from timebank.sessions.models import ClosingPerson, GroupSession, SessionClosing
from timebank.sessions.service.closing import legs_of_entry

NOW = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
WEEKS = 6


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let some weeks pass in the small community, not two years in both."""
    monkeypatch.setattr(service, "COMMUNITIES", ("grejs",))
    monkeypatch.setattr(service, "WEEKS", WEEKS)
    short = dataclasses.replace(script.read("grejs"), exchanges=70)
    monkeypatch.setattr(script, "read", lambda _name: short)


@pytest.fixture
def people(engine: Engine) -> list[SignIn]:
    """Fill the demo."""
    return service.fill(engine, now=NOW)


def told(session: Session) -> list[tuple[object, ...]]:
    rows = session.execute(
        sa.select(
            Exchange.title, Exchange.state, Exchange.worked_minutes, Exchange.moved_at
        ).order_by(Exchange.moved_at, Exchange.title)
    )
    return [tuple(row) for row in rows]


def test_the_books_are_true_and_the_people_are_there(
    people: list[SignIn], engine: Engine, session: Session
) -> None:
    community = session.scalars(sa.select(Community)).one()
    with engine.connect() as connection:
        report = verify(connection, community.id)
    assert report.ok
    assert report.entries > 20
    states = Counter(session.scalars(sa.select(Member.state)))
    assert states["active"] > 15
    assert {person.key for person in people} == {"jytte", "signe", "karsten"}


def test_something_waits_today(people: list[SignIn], session: Session) -> None:
    for title, first_name in (
        ("Cykel hentet og pumpet", "Signe"),
        ("Kaffe på havnen og et slag kort", "Jytte"),
    ):
        waits_for = session.scalar(
            sa.select(Member.first_name)
            .join(Exchange, Exchange.awaiting_id == Member.id)
            .where(Exchange.title == title)
            .order_by(Exchange.moved_at.desc())
        )
        assert waits_for == first_name
    unread = session.scalar(sa.select(sa.func.count()).where(Notice.read_at.is_(None)))
    assert unread


def test_nothing_lies_in_the_future(people: list[SignIn], session: Session) -> None:
    assert session.scalar(sa.select(sa.func.max(Exchange.moved_at))) <= NOW  # type: ignore[operator]


def test_the_same_day_gives_the_same_two_months(
    people: list[SignIn], session: Session, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    from timebank import migrations  # noqa: PLC0415
    from timebank.db import db  # noqa: PLC0415

    url = f"sqlite:///{tmp_path / 'again.sqlite3'}"
    again = make_app(database_url=url)
    with again.app_context():
        migrations.upgrade(db.engine)
        service.fill(db.engine, now=NOW)
        with Session(db.engine) as other:
            assert told(other) == told(session)


def test_who_is_at_two_sessions_that_overlap_stops_no_demo(
    engine: Engine, session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who comes to what is drawn by lot, so on some days somebody is at both."""
    facts = (script.FOLDER / "sessions.toml").read_text("utf-8")
    facts = facts.replace("BYDAY=TH", "BYDAY=TU").replace('"10:00"', '"14:00"')
    (tmp_path / "sessions.toml").write_text(re.sub(r"hosts = .*", "hosts = 6", facts), "utf-8")
    monkeypatch.setattr(meetings, "FOLDER", tmp_path)
    service.fill(engine, now=NOW)
    stays = session.scalars(sa.select(ClosingPerson.minutes)).all()
    assert {60, 120} <= set(stays)


# ------------------------------------------------------------------------------ the mark


def test_the_mark_remembers_who_can_sign_in(people: list[SignIn], tmp_path: Path) -> None:
    mark.begin(tmp_path)
    assert mark.exists(tmp_path)
    assert mark.read(tmp_path) == []
    mark.finish(tmp_path, people)
    assert mark.read(tmp_path) == people
    assert (tmp_path / "demo").stat().st_mode & 0o077 == 0


def test_a_home_without_a_mark_is_no_demo(tmp_path: Path) -> None:
    assert not mark.exists(tmp_path)
    assert mark.read(tmp_path) == []


# -------------------------------------------------------------------------- the command


def run(app: Flask, monkeypatch: pytest.MonkeyPatch, url: str, home: Path, *words: str) -> Result:
    monkeypatch.setenv("TIMEBANK_HOME", str(home))
    monkeypatch.setenv("TIMEBANK_DATABASE_URL", url)
    return app.test_cli_runner().invoke(commands.demo_command, ["--no-serve", *words])


def test_the_command_fills_once_and_keeps_what_is_there(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'demo.sqlite3'}"
    first = run(app, monkeypatch, url, tmp_path)
    assert first.exit_code == 0, first.output
    assert "Jytte" in first.output
    assert "code card" in first.output
    before = (tmp_path / "demo").read_text("utf-8")

    second = run(app, monkeypatch, url, tmp_path)
    assert "Two years pass" not in second.output
    assert (tmp_path / "demo").read_text("utf-8") == before

    third = run(app, monkeypatch, url, tmp_path, "--fresh")
    assert third.exit_code == 0, third.output
    assert json.loads((tmp_path / "demo").read_text("utf-8"))["filled"]
    assert (tmp_path / "demo").read_text("utf-8") != before


def test_half_a_demo_is_filled_anew(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'demo.sqlite3'}"
    run(app, monkeypatch, url, tmp_path)
    mark.begin(tmp_path)
    answer = run(app, monkeypatch, url, tmp_path)
    assert answer.exit_code == 0, answer.output
    assert mark.read(tmp_path)


def test_a_real_time_bank_is_never_touched(
    app: Flask, session: Session, engine_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_community(session, slug="real")
    session.commit()
    for words in ((), ("--fresh",)):
        answer = run(app, monkeypatch, engine_url, tmp_path, *words)
        assert answer.exit_code == 1
        assert "stays untouched" in answer.output
    assert session.scalars(sa.select(Community.slug)).all() == ["real"]


# ----------------------------------------------------------------------------- the page


def test_outside_the_demo_the_page_is_not_there(client: Client) -> None:
    assert client.get("/demo").status_code == 404


def test_one_tap_signs_in(
    people: list[SignIn], make_app: Callable[..., Flask], session: Session, tmp_path: Path
) -> None:
    app = make_app(demo=True)
    app.config["WTF_CSRF_ENABLED"] = False
    mark.finish(tmp_path, people)
    client = Client(app, app.response_class, use_cookies=True)
    client.arranged = session
    assert "Sign in as Karsten" in client.get("/demo").get_data(as_text=True)
    karsten = next(person for person in people if person.key == "karsten")
    answer = client.post("/demo/sign-in", data={"who": f"{karsten.slug}/{karsten.member}"})
    assert (answer.status_code, answer.location) == (303, "/at/grejs/")
    assert "Karsten" in client.get("/at/grejs/").get_data(as_text=True)
    assert client.post("/demo/sign-in", data={"who": "nobody"}).location == "/demo"


def test_groups_have_people_rules_and_hours_and_the_books_agree(
    people: list[SignIn], session: Session
) -> None:
    community = session.scalars(sa.select(Community)).one()
    cafe = groups.by_slug(session, community.id, "peer-cafeen")
    assert [lead.first_name for lead in groups.leads(session, cafe)] == ["Jytte"]
    assert cafe.needs_staff
    assert len(groups.companions(session, cafe)) > 3
    assert groups.ground_rules(session, cafe) is not None
    assert [each.group.name for each in groups.neighbours(session, cafe)] == ["Udflugter"]
    by_pot = groups.groups_by_pot(session, community.id)
    found = groups.pots(session, community.id, ["G000001", *by_pot])
    assert sum(found.minutes.values()) + found.members_minutes == (
        sum(found.created.values()) + found.others_minutes
    )


# ----------------------------------------------------------------------------- the sessions


def held(session: Session) -> list[tuple[GroupSession, SessionClosing]]:
    rows = session.execute(
        sa.select(GroupSession, SessionClosing)
        .join(SessionClosing, SessionClosing.session_id == GroupSession.id)
        .order_by(GroupSession.starts_at)
    )
    return [(row[0], row[1]) for row in rows]


def test_what_was_held_is_closed_and_in_the_books_as_the_rule_says(
    people: list[SignIn], session: Session
) -> None:
    community = session.scalars(sa.select(Community)).one()
    closed = held(session)
    assert len(closed) > 3
    for planned, closing in closed:
        assert planned.state == "closed"
        assert 7 <= closing.contacts <= 14
        # An hour of hosting gives the host an hour and the pot a quarter; who is paid gets nothing.
        who = sessions.people_of(session, closing)
        hosted = sum(
            person.minutes
            for person, _member in who
            if person.role == "host" and not person.is_paid
        )
        legs = legs_of_entry(session, community, closing.entry_id)
        moved = sum(minutes for _payer, payee, minutes in legs if payee.startswith("M"))
        assert moved == hosted
        assert all(person.minutes == 120 for person, _member in who)


def test_a_cafe_begins_when_its_clock_says_so_and_nothing_is_forgotten(
    people: list[SignIn], session: Session
) -> None:
    vejle = ZoneInfo("Europe/Copenhagen")
    hours = {
        (planned.day_on.weekday(), planned.starts_at.astimezone(vejle).hour)
        for planned, _closing in held(session)
    }
    assert hours <= {(1, 13), (3, 10)}
    left = session.scalars(
        sa.select(GroupSession).where(
            GroupSession.ends_at < NOW, GroupSession.state.in_(("planned", "open"))
        )
    ).all()
    assert [planned.title for planned in left if not planned.is_off] == []


def test_a_door_is_open_right_now_and_more_is_on_later_today(
    people: list[SignIn], session: Session
) -> None:
    open_now = session.scalars(sa.select(GroupSession).where(GroupSession.state == "open")).one()
    assert open_now.starts_at < NOW < open_now.ends_at
    counts = sessions.counts(session, open_now)
    assert counts.known > 1
    assert counts.tallied == 11
    later = session.scalars(
        sa.select(GroupSession.title).where(
            GroupSession.starts_at > NOW, GroupSession.day_on == NOW.date()
        )
    ).all()
    assert "Strik og snak" in later


def test_who_runs_what_is_said_where_one_chooses_somebody(people: list[SignIn]) -> None:
    assert [person.runs for person in people if person.key == "jytte"] == [("Peer-caféen",)]
