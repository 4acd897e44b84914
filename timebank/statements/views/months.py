"""Months that are over with their trial balance, and what accounts held on any day."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus

from flask import Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date

from timebank.db import db
from timebank.hours import months
from timebank.hours import queries as hours
from timebank.hours.queries import OnDay, OutOfTime
from timebank.listings.names import name_of
from timebank.statements import queries
from timebank.statements.forms import DayForm
from timebank.statements.names import ACCOUNT_KINDS, KINDS, kind_of_account
from timebank.statements.views.books import bp
from timebank.statements.views.frame import called, may_see_names
from timebank.web.access import Access, access
from timebank.web.filters import day as day_words
from timebank.web.filters import hours_label, hours_signed, moment_words, short_day, today
from timebank.web.sheet import sheet
from timebank.web.words import gettext as _
from timebank.web.words import ngettext

ACCOUNTS_ON_A_PAGE = 50
LATE_ON_A_PAGE = 50


@bp.get("/books/months")
@access(Access.BOOKS)
def months_index() -> ResponseReturnValue:
    """List the months that are sealed, the newest first."""
    before = request.args.get("before")
    found = months.listed(
        db.session(), g.community.id, before=before, limit=months.MONTHS_ON_A_PAGE + 1
    )
    shown = found[: months.MONTHS_ON_A_PAGE]
    return render_template(
        "statements/months.html",
        is_first_page=before is None,
        open_month=_month_name(today()),
        rows=[
            [
                {
                    "value": _month_name(each.head.month.through_on),
                    "href": url_for("books.month", period=each.period),
                },
                f"{each.head.size}",
                f"{each.head.accounts}",
                moment_words(each.sealed_at),
            ]
            for each in shown
        ],
        later=url_for("books.months_index", before=shown[-1].period)
        if len(found) > len(shown)
        else None,
    )


@bp.get("/books/months/<period>")
@access(Access.BOOKS)
def month(period: str) -> ResponseReturnValue:
    """Show what every account held when a month was over, as it was sealed."""
    session, community_id = db.session(), g.community.id
    sealed = months.find(session, community_id, period)
    balances = months.trial_balance(session, community_id, sealed)
    after = request.args.get("after", "")
    codes = [code for code in balances if code > after]
    shown = codes[:ACCOUNTS_ON_A_PAGE]
    name = called(shown)
    kinds = dict.fromkeys(ACCOUNT_KINDS, 0)
    for code, minutes in balances.items():
        kinds[kind_of_account(code)] += minutes
    through_on = sealed.head.month.through_on
    return render_template(
        "statements/sealed_month.html",
        name=_month_name(through_on),
        period=period,
        last_day=through_on.isoformat(),
        is_first_page=not after,
        names=may_see_names(),
        facts=[
            {"key": _("Sealed"), "value": moment_words(sealed.sealed_at)},
            {
                "key": _("Recorded by then"),
                "value": ngettext("%(num)d entry", "%(num)d entries", sealed.head.size),
            },
            *(
                {"key": str(ACCOUNT_KINDS[kind]), "value": hours_signed(minutes)}
                for kind, minutes in kinds.items()
                if minutes
            ),
            {"key": _("All together"), "value": hours_signed(sum(balances.values()))},
        ],
        rows=[
            [
                {"value": code, "href": url_for("books.account", code=code, month=period)},
                name(code),
                hours_signed(balances[code]),
            ]
            for code in shown
        ],
        later=url_for("books.month", period=period, after=shown[-1])
        if len(codes) > len(shown)
        else None,
    )


@bp.get("/books/months/<period>.csv")
@access(Access.BOOKS)
def month_file(period: str) -> Response:
    """Hand over the trial balance of a sealed month as a file for a spreadsheet."""
    sealed = months.find(db.session(), g.community.id, period)
    balances = months.trial_balance(db.session(), g.community.id, sealed)
    head = [_("Account"), _("Whose"), _("Minutes to spend"), _("Minutes to give back")]
    name = called(balances)
    rows = [
        [code, name(code), max(minutes, 0), max(-minutes, 0)] for code, minutes in balances.items()
    ]
    return _file([head, *rows], f"month-{period}.csv")


@bp.get("/books/day")
@access(Access.BOOKS)
def on_day() -> ResponseReturnValue:
    """Show what accounts held on a day, in both ways a day can be meant, and what differs."""
    form = DayForm(
        request.args if "day" in request.args else None,
        data={"day": _first_day()},
        meta={"csrf": False},
    )
    if "day" in request.args and not form.validate():
        html = render_template("statements/day.html", form=form, day=None)
        return html, HTTPStatus.UNPROCESSABLE_ENTITY
    session, day, after = db.session(), form.day.day, request.args.get("after", "")
    key, end = g.community.id, hours.end_of_day(session, g.community, day)
    found = hours.on_day(session, key, end, after_code=after, limit=ACCOUNTS_ON_A_PAGE + 1)
    shown = found[:ACCOUNTS_ON_A_PAGE]
    late_from = _whole_number(request.args.get("late", ""))
    late = hours.out_of_time(session, key, end, after_seq=late_from, limit=LATE_ON_A_PAGE + 1)
    codes = {each.code for each in shown}
    codes |= {code for each in late for code in (each.payer_code, each.payee_code)}
    name = called(codes)
    return render_template(
        "statements/day.html",
        form=form,
        day=day,
        day_words=day_words(day),
        names=may_see_names(),
        is_first_page=not after,
        is_first_late=not late_from,
        rows=[_figures(each, name) for each in shown],
        later=url_for("books.on_day", day=day.isoformat(), after=shown[-1].code)
        if len(found) > len(shown)
        else None,
        late=_late_rows(late[:LATE_ON_A_PAGE], name),
        more_late=url_for("books.on_day", day=day.isoformat(), late=late[LATE_ON_A_PAGE - 1].seq)
        if len(late) > LATE_ON_A_PAGE
        else None,
    )


@bp.get("/books/day.csv")
@access(Access.BOOKS)
def day_file() -> ResponseReturnValue:
    """Hand over both figures of every account on a day as a file for a spreadsheet."""
    form = DayForm(request.args, meta={"csrf": False})
    if not form.validate():
        html = render_template("statements/day.html", form=form, day=None)
        return html, HTTPStatus.UNPROCESSABLE_ENTITY
    day = form.day.day
    session = db.session()
    found = hours.on_day(session, g.community.id, hours.end_of_day(session, g.community, day))
    name = called({each.code for each in found})
    head = [
        _("Account"),
        _("Whose"),
        _("As recorded: minutes to spend"),
        _("As recorded: minutes to give back"),
        _("By day of help: minutes to spend"),
        _("By day of help: minutes to give back"),
    ]
    rows = [
        [
            each.code,
            name(each.code),
            *_two_sided(each.recorded_minutes),
            *_two_sided(each.service_minutes),
        ]
        for each in found
    ]
    return _file([head, *rows], f"day-{day.isoformat()}.csv")


def _figures(each: OnDay, name: Callable[[str], str]) -> list[object]:
    difference = each.service_minutes - each.recorded_minutes
    return [
        {"value": each.code, "href": url_for("books.account", code=each.code)},
        name(each.code),
        hours_signed(each.recorded_minutes),
        hours_signed(each.service_minutes),
        hours_signed(difference) if difference else "",
    ]


def _late_rows(late: Sequence[OutOfTime], name: Callable[[str], str]) -> list[list[object]]:
    """Return what makes the two figures differ, a line for each movement."""
    categories = queries.categories_by_code(db.session(), g.community.id) if late else {}
    rows: list[list[object]] = []
    for each in late:
        category = categories.get(each.category) if each.kind != "reversal" else None
        what = name_of(category) if category is not None else str(KINDS.get(each.kind, each.kind))
        rows.append(
            [
                {
                    "value": _("No. %(seq)d", seq=each.seq),
                    "href": url_for("books.entry", entry_id=each.entry_id),
                },
                what,
                _(
                    "%(payer)s to %(payee)s",
                    payer=name(each.payer_code),
                    payee=name(each.payee_code),
                ),
                short_day(each.occurred_on),
                short_day(each.recorded_at),
                hours_label(each.minutes),
            ]
        )
    return rows


def _first_day() -> dt.date:
    """Return the day shown first: the end of the last sealed month, or yesterday."""
    newest = months.latest(db.session(), g.community.id)
    return newest.head.month.through_on if newest else today() - dt.timedelta(days=1)


def _two_sided(minutes: int) -> tuple[int, int]:
    return max(minutes, 0), max(-minutes, 0)


def _month_name(day: dt.date) -> str:
    return str(format_date(day, "MMMM yyyy"))


def _whole_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0  # noqa: PLR2004 - fits


def _file(rows: Iterable[Sequence[object]], name: str) -> Response:
    response = make_response(sheet(rows))
    response.content_type = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
