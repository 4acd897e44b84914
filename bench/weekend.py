"""A weekend at the door, over HTTP: 110 people without a name and 40 with one, closed and posted.

Every check-in is a form that is sent, as by a browser without script, one after the other as at a
real door; between two of them the bare page is asked for. What is compared is how long the slowest
of twenty takes. Then the session is closed over HTTP too, and what it came to is looked at.
"""

import contextlib
import datetime as dt
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from bench.http_pages import SECRETS
from bench.http_server import Server, serving
from bench.registry import Conditions, Measured, benchmark
from timebank import migrations
from timebank.app import create_app
from timebank.clock import utc_now
from timebank.communities import service as communities
from timebank.communities.models import Community
from timebank.config import Settings
from timebank.db import WRITES, db, new_id
from timebank.groups import service as groups
from timebank.groups.models import Group
from timebank.groups.policy.crediting import Terms
from timebank.groups.policy.standing import Standing
from timebank.groups.service import GroupDetails
from timebank.hours import queries as hours
from timebank.hours import service as hours_service
from timebank.members import service as members
from timebank.members.models import Member
from timebank.members.service import begin_device
from timebank.sessions import queries, service
from timebank.sessions.models import GroupSession
from timebank.sessions.service import SessionDetails

SLUG: Final = "weekend"
#: The host is one of those with a name.
BY_NAME, WITHOUT_NAME = 40, 110
LENGTH_MINUTES: Final = 120
#: A check-in takes at most three times as long as the bare page, nineteen times of twenty.
WANTED: Final = 1 / 3
PERCENTILE: Final = 0.95
CLOSING_FIELDS: Final = ("ended", "shown", "contacts", "first_timers", "seen")
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
CSRF: Final = "c" * 40
LEAD = Standing(part="lead", state="active", is_member=True)


@dataclass(frozen=True, slots=True)
class Weekend:
    """An open session, and how its host is known to a server."""

    app: Flask
    community_id: UUID
    session_id: UUID
    guests: list[UUID]
    cookie: str
    token: str

    @property
    def path(self) -> str:
        """The address of the session."""
        return f"/at/{SLUG}/sessions/{self.session_id}"


@benchmark("weekend")
def weekend(conditions: Conditions) -> Iterator[Measured]:
    """Measure check-ins beside the bare page, then closing the session with all of them."""
    home = conditions.folder / "weekend"
    place = open_weekend(home)
    environ = {"TIMEBANK_HOME": str(home), "TIMEBANK_BASE_URL": "http://127.0.0.1", **SECRETS}
    with serving("loaded_app", environ) as ours, serving("bare_app", environ) as bare:
        taken, floor = check_in_all(place, ours, bare)
        yield Measured(
            name="a check-in at the door, slowest of twenty",
            ours=[1 / percentile(taken)],
            floor=[1 / percentile(floor)],
            wanted=WANTED,
            note=f"{percentile(taken) * 1000:.0f} ms, the bare page {percentile(floor) * 1000:.0f}",
        )
        seconds = close(place, ours)
    see(place)
    yield Measured(
        name=f"{BY_NAME + WITHOUT_NAME} check-ins closed in a second",
        ours=[1 / seconds],
        floor=[1.0],
        wanted=1.0,
        note=f"{seconds * 1000:.0f} ms",
    )


def percentile(seconds: list[float]) -> float:
    """Return how long nineteen of twenty take at most."""
    return sorted(seconds)[int(len(seconds) * PERCENTILE) - 1]


def check_in_all(place: Weekend, ours: Server, bare: Server) -> tuple[list[float], list[float]]:
    """Send every check-in, and ask for the bare page after each; return how long each took."""
    names = [("people", {"in": str(guest)}) for guest in place.guests]
    plus = [("count", {"number": "1"})] * WITHOUT_NAME
    floor_path = f"/bench/bare/{place.community_id}"
    for _warm in range(3):
        _ask(ours, "GET", f"{place.path}/door", place.cookie)
        _ask(bare, "GET", floor_path, place.cookie)
    taken, floor = [], []
    for form, fields in [*names, *plus]:
        taken.append(_send(place, ours, f"door/{form}", fields))
        floor.append(_ask(bare, "GET", floor_path, place.cookie)[0])
    return taken, floor


def close(place: Weekend, ours: Server) -> float:
    """Close the session as a host does, and return how long that takes."""
    _seconds, html = _ask(ours, "GET", f"{place.path}/close", place.cookie)
    fields = {
        name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', html) for name in CLOSING_FIELDS
    }
    return _send(place, ours, "close", {key: found[1] for key, found in fields.items() if found})


