"""Calendar files that other programs wrote: each becomes plans, or is refused by name."""

import datetime as dt
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.sessions.calendars import reading
from timebank.sessions.calendars.pieces import BYTES_MAX, DEPTH_MAX, EVENTS_MAX, ZONES_MAX
from timebank.sessions.calendars.reading import CalendarRead, Change, Once, Plan
from timebank.sessions.errors import CalendarFileError

LONDON, COPENHAGEN = ZoneInfo("Europe/London"), ZoneInfo("Europe/Copenhagen")
TODAY = dt.date(2026, 3, 2)
#: Long before any of the files, so that none of them is over.
LONG_AGO = dt.date(1996, 1, 1)
FOLDER = "icalendar-fixtures"
#: What each file of another project's tests becomes: how many plans, and why the rest is left out.
FIXTURES: dict[str, tuple[int, list[str]] | str] = {
    "america_new_york": (0, ["said twice"]),
    "big_bad_calendar": (0, ["no start"] * 20),
    "broken_ical": (0, ["unreadable"]),
    "calendar_with_unicode": "no events",
    "created_calendar_with_unicode_fields": (1, ["no end", "no start"]),
    "event_with_escaped_character1": (0, ["no start"]),
    "event_with_escaped_character2": (0, ["no start"]),
    "event_with_escaped_character3": (0, ["no start"]),
    "event_with_escaped_character4": (0, ["no start"]),
    "event_with_escaped_characters": (0, ["no start"]),
    "event_with_recurrence": (1, []),
    "event_with_recurrence_exdates_on_different_lines": (1, []),
    "event_with_rsvp": (0, ["no start"]),
    "event_with_unicode_fields": (1, []),
    "event_with_unicode_organizer": (0, ["no start"]),
    "example": (0, ["all day"] * 3),
    "issue_100_transformed_doctests_into_unittests": (0, ["no start"]),
    "issue_101_icalendar_chokes_on_umlauts_in_organizer": (1, []),
    "issue_104_broken_calendar": (1, []),
    "issue_104_mark_events_broken": (1, []),
    "issue_112_missing_tzinfo_on_exdate": (1, []),
    "issue_156_RDATE_with_PERIOD": (1, []),
    "issue_156_RDATE_with_PERIOD_TZID_khal": (0, ["this and later"]),
    "issue_156_RDATE_with_PERIOD_TZID_khal_2": (0, ["this and later"]),
    "issue_156_RDATE_with_PERIOD_list": (1, []),
    "issue_157_removes_trailing_semicolon": (0, ["no end"]),
    "issue_165_missing_event": (0, ["unreadable"]),
    "issue_168_expected_output": (1, []),
    "issue_168_input": (1, []),
    "issue_178_component_with_invalid_name_represented": "no events",
    "issue_178_custom_component_contains_other": (0, ["all day"]),
    "issue_178_custom_component_inside_other": "no events",
    "issue_184_broken_representation_of_period": (0, ["no end"]),
    "issue_237_brazilia_standard": "no events",
    "issue_237_fail_to_parse_timezone_with_non_ascii_tzid": (1, []),
    "issue_27_multiple_periods_in_freebusy_multiple_freebusies": "no events",
    "issue_27_multiple_periods_in_freebusy_one_freebusy": "no events",
    "issue_322_expected_calendar": (0, ["no start"]),
    "issue_348_exception_parsing_value": (1, []),
    "issue_350": (1, []),
    "issue_464_invalid_rdate": (0, ["unreadable"]),
    "issue_466_convert_tzid_with_slash": (1, []),
    "issue_466_respect_unique_timezone": (1, []),
    "issue_526_calendar_with_different_events": (0, ["unknown zone"] * 2),
    "issue_526_calendar_with_event_subset": (0, ["unknown zone"]),
    "issue_526_calendar_with_events": (0, ["unknown zone"] * 2),
    "issue_526_calendar_with_shuffeled_events": (0, ["unknown zone"] * 2),
    "issue_53_description_parsed_properly": (1, []),
    "issue_53_tzid_parsed_properly": "no events",
    "issue_55_parse_error_on_utc_offset_with_seconds": "no events",
    "issue_64_event_with_ascii_summary": (0, ["no start"]),
    "issue_64_event_with_non_ascii_summary": (0, ["no start"]),
    "issue_70_rrule_causes_attribute_error": (1, []),
    "issue_82_expected_output": (0, ["no start"]),
    "multiple_calendar_components": (0, ["all day"] * 3),
    "pacific_fiji": (0, ["said twice"]),
    "parsing_error": (0, ["all day", "unreadable"]),
    "parsing_error_in_UTC_offset": "no events",
    "period_with_timezone": (0, ["other clock"]),
    "pr_480_summary_with_colon": (0, ["no start"] * 2),
    "property_params": (0, ["all day"]),
    "small_bad_calendar": (0, ["no start"]),
    "time": "no events",
    "timezone_rdate": (0, ["no end"]),
    "timezone_same_start": (1, []),
    "timezone_same_start_and_offset": (1, []),
    "timezoned": (0, ["too long"]),
    "x_location": (1, []),
}


