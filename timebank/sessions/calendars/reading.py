"""Read a calendar file: bytes in, plans and remarks out. Pure.

A plan is what a group can hold: a series on the clock on the wall of its community, single dates,
or both. What cannot be one is left out, and a remark says which and why. Who was invited and who
said yes is not read: that is nobody's business here.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from timebank.groups.models import WHERE_LENGTH_MAX, WORDS_LENGTH_MAX
from timebank.sessions.calendars.clocks import as_shown, described_in
from timebank.sessions.calendars.events import Moment, Said, read_event
from timebank.sessions.calendars.pieces import Piece, take_apart
from timebank.sessions.calendars.rules import Happens, happens
from timebank.sessions.errors import CalendarFileError, EventError
from timebank.sessions.models import TITLE_LENGTH_MAX


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to tell about an event.

    Attributes:
        line: Where it begins in the file.
        title: What it is called there, if that could be read.
        code: What it is about; `names` has the sentence.
        facts: What the sentence needs.
        is_bad: Whether the event was left out because of it.
    """

    line: int
    title: str
    code: str
    facts: Mapping[str, str] = field(default_factory=dict)
    is_bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """One date, on the clock on the wall of the community.

    Attributes:
        starts: Day and time, without a zone.
    """

    starts: dt.datetime
    length_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is different about one date of a series.

    Attributes:
        occurrence_on: The date as the rule gave it.
        to: When it is instead; None where it does not take place.
        title: What it is called on that date.
    """

    occurrence_on: dt.date
    to: Once | None
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an event becomes.

    Attributes:
        uid: Names the event in every copy of the file.
        repeats: When the series happens; None where there is no series.
        once: Single dates: the event's only one, or those beside its rule.
        changes: Dates of the series that are different, in order.
        is_cancelled: Whether the file says that the whole does not take place any more.
    """

    line: int
    uid: str
    title: str
    words: str
    where: str
    repeats: Happens | None
    once: tuple[Once, ...]
    changes: tuple[Change, ...] = ()
    is_cancelled: bool = False
    sequence: int = 0


@dataclass(slots=True)
class CalendarRead:
    """A file as read.

    Attributes:
        left_alone: How many there are of what is no event, by the kind's name.
    """

    plans: list[Plan] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    event_count: int = 0
    left_alone: Mapping[str, int] = field(default_factory=dict)

    @property
    def left_out(self) -> list[Remark]:
        """What was left out, in the order of the file."""
        return [remark for remark in self.remarks if remark.is_bad]


def read(content: bytes, *, zone: ZoneInfo, today: dt.date) -> CalendarRead:
    """Read a file.

    Args:
        content: Its bytes, in UTF-8 or an old Windows encoding.
        zone: The zone of the community: plans are on its clock on the wall.
        today: What is over by then is left out.

    Raises:
        CalendarFileError: If the file as a whole is of no use.
    """
    pieces = take_apart(content)
    if not pieces.events:
        raise CalendarFileError("no events")
    described = described_in(pieces.zones)
    found = CalendarRead(event_count=len(pieces.events), left_alone=pieces.left_alone)
    said = list(_said(pieces.events, described, found))
    if pieces.is_cancelling:
        said = [replace(each, is_cancelled=True) for each in said]
    changes = _changes_by_uid(said, zone)
    seen: dict[str, int] = {}
    for each in _newest(said, found):
        seen[each.uid] = each.line
        try:
            plan = _plan(each, changes.get(each.uid, ()), zone, today)
        except EventError as error:
            found.remarks.append(_refused(each.line, each.title, error))
            continue
        found.plans.append(plan)
        found.remarks.extend(_remarks(each, plan, zone))
    found.remarks.extend(
        _refused(each.line, each.title, EventError("no series"))
        for each in said
        if each.changes is not None and each.uid not in seen
    )
    found.remarks.sort(key=lambda remark: remark.line)
    return found


def _said(
    pieces: Sequence[Piece], described: Mapping[str, dt.tzinfo], found: CalendarRead
) -> Iterator[Said]:
    for piece in pieces:
        try:
            yield read_event(piece, described)
        except EventError as error:
            found.remarks.append(_refused(piece.line, _title_in(piece), error))


def _title_in(piece: Piece) -> str:
    """Return what an event that cannot be read is called, as well as can be told."""
    for line in piece.text.split("\r\n"):
        if line.upper().startswith("SUMMARY:"):
            return line[len("SUMMARY:") :].strip()[:TITLE_LENGTH_MAX]
    return ""


def _refused(line: int, title: str, error: EventError) -> Remark:
    return Remark(line, title[:TITLE_LENGTH_MAX], error.reason, error.facts, is_bad=True)


