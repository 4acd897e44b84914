"""Shared balances: what a pot holds, how it came and went, and what it can do next."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date

from timebank.db import db
from timebank.groups import names, queries
from timebank.groups.models import Group, PotMove
from timebank.groups.policy import pots as policy
from timebank.groups.policy.pots import COMMUNITY, COMMUNITY_POT
from timebank.groups.queries import Asked
from timebank.groups.views import pictures
from timebank.groups.views.frame import bp
from timebank.groups.views.pot_frame import Pot, load
from timebank.hours import queries as hours
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.web import corners
from timebank.web.access import Access, access
from timebank.web.corners import Origin
from timebank.web.filters import hours_label, hours_signed, local, short_day, today
from timebank.web.pages import page
from timebank.web.words import gettext as _
from timebank.web.words import ngettext

MONTHS = 12
LINES_MAX = 20


# ------------------------------------------------------------------------ all of them


@bp.get("/pots")
@access(Access.MEMBER)
def pots() -> ResponseReturnValue:
    """Show all pots and the hours that activity created, as the books have them."""
    session = db.session()
    by_pot = queries.groups_by_pot(session, g.community.id)
    found = queries.pots(session, g.community.id, [COMMUNITY_POT, *by_pot])
    since = _months()[0]
    flows = [
        (_pot_name(flow.giver_code, by_pot), _pot_name(flow.taker_code, by_pot), flow.minutes)
        for flow in queries.flows(session, g.community.id, since_on=since)
    ]
    rows = [
        [
            {"value": _pot_name(code, by_pot), "href": url_for("groups.show", group_slug=slug)}
            if (slug := by_pot[code].slug if code in by_pot else "")
            else {"value": g.community.name, "href": url_for("groups.pot", pot_name=COMMUNITY)},
            held(minutes),
        ]
        for code, minutes in sorted(found.minutes.items())
        if code not in by_pot or by_pot[code].is_open or minutes
    ]
    created = sorted(found.created.items())
    return page(
        "groups/pots.html",
        rows=rows,
        total=held(sum(found.minutes.values())),
        created=[
            [names.activity_name(code.removeprefix("activity-")), hours_label(minutes)]
            for code, minutes in created
        ],
        created_total=hours_label(sum(found.created.values())),
        adds_up=[
            [_("In the pots"), hours_signed(sum(found.minutes.values()))],
            [_("With the members"), hours_signed(found.members_minutes)],
            [_("Created by activity"), hours_signed(-sum(found.created.values()))],
            [_("From before, and put right"), hours_signed(-found.others_minutes)],
        ],
        sums_to=hours_signed(
            sum(found.minutes.values())
            + found.members_minutes
            - sum(found.created.values())
            - found.others_minutes
        ),
        flows=pictures.sankey(flows) if flows else None,
        flow_rows=[[giver, taker, hours_label(minutes)] for giver, taker, minutes in flows],
    )


def held(minutes: int) -> str:
    """Return what a pot holds: a plain length of time, with a sign only where it owes."""
    return hours_signed(minutes) if minutes < 0 else hours_label(minutes)


def _pot_name(code: str, by_pot: dict[str, Group]) -> str:
    return by_pot[code].name if code in by_pot else str(g.community.name)


# ------------------------------------------------------------------------------- one


@bp.get("/pots/<pot_name>")
@access(Access.MEMBER)
def pot(pot_name: str) -> ResponseReturnValue:
    """Show a pot: what it holds and can do, what waits, and how it came and went in a year."""
    found = load(pot_name)
    session, code = db.session(), found.code
    months = _months()
    balance, statement = hours.statement_to_now(session, g.community, code, months[0], today())
    two_above = queries.two_above(session, g.community.id, code)
    asked = [
        each
        for each in queries.asked_of(session, g.community.id, code)
        # Those who do not decide see what they asked for themselves, or what is for them.
        if found.decides or (each.move.state == "waiting" and _is_mine(each.move))
    ]
    people = _people(asked)
    by_month = _by_month(statement.lines, months)
    ends = _ends(statement.opening_minutes, by_month)
    floor = balance.floor_minutes or 0
    start = _start(len(statement.lines))
    return page(
        "groups/pot.html",
        pot=found,
        minutes=balance.posted,
        next_words=_next_words(balance.posted, floor, two_above),
        seen_by=_seen_by(found),
        waiting=_waiting(found, asked, people, two_above) if found.is_open else [],
        picture=pictures.steps(ends),
        month_names=[str(format_date(month, "MMM")) for month in months],
        marks=[(row["gifts"] > 0, row["grants"] < 0) for row in by_month],
        columns=list(names.POT_COLUMNS.values()),
        table_rows=[
            [str(format_date(month, "MMMM yyyy"))]
            + [hours_signed(row[column]) for column in names.POT_COLUMNS]
            + [held(end)]
            for month, row, end in zip(months, by_month, ends, strict=True)
        ],
        lines=_lines(statement.lines[::-1][start : start + LINES_MAX], asked, people),
        newer=_lines_from(found, start - LINES_MAX) if start else None,
        older=_lines_from(found, start + LINES_MAX)
        if len(statement.lines) > start + LINES_MAX
        else None,
    )


def _start(length: int) -> int:
    """Return how many of the latest lines are passed over; nonsense passes over none."""
    text = request.args.get("from", "0")
    start = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0  # noqa: PLR2004 - fits
    return start if start < length else 0


def _lines_from(found: Pot, start: int) -> str:
    values: dict[str, Any] = {"from": max(0, start) or None}
    return url_for("groups.pot", pot_name=found.slug, _anchor="lately", **values)


def _is_mine(move: PotMove) -> bool:
    return g.member.id in {move.asked_by_id, move.member_id}


def _months() -> list[dt.date]:
    """Return the first days of the last twelve months, this one the last."""
    first = today().replace(day=1)
    months = [first]
    while len(months) < MONTHS:
        first = (first - dt.timedelta(days=1)).replace(day=1)
        months.append(first)
    return months[::-1]


def _by_month(lines: Sequence[Any], months: Sequence[dt.date]) -> list[Counter[str]]:
    found = {month: Counter[str]() for month in months}
    for line in lines:
        month = hours.month_around(_recorded_on(line))[0]
        found[month][names.pot_column(line.category)] += line.minutes
    return list(found.values())


def _recorded_on(line: Any) -> dt.date:  # noqa: ANN401 - a line of the ledger
    return local(line.recorded_at).date()


def _ends(opening_minutes: int, by_month: Sequence[Counter[str]]) -> list[int]:
    ends, minutes = [], opening_minutes
    for row in by_month:
        minutes += sum(row.values())
        ends.append(minutes)
    return ends


def _next_words(minutes: int, floor_minutes: int, two_above: int) -> str:
    """Say in words what a pot can do next."""
    can = minutes - floor_minutes
    if can <= 0:
        return _("It cannot give anything just now. A gift, or a session, fills it again.")
    if can <= two_above:
        return _("It can give up to %(can)s; one person decides.", can=hours_label(can))
    if not two_above:
        return _("It can give up to %(can)s; two people decide.", can=hours_label(can))
    return _(
        "It can give up to %(can)s. One person decides up to %(two)s, two people about more.",
        can=hours_label(can),
        two=hours_label(two_above),
    )


def _seen_by(found: Pot) -> str:
    if found.group is None:
        return _(
            "Every member sees this page. "
            "Only the coordinators and treasurers, who decide, see names."
        )
    return _(
        "The people in the group see this page, and who keeps the books. "
        "Only those who decide about it see names. "
        "Everybody else sees no more than what the pot holds."
    )


def _lines(
    lines: Sequence[Any], asked: Sequence[Asked], people: dict[uuid.UUID, Member]
) -> list[list[object]]:
    """Return movements, each with its reason; names only for those who decide."""
    moves = {each.move.entry_id: each.move for each in asked}
    columns = [(names.pot_column(line.category), line) for line in lines]
    origins = corners.origins([line.entry_id for column, line in columns if column == "sessions"])
    others = queries.behind_pots(
        db.session(),
        g.community.id,
        {line.counterpart_code for column, line in columns if column == "pots"},
        g.member.id,
    )
    return [
        [
            short_day(line.recorded_at),
            _what(
                line,
                origins.get(line.entry_id),
                others.get(line.counterpart_code, (None,))[0],
                _about(moves.get(line.entry_id), people),
            ),
            hours_signed(line.minutes),
            held(line.balance_minutes),
        ]
        for line in lines
    ]


def _what(line: Any, origin: Origin | None, other: Group | None, about: str) -> object:  # noqa: ANN401 - as above
    """Return what a line was; what came from a session or another group leads there."""
    reason = names.pot_reason(line.category)
    if other is not None:
        reason = names.joined((reason, other.name))
    words = names.joined((origin.words if origin is not None else reason, about))
    if line.reverses:
        words = _("Taken back: %(what)s", what=words)
    if origin is not None:
        return {"value": words, "href": origin.href}
    if other is not None:
        return {"value": words, "href": url_for("groups.show", group_slug=other.slug)}
    return words


def _about(move: PotMove | None, people: dict[uuid.UUID, Member]) -> str:
    """Return whom a move is about and what for, as far as the reader may know."""
    if move is None or move.member_id not in people:
        return ""
    return names.joined((people[move.member_id].first_name, move.words))


def _people(asked: Sequence[Asked]) -> dict[uuid.UUID, Member]:
    """Return who stands in these moves, in one question; nobody where there are none."""
    ids = [key for each in asked for key in (each.move.member_id, each.move.asked_by_id) if key]
    return members.several(db.session(), g.community.id, ids)


def _waiting(
    found: Pot, asked: Sequence[Asked], people: dict[uuid.UUID, Member], two_above: int
) -> list[dict[str, object]]:
    """Return what waits, the oldest first."""
    return [
        {
            "words": _move_words(each, people),
            "note": names.joined(
                (
                    each.move.words,
                    _("asked by %(name)s", name=people[each.move.asked_by_id].first_name),
                    _missing(
                        policy.approvals_needed(each.move.minutes, two_above) - len(each.approved)
                    ),
                )
            ),
            "id": each.move.id,
            "may_yes": policy.may_approve(
                each.move, by_id=g.member.id, decides=found.decides, approved=each.approved
            ),
            "may_no": found.decides or each.move.asked_by_id == g.member.id,
            "is_mine": each.move.asked_by_id == g.member.id,
        }
        for each in reversed(asked)
        if each.move.state == "waiting"
    ]


def _missing(count: int) -> str:
    return ngettext("%(num)d yes is missing", "%(num)d yeses are missing", count)


def _move_words(asked: Asked, people: dict[uuid.UUID, Member]) -> str:
    move = asked.move
    if move.member_id is not None:
        return names.move_words(move, people[move.member_id].first_name)
    return names.move_words(move, asked.other_name or str(g.community.name))
