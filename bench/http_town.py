"""A town in a database: the demo's community many times over, put there in a minute.

Rows are inserted in bulk, which only a measurement may do. The hours go through the journal all
the same, entry by entry, so the books of the town are true and `verify` says so.
"""

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from ledger.entries import EntryRequest, LegRequest
from ledger.journal import post
from timebank import migrations
from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.db import LEDGER_SECRET, WRITES, Base, db, learn_how_full, new_id
from timebank.demo import script
from timebank.demo.script import Line
from timebank.exchanges.models import Exchange, ExchangeMove
from timebank.hours import service as hours
from timebank.listings import service as listings
from timebank.listings.models import Category, Listing, ListingSlot, ListingWord
from timebank.listings.search import spellings_in
from timebank.members import service as members
from timebank.members.models import Member, Person
from timebank.messaging.models import Notice

#: What the demo has; a town of 20 has twenty times as many.
PEOPLE, EXCHANGES = 220, 4_000
NOTICES_EACH = 40
#: Exchanges that wait for the one who looks.
WAITING_FOR_ONE = 2
BATCH_SIZE = 2_000
SLUG = "town"
#: A little less than two years ago, so that the present month is as full as the others.
BEGAN = utc_now().replace(microsecond=0) - dt.timedelta(days=706)
#: A month in the middle of it.
MONTH = f"{BEGAN + dt.timedelta(days=400):%Y-%m}"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Town:
    """What a measurement needs to know of it.

    Attributes:
        looking: A member like most, whom the pages are asked for.
        asked: A member whose yes many exchanges wait for.
    """

    community_id: UUID
    looking: Member
    asked: Member


def build(app: Flask, times: int, *, waiting: int) -> Town:
    """Fill an empty database with `times` the demo's people, listings and exchanges."""
    with app.app_context():
        migrations.upgrade(db.engine)
        with Session(db.engine, expire_on_commit=False) as session:
            session.connection(execution_options={WRITES: True})
            town = _build(session, times, waiting)
            session.commit()
            # As the worker does each day.
            learn_how_full(session.connection(execution_options={WRITES: True}))
            session.commit()
        return town


def _build(session: Session, times: int, waiting: int) -> Town:
    random = Random(times)  # noqa: S311 - the same town each time
    played = script.read("windmill")
    community = members.found_community(
        session, slug=SLUG, name="The town", now=BEGAN, joining="open"
    )
    # Nobody here is asked whether they can spend what chance has drawn.
    community.floor_minutes = None
    listings.seed_categories(session, community.id)
    categories = {
        category.key: category
        for category in session.scalars(
            sa.select(Category).where(Category.community_id == community.id)
        )
    }
    people = list(_people(community, times, played, random))
    community.member_count = len(people)
    _insert(session, Person, ({"id": row["person_id"], "created_at": BEGAN} for row in people))
    _insert(session, Member, iter(people))
    folk = [Member(**row) for row in people]
    for member in folk:
        hours.open_member_account(session, community, member)
    _put_up(session, community.id, times, played.lines, folk, categories, random)
    _help_each_other(session, community.id, times, folk, list(categories.values()), random)
    _tell(session, folk, random)
    session.flush()
    looking, asked = (session.get_one(Member, (community.id, one.id)) for one in folk[:2])
    _ask(session, [folk[0], *folk[2:]], categories["sewing"], WAITING_FOR_ONE)
    _ask(session, folk[1:], categories["sewing"], waiting)
    return Town(community.id, looking, asked)


def _people(
    community: Community, times: int, played: script.Script, random: Random
) -> Iterator[Row]:
    for number in range(1, PEOPLE * times + 1):
        first_name = random.choice(played.first_names)
        yield {
            "community_id": community.id,
            "id": new_id(),
            "person_id": new_id(),
            "number": number,
            "state": "active",
            "first_name": first_name,
            "folded_name": first_name.lower(),
            "area": random.choice(list(played.areas)),
            "rules_version": community.house_rules_version,
            "joined_at": BEGAN + dt.timedelta(hours=number),
        }


def _put_up(
    session: Session,
    community_id: UUID,
    times: int,
    lines: tuple[Line, ...],
    folk: list[Member],
    categories: Mapping[str, Category],
    random: Random,
) -> None:
    rows: list[Row] = []
    words: list[Row] = []
    slots: list[Row] = []
    for _time, line in itertools.product(range(times), lines):
        member = random.choice(folk)
        key = new_id()
        rows.append(
            {
                "community_id": community_id,
                "id": key,
                "kind": line.kind,
                "member_id": member.id,
                "category_id": categories[line.category].id,
                "title": line.title,
                "words": line.words,
                **{f"is_{support}": True for support in line.supports},
                "about_minutes": line.minutes,
                "when_words": line.when,
                "place": line.place,
                "area": member.area,
                "audience": random.choice(("everyone", "community")),
                "language": "en",
                "state": "open",
                "posted_at": BEGAN + dt.timedelta(days=random.randint(400, 600)),
            }
        )
        text = f"{line.title}\n{line.words}\n{line.when}\n{member.area}"
        same = {"community_id": community_id, "listing_id": key}
        words += [same | {"word": word} for word in sorted(spellings_in(text))]
        slots += [same | {"weekday": weekday, "part": part} for weekday, part in line.slots]
    _insert(session, Listing, iter(_evened(rows)))
    _insert(session, ListingWord, iter(words))
    _insert(session, ListingSlot, iter(slots))


