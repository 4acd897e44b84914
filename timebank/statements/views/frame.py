"""What both kinds of pages share: a month as a table and as a file, and refusals in words."""

from collections.abc import Callable, Collection, Mapping

from flask import Response, g, make_response, request, url_for

from timebank.db import db
from timebank.groups.policy.pots import COMMUNITY, COMMUNITY_POT
from timebank.hours import errors
from timebank.members.models import Member
from timebank.statements import queries
from timebank.statements.errors import BadMonthError
from timebank.statements.names import account_name, line_words, other_side
from timebank.statements.queries import Line, Month
from timebank.web.filters import hours_label, hours_signed, hours_words, short_day, today
from timebank.web.refusals import say
from timebank.web.sheet import sheet
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

say(BadMonthError, _l("There is no statement for that month. Choose one from the page."))
say(errors.NoSuchAccountError, _l("The books have no account %(code)s."))
say(errors.NoSuchEntryError, _l("The books have no such entry."))
say(errors.NoBookError, _l("This community has no books yet."))
say(errors.AlreadyTakenBackError, _l("These hours were moved back before, and once is enough."))
say(errors.DifferentBeforeError, _l("These hours were moved back before, and once is enough."))
say(errors.NotTakenBackError, _l("This entry moves hours back itself. It stays as it is."))
say(
    errors.TooFewHoursError,
    _l("There are not enough hours for this, as the rules of the house are."),
)
say(errors.TooManyHoursError, _l("There would be too many hours, as the rules of the house are."))
say(errors.AccountClosedError, _l("The account %(code)s is on hold or closed."))
say(errors.CannotBookError, _l("This cannot be written into the books as it is."))
say(errors.AccountInUseError, _l("There are still hours in the account %(code)s."))


def asked_month(code: str) -> Month:
    """Return the statement that the address asks for."""
    first = queries.month_of(request.args.get("month"), today=today())
    return queries.month(db.session(), g.community, code, first, today=today(), seen_by=g.member)


def month_key(first: object) -> str:
    """Return a month for an address, such as 2026-05."""
    return str(first)[:7]


def may_see_names() -> bool:
    """Tell whether the one who looks reads people's names in the books."""
    return "coordinator" in g.roles


def called(codes: Collection[str], found: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """Return what calls these accounts by the names that the one who looks may read.

    Args:
        codes: Of the accounts.
        found: Whose they are, where the page has asked for that already.
    """
    whose = queries.whose(db.session(), g.community.id, codes) if found is None else found

    def name(code: str) -> str:
        return account_name(code, whose.get(code), may_see_names=may_see_names())

    return name


def other_words(line: Line, *, with_names: bool) -> str:
    """Return who was on the other side of a line."""
    return other_side(line, may_see_names=with_names)


def table_of(
    statement: Month, *, with_names: bool, own: bool, with_receipts: bool = False
) -> dict[str, object]:
    """Return a month as head, rows and foot of a table; a page full of its lines at most."""
    start = _start(len(statement.lines))
    lines = statement.lines[start : start + queries.LINES_ON_A_PAGE]
    rows = [
        [
            _what(line, own=own),
            other_words(line, with_names=with_names),
            short_day(line.occurred_on),
            hours_signed(line.minutes),
            hours_words(line.balance_minutes),
        ]
        for line in lines
    ]
    for row, line in zip(rows, lines, strict=True):
        if with_receipts:
            href = url_for("proofs.receipt", entry_id=line.entry_id)
            row.append({"value": _("Receipt"), "href": href})
    end = start + len(lines)
    key = month_key(statement.first)
    return {
        "head": [
            _("What"),
            _("With"),
            _("Day"),
            {"words": _("Hours"), "number": True},
            {"words": _("Then"), "number": True},
            *([_("Proof")] if with_receipts else []),
        ],
        "rows": rows,
        "earlier_start": max(0, start - queries.LINES_ON_A_PAGE) if start else None,
        "later_start": end if end < len(statement.lines) else None,
        "key": key,
    }


def _start(length: int) -> int:
    text = request.args.get("from", "0")
    start = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004 - fits
    return start if start < length else 0


def _what(line: Line, *, own: bool) -> object:
    href = address_of(line) if own else url_for("books.entry", entry_id=line.entry_id)
    return {"value": line_words(line), "href": href} if href else line_words(line)


def address_of(line: Line) -> str | None:
    """Return where a member finds what a line of their own was about, or None."""
    if line.held is not None:
        return url_for("sessions.show", session_id=line.held.id)
    if line.exchange is not None:
        return url_for("exchanges.show", exchange_id=line.exchange.id)
    if line.pot is not None:
        # The page of a pot is for those in the group; its group's is for everybody.
        page = "groups.pot" if line.is_in_group else "groups.show"
        name = "pot_name" if line.is_in_group else "group_slug"
        return url_for(page, **{name: line.pot.slug})  # type: ignore[arg-type]
    if line.other_code == COMMUNITY_POT:
        return url_for("groups.pot", pot_name=COMMUNITY)
    return None


def file_of(statement: Month, *, with_names: bool) -> Response:
    """Return a month as a file for a spreadsheet, every line of it."""
    head = [
        _("Day of the help"),
        _("Recorded"),
        _("What"),
        _("With"),
        _("Minutes in"),
        _("Minutes out"),
        _("Minutes to spend"),
        _("Minutes to give back"),
    ]
    lines: list[list[object]] = [
        [
            line.occurred_on.isoformat(),
            line.recorded_at.date().isoformat(),
            line_words(line),
            other_words(line, with_names=with_names),
            max(line.minutes, 0),
            max(-line.minutes, 0),
            *_balance(line.balance_minutes),
        ]
        for line in statement.lines
    ]
    empty = ["", ""]
    opening = [*empty, _("At the beginning"), "", "", "", *_balance(statement.opening_minutes)]
    closing = [
        *empty,
        _("At the end"),
        "",
        statement.in_minutes,
        statement.out_minutes,
        *_balance(statement.closing_minutes),
    ]
    response = make_response(sheet([head, opening, *lines, closing]))
    response.content_type = "text/csv; charset=utf-8"
    name = f"{statement.code}-{month_key(statement.first)}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _balance(minutes: int) -> tuple[int, int]:
    return max(minutes, 0), max(-minutes, 0)


def figures_of(statement: Month) -> list[dict[str, str]]:
    """Return what a month comes to: opening, in, out, closing."""
    return [
        {"key": _("At the beginning"), "value": hours_words(statement.opening_minutes)},
        {"key": _("Came in"), "value": hours_label(statement.in_minutes)},
        {"key": _("Went out"), "value": hours_label(statement.out_minutes)},
        {"key": _("At the end"), "value": hours_words(statement.closing_minutes)},
    ]


def code_of(member: Member) -> str:
    """Return a member's account."""
    return member.account_code
