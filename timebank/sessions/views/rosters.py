"""How the rota of a session reads: what the pages of rotas share."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from timebank.clock import utc_now
from timebank.listings.models import WEEKDAYS
from timebank.listings.names import DAYS
from timebank.sessions.models import GroupSession
from timebank.sessions.policy import rota as policy
from timebank.sessions.policy import when
from timebank.sessions.policy.rota import Cover, Hand, HourCover, Roster
from timebank.sessions.queries import OwnShift, Rostered, SwapAsked
from timebank.sessions.views import pictures
from timebank.web.filters import clock_time, day, today, zone
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l
from timebank.web.words import ngettext

DAY = dt.timedelta(days=1)
WEEK = 7 * DAY
#: Weeks that the picture of hours looks ahead.
WEEKS_AHEAD = 4
#: The days of the week where there is little room, from Monday on.
SHORT_DAYS = (_l("Mon"), _l("Tue"), _l("Wed"), _l("Thu"), _l("Fri"), _l("Sat"), _l("Sun"))
#: Days that are no mistake of whoever typed an address.
YEARS = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class Week:
    """A week on a page, from Monday on.

    Attributes:
        first_on: Its Monday.
        begin: Its first moment, and `end` the moment after its last.
        ahead: The end of the weeks that the picture looks at.
    """

    first_on: dt.date
    begin: dt.datetime
    end: dt.datetime
    ahead: dt.datetime

    def of(self, rostered: Iterable[Rostered]) -> list[Rostered]:
        """Return the sessions that start in this week."""
        return [each for each in rostered if each.session.starts_at < self.end]


def week_asked() -> Week:
    """Return the week that the address names; this one where it names none that there is."""
    try:
        asked = dt.date.fromisoformat(request.args.get("week", ""))
    except ValueError:
        asked = today()
    if asked.year not in YEARS:
        asked = today()
    first = asked - dt.timedelta(days=asked.weekday())
    return Week(
        first,
        when.begin_of(first, zone()),
        when.begin_of(first + WEEK, zone()),
        when.begin_of(first + WEEKS_AHEAD * WEEK, zone()),
    )


def weeks_around(endpoint: str, week: Week, **values: str) -> dict[str, Any]:
    """Return the addresses of the week before and the week after."""
    return {
        "earlier": url_for(endpoint, week=(week.first_on - WEEK).isoformat(), **values),  # type: ignore[arg-type]
        "later": url_for(endpoint, week=(week.first_on + WEEK).isoformat(), **values),  # type: ignore[arg-type]
    }


def time_words(rostered: Rostered) -> str:
    """Return from when to when a session is; the page says on which day."""
    planned = rostered.session
    return f"{clock_time(planned.starts_at)}–{clock_time(planned.ends_at)}"


def line_of(
    rostered: Rostered, *, now: dt.datetime, runs: bool, member_id: uuid.UUID
) -> dict[str, Any]:
    """Return the rota of a session for a page, with what the member on the page can do about it."""
    planned, roster = rostered.session, rostered.roster
    own = next((hand for hand in _all_hands(roster) if hand.member_id == member_id), None)
    is_open = policy.is_to_come(planned, now=now)
    free = is_open and (own is None or own.state == "asked")
    return {
        "id": planned.id,
        "title": planned.title,
        "day": day(planned.day_on),
        "time": time_words(rostered),
        "href": url_for("sessions.session_rota", session_id=planned.id),
        "host": _named(roster.host) if roster.host is not None else None,
        "roles": [_role(cover, free=free, runs=runs) for cover in roster.covers],
        "gaps": gap_words(roster),
        "lacks_staff": roster.lacks_staff,
        "own": own,
        "is_open": is_open,
        "may_put_down": runs and is_open and any(cover.missing for cover in roster.covers),
    }


def _all_hands(roster: Roster) -> list[Hand]:
    return [*roster.coming, *(hand for cover in roster.covers for hand in cover.asked)]


def _role(cover: Cover, *, free: bool, runs: bool) -> dict[str, Any]:
    return {
        "id": cover.role.id,
        "name": cover.role.name,
        "coming": [_named(hand) for hand in cover.coming],
        "asked": [_named(hand) for hand in cover.asked],
        "missing": cover.missing,
        "gap": missing_words(cover),
        "short_gap": ngettext("%(num)d more", "%(num)d more", cover.missing),
        "take": free and bool(cover.missing) and (cover.role.is_open or runs),
    }


def _named(hand: Hand) -> dict[str, Any]:
    return {
        "name": hand.first_name,
        "is_paid": hand.is_paid,
        "is_swapping": hand.is_swapping,
        "shift_id": hand.shift_id,
        "member_id": hand.member_id,
    }


def missing_words(cover: Cover) -> str:
    """Return how many more a role takes; nothing where it takes none."""
    if not cover.missing:
        return ""
    return ngettext(
        "%(num)d more for %(role)s",
        "%(num)d more for %(role)s",
        cover.missing,
        role=cover.role.name,
    )


def gap_words(roster: Roster) -> list[str]:
    """Return where somebody is missing, a sentence for each role."""
    words = [missing_words(cover) for cover in roster.covers if cover.missing]
    if roster.lacks_staff:
        words.append(_("Somebody of the paid staff"))
    return words


def by_day(lines: Sequence[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Put the lines of a page under their days."""
    days: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        days.setdefault(line["day"], []).append(line)
    return list(days.items())


def cover_picture(rostered: Sequence[Rostered]) -> dict[str, Any] | None:
    """Lay out how the hours of a week are covered, as a picture and as a table."""
    cover = policy.cover_by_hour(
        [(each.session.starts_at, each.session.ends_at, each.roster) for each in rostered], zone()
    )
    if not cover:
        return None
    grid = pictures.cover_grid(cover)
    rows = [
        [f"{hour:02d}:00", *(_cover_cell(cover.get((weekday, hour))) for weekday in WEEKDAYS)]
        for hour, _down in grid.hours
    ]
    return {
        "grid": grid,
        "days": [(str(short), at) for short, at in zip(SHORT_DAYS, grid.days, strict=True)],
        "head": [_("From"), *(str(DAYS[weekday]) for weekday in WEEKDAYS)],
        "rows": rows,
    }


def _cover_cell(cover: HourCover | None) -> str:
    return "" if cover is None else pictures.cover_words(cover)


def own_of(each: OwnShift) -> dict[str, Any]:
    """Return a member's own part for a page."""
    return {
        "id": each.shift.id,
        "session_id": each.session.id,
        "state": each.shift.state,
        "role": each.role.name,
        "title": each.session.title,
        "group": each.group.name,
        "when": when_words(each.session),
        "swap_id": each.swap.id if each.swap is not None else None,
        "is_open": policy.is_to_come(each.session, now=utc_now()),
    }


def swap_of(each: SwapAsked) -> dict[str, Any]:
    """Return a part that somebody would like to pass on, for a page."""
    return {
        "id": each.swap.id,
        "role": each.role.name,
        "asker": each.asker.first_name,
        "title": each.session.title,
        "group": each.group.name,
        "when": when_words(each.session),
        "is_for_one": each.swap.asked_id is not None,
    }


def when_words(planned: GroupSession) -> str:
    """Return day and time of a session in words."""
    times = f"{clock_time(planned.starts_at)}–{clock_time(planned.ends_at)}"
    return _("%(day)s, %(times)s", day=day(planned.day_on), times=times)
