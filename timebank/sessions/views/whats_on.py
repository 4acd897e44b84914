"""What is on: seven days on a page, narrowed, and on paper; and a member's own sessions."""

import datetime as dt
from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.groups import queries as groups
from timebank.listings.models import SUPPORTS, WEEKDAYS
from timebank.listings.names import DAYS
from timebank.listings.names import SUPPORTS as SUPPORT_NAMES
from timebank.sessions import names, queries
from timebank.sessions.policy import planning, when
from timebank.sessions.queries import Meeting, WhatsOn
from timebank.sessions.views.frame import bp
from timebank.sessions.views.lines import by_day, for_the_wall, is_member, lines_of, seen_by
from timebank.web.access import Access, access
from timebank.web.fields import one_line
from timebank.web.filters import today, zone
from timebank.web.pages import page
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

DAYS_SHOWN = 7
#: Lines that fit on a page; who has more on in a week narrows it.
LINES_MAX = 80
PAPER_LINES_MAX = 300
MINE_MAX = 40
ASKED_LENGTH_MAX = 80
PLACES = {"place": _l("At a place"), "online": _l("Online or by phone")}


@bp.get("/whats-on")
@access(Access.ANYONE)
def whats_on() -> ResponseReturnValue:
    """Show what is on in the seven days from today, or from another day."""
    asked, first_on = _asked(), _first_on()
    choices = _choices()
    found = _found(asked, first_on, limit=LINES_MAX + 1)
    earliest, _latest = planning.first_and_last_day(today())
    step = dt.timedelta(days=DAYS_SHOWN)
    return page(
        "sessions/whats_on.html",
        days=by_day(found[:LINES_MAX]),
        is_cut=len(found) > LINES_MAX,
        lead=_lead(first_on),
        is_today=first_on == today(),
        asked=asked,
        choices=choices,
        narrowed=_narrowed(asked, choices),
        filters=_said(asked),
        from_on=first_on.isoformat(),
        earlier=_address(asked, first_on - step) if first_on - step >= earliest else None,
        later=_address(asked, first_on + step)
        if first_on + step <= planning.horizon_on(today())
        else None,
        is_member=is_member(),
        closes="coordinator" in g.roles,
        paper=_address(asked, first_on, "sessions.whats_on_print"),
    )


@bp.get("/whats-on/print")
@access(Access.ANYONE)
def whats_on_print() -> ResponseReturnValue:
    """Show what is on as a sheet to print."""
    asked, first_on = _asked(), _first_on()
    return page(
        "sessions/whats_on_print.html",
        days=for_the_wall(_found(asked, first_on, limit=PAPER_LINES_MAX)),
        about=names.days_words(first_on, first_on + dt.timedelta(days=DAYS_SHOWN - 1)),
        narrowed=_narrowed(asked, _choices()),
        back=_address(asked, first_on),
    )


@bp.get("/me/sessions")
@access(Access.MEMBER)
def mine() -> ResponseReturnValue:
    """Show a member what is on for them: what they signed up for, hold, or come along to."""
    found = queries.my_meetings(db.session(), g.member, now=utc_now(), limit=MINE_MAX)
    lines = lines_of(found)
    answered = [line for line in lines if line["tag_kind"] in {"good", "wait"}]
    return page(
        "sessions/mine.html",
        answered=answered,
        others=[line for line in lines if line not in answered],
    )


def _found(asked: dict[str, str], first_on: dt.date, *, limit: int) -> list[Meeting]:
    """Return the sessions of seven days; today also what began yesterday and still goes on."""
    here = zone()
    narrow = WhatsOn(
        group=asked["group"],
        support=asked["support"],
        area=asked["area"],
        where=asked["where"],
        only_on=_day_of(asked["day"], first_on),
    )
    return queries.whats_on(
        db.session(),
        g.community.id,
        narrow,
        begin=when.begin_of(first_on, here),
        end=when.begin_of(first_on + dt.timedelta(days=DAYS_SHOWN), here),
        still_at=utc_now() if first_on == today() and not asked["day"] else None,
        seen_by=seen_by(),
        limit=limit,
    )


def _day_of(weekday: str, first_on: dt.date) -> dt.date | None:
    """Return the day of these seven that is this weekday."""
    if not weekday:
        return None
    return first_on + dt.timedelta(days=(int(weekday) - first_on.weekday()) % DAYS_SHOWN)


def _first_on() -> dt.date:
    """Return the day to begin with: today, unless another one is asked for that makes sense."""
    earliest, latest = planning.first_and_last_day(today())
    try:
        asked = dt.date.fromisoformat(request.args.get("from", ""))
    except ValueError:
        return today()
    return asked if earliest <= asked <= latest else today()


def _asked() -> dict[str, str]:
    """Return what the list is narrowed to; what makes no sense narrows nothing."""
    asked = {
        name: one_line(request.args.get(name))[:ASKED_LENGTH_MAX] for name in ("group", "area")
    }
    allowed = {
        "support": SUPPORTS,
        "day": tuple(str(weekday) for weekday in WEEKDAYS),
        "where": tuple(PLACES),
    }
    for name, values in allowed.items():
        said = one_line(request.args.get(name))
        asked[name] = said if said in values else ""
    return asked


def _choices() -> dict[str, list[tuple[str, str]]]:
    session, only_public = db.session(), not is_member()
    found = groups.areas(session, g.community.id, only_public=only_public)
    return {
        "group": queries.groups_to_choose(session, g.community.id, only_public=only_public),
        "support": list(SUPPORT_NAMES.items()),
        "day": [(str(weekday), DAYS[weekday]) for weekday in WEEKDAYS],
        "area": [(area, area) for area in found],
        "where": list(PLACES.items()),
    }


def _narrowed(asked: dict[str, str], choices: dict[str, list[tuple[str, str]]]) -> str:
    """Return in words what the list is narrowed to; nothing if it is not."""
    words = (str(dict(choices[name]).get(value, value)) for name, value in asked.items() if value)
    return ", ".join(words)


def _said(asked: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if value}


def _address(asked: dict[str, str], first_on: dt.date, endpoint: str = "sessions.whats_on") -> str:
    values: dict[str, Any] = dict(_said(asked))
    if first_on != today():
        values["from"] = first_on.isoformat()
    return url_for(endpoint, **values)


def _lead(first_on: dt.date) -> str:
    last_on = first_on + dt.timedelta(days=DAYS_SHOWN - 1)
    if first_on == today():
        return _("Today and the six days after it.")
    return names.days_words(first_on, last_on)