def _send(place: Weekend, server: Server, page: str, fields: dict[str, str]) -> float:
    body = urlencode(
        {"csrf_token": place.token, "submission_key": str(new_id()), **fields},
    )
    return _ask(server, "POST", f"{place.path}/{page}", place.cookie, body, 303)[0]


def _ask(
    server: Server, method: str, path: str, cookie: str, body: str | None = None, status: int = 200
) -> tuple[float, str]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    with contextlib.closing(connection):
        began = time.monotonic()
        connection.request(method, path, body=body, headers=FORM | {"Cookie": cookie})
        answer = connection.getresponse()
        html = answer.read().decode()
        seconds = time.monotonic() - began
    if answer.status != status:
        raise AssertionError((path, answer.status, html[:300]))
    return seconds, html


def see(place: Weekend) -> None:
    """See that everybody was counted once, and that the hours are posted."""
    with place.app.app_context(), Session(db.engine) as session:
        there = session.get_one(GroupSession, (place.community_id, place.session_id))
        closing = queries.closing_of(session, there)
        host = queries.present(session, there, limit=1)[0].member
        found = (
            there.state,
            closing.contacts if closing else 0,
            closing.known if closing else 0,
            hours.balance_of(session, host).posted,
        )
    if found != ("closed", BY_NAME + WITHOUT_NAME, BY_NAME, LENGTH_MINUTES):
        raise AssertionError(found)


# ------------------------------------------------------------------------- what is there


def open_weekend(home: Path) -> Weekend:
    """Make a community with a group, and open a session of it, which was over yesterday."""
    home.mkdir(parents=True)
    environ = {"TIMEBANK_HOME": str(home), "TIMEBANK_BASE_URL": "http://127.0.0.1", **SECRETS}
    app = create_app(Settings.from_environ(environ))
    with app.app_context():
        migrations.upgrade(db.engine)
        with Session(db.engine, expire_on_commit=False) as session:
            session.connection(execution_options={WRITES: True})
            community = communities.create_community(
                session, slug=SLUG, name="The weekend service", now=utc_now()
            )
            hours_service.open_book(session, community, now=utc_now())
            people = [
                members.add_member(
                    session, community, first_name=f"Person {number:02d}", by=None, now=utc_now()
                )
                for number in range(BY_NAME)
            ]
            host = people[0]
            host.rules_version = community.house_rules_version
            details = GroupDetails(name="Drop-in")
            group = groups.start_group(session, community, details, by=host, now=utc_now())
            there = _opened(session, group, host)
            cookie = _sign_in(app, session, host)
            session.commit()
    signer = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token")
    guests = [member.id for member in people[1:]]
    token = str(signer.dumps(CSRF))
    return Weekend(app, community.id, there.id, guests, cookie, token)


def _opened(session: Session, group: Group, host: Member) -> GroupSession:
    now = utc_now()
    yesterday = now.date() - dt.timedelta(days=1)
    community = session.get_one(Community, group.community_id)
    groups.write_crediting_rule(
        session,
        group,
        Terms(kind="activity", credits_participants=True, pot_minutes=15),
        applies_from_on=yesterday,
        by=host,
        who=LEAD,
        today=yesterday,
        now=now,
    )
    there = service.plan_session(
        session,
        community,
        group,
        SessionDetails(title="Weekend"),
        day_on=yesterday,
        starts_minute=0,
        length_minutes=LENGTH_MINUTES,
        who=LEAD,
        now=now,
    )
    held = queries.held(session, community.id, there.id)
    service.open_session(session, held, on_duty=[host], named_version=0, by=host, who=LEAD, now=now)
    return there


def _sign_in(app: Flask, session: Session, member: Member) -> str:
    assert member.person_id is not None  # noqa: S101 - whoever was added has one
    _device, secret = begin_device(
        session, member.person_id, means="card", agent="bench", is_shared=False, now=utc_now()
    )
    interface = app.session_interface
    assert isinstance(interface, SecureCookieSessionInterface)  # noqa: S101 - Flask's own
    signer = interface.get_signing_serializer(app)
    assert signer is not None  # noqa: S101 - there is a secret key
    value = signer.dumps({"_user_id": secret, "_fresh": True, "csrf_token": CSRF})
    return f"{app.config['SESSION_COOKIE_NAME']}={value!s}"
