"""Bring asked-for help in from a sheet, once, however often the sheet comes."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Self
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.db import new_id
from timebank.errors import RefusalError
from timebank.imports import policy, queries
from timebank.imports.models import ImportedRow
from timebank.imports.sheets import AskedRow, Sheet, fold, without_contact
from timebank.listings import queries as listings_queries
from timebank.listings import service as listings
from timebank.listings.models import (
    LISTED_DAYS_DEFAULT,
    TITLE_LENGTH_MAX,
    WHEN_LENGTH_MAX,
    WORDS_LENGTH_MAX,
    Category,
    Listing,
)
from timebank.listings.service import ListingDetails
from timebank.members import queries as members_queries
from timebank.members import service as members
from timebank.members.models import NAME_LENGTH_MAX, PHONE_LENGTH_MAX, Member
from timebank.tables import Remark

ROW_KEY_LENGTH_MAX = 200
#: What `ImportedRow.source` says for such sheets.
SOURCE = "request sheet"


@dataclass(slots=True)
class Summary:
    """What became of a sheet.

    Attributes:
        row_count: Rows in the sheet.
        bad_row_count: Rows that were left out; `remarks` says why.
        opened: Requests that are open now and were not before.
        finished: Requests that came in closed, because the sheet says they were seen to.
        known: Needs that had been brought in before, and were left as they are.
        new_members: First names of members who were made for them.
        by_category: How many needs went where.
        remarks: What there is to tell about single rows, in their order.
    """

    row_count: int = 0
    bad_row_count: int = 0
    opened: int = 0
    finished: int = 0
    known: int = 0
    new_members: list[str] = field(default_factory=list)
    by_category: Counter[str] = field(default_factory=Counter)
    remarks: list[Remark] = field(default_factory=list)

    def add(self, row: Self) -> None:
        """Count what became of one row, once it is in."""
        self.opened += row.opened
        self.finished += row.finished
        self.known += row.known
        self.new_members += row.new_members
        self.by_category += row.by_category
        self.remarks += row.remarks


def bring_in(
    session: Session,
    community: Community,
    sheet: Sheet,
    *,
    reopen: bool = False,
    now: dt.datetime,
) -> Summary:
    """Make a request of each need in a sheet that was not brought in before.

    A row is brought in whole or not at all. Somebody without e-mail and phone becomes a member of
    their own; a coordinator can print a card for them, or bring two together later.

    Args:
        session: The open unit of work; this function never commits it.
        community: Where.
        sheet: As `sheets.read` returned it.
        reopen: Open what the sheet calls finished, too, also if it came in closed before.
        now: Aware time of bringing it in.
    """
    summary = Summary(row_count=sheet.row_count, remarks=list(sheet.remarks))
    before = queries.brought_in(session, community, SOURCE)
    for row in sheet.rows:
        partial = Summary()
        try:
            with session.begin_nested():
                _bring_row(session, community, row, before, partial, reopen=reopen, now=now)
        except RefusalError as refusal:
            # A limit that no form of ours lets through, such as too many in a day.
            facts = {"why": type(refusal).__name__}
            summary.remarks.append(Remark(row.row, "refused", facts, is_bad=True))
        else:
            summary.add(partial)
    summary.remarks.sort(key=lambda remark: remark.row)
    summary.bad_row_count = len({remark.row for remark in summary.remarks if remark.is_bad})
    return summary


def _bring_row(
    session: Session,
    community: Community,
    row: AskedRow,
    before: dict[str, ImportedRow],
    summary: Summary,
    *,
    reopen: bool,
    now: dt.datetime,
) -> None:
    todo = [
        (need, earlier)
        for need in row.needs
        if (earlier := before.get(_key(row, need))) is None
        or (reopen and _is_closed(session, community, earlier))
    ]
    summary.known += len(row.needs) - len(todo)
    if not todo:
        return
    member = _member(session, community, row, before, summary, now=now)
    for need, earlier in todo:
        listing = _post(session, community, member, row, need, summary, now=now)
        if row.is_finished and not reopen:
            listings.close(listing, by=member, now=now)
            summary.finished += 1
        else:
            summary.opened += 1
        imported = earlier or ImportedRow(
            community_id=community.id,
            id=new_id(),
            source=SOURCE,
            row_key=_key(row, need),
            member_id=member.id,
            imported_at=now,
        )
        imported.listing_id = listing.id
        session.add(imported)
        session.flush()


def _key(row: AskedRow, need: str) -> str:
    """Name a need within all sheets: its row, and its own words."""
    return f"{row.key}:{fold(need) or need}"[:ROW_KEY_LENGTH_MAX]


def _is_closed(session: Session, community: Community, earlier: ImportedRow) -> bool:
    listing = session.get_one(Listing, (community.id, earlier.listing_id))
    return listing.state == "closed"


def _member(
    session: Session,
    community: Community,
    row: AskedRow,
    before: dict[str, ImportedRow],
    summary: Summary,
    *,
    now: dt.datetime,
) -> Member:
    """Return whose row it is: whoever came with it before, has the same address, or is new."""
    for row_key, imported in before.items():
        if row_key.startswith(f"{row.key}:"):
            return members_queries.get(session, community.id, imported.member_id)
    phone = row.phone if len(row.phone) <= PHONE_LENGTH_MAX else ""
    found = queries.member_with(session, community, email=row.email, phone=phone)
    if found is not None:
        summary.remarks.append(Remark(row.row, "known member", {"name": found.first_name}))
        return found
    summary.new_members.append(row.first_name)
    if not (row.email or phone):
        summary.remarks.append(Remark(row.row, "no contact", {"name": row.first_name}))
    return members.add_member(
        session,
        community,
        first_name=row.first_name[:NAME_LENGTH_MAX],
        last_name=row.last_name[:NAME_LENGTH_MAX],
        email=row.email,
        phone=phone,
        by=None,
        now=now,
    )


def _post(
    session: Session,
    community: Community,
    member: Member,
    row: AskedRow,
    need: str,
    summary: Summary,
    *,
    now: dt.datetime,
) -> Listing:
    category = policy.category_of(fold(need))
    summary.by_category[category] += 1
    words, had_contact = without_contact("\n\n".join(filter(None, (row.details, row.recurring))))
    if had_contact:
        summary.remarks.append(Remark(row.row, "contact in words"))
    if len(words) > WORDS_LENGTH_MAX:
        summary.remarks.append(Remark(row.row, "words cut", {"length": str(WORDS_LENGTH_MAX)}))
    listing = listings.post_listing(
        session,
        community,
        member,
        ListingDetails(
            kind="request",
            category_id=_category(session, community, category).id,
            title=_cut(need[:1].upper() + need[1:], TITLE_LENGTH_MAX),
            words=_cut(words, WORDS_LENGTH_MAX),
            supports=policy.supports_of(category),
            when_words=_cut(row.urgency, WHEN_LENGTH_MAX),
            place="area",
            ends_on=community.day_of(now) + dt.timedelta(days=LISTED_DAYS_DEFAULT),
            is_anonymous=row.is_anonymous,
        ),
        now=now,
    )
    if row.asked_at is not None:
        asked_at = row.asked_at.replace(tzinfo=ZoneInfo(community.time_zone))
        listing.posted_at = min(asked_at.astimezone(dt.UTC), now)
    return listing


def _category(session: Session, community: Community, key: str) -> Category:
    """Return a shipped category, or its heading where the community does not use it any more."""
    found = listings_queries.category_by_key(session, community.id, key)
    if found.retired_at is not None and found.parent_id is not None:
        return listings_queries.category(session, community.id, found.parent_id)
    return found


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
