"""How sessions are said: when, where, how often, and how it stands with them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import format_date

from timebank.clock import utc_now
from timebank.groups import names as groups
from timebank.groups.models import Venue
from timebank.listings.names import DAYS
from timebank.members.models import Member
from timebank.sessions.models import GroupSession, Series
from timebank.sessions.policy.planning import expects_people
from timebank.sessions.policy.repeating import Pattern, pattern_of
from timebank.sessions.queries import Count, Meeting
from timebank.web.filters import clock_time, local, short_day, today, zone
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l
from timebank.web.words import ngettext

OFTEN_NAMES: dict[str, str] = {
    "every week": _l("Every week, on these weekdays"),
    "every second week": _l("Every second week, on these weekdays"),
    "weekday of the month": _l("Once a month, on a weekday, such as the second Tuesday"),
    "day of the month": _l("Once a month, on a day, such as the 15th"),
}
POSITION_NAMES: dict[int, str] = {
    1: _l("first"),
    2: _l("second"),
    3: _l("third"),
    4: _l("fourth"),
    -1: _l("last"),
}
SIGN_UP_NAMES: dict[str, str] = {
    "drop-in": _l("People simply come"),
    "sign-up": _l("People sign up first"),
}
#: Why a series never happens, and what to do.
NEVER_NAMES: dict[str, str] = {
    "no such day": _l("No day is ever like this. Choose another day."),
    "ends too soon": _l(
        "The last day comes before the first date. Choose a later last day, or leave it empty."
    ),
    "all over": _l("The last day is over. Choose a later last day, or leave it empty."),
    "always closed": _l(
        "Each of these dates is on a closed day. "
        "Choose other dates, or take a closed day back first."
    ),
}
#: Where a session is that has no place to go to.
AWAY = frozenset({"online", "phone"})


@dataclass(frozen=True, slots=True)
class Tag:
    """A word about how it stands with a session, and its kind for `components/display.html`."""

    words: str
    kind: str


def held_words(held: GroupSession) -> str:
    """Return what a line about hours calls the session that they came from."""
    return _("%(title)s, %(day)s", title=held.title, day=short_day(held.day_on))


def date_words(date: dt.date) -> str:
    """Return a date with its weekday, whatever the year: that is what people plan by."""
    is_this_year = date.year == today().year
    return str(format_date(date, "EEEE d MMMM" if is_this_year else "EEEE d MMMM yyyy"))


def day_words(date: dt.date) -> str:
    """Return a day for a heading: today and tomorrow are called so."""
    days, words = (date - today()).days, date_words(date)
    near = {
        -1: _("Yesterday, %(day)s", day=words),
        0: _("Today, %(day)s", day=words),
        1: _("Tomorrow, %(day)s", day=words),
    }
    return near.get(days, words)


def days_words(first: dt.date, last: dt.date) -> str:
    """Return one day, or from which to which."""
    if first == last:
        return date_words(first)
    return _("%(first)s to %(last)s", first=date_words(first), last=date_words(last))


def hours_of(planned: GroupSession) -> str:
    """Return from when to when; an end after midnight says that it is on the next day."""
    begin, end = clock_time(planned.starts_at), clock_time(planned.ends_at)
    if local(planned.ends_at).date() > planned.day_on and end != "00:00":
        return _("%(begin)s–%(end)s, the next day", begin=begin, end=end)
    return _("%(begin)s–%(end)s", begin=begin, end=end)


def when_of(planned: GroupSession) -> str:
    """Return day and time as one line."""
    return _("%(day)s, %(hours)s", day=day_words(planned.day_on), hours=hours_of(planned))


def minute_words(minute: int) -> str:
    """Return a minute of the day as the clock shows it."""
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def where_of(planned: GroupSession, venue: Venue | None, *, usual: str = "") -> str:
    """Return where a session is, as everybody may know it; the link of one far away is not in it.

    Args:
        planned: The session.
        venue: Its place, if it has one.
        usual: Where the group usually meets, if nothing else is said.
    """
    if planned.setting in AWAY:
        return _("Online") if planned.setting == "online" else _("By phone")
    words = planned.where_words
    place = ", ".join(filter(None, (venue.name, venue.postcode))) if venue is not None else ""
    return groups.joined((place, words)) or usual or _("Ask the group where")


def way_in(planned: GroupSession) -> str:
    """Return the link or the number of a session far away, as words: for members alone."""
    return planned.where_words if planned.setting in AWAY else ""


def repeat_words(rule: str) -> str:
    """Return how often a series happens; a rule of another program has no words of ours."""
    pattern = pattern_of(rule)
    return _("on days of its own") if pattern is None else pattern_words(pattern)


def pattern_words(pattern: Pattern) -> str:
    """Return how often something happens, as part of a sentence."""
    days = _list_words(str(DAYS[day]) for day in sorted(set(pattern.weekdays)))
    match pattern.often:
        case "every week":
            return _("every week on %(days)s", days=days)
        case "every second week":
            return _("every second week on %(days)s", days=days)
        case "weekday of the month":
            place = str(POSITION_NAMES[pattern.position])
            return _("on the %(place)s %(day)s of each month", place=place, day=days)
        case _:
            return _("on day %(number)d of each month", number=pattern.month_day)


def _list_words(words: Iterable[str]) -> str:
    found = list(words)
    if len(found) < 2:  # noqa: PLR2004 - one has no "and"
        return "".join(found)
    return _("%(most)s and %(last)s", most=", ".join(found[:-1]), last=found[-1])


def series_words(series: Series) -> str:
    """Return when a series happens, as one line."""
    begin = minute_words(series.starts_minute)
    end = minute_words(series.starts_minute + series.length_minutes)
    words = _(
        "%(often)s, %(begin)s–%(end)s", often=repeat_words(series.rrule), begin=begin, end=end
    )
    if series.until_on is None:
        return words
    return _("%(words)s, until %(day)s", words=words, day=date_words(series.until_on))


def places_words(planned: GroupSession, count: Count) -> str:
    """Return how many places there are; nothing where one simply comes, or nobody can any more."""
    if not expects_people(planned, utc_now()):
        return ""
    if planned.capacity is None:
        return _("Sign up first") if planned.sign_up == "sign-up" else ""
    if planned.sign_up != "sign-up":
        return ngettext("%(num)d place", "%(num)d places", planned.capacity)
    left = planned.capacity - count.signed
    if left > 0:
        return ngettext("%(num)d place left", "%(num)d places left", left)
    if count.waiting:
        return ngettext("Full, %(num)d waits", "Full, %(num)d wait", count.waiting)
    return _("Full")


def tag_of(
    planned: GroupSession, *, mine: str = "", holds: bool = False, count: Count | None = None
) -> Tag | None:
    """Return the most important word about a session, or None where all is as usual.

    Args:
        planned: The session.
        mine: How it stands with the one who looks: "signed", "waiting" or nothing.
        holds: Whether they hold it.
        count: Who comes, where places are limited.
    """
    about = _tag_of_all(planned)
    if about is not None:
        return about
    if holds:
        return Tag(_("You hold it"), "good")
    if mine:
        return Tag(_("You come"), "good") if mine == "signed" else Tag(_("You wait"), "wait")
    if count is not None and planned.capacity is not None and count.signed >= planned.capacity:
        return Tag(_("Full"), "quiet")
    return Tag(_("Moved"), "go") if planned.is_moved else None


def _tag_of_all(planned: GroupSession) -> Tag | None:
    if planned.state == "cancelled":
        return Tag(_("Cancelled"), "careful")
    if planned.closed_day_id is not None:
        return Tag(_("Closed that day"), "quiet")
    if planned.state == "open":
        return Tag(_("Open now"), "go")
    is_over = planned.state == "closed" or planned.ends_at <= utc_now()
    return Tag(_("Over"), "quiet") if is_over else None


def clocks_change(planned: GroupSession) -> bool:
    """Tell whether the clocks change while a session goes on."""
    begin, end = (moment.astimezone(zone()) for moment in (planned.starts_at, planned.ends_at))
    return begin.utcoffset() != end.utcoffset()


def line_of(
    meeting: Meeting, member: Member | None, *, with_day: bool = True, with_group: bool = True
) -> dict[str, Any]:
    """Return a session as a line of `link_list`; what concerns only this member stands in it."""
    planned, group = meeting.session, meeting.group
    holds = member is not None and planned.host_id == member.id
    mine = meeting.mine if member is not None else ""
    tag = tag_of(planned, mine=mine, holds=holds, count=meeting.count)
    when = when_of(planned) if with_day else hours_of(planned)
    where = where_of(planned, meeting.venue, usual=group.where_words)
    why = planned.cancelled_words or (meeting.closed.words if meeting.closed else "")
    # How many wait is nothing for people outside.
    count = meeting.count if member is not None else Count(meeting.count.signed)
    places = why if planned.is_off else places_words(planned, count)
    return {
        "words": planned.title,
        "note": groups.joined((when, group.name if with_group else "", where, places)),
        "href": url_for("sessions.show", session_id=planned.id),
        "tag": tag.words if tag else None,
        "tag_kind": tag.kind if tag else None,
    }
