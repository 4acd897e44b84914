"""Write a calendar that other programs subscribe to: facts in, bytes out. Pure.

Each session is an event of its own and no date of a rule, so that one that was moved or cancelled
is simply that, in every program. The same facts give the same bytes: a program that asks again is
answered with "nothing new".
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import icalendar

PRODUCT = "-//Timebank//Sessions//EN"
#: How often a program may come back.
REFRESH_HOURS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One session as somebody's calendar shows it.

    Attributes:
        session_id: Names it for good, however often it is moved.
        sequence: Grows with each change.
        changed_at: When it was changed last.
        state: "confirmed", "tentative" while its place is not sure, or "cancelled".
        title: What it is called there.
        words: What else is said of it, or "".
        where: The place, or "".
        address: Its page, or "".
    """

    session_id: uuid.UUID
    sequence: int
    changed_at: dt.datetime
    starts_at: dt.datetime
    ends_at: dt.datetime
    state: str
    title: str
    words: str = ""
    where: str = ""
    address: str = ""


def write(entries: Sequence[Entry], *, name: str, host: str, zone: ZoneInfo) -> bytes:
    """Write a calendar.

    Args:
        entries: What is in it, in order.
        name: What the calendar is called.
        host: Where it comes from: the second half of each event's name.
        zone: Whose clock on the wall the times are told by.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", zone.key)
    calendar.add(
        "refresh-interval", dt.timedelta(hours=REFRESH_HOURS), parameters={"VALUE": "DURATION"}
    )
    calendar.add("x-published-ttl", f"PT{REFRESH_HOURS}H")
    if entries:
        calendar.add_component(_zone(entries, zone))
    for entry in entries:
        calendar.add_component(_event(entry, host, zone))
    return bytes(calendar.to_ical())


def _zone(entries: Sequence[Entry], zone: ZoneInfo) -> icalendar.Timezone:
    """Describe the zone for the years that are needed."""
    first = min(entry.starts_at for entry in entries).year
    last = max(entry.ends_at for entry in entries).year
    described = icalendar.Timezone.from_tzinfo(
        zone, first_date=dt.date(first - 1, 1, 1), last_date=dt.date(last + 1, 12, 31)
    )
    described.pop("COMMENT", None)
    return described


def _event(entry: Entry, host: str, zone: ZoneInfo) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{entry.session_id}@{host}")
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.starts_at.astimezone(zone))
    event.add("dtend", entry.ends_at.astimezone(zone))
    event.add("summary", entry.title)
    event.add("status", entry.state.upper())
    event.add("transp", "TRANSPARENT" if entry.state == "cancelled" else "OPAQUE")
    for property_name, said in (
        ("description", entry.words),
        ("location", entry.where),
        ("url", entry.address),
    ):
        if said:
            event.add(property_name, said)
    return event
