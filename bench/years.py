"""The figures of a group that has held sessions for ten years, beside those after one.

A year is what a weekend service has: three hundred sessions and six thousand contacts, of which a
dozen each time come by name. Both sides ask for the same year, so what ten years cost more than one
is what the nine others weigh.
"""

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from bench.registry import Conditions, Measured, benchmark
from timebank import migrations
from timebank.app import create_app
from timebank.clock import utc_now
from timebank.communities import service as communities
from timebank.config import Settings
from timebank.db import WRITES, db, learn_how_full, new_id
from timebank.groups import service as groups
from timebank.groups.models import Group
from timebank.groups.service import GroupDetails
from timebank.hours import service as hours
from timebank.members import service as members
from timebank.sessions.models import ClosingPerson, ClosingShare, GroupSession, SessionClosing

WANTED: Final = 0.7
YEARS: Final = 10
#: The year that is asked for: the last one.
YEAR: Final = 2025
SESSIONS_A_YEAR: Final = 300
CONTACTS: Final = 20
BY_NAME: Final = 12
PEOPLE: Final = 85
SLUG: Final = "weekend"
PAGES: Final = {
    "a group's figures": f"/at/{SLUG}/groups/drop-in/figures?year={YEAR}",
    "its sessions of a month": f"/at/{SLUG}/groups/drop-in/figures/sessions?year={YEAR}&month=5",
    "everybody's figures": f"/at/{SLUG}/figures?year={YEAR}",
}


@benchmark("years")
def years(conditions: Conditions) -> Iterator[Measured]:
    """Measure each page with ten years of sessions beside one, in turns."""
    one, ten = (place(conditions.folder / f"years-{each}", each) for each in (1, YEARS))
    for name, path in PAGES.items():
        ours, floor = [], []
        for _turn in range(conditions.turns):
            ours.append(opened(ten, path, conditions.seconds))
            floor.append(opened(one, path, conditions.seconds))
        yield Measured(
            name=f"{name} after {YEARS} years, beside one",
            ours=ours,
            floor=floor,
            wanted=WANTED,
            note=f"{1000 / max(ours):.0f} ms of a processor each",
        )


def opened(app: Flask, path: str, seconds: float) -> float:
    """Return how often a page opens in a second of a processor."""
    client = app.test_client()
    client.get(path)
    began, count = time.process_time(), 0
    while (spent := time.process_time() - began) < seconds:
        answer = client.get(path)
        if answer.status_code != 200:
            raise AssertionError(answer.status)
        count += 1
    return count / spent


def place(home: Path, year_count: int) -> Flask:
    """Make a community with a public group that has held sessions for so many years."""
    home.mkdir(parents=True)
    app = create_app(
        Settings(
            home=home,
            database_url=f"sqlite:///{home / 'years.sqlite3'}",
            secret_key="measured, and never anybody's" * 2,
            ledger_secret="measured, and never anybody's as well" * 2,
        )
    )
    with app.app_context():
        migrations.upgrade(db.engine)
        with Session(db.engine) as session:
            session.connection(execution_options={WRITES: True})
            held = _Held(*_people(session))
            for year in range(YEAR - year_count + 1, YEAR + 1):
                _hold(session, held, year)
            session.commit()
            learn_how_full(session.connection())
            session.commit()
    return app


@dataclass(frozen=True, slots=True)
class _Held:
    group: Group
    people: list[UUID]


def _people(session: Session) -> tuple[Group, list[UUID]]:
    now = utc_now()
    community = communities.create_community(
        session, slug=SLUG, name="The weekend service", now=now
    )
    hours.open_book(session, community, now=now)
    people = [
        members.add_member(session, community, first_name=f"Person {number}", by=None, now=now)
        for number in range(PEOPLE)
    ]
    group = groups.start_group(
        session, community, GroupDetails(name="Drop-in", is_public=True), by=people[0], now=now
    )
    return group, [member.id for member in people]


def _hold(session: Session, held: _Held, year: int) -> None:
    """Put a year of closed sessions there, as their closings leave them."""
    chance = Random(year)  # noqa: S311 - the same each time
    rows: dict[type, list[dict[str, Any]]] = {
        model: [] for model in (GroupSession, SessionClosing, ClosingShare, ClosingPerson)
    }
    for number in range(SESSIONS_A_YEAR):
        day = dt.date(year, 1, 1) + dt.timedelta(days=number)
        _session(rows, held, day, chance.sample(held.people, BY_NAME))
    for model, listed in rows.items():
        session.execute(sa.insert(model), listed)


def _session(
    rows: dict[type, list[dict[str, Any]]], held: _Held, day: dt.date, there: list[UUID]
) -> None:
    community_id, by_id = held.group.community_id, held.people[0]
    starts_at = dt.datetime.combine(day, dt.time(10), dt.UTC)
    ends_at = starts_at + dt.timedelta(hours=2)
    session_id, closing_id = new_id(), new_id()
    rows[GroupSession].append(
        {
            "community_id": community_id,
            "id": session_id,
            "group_id": held.group.id,
            "title": "Drop-in",
            "day_on": day,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "state": "closed",
            "changed_at": ends_at,
            "opened_at": starts_at,
            "opened_by_id": by_id,
            "closed_at": ends_at,
            "closed_by_id": by_id,
        }
    )
    rows[SessionClosing].append(
        {
            "community_id": community_id,
            "id": closing_id,
            "session_id": session_id,
            "version": 1,
            "rule_version": 0,
            "contacts": CONTACTS,
            "known": len(there),
            "first_timers": 1,
            "counted": CONTACTS,
            "by_id": by_id,
            "at": ends_at,
        }
    )
    rows[ClosingShare].append(
        {
            "community_id": community_id,
            "closing_id": closing_id,
            "group_id": held.group.id,
            "parts": 1,
            "contacts": CONTACTS,
            "hosted_minutes": 120,
        }
    )
    rows[ClosingPerson].extend(
        {
            "community_id": community_id,
            "closing_id": closing_id,
            "member_id": member_id,
            "role": "participant",
            "minutes": 120,
            "is_paid": False,
            "is_first": False,
        }
        for member_id in there
    )
