"""How values read on a page: hours, days, times. Templates compute nothing; they ask here."""

import datetime as dt
from zoneinfo import ZoneInfo

from flask import Flask, g
from flask_babel import format_date, format_datetime, format_time
from markupsafe import Markup, escape

from timebank.clock import utc_now
from timebank.web.words import gettext as _
from timebank.web.words import ngettext

MINUTES_IN_HOUR = 60


def hours_label(minutes: int) -> str:
    """Return a length of time for a label: `45 min`, `1 h`, `1 h 30 min`; the sign is dropped.

    Its spaces do not break, so that no line of a phone begins with a lonely `h`.
    """
    hours, rest = divmod(abs(minutes), MINUTES_IN_HOUR)
    if hours and rest:
        words = _("%(hours)d h %(minutes)d min", hours=hours, minutes=rest)
    elif hours:
        words = _("%(hours)d h", hours=hours)
    else:
        words = _("%(minutes)d min", minutes=rest)
    return words.replace(" ", "\N{NO-BREAK SPACE}")


def hours_signed(minutes: int) -> str:
    """Return a movement for a statement: `+1 h`, `−30 min`, `0 min`."""
    sign = "+" if minutes > 0 else "−" if minutes < 0 else ""
    return f"{sign}{hours_label(minutes)}"


def hours_words(minutes: int) -> str:
    """Return a balance as a sentence part: hours to spend, hours to give back, or even."""
    if minutes > 0:
        return _("%(hours)s to spend", hours=hours_label(minutes))
    if minutes < 0:
        return _("%(hours)s to give back", hours=hours_label(minutes))
    return _("all even")


def zone() -> ZoneInfo:
    """Return the time zone of the community on the page, or UTC outside one."""
    community = g.get("community")
    return ZoneInfo(community.time_zone if community is not None else "UTC")


def local(moment: dt.datetime) -> dt.datetime:
    """Return an aware moment in the community's own time."""
    return moment.astimezone(zone())


def today() -> dt.date:
    """Return today's date where the community is."""
    return local(utc_now()).date()


def day(value: dt.date | dt.datetime) -> str:
    """Return a date in words, such as `Tuesday 3 March`; the year only where it is another one."""
    date = local(value).date() if isinstance(value, dt.datetime) else value
    return str(format_date(date, "EEEE d MMMM" if date.year == today().year else "d MMMM yyyy"))


def short_day(value: dt.date | dt.datetime) -> str:
    """Return a date for a table, such as `3 Mar 2026`."""
    date = local(value).date() if isinstance(value, dt.datetime) else value
    return str(format_date(date, "d MMM yyyy"))


def clock_time(moment: dt.datetime) -> str:
    """Return the time of day of a moment, in the community's own time."""
    return str(format_time(local(moment).time(), "HH:mm", rebase=False))


def moment_words(moment: dt.datetime) -> str:
    """Return day and time of a moment."""
    return str(format_datetime(local(moment), "EEEE d MMMM yyyy, HH:mm", rebase=False))


def ago(moment: dt.datetime) -> str:
    """Return how long ago a moment was, in words."""
    days = (today() - local(moment).date()).days
    if days <= 0:
        return _("today, %(time)s", time=clock_time(moment))
    if days == 1:
        return _("yesterday")
    if days < 14:  # noqa: PLR2004 - two weeks
        return ngettext("%(num)d day ago", "%(num)d days ago", days)
    return short_day(moment)


def lines(text: str) -> Markup:
    """Return plain text as paragraphs and line breaks; everything in it is escaped."""
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    return Markup("").join(
        Markup("<p>{}</p>").format(Markup("<br>").join(escape(line) for line in part.split("\n")))
        for part in paragraphs
    )


def init_app(app: Flask) -> None:
    """Give templates these filters."""
    for function in (
        hours_label,
        hours_signed,
        hours_words,
        day,
        short_day,
        clock_time,
        moment_words,
        ago,
        lines,
    ):
        app.add_template_filter(function, function.__name__)