def file_of(*events: str, around: str = "") -> bytes:
    """Write a calendar of these events, each the lines between BEGIN and END."""
    body = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{around}{body}END:VCALENDAR\n".encode()


def read(*events: str, zone: ZoneInfo = LONDON, around: str = "") -> CalendarRead:
    return reading.read(file_of(*events, around=around), zone=zone, today=TODAY)


def plan_of(event: str, zone: ZoneInfo = LONDON) -> Plan:
    found = read(event, zone=zone)
    assert found.left_out == []
    [plan] = found.plans
    return plan


def reason(event: str, zone: ZoneInfo = LONDON, around: str = "") -> str:
    found = read(event, zone=zone, around=around)
    assert found.plans == []
    [remark] = found.left_out
    return remark.code


def refused(content: bytes) -> str:
    with pytest.raises(CalendarFileError) as refusal:
        reading.read(content, zone=LONDON, today=TODAY)
    return refusal.value.reason


def outcome(content: bytes, today: dt.date) -> tuple[int, list[str]] | str:
    """Return how many plans a file becomes and why the rest is left out, or why it is no use."""
    try:
        found = reading.read(content, zone=LONDON, today=today)
    except CalendarFileError as refusal:
        return refusal.reason
    return len(found.plans), [remark.code for remark in found.left_out]


# ------------------------------------------------------------------------- real files


@pytest.mark.data
def test_every_file_of_another_projects_tests_is_in_the_table(data: Path) -> None:
    assert {path.stem for path in (data / FOLDER).glob("*.ics")} == set(FIXTURES)


@pytest.mark.data
@pytest.mark.parametrize("name", FIXTURES)
def test_a_file_becomes_plans_or_is_refused_by_name(data: Path, name: str) -> None:
    content = (data / FOLDER / f"{name}.ics").read_bytes()
    assert outcome(content, LONG_AGO) == FIXTURES[name]


# ------------------------------------------------------------------- what a file says


def test_a_series_is_read_with_its_dates_off_moved_and_beside_the_rule() -> None:
    found = read(
        """
UID:cafe@elsewhere
SUMMARY:Tuesday café\\, with cake
DESCRIPTION:Come as you are.\\nNobody has to talk.
LOCATION:The library
DTSTART;TZID=Europe/Copenhagen:20260106T140000
DTEND;TZID=Europe/Copenhagen:20260106T163000
RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20260630T120000Z
EXDATE;TZID=Europe/Copenhagen:20260407T140000
RDATE;TZID=Europe/Copenhagen:20260508T140000
ATTENDEE:mailto:somebody@example.org
""",
        """
UID:cafe@elsewhere
RECURRENCE-ID;TZID=Europe/Copenhagen:20260414T140000
SUMMARY:Café in the garden
DTSTART;TZID=Europe/Copenhagen:20260415T100000
DTEND;TZID=Europe/Copenhagen:20260415T113000
""",
        """
UID:cafe@elsewhere
RECURRENCE-ID;TZID=Europe/Copenhagen:20260421T140000
STATUS:CANCELLED
DTSTART;TZID=Europe/Copenhagen:20260421T140000
""",
        zone=COPENHAGEN,
    )
    [plan] = found.plans
    assert (plan.title, plan.where) == ("Tuesday café, with cake", "The library")
    assert plan.words == "Come as you are.\nNobody has to talk."
    assert plan.repeats is not None
    assert plan.repeats.rrule == "FREQ=WEEKLY;BYDAY=TU"
    assert plan.repeats.starts_on == dt.date(2026, 3, 3)  # the next one, not the first
    assert plan.repeats.until_on == dt.date(2026, 6, 30)
    assert (plan.repeats.starts_minute, plan.repeats.length_minutes) == (14 * 60, 150)
    assert plan.once == (Once(starts=dt.datetime(2026, 5, 8, 14), length_minutes=150),)  # noqa: DTZ001 - the clock on the wall
    assert plan.changes == (
        Change(occurrence_on=dt.date(2026, 4, 7), to=None),
        Change(
            occurrence_on=dt.date(2026, 4, 14),
            to=Once(starts=dt.datetime(2026, 4, 15, 10), length_minutes=90),  # noqa: DTZ001 - as above
            title="Café in the garden",
        ),
        Change(occurrence_on=dt.date(2026, 4, 21), to=None),
    )
    assert [remark.code for remark in found.remarks] == ["people not read"]


