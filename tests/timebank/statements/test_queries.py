"""A month: which one is asked for, and that opening and lines come to closing."""

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.timebank.exchanges.scene import DAY, TODAY, make_scene
from timebank.exchanges import service
from timebank.hours import service as hours
from timebank.statements import queries
from timebank.statements.errors import BadMonthError
from timebank.web.sheet import sheet


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (None, dt.date(2026, 5, 1)),
        ("", dt.date(2026, 5, 1)),
        ("2026-05", dt.date(2026, 5, 1)),
        ("2024-12", dt.date(2024, 12, 1)),
    ],
)
def test_a_month_is_read_from_the_address(text: str | None, first: dt.date) -> None:
    assert queries.month_of(text, today=TODAY) == first


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-06", "1999-12", "2026", "26-05", "x", "٢٠٢٦-05", "2026-5 "]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(BadMonthError):
        queries.month_of(text, today=TODAY)


def test_opening_and_lines_come_to_closing_over_three_months(session: Session) -> None:
    scene = make_scene(session, now=NOW - 100 * DAY)
    hours.bring_in(
        session,
        scene.community,
        scene.rune,
        minutes=90,
        happened_on=TODAY - 70 * DAY,
        key="opening:rune",
        by=scene.cora,
        now=NOW - 70 * DAY,
    )
    for days, minutes in ((65, 60), (30, 30), (29, 45), (2, 15)):
        now = NOW - days * DAY
        exchange = scene.log(worked_minutes=minutes, happened_on=now.date(), now=now)
        service.answer_yes(session, scene.community, exchange.id, by=scene.rune, now=now)
        session.flush()
    entry_id = exchange.entry_id
    assert entry_id is not None
    service.reverse_entry(
        session, scene.community, entry_id, by=scene.cora, reason="Logged twice", now=NOW
    )
    code, closing = scene.rune.account_code, 0
    for first in (dt.date(2026, 2, 1), dt.date(2026, 3, 1), dt.date(2026, 4, 1), TODAY):
        month = queries.month(
            session, scene.community, code, first.replace(day=1), today=TODAY, seen_by=scene.rune
        )
        assert month.opening_minutes == closing
        assert month.opening_minutes + month.in_minutes - month.out_minutes == (
            month.closing_minutes
        )
        closing = month.closing_minutes
    assert closing == 90 - 60 - 30 - 45 == scene.balance(scene.rune)
    assert month.later is None
    kinds = [(line.kind, line.minutes, line.taken_back_by) for line in month.lines]
    assert kinds == [("exchange", -15, month.lines[1].seq), ("reversal", 15, None)]
    assert {line.exchange for line in month.lines} == {exchange}
    assert queries.exchange_of(session, scene.community.id, entry_id) is exchange


def test_asvs_5_no_cell_of_a_file_can_be_a_formula() -> None:
    words = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", 'a "b", c', "x\ny", "plain"]
    text = sheet([words, [1, 0]])
    assert text.startswith('\'=1+1,\'+1,\'-1,\'@SUM(A1),\'\tx,"\'\rx","a ""b"", c"')
    assert text.endswith("1,0\r\n")
