"""Sessions as lines of a list, wherever a page shows some."""

import uuid
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from flask import g

from timebank.sessions import names
from timebank.sessions.queries import Meeting


def is_member() -> bool:
    """Tell whether somebody looks who takes part in the community."""
    return g.member is not None and g.member.state in {"active", "paused"}


def seen_by() -> uuid.UUID | None:
    """Return the member who looks, or None for a visitor."""
    member_id: uuid.UUID | None = g.member.id if is_member() else None
    return member_id


def lines_of(
    meetings: Sequence[Meeting], *, with_day: bool = True, with_group: bool = True
) -> list[dict[str, Any]]:
    """Return a line for each session, for `link_list`."""
    member = g.member if is_member() else None
    return [
        names.line_of(each, member, with_day=with_day, with_group=with_group) for each in meetings
    ]


def by_day(meetings: Sequence[Meeting]) -> list[dict[str, Any]]:
    """Return the days that have sessions, each with its lines."""
    lines = zip(meetings, lines_of(meetings, with_day=False), strict=True)
    return [
        {"words": names.day_words(day), "lines": [line for _meeting, line in found]}
        for day, found in groupby(lines, key=lambda pair: pair[0].session.day_on)
    ]