@pytest.mark.parametrize(
    ("times", "starts", "length_minutes"),
    [
        ("DTSTART:20260310T190000\nDTEND:20260310T203000", "2026-03-10 19:00", 90),
        ("DTSTART:20260310T190000Z\nDURATION:PT45M", "2026-03-10 19:00", 45),
        ("DTSTART:20260710T190000Z\nDURATION:PT45M", "2026-07-10 20:00", 45),
        ("DTSTART;TZID=Europe/Paris:20260310T190000\nDURATION:PT2H", "2026-03-10 18:00", 120),
        ("DTSTART;TZID=/Europe/Paris:20260310T190000\nDURATION:PT2H", "2026-03-10 18:00", 120),
        (
            "DTSTART;TZID=/kept.example/2015/Europe/Paris:20260310T190000\nDURATION:PT2H",
            "2026-03-10 18:00",
            120,
        ),
        (
            "DTSTART;TZID=W. Europe Standard Time:20260310T190000\nDURATION:PT2H",
            "2026-03-10 18:00",
            120,
        ),
        # From eight in the evening to two in the morning of the night the clocks change.
        ("DTSTART:20260328T200000\nDTEND:20260329T020000", "2026-03-28 20:00", 360),
        # Half a minute is a minute, and a day may be whole.
        ("DTSTART:20260310T190000\nDURATION:PT30S", "2026-03-10 19:00", 1),
        ("DTSTART:20260310T190000\nDURATION:P1D", "2026-03-10 19:00", 1440),
    ],
)
def test_a_time_is_read_on_the_clock_on_our_wall(
    times: str, starts: str, length_minutes: int
) -> None:
    [once] = plan_of(f"UID:1\nSUMMARY:Tea\n{times}").once
    assert f"{once.starts:%Y-%m-%d %H:%M}" == starts
    assert once.length_minutes == length_minutes


def test_a_zone_that_only_the_file_describes_is_followed() -> None:
    around = """BEGIN:VTIMEZONE
TZID:Our village
BEGIN:STANDARD
DTSTART:20001029T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20000326T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
"""
    tea = "UID:1\nSUMMARY:Tea\nDTSTART;TZID=Our village:20260701T100000\nDURATION:PT1H"
    [plan] = read(tea, around=around).plans
    assert plan.once[0].starts.hour == 9
    assert reason(tea) == "unknown zone"
    # A clock that changes every second is no clock, and would be looked through for ever.
    assert reason(tea, around=around.replace("YEARLY", "SECONDLY")) == "unknown zone"


TEA = "UID:1\nSUMMARY:Tea\nDTSTART:20260303T100000\nDURATION:PT1H\n"


