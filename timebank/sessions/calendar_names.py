"""Words for calendars: what a feed says, and what became of the events of a file."""

from collections.abc import Mapping
from typing import Any

from timebank.groups.names import where_of
from timebank.sessions import names
from timebank.sessions.calendars.reading import Remark
from timebank.sessions.queries import Meeting
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l
from timebank.web.words import ngettext

#: Why a file as a whole is of no use.
FILE_WORDS: Mapping[str, Any] = {
    "no calendar": _l(
        "This is not a calendar file. Such a file ends in .ics; calendar programs make one "
        "under “Export”."
    ),
    "no events": _l("There are no events in this calendar. Look whether it is the right one."),
    "too long": _l("This file is too big. Export a shorter time, or one calendar only."),
    "too many events": _l(
        "There are more than %(events_max)s events in this file. Export a shorter time."
    ),
    "too deep": _l("This file is not built like a calendar. Export it once more."),
}
#: Why one event was left out.
EVENT_WORDS: Mapping[str, Any] = {
    "no start": _l("It does not say when it begins."),
    "no end": _l("It does not say how long it lasts."),
    "all day": _l("It lasts all day. Give it a time at which it begins and ends."),
    "ends first": _l("It ends before it begins."),
    "too long": _l("It lasts more than a day. Make it shorter, or make two of it."),
    "no such time": _l("Its time makes no sense to us."),
    "unknown zone": _l(
        "Its time is told by the clock of “%(zone)s”, and we do not know where that is."
    ),
    "other clock": _l(
        "It repeats by the clock of %(zone)s, which changes on other days than ours: for some "
        "weeks it would be an hour wrong. Set it to our time zone."
    ),
    "rule unreadable": _l("It repeats in a way that we cannot follow (%(rule)s)."),
    "too often": _l("It repeats several times a day. Make a series for each time of day."),
    "never": _l("By its own rule it never happens."),
    "over": _l("It is over."),
    "private": _l("It is marked as private, so it stays private."),
    "within": _l("There is another event inside of it. Export the file once more."),
    "cut off": _l("The file ends in the middle of it. Export the file once more."),
    "unreadable": _l("Its line “%(name)s” cannot be read. Export the file once more."),
    "said twice": _l("It says “%(name)s” twice, and we do not know which one counts."),
    "too many dates": _l("It has more than %(dates_max)s single dates. Split it."),
    "twice": _l("This is the event of line %(line)s once more; that one is newer or comes first."),
    "no series": _l("It changes one date of a series that is not in this file."),
    "this and later": _l(
        "It changes a series from one date on. End the series there, and begin a new one."
    ),
    "cancelled": _l("It was cancelled there, and we never had it."),
    "closed": _l("The group is closed on that day."),
    "far ahead": _l("It is too far away. Bring the file in again nearer to it."),
    "refused": _l("It can not be planned here like this. Plan it on the page of the group."),
}
#: What is not quite as the file has it, though the event is brought in.
REMARK_WORDS: Mapping[str, Any] = {
    "title cut": _l("Its title was cut to %(length)s characters."),
    "words cut": _l("Its words were cut to %(length)s characters."),
    "where cut": _l("Its place was cut to %(length)s characters."),
    "no title": _l("It has no title, and takes the name of the group."),
    "other clock read": _l("%(time)s by the clock of the file is another time here."),
    "people not read": _l("Who was invited is nobody's business here and was not read."),
    "start beside rule": _l(
        "Its first date is not one of those its rule gives, and is planned on its own."
    ),
}


def file_words(reason: str, facts: Mapping[str, str]) -> str:
    """Return why a file is of no use."""
    return str(FILE_WORDS[reason]) % facts


def remark_words(remark: Remark) -> str:
    """Return what there is to tell about an event."""
    words = EVENT_WORDS if remark.is_bad else REMARK_WORDS
    return str(words[remark.code]) % remark.facts


def which_event(remark: Remark) -> str:
    """Return which event of a file is meant."""
    if remark.title:
        return _("“%(title)s” (line %(line)d)", title=remark.title, line=remark.line)
    return _("Line %(line)d", line=remark.line)


def left_alone_words(left_alone: Mapping[str, int]) -> str:
    """Return what else was in a file, or an empty string."""
    count = sum(left_alone.values())
    if not count:
        return ""
    return ngettext(
        "%(num)d thing in it is no event, such as a task, and was left alone.",
        "%(num)d things in it are no events, such as tasks, and were left alone.",
        count,
    )


def neutral_title() -> str:
    """Return what a date is called where the screen may be seen by anybody."""
    return _("Appointment")


def place_of(meeting: Meeting, *, is_member: bool) -> str:
    """Return where a session is; the link or number of one far away is for members alone."""
    planned = meeting.session
    way_in = names.way_in(planned) if is_member else ""
    return way_in or names.where_of(
        planned, meeting.venue, usual=where_of(meeting.group, meeting.venue)
    )


#: What became of an event, or would.
FATE_WORDS: Mapping[str, Any] = {
    "new": _l("New"),
    "changed": _l("Changed"),
    "known": _l("Here already"),
    "taken back": _l("Taken back"),
    "left out": _l("Left out"),
}


def fate_words(fate: str) -> str:
    """Return what became of an event."""
    return str(FATE_WORDS[fate])


def taken_back_words() -> str:
    """Return what people read of a date that the group's calendar took back."""
    return _("It is not in the group’s calendar any more.")
