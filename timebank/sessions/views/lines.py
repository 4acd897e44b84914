"""Sessions as lines of a list, wherever a page shows some."""

import uuid
from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

from flask import g, url_for

from timebank.db import db
from timebank.members.models import Member
from timebank.sessions import names, queries
from timebank.sessions.queries import Meeting
from timebank.web.corners import Origin


def is_member() -> bool:
    """Tell whether somebody looks who takes part in the community."""
    return g.member is not None and g.member.state in {"active", "paused"}


def seen_by() -> uuid.UUID | None:
    """Return the member who looks, or None for a visitor."""
    member_id: uuid.UUID | None = g.member.id if is_member() else None
    return member_id


def lines_of(meetings: Sequence[Meeting], *, with_group: bool = True) -> list[dict[str, Any]]:
    """Return a line for each session, for `link_list`."""
    member = g.member if is_member() else None
    return [names.line_of(each, member, with_group=with_group) for each in meetings]


def by_day(meetings: Sequence[Meeting]) -> list[dict[str, Any]]:
    """Return the days that have sessions, each with its lines."""
    member = g.member if is_member() else None
    return [
        {"words": names.day_words(day), "lines": [_line(each, member) for each in found]}
        for day, found in groupby(meetings, key=lambda each: each.session.day_on)
    ]


def for_the_wall(meetings: Sequence[Meeting]) -> list[dict[str, Any]]:
    """Return the same for a sheet: nobody's own, and no day that is called today tomorrow."""
    return [
        {"words": names.date_words(day), "lines": [_line(each, None) for each in found]}
        for day, found in groupby(meetings, key=lambda each: each.session.day_on)
    ]


def _line(meeting: Meeting, member: Member | None) -> dict[str, Any]:
    return names.line_of(meeting, member, with_day=False)


def origins_of(entry_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Origin]:
    """Return the sessions that entries of the books came from (`web.corners`)."""
    found = queries.by_entry(db.session(), g.community.id, entry_ids)
    return {
        entry_id: Origin(names.held_words(held), url_for("sessions.show", session_id=held.id))
        for entry_id, (held, _group) in found.items()
    }