@pytest.mark.parametrize(
    ("rule", "kept", "until_on"),
    [
        ("FREQ=WEEKLY", "FREQ=WEEKLY", None),
        ("FREQ=WEEKLY;INTERVAL=1;WKST=MO;BYDAY=TU", "FREQ=WEEKLY;BYDAY=TU", None),
        ("FREQ=WEEKLY;COUNT=3", "FREQ=WEEKLY", dt.date(2026, 3, 17)),
        ("FREQ=WEEKLY;UNTIL=20260324", "FREQ=WEEKLY", dt.date(2026, 3, 24)),
        ("FREQ=WEEKLY;UNTIL=20260324T100000Z", "FREQ=WEEKLY", dt.date(2026, 3, 24)),
        # On that day the clock shows nine when the rule ends: before it would begin.
        ("FREQ=WEEKLY;UNTIL=20260324T090000Z", "FREQ=WEEKLY", dt.date(2026, 3, 23)),
        ("FREQ=DAILY;BYHOUR=10;BYMINUTE=0", "FREQ=DAILY", None),
        ("FREQ=MONTHLY;BYDAY=1TU,3TU", "FREQ=MONTHLY;BYDAY=1TU,3TU", None),
        ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=1", "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=1", None),
    ],
)
def test_a_rule_is_kept_without_its_end(rule: str, kept: str, until_on: dt.date | None) -> None:
    repeats = plan_of(f"{TEA}RRULE:{rule}").repeats
    assert repeats is not None
    assert (repeats.rrule, repeats.until_on) == (kept, until_on)
    assert not repeats.is_beside_start


def test_every_second_week_stays_the_same_second_week_when_the_first_is_over() -> None:
    repeats = plan_of(
        "UID:1\nSUMMARY:Tea\nDTSTART:20260217T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;INTERVAL=2"
    ).repeats
    assert repeats is not None
    assert repeats.starts_on == dt.date(2026, 3, 3)


def test_a_beginning_that_its_rule_does_not_give_is_a_date_of_its_own() -> None:
    found = read(f"{TEA}RRULE:FREQ=WEEKLY;BYDAY=FR")
    [plan] = found.plans
    assert plan.repeats is not None
    assert plan.repeats.starts_on == dt.date(2026, 3, 6)
    assert [once.starts.day for once in plan.once] == [3]
    assert [remark.code for remark in found.remarks] == ["start beside rule"]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("SUMMARY:Tea", "no start"),
        ("DTSTART;VALUE=DATE:20260303", "all day"),
        ("DTSTART:20260303T100000", "no end"),
        ("DTSTART:20260303T100000\nDTEND:20260303T100000", "ends first"),
        ("DTSTART:20260303T100000\nDTEND:20260303T090000", "ends first"),
        ("DTSTART:20260303T100000\nDURATION:-PT1H", "ends first"),
        ("DTSTART:20260303T100000\nDURATION:P2D", "too long"),
        ("DTSTART:20260303T100000\nDTEND;VALUE=DATE:20260304", "no such time"),
        ("DTSTART:20260303T100000\nDTEND:20260303T110000Z", "no such time"),
        ("DTSTART:20260303T250000\nDURATION:PT1H", "unreadable"),
        ("DTSTART:18000303T100000\nDURATION:PT1H", "no such time"),
        ("DTSTART;VALUE=TIME:100000\nDURATION:PT1H", "no such time"),
        ("DTSTART;TZID=Mars/Base:20260303T100000\nDURATION:PT1H", "unknown zone"),
        ("DTSTART;TZID=../../etc/passwd:20260303T100000\nDURATION:PT1H", "unknown zone"),
        (f"{TEA}DTSTART:20260304T100000", "said twice"),
        (f"{TEA}RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY", "said twice"),
        (f"{TEA}RRULE:FREQ=FORTNIGHTLY", "unreadable"),
        (f"{TEA}RRULE:FREQ=WEEKLY;COUNT=0", "rule unreadable"),
        (f"{TEA}RRULE:FREQ=WEEKLY;COUNT=99999999", "rule unreadable"),
        (f"{TEA}RRULE:FREQ=YEARLY;BYWEEKNO=20", "rule unreadable"),
        (f"{TEA}RRULE:FREQ=HOURLY", "too often"),
        (f"{TEA}RRULE:FREQ=DAILY;BYHOUR=10,15", "too often"),
        (f"{TEA}RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "too often"),
        (f"{TEA}RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "rule unreadable"),
        (f"{TEA}RRULE:FREQ=MONTHLY;BYDAY=3MO;BYMONTHDAY=1", "rule unreadable"),
        (f"{TEA}RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9", "rule unreadable"),
        (f"{TEA}RRULE:FREQ=YEARLY;BYDAY=53MO;BYMONTH=2", "rule unreadable"),
        (f"{TEA}RRULE:FREQ=MONTHLY;INTERVAL=2;BYMONTH=2", "rule unreadable"),
        (f"{TEA}RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=MO", "rule unreadable"),
        (f"{TEA}RRULE:FREQ=WEEKLY;UNTIL=20250101", "never"),
        (f"{TEA}RRULE:FREQ=DAILY;BYDAY={','.join(['MO'] * 5000)}", "rule unreadable"),
        (f"{TEA}EXDATE:20260303T100000", "over"),
        (f"{TEA}EXDATE:{','.join(['20260303T100000'] * 1001)}", "too many dates"),
        (f"{TEA}EXDATE:tomorrow", "unreadable"),
        (f"{TEA}CLASS:PRIVATE", "private"),
        ("DTSTART:20260301T100000\nDURATION:PT1H", "over"),
        ("DTSTART:20250301T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=9", "over"),
        (f"{TEA}RECURRENCE-ID:20260303T100000", "no series"),
        (f"{TEA}RECURRENCE-ID;RANGE=THISANDFUTURE:20260303T100000", "this and later"),
        (f"{TEA}BEGIN:VEVENT\nEND:VEVENT", "within"),
        # Ten in New York is three in London, but for some weeks of the year.
        (
            "DTSTART;TZID=America/New_York:20260303T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY",
            "other clock",
        ),
        # Ten by the sun is ten in London in winter, and eleven in summer.
        ("DTSTART:20260303T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY", "other clock"),
        # Half past eleven on Mondays in London is half past midnight on Tuesdays in Paris.
        (
            "DTSTART;TZID=Europe/Paris:20260303T003000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=TU",
            "other clock",
        ),
    ],
)
def test_what_cannot_be_brought_in_has_a_name(event: str, why: str) -> None:
    assert reason(event) == why