def _evened(rows: list[Row]) -> list[Row]:
    """Give every row the same columns, as an insert of many asks for."""
    supports = {"is_social": False, "is_emotional": False, "is_practical": False}
    return [supports | row for row in rows]


def _help_each_other(
    session: Session,
    community_id: UUID,
    times: int,
    folk: list[Member],
    categories: list[Category],
    random: Random,
) -> None:
    connection = session.connection()
    secret = connection.get_execution_options()[LEDGER_SECRET]
    rows: list[Row] = []
    moves: list[Row] = []
    wanted = EXCHANGES * times
    for number in range(wanted):
        now = BEGAN + dt.timedelta(days=1) + number * dt.timedelta(days=700) / wanted
        giver, receiver = random.sample(folk, 2)
        category = random.choice(categories)
        row = _exchange(community_id, giver, receiver, category, now, random)
        row["entry_id"] = _post(connection, secret, row, giver, receiver, category)
        rows.append(row | {"state": "confirmed"})
        moves += [
            _move(row, "propose", "proposed", receiver.id),
            _move(row, "agree", "agreed", giver.id),
            _move(row, "report", "done", giver.id),
            _move(row, "confirm", "confirmed", receiver.id),
        ]
    _insert(session, Exchange, iter(rows))
    _insert(session, ExchangeMove, iter(moves))


def _exchange(
    community_id: UUID,
    giver: Member,
    receiver: Member,
    category: Category,
    now: dt.datetime,
    random: Random,
) -> Row:
    minutes = random.choice((15, 30, 45, 60, 60, 60, 90, 120))
    return {
        "community_id": community_id,
        "id": new_id(),
        "giver_id": giver.id,
        "receiver_id": receiver.id,
        "proposed_by_id": receiver.id,
        "category_id": category.id,
        "title": "An hour of help",
        "state": "done",
        "planned_on": now.date(),
        "part_of_day": "morning",
        "place": "public",
        "agreed_minutes": minutes,
        "worked_minutes": minutes,
        "happened_on": now.date(),
        "reported_by_id": giver.id,
        "awaiting_id": None,
        "entry_id": None,
        "proposed_at": now,
        "moved_at": now,
    }


def _post(
    connection: Connection,
    secret: bytes,
    row: Row,
    giver: Member,
    receiver: Member,
    category: Category,
) -> UUID:
    request = EntryRequest(
        book_id=row["community_id"],
        kind="exchange",
        legs=(LegRequest(receiver.account_code, giver.account_code, row["worked_minutes"]),),
        occurred_on=row["happened_on"],
        actor=receiver.id,
        category=category.key,
        idem_key=f"exchange:{row['id']}",
    )
    return post(connection, request, secret=secret, now=row["moved_at"]).entry_id


def _move(row: Row, move: str, state_after: str, by: UUID) -> Row:
    return {
        "community_id": row["community_id"],
        "id": new_id(),
        "exchange_id": row["id"],
        "move": move,
        "state_after": state_after,
        "by_member_id": by,
        "minutes": row["worked_minutes"],
        "at": row["moved_at"],
    }


def _tell(session: Session, folk: list[Member], random: Random) -> None:
    """Give everybody notices, the last few of them unread."""
    rows = (
        {
            "community_id": member.community_id,
            "id": new_id(),
            "member_id": member.id,
            "topic": "exchange",
            "kind": "exchange-agreed",
            "facts": {"name": "Ana", "title": "An hour of help", "minutes": 60},
            "path": f"exchanges/{new_id()}",
            "told_at": BEGAN + dt.timedelta(days=15 * number),
            "read_at": None
            if number > NOTICES_EACH - random.randint(0, 6)
            else BEGAN + dt.timedelta(days=15 * number + 1),
        }
        for member in folk
        for number in range(NOTICES_EACH)
    )
    _insert(session, Notice, rows)


def _ask(session: Session, folk: list[Member], category: Category, count: int) -> None:
    """Let others report help that the first one gave; only that one's yes is missing."""
    random = Random(count)  # noqa: S311 - the same each time
    first, *others = folk
    now = BEGAN + dt.timedelta(days=705)
    rows = []
    for number in range(count):
        row = _exchange(
            first.community_id, first, others[number % len(others)], category, now, random
        )
        row |= {"reported_by_id": row["receiver_id"], "awaiting_id": first.id}
        rows.append(row)
    _insert(session, Exchange, iter(rows))


def _insert(session: Session, model: type[Base], rows: Iterator[Row]) -> None:
    while batch := list(itertools.islice(rows, BATCH_SIZE)):
        session.execute(sa.insert(model), batch)
