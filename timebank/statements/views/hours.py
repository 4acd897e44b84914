"""My hours: what there is, what is on its way, and the statement of a month."""

import datetime as dt

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date

from timebank.db import db
from timebank.exchanges import queries as exchanges
from timebank.exchanges.queries import Deal
from timebank.hours import months
from timebank.hours import queries as hours
from timebank.hours.own_books import own_books
from timebank.limits.ideas import ideas
from timebank.listings.names import name_of, someone
from timebank.statements import queries
from timebank.statements.names import what_for
from timebank.statements.queries import Line
from timebank.statements.views.frame import (
    address_of,
    asked_month,
    figures_of,
    file_of,
    month_key,
    other_words,
    table_of,
)
from timebank.web.access import COMMUNITY_PREFIX, Access, access
from timebank.web.filters import hours_label, hours_signed, local, short_day, today
from timebank.web.words import gettext as _

#: Movements that the page shows; the statement has them all.
LATELY_MAX = 6
bp = Blueprint("hours", __name__, url_prefix=COMMUNITY_PREFIX)


@bp.get("/hours")
@access(Access.MEMBER)
def index() -> ResponseReturnValue:
    """Show the member's hours in words, what is on its way, and this month's lines."""
    session = db.session()
    account, lately = queries.lately(session, g.member, g.community, limit=LATELY_MAX)
    coming = [
        deal
        for deal in exchanges.open_deals(session, g.member)
        if deal.exchange.basis == "hours" and deal.exchange.state != "proposed"
    ]
    side = "floor" if account.posted <= 0 else "ceiling"
    return render_template(
        "statements/hours.html",
        minutes=account.posted,
        ideas=ideas(session, g.member, side, roles=g.roles, today=today()),
        on_its_way_minutes=account.held_in,
        set_aside_minutes=account.held_out,
        coming=[_line(deal) for deal in coming],
        lately=[_moved(line) for line in lately],
    )


def _moved(line: Line) -> dict[str, object]:
    month = month_key(local(line.recorded_at))
    back = _("moved back later") if line.is_moved_back else ""
    # A session is called by its day.
    day = short_day(line.occurred_on) if line.held is None else ""
    other = other_words(line, with_names=True)
    return {
        "words": what_for(line),
        "note": " · ".join(filter(None, (other, day, back))),
        "href": address_of(line) or url_for("hours.statement", month=month),
        "tag": hours_signed(line.minutes),
        "tag_kind": "quiet",
    }


def _line(deal: Deal) -> dict[str, object]:
    exchange, other = deal.exchange, deal.other(g.member)
    name = someone() if deal.is_unnamed(other) else other.first_name
    label = hours_label(exchange.worked_minutes or exchange.agreed_minutes)
    note = (
        _("%(hours)s to you, with %(name)s", hours=label, name=name)
        if deal.is_giver(g.member)
        else _("%(hours)s from you, with %(name)s", hours=label, name=name)
    )
    agreed = _("Set aside") if exchange.set_aside_id is not None else _("Agreed")
    return {
        "words": exchange.title or name_of(deal.category),
        "note": note,
        "href": url_for("exchanges.show", exchange_id=exchange.id),
        "tag": agreed if exchange.state == "agreed" else _("Not confirmed yet"),
        "tag_kind": "go" if exchange.state == "agreed" else "wait",
    }


@bp.get("/hours/statement")
@access(Access.MEMBER)
def statement() -> ResponseReturnValue:
    """Show a month: opening, every line, closing; as a page, or as a sheet to print."""
    month = asked_month(g.member.account_code)
    is_paper = request.args.get("paper") == "1"
    return render_template(
        "statements/paper.html" if is_paper else "statements/statement.html",
        month_name=_month_name(month.first),
        figures=figures_of(month),
        table=table_of(month, with_names=True, own=True, with_receipts=not is_paper),
        earlier=month_key(month.earlier),
        later=month.later and month_key(month.later),
        large_print=request.args.get("large") == "1",
        # A month that is not over is not sealed, and nobody needs to look.
        is_sealed=month.later is not None
        and months.is_sealed(db.session(), g.community.id, month_key(month.first)),
    )


@bp.get("/hours/statement.csv")
@access(Access.MEMBER)
def statement_file() -> Response:
    """Hand over a month as a file for a spreadsheet."""
    return file_of(asked_month(g.member.account_code), with_names=True)


@bp.get("/hours/statement.beancount")
@access(Access.MEMBER)
def statement_books() -> Response:
    """Hand over a month, or all there is, as a file for beancount and Fava."""
    code, day = g.member.account_code, today()
    # Where the community lives: far in the west, the evening of the 31st is the 1st in UTC.
    joined_on = g.community.day_of(g.member.joined_at)
    first, until_on = joined_on.replace(day=1), day
    name = code
    if request.args.get("all") != "1":
        first = queries.month_of(request.args.get("month"), today=day)
        until_on = min(hours.month_around(first)[1], day)
        name = f"{code}-{month_key(first)}"
    found = own_books(db.session(), g.community, code, first, until_on)
    response = make_response(found)
    response.content_type = "text/plain; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.beancount"'
    return response


def _month_name(first: dt.date) -> str:
    return str(format_date(first, "MMMM yyyy"))