def test_a_rule_of_a_clock_that_changes_with_ours_is_a_series() -> None:
    paris = "UID:1\nSUMMARY:Tea\nDTSTART;TZID=Europe/Paris:20260303T100000\nDURATION:PT1H\n"
    repeats = plan_of(f"{paris}RRULE:FREQ=WEEKLY;BYDAY=TU").repeats
    assert repeats is not None
    assert repeats.starts_minute == 9 * 60


def test_one_broken_event_takes_no_other_with_it() -> None:
    found = read(
        f"{TEA}EXDATE:never",
        "UID:2\nSUMMARY:Coffee\nX\nDTSTART:20260304T100000\nDURATION:PT1H\nGEO:nowhere",
    )
    assert [plan.title for plan in found.plans] == ["Coffee"]
    assert [(remark.code, remark.line, remark.title) for remark in found.left_out] == [
        ("unreadable", 3, "Tea")
    ]
    assert found.left_out[0].facts == {"name": "EXDATE"}


def test_of_two_events_with_one_name_the_newer_counts() -> None:
    found = read(TEA, f"{TEA.replace('Tea', 'Coffee')}SEQUENCE:2", TEA.replace("Tea", "Milk"))
    assert [plan.title for plan in found.plans] == ["Coffee"]
    assert [(remark.code, remark.line) for remark in found.left_out] == [
        ("twice", 3),
        ("twice", 16),
    ]


def test_a_calendar_that_takes_back_says_so_of_each_event() -> None:
    [plan] = read(TEA, around="METHOD:CANCEL\n").plans
    assert plan.is_cancelled
    [plan] = read(f"{TEA}STATUS:CANCELLED").plans
    assert plan.is_cancelled
    assert plan.once == ()


def test_what_is_no_event_is_counted_and_left_alone() -> None:
    around = "BEGIN:VTODO\nSUMMARY:Buy milk\nEND:VTODO\nBEGIN:VALARM\nEND:VALARM\n"
    assert read(TEA, around=around * 2).left_alone == {"VTODO": 2}