def _newest(said: Sequence[Said], found: CalendarRead) -> list[Said]:
    """Return the events of their own, each once: of two with one name the newer counts."""
    newest: dict[str, Said] = {}
    for each in said:
        if each.changes is not None:
            continue
        before = newest.get(each.uid)
        if before is None:
            newest[each.uid] = each
            continue
        kept, other = (each, before) if each.sequence > before.sequence else (before, each)
        newest[each.uid] = kept
        facts = {"line": str(kept.line)}
        found.remarks.append(_refused(other.line, other.title, EventError("twice", **facts)))
    return list(newest.values())


def _changes_by_uid(said: Sequence[Said], zone: ZoneInfo) -> dict[str, tuple[Change, ...]]:
    """Return what the file says of single dates of series; the newest word about each counts."""
    newest: dict[tuple[str, dt.date], Said] = {}
    for each in said:
        if each.changes is None:
            continue
        key = each.uid, shown_here(each.changes, zone).date()
        before = newest.get(key)
        if before is not None and before.sequence > each.sequence:
            continue
        newest[key] = each
    changes: dict[str, tuple[Change, ...]] = {}
    for (uid, day), each in sorted(newest.items(), key=lambda item: item[0]):
        to = None
        if not each.is_cancelled:
            to = Once(starts=shown_here(each.starts, zone), length_minutes=each.length_minutes)
        change = Change(occurrence_on=day, to=to, title=each.title[:TITLE_LENGTH_MAX])
        changes[uid] = (*changes.get(uid, ()), change)
    return changes


def shown_here(moment: Moment, zone: ZoneInfo) -> dt.datetime:
    """Return what the community's clock on the wall shows at a moment of the file."""
    return as_shown(moment.shown, None if moment.is_day else moment.clock, zone)


def _plan(said: Said, changes: Sequence[Change], zone: ZoneInfo, today: dt.date) -> Plan:
    starts = shown_here(said.starts, zone)
    once = [
        Once(starts=shown_here(moment, zone), length_minutes=minutes)
        for moment, minutes in said.extra
    ]
    off = {shown_here(moment, zone).date() for moment in said.off}
    repeats = None
    if said.rule and not said.is_cancelled:
        repeats = happens(said, zone, today)
    if repeats is None or repeats.is_beside_start:
        once.insert(0, Once(starts=starts, length_minutes=said.length_minutes))
    once = [each for each in once if each.starts.date() not in off and each.starts.date() >= today]
    if repeats is not None and repeats.is_over:
        repeats = None
    if repeats is None and not once and not said.is_cancelled:
        raise EventError("over")
    return Plan(
        line=said.line,
        uid=said.uid,
        title=said.title[:TITLE_LENGTH_MAX],
        words=said.words[:WORDS_LENGTH_MAX],
        where=said.where[:WHERE_LENGTH_MAX],
        repeats=repeats,
        once=() if said.is_cancelled else tuple(_each_once(once)),
        changes=() if repeats is None else _to_come(changes, off, today),
        is_cancelled=said.is_cancelled,
        sequence=said.sequence,
    )


def _each_once(once: Sequence[Once]) -> list[Once]:
    return list({each.starts: each for each in once}.values())


def _to_come(changes: Sequence[Change], off: set[dt.date], today: dt.date) -> tuple[Change, ...]:
    """Return what is different about dates to come; a date that is off is one that is cancelled."""
    by_day = {day: Change(occurrence_on=day, to=None) for day in off}
    by_day |= {change.occurrence_on: change for change in changes}
    return tuple(by_day[day] for day in sorted(by_day) if day >= today)


def _remarks(said: Said, plan: Plan, zone: ZoneInfo) -> Iterator[Remark]:
    """Tell what about an event is not quite as its file has it."""

    def remark(code: str, **facts: str) -> Remark:
        return Remark(said.line, plan.title, code, facts)

    for text, length_max, code in (
        (said.title, TITLE_LENGTH_MAX, "title cut"),
        (said.words, WORDS_LENGTH_MAX, "words cut"),
        (said.where, WHERE_LENGTH_MAX, "where cut"),
    ):
        if len(text) > length_max:
            yield remark(code, length=str(length_max))
    if not said.title:
        yield remark("no title")
    if shown_here(said.starts, zone) != said.starts.shown:
        yield remark("other clock read", time=f"{said.starts.shown:%H:%M}")
    if said.people_count:
        yield remark("people not read", count=str(said.people_count))
    if plan.repeats is not None and plan.repeats.is_beside_start:
        yield remark("start beside rule")
