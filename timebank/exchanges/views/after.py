"""After the help: say that it happened, answer, settle, thank."""

import uuid

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.exchanges import errors, queries, service
from timebank.exchanges.forms import (
    CorrectForm,
    LetPassForm,
    QueryForm,
    ReportForm,
    SettleForm,
    ThankForm,
    offer_minutes,
)
from timebank.exchanges.models import Exchange
from timebank.exchanges.views.frame import (
    COORDINATOR,
    between,
    bp,
    deal_of,
    is_side,
    name_in,
    refused,
    side_of,
    title_of,
    to_exchange,
)
from timebank.exchanges.views.show import page_of
from timebank.members.models import Member
from timebank.web.access import Access, access
from timebank.web.fields import whole_minutes
from timebank.web.filters import hours_label, today
from timebank.web.pages import page
from timebank.web.refusals import words_of
from timebank.web.session import writes
from timebank.web.words import gettext as _


@bp.route("/exchanges/<uuid:exchange_id>/report", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def report(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Say that it happened and how long it took."""
    deal = side_of(exchange_id, "report")
    exchange = deal.exchange
    form = ReportForm(
        data={
            "worked_minutes": exchange.agreed_minutes,
            "happened_on": min(exchange.planned_on or today(), today()),
        }
    )
    offer_minutes(form.worked_minutes, g.community, exchange.agreed_minutes)
    if form.validate_on_submit():
        try:
            service.report(
                db.session(),
                g.community,
                exchange_id,
                by=g.member,
                worked_minutes=form.worked_minutes.data,
                happened_on=form.happened_on.day,
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            _say_asked(name_in(deal, deal.other(g.member)))
            return to_exchange(exchange_id)
    return page(
        "exchanges/report.html",
        form,
        mistaken=form.is_submitted(),
        exchange=exchange,
        lead=between(deal),
        other=name_in(deal, deal.other(g.member)),
    )


def _say_asked(name: str) -> None:
    flash(_("Noted. We asked %(name)s: did this happen?", name=name))


@bp.post("/exchanges/<uuid:exchange_id>/confirm")
@access(Access.MEMBER)
@writes
def confirm(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Say yes, it happened; the hours move in the same transaction."""
    try:
        exchange = service.answer_yes(
            db.session(),
            g.community,
            exchange_id,
            by=g.member,
            worked_minutes=_shown_minutes(),
            now=utc_now(),
        )
    except errors.AlreadyConfirmedError as refusal:
        # A second tab, or silence was quicker: what they ask for is so, and this leads to it.
        flash(words_of(refusal), "note")
    else:
        _say_confirmed(exchange)
    return to_exchange(exchange_id)


def _shown_minutes() -> int:
    """Return the time the page showed; what no page of ours sends is a page that is out of date."""
    try:
        return whole_minutes(request.form.get("worked_minutes", ""))
    except ValueError:
        return 0


def _say_confirmed(exchange: Exchange) -> None:
    if exchange.held_up_at is not None:
        flash(_("Thank you. Your yes is noted; the hours have to wait for a moment."), "note")
    elif exchange.entry_id is not None:
        flash(_("Confirmed. The hours have moved."))
    else:
        flash(_("Confirmed."))


@bp.route("/exchanges/<uuid:exchange_id>/correct", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def correct(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Say that it took another time."""
    deal = side_of(exchange_id, "correct")
    exchange = deal.exchange
    form = CorrectForm(data={"worked_minutes": exchange.worked_minutes})
    offer_minutes(form.worked_minutes, g.community, exchange.worked_minutes)
    if form.validate_on_submit():
        try:
            service.answer_change(
                db.session(),
                g.community,
                exchange_id,
                by=g.member,
                worked_minutes=form.worked_minutes.data,
                words=form.words.data,
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            _say_asked(name_in(deal, deal.other(g.member)))
            return to_exchange(exchange_id)
    return page(
        "exchanges/correct.html",
        form,
        mistaken=form.is_submitted(),
        exchange=exchange,
        lead=between(deal),
        other=name_in(deal, deal.other(g.member)),
    )


@bp.route("/exchanges/<uuid:exchange_id>/query", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def query(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Say that it was not so."""
    deal = side_of(exchange_id, "query")
    form = QueryForm()
    if form.validate_on_submit():
        service.answer_no(
            db.session(),
            g.community,
            exchange_id,
            by=g.member,
            words=form.words.data,
            now=utc_now(),
        )
        flash(_("Thank you for saying so. Nothing is counted until it is cleared up."), "note")
        return to_exchange(exchange_id)
    return page(
        "exchanges/query.html",
        form,
        mistaken=form.is_submitted(),
        exchange=deal.exchange,
        lead=between(deal),
        other=name_in(deal, deal.other(g.member)),
    )


@bp.route("/exchanges/<uuid:exchange_id>/settle", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def settle(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Decide, after talking with both."""
    deal = side_of(exchange_id, "settle")
    exchange = deal.exchange
    form = SettleForm(data={"worked_minutes": exchange.worked_minutes})
    offer_minutes(form.worked_minutes, g.community, exchange.worked_minutes)
    if form.validate_on_submit():
        try:
            settled = service.settle(
                db.session(),
                g.community,
                exchange_id,
                by=g.member,
                worked_minutes=form.worked_minutes.data if form.outcome.data == "counts" else 0,
                reason=form.reason.data,
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            if settled.held_up_at is not None:
                flash(_("Noted. A limit still keeps the hours from moving."), "note")
            else:
                flash(_("Settled. Both have been told."))
            return to_exchange(exchange_id)
    return page(
        "exchanges/settle.html",
        form,
        mistaken=form.is_submitted(),
        exchange=exchange,
        lead=between(deal),
        name=title_of(deal),
    )


@bp.route("/exchanges/<uuid:exchange_id>/let-pass", methods=["GET", "POST"])
@access(Access.BOOKKEEPER)
@writes
def let_pass(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Let hours pass a limit this once, with a reason; a treasurer reads codes and no names."""
    deal = queries.deal(db.session(), g.community.id, exchange_id)
    if deal.exchange.held_up_by not in service.LIMITS:
        raise errors.NotHeldUpError
    if is_side(deal):
        raise errors.OwnHoursError
    sees_all = COORDINATOR in g.roles
    form = LetPassForm()
    if form.validate_on_submit():
        service.let_pass(
            db.session(),
            g.community,
            exchange_id,
            by=g.member,
            reason=form.reason.data,
            now=utc_now(),
        )
        flash(_("The hours have moved. Both have been told."))
        if sees_all:
            return to_exchange(exchange_id)
        return redirect(url_for("limits.overview"), code=303)
    return page(
        "exchanges/let_pass.html",
        form,
        mistaken=form.is_submitted(),
        back=url_for("exchanges.show", exchange_id=exchange_id)
        if sees_all
        else url_for("limits.overview"),
        by=deal.exchange.held_up_by,
        facts=[
            {"key": _("Helped"), "value": _account_of(deal.giver)},
            {"key": _("Was helped"), "value": _account_of(deal.receiver)},
            {"key": _("How long"), "value": hours_label(deal.exchange.worked_minutes or 0)},
        ],
    )


def _account_of(member: Member) -> str:
    if COORDINATOR in g.roles:
        return f"{member.first_name} ({member.account_code})"
    return member.account_code


@bp.post("/exchanges/<uuid:exchange_id>/thank")
@access(Access.MEMBER)
@writes
def thank(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Leave the other side a thank-you."""
    deal = deal_of(exchange_id)
    form = ThankForm()
    if not form.validate():
        return page_of(deal, thank_form=form)
    service.thank(
        db.session(), g.community, exchange_id, by=g.member, words=form.words.data, now=utc_now()
    )
    flash(_("Lovely. Your thank-you is on its way."))
    return to_exchange(exchange_id)