def test_long_words_are_cut_and_odd_characters_go() -> None:
    found = read(
        f"UID:{'u' * 300}\nSUMMARY:Te\ta \u202e{'a' * 100}\nDESCRIPTION:{'b' * 3000}\n"
        f"LOCATION:{'c' * 300}\nDTSTART:20260303T100000\nDURATION:PT1H"
    )
    [plan] = found.plans
    assert plan.title.startswith("Te a aaa")
    assert (len(plan.title), len(plan.words), len(plan.where), len(plan.uid)) == (80, 2000, 200, 64)
    assert [remark.code for remark in found.remarks] == ["title cut", "words cut", "where cut"]


# -------------------------------------------------------------------- files that mean harm


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no calendar"),
        (b"a,b\n1,2\n", "no calendar"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no calendar"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\x00\n", "no calendar"),
        (b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", "no events"),
        (b" " * (BYTES_MAX + 1), "too long"),
        (b"a" * 50_000_000, "too long"),
        (b"BEGIN:VEVENT\n" * (DEPTH_MAX + 1), "too deep"),
        (b"BEGIN:VCALENDAR\n" * 60_000, "too deep"),
        (b"BEGIN:VEVENT\nEND:VEVENT\n" * (EVENTS_MAX + 1), "too many events"),
        (b"BEGIN:VTIMEZONE\nEND:VTIMEZONE\n" * (ZONES_MAX + 1), "too many events"),
    ],
)
def test_a_file_that_is_no_use_has_a_name_too(content: bytes, why: str) -> None:
    assert refused(content) == why


def test_a_file_made_to_keep_us_busy_does_not() -> None:
    rules = [
        "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2,4,6",
        "FREQ=YEARLY;BYDAY=53MO;BYMONTH=2",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=366",
        "FREQ=DAILY;INTERVAL=400;BYDAY=+1MO",
        "FREQ=DAILY;COUNT=1000",
        "FREQ=DAILY;BYMONTHDAY=29;BYMONTH=2",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
    ]
    events = [
        f"UID:{number}\nSUMMARY:x\nDTSTART:19900101T100000\nDURATION:PT1H\nRRULE:{rule}"
        for number, rule in enumerate(rules * (EVENTS_MAX // len(rules)))
    ]
    began = time.process_time()
    found = read(*events)
    assert time.process_time() - began < 10
    assert len(found.plans) + len(found.left_out) == len(events)
    for content in (
        file_of(f"{TEA}DESCRIPTION:" + "a\\,\\;\\n" * 100_000),
        file_of(f"{TEA}DESCRIPTION:a" + "\n a" * 200_000),
        file_of(f"{TEA}X-A{';A=b' * 100_000}:1"),
        file_of(f"{TEA}DURATION:P{'9' * 100_000}D"),
        file_of(f"{TEA}SEQUENCE:{'9' * 10_000}"),
    ):
        reading.read(content, zone=LONDON, today=TODAY)
    assert time.process_time() - began < 20


LINES = [
    *TEA.splitlines(),
    "BEGIN:VCALENDAR",
    "END:VCALENDAR",
    "BEGIN:VEVENT",
    "END:VEVENT",
    "BEGIN:VTIMEZONE",
    "TZID:x",
    "END:VTIMEZONE",
    "RRULE:FREQ=WEEKLY;BYDAY=TU",
    "RECURRENCE-ID;TZID=x:20260303T100000",
    "EXDATE;VALUE=DATE:20260303",
    "RDATE;VALUE=PERIOD:20260303T100000Z/PT1H",
    "DTEND;TZID=Europe/Paris:20260303T120000",
    "STATUS:CANCELLED",
]
SOUP = st.lists(
    st.one_of(
        st.sampled_from(LINES),
        st.builds(
            lambda line, at, odd: line[:at] + odd + line[at:],
            st.sampled_from(LINES),
            st.integers(0, 30),
            st.text(max_size=4),
        ),
    ),
    max_size=40,
)


@given(SOUP)
def test_whatever_the_lines_are_the_answer_is_plans_or_a_name(lines: list[str]) -> None:
    content = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines]).encode("utf-8", "ignore")
    assert outcome(content, TODAY)
