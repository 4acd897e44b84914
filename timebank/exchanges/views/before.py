"""Before the help: suggest, say yes or no, suggest something else, call it off."""

import uuid
from typing import Any

from flask import abort, flash, g
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.exchanges import service
from timebank.exchanges.errors import CannotSetAsideError
from timebank.exchanges.forms import (
    AgreeForm,
    EndForm,
    ProposeForm,
    TermsForm,
    choices_of,
    offer_categories,
    offer_minutes,
)
from timebank.exchanges.models import Exchange
from timebank.exchanges.service import Terms
from timebank.exchanges.views.frame import (
    between,
    bp,
    deal_of,
    name_in,
    refused,
    side_of,
    title_of,
    to_exchange,
)
from timebank.exchanges.views.show import page_of
from timebank.listings import queries as listings
from timebank.listings.models import Listing
from timebank.listings.names import someone
from timebank.members.models import Member
from timebank.messaging import queries as messages
from timebank.messaging.models import Conversation
from timebank.web.access import Access, access
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _


@bp.route("/exchanges/new/<uuid:conversation_id>", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def propose(conversation_id: uuid.UUID) -> ResponseReturnValue:
    """Suggest a time to somebody one talks with."""
    session = db.session()
    conversation = messages.conversation(session, g.community.id, conversation_id, g.member)
    others = messages.others(session, conversation, g.member)
    if len(others) != 1:
        abort(404)
    side, other = others[0]
    listing = _listing_of(conversation)
    form = _propose_form(listing, someone() if side.is_unnamed else other.first_name)
    mistaken = False
    if form.is_submitted():
        exchange = _proposed(form, other, listing, conversation) if form.validate() else None
        if exchange is not None:
            flash(_("Sent. You hear from us as soon as there is an answer."))
            return to_exchange(exchange.id)
        mistaken = True
    return page(
        "exchanges/propose.html",
        form,
        mistaken=mistaken,
        listing=listing,
        conversation=conversation,
        other=someone() if side.is_unnamed else other.first_name,
        shows_my_name=listing is not None
        and listing.is_anonymous
        and listing.member_id == g.member.id,
    )


def _listing_of(conversation: Conversation) -> Listing | None:
    """Return the listing two people talk about, or None."""
    if conversation.about_kind != "listing" or conversation.about_id is None:
        return None
    return listings.by_id(db.session(), g.community.id, conversation.about_id)


def _propose_form(listing: Listing | None, name: str) -> ProposeForm:
    defaults: dict[str, Any] = {}
    if listing is not None:
        is_mine = listing.member_id == g.member.id
        gives = is_mine == (listing.kind == "offer")
        defaults = {
            "side": "give" if gives else "receive",
            "category_id": str(listing.category_id),
            "title": listing.title,
            "agreed_minutes": listing.about_minutes,
            "place": listing.place,
        }
    form = ProposeForm(data=defaults)
    form.side.choices = choices_of(
        {
            "receive": _("%(name)s helps me", name=name),
            "give": _("I help %(name)s", name=name),
        }
    )
    offer_minutes(form.agreed_minutes, g.community, defaults.get("agreed_minutes"))
    offer_categories(form.category_id, listings.categories(db.session(), g.community.id))
    if listing is not None:
        # A listing says who helps; only an exchange without one has to ask.
        form.side.data = defaults["side"]
    return form


def _proposed(
    form: ProposeForm, other: Member, listing: Listing | None, conversation: Conversation
) -> Exchange | None:
    gives = form.side.data == "give"
    try:
        return service.propose(
            db.session(),
            g.community,
            by=g.member,
            giver=g.member if gives else other,
            receiver=other if gives else g.member,
            category_id=uuid.UUID(form.category_id.data),
            title=form.title.data,
            terms=_terms(form),
            listing_id=listing.id if listing is not None else None,
            conversation_id=conversation.id,
            words=form.words.data,
            now=utc_now(),
        )
    except RefusalError as refusal:
        refused(form, refusal)
        return None


def _terms(form: TermsForm) -> Terms:
    return Terms(
        agreed_minutes=form.agreed_minutes.data,
        place=form.place.data,
        planned_on=form.planned_on.data,
        part_of_day=form.part_of_day.data or None,
    )


@bp.post("/exchanges/<uuid:exchange_id>/agree")
@access(Access.MEMBER)
@writes
def agree(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Say yes to a suggestion."""
    deal = deal_of(exchange_id)
    form = AgreeForm()
    try:
        if not form.validate():
            return page_of(deal, agree_form=form)
        service.agree(
            db.session(),
            g.community,
            exchange_id,
            by=g.member,
            planned_on=form.planned_on.data,
            part_of_day=form.part_of_day.data or None,
            shown=form.shown.data or "",
            now=utc_now(),
        )
    except RefusalError as refusal:
        refused(form, refusal)
        in_the_way = refusal if isinstance(refusal, CannotSetAsideError) else None
        return page_of(deal, agree_form=form, in_the_way=in_the_way)
    flash(_("Agreed. You will both find it under Agreements."))
    return to_exchange(exchange_id)


@bp.route("/exchanges/<uuid:exchange_id>/change", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def change(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Suggest another day, length or place."""
    deal = side_of(exchange_id, "change")
    exchange = deal.exchange
    form = TermsForm(
        data={
            "planned_on": exchange.planned_on,
            "part_of_day": exchange.part_of_day,
            "agreed_minutes": exchange.agreed_minutes,
            "place": exchange.place,
        }
    )
    offer_minutes(form.agreed_minutes, g.community, exchange.agreed_minutes)
    mistaken = form.is_submitted()
    if form.is_submitted() and form.validate():
        try:
            service.change(
                db.session(),
                g.community,
                exchange_id,
                by=g.member,
                terms=_terms(form),
                words=form.words.data,
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Sent. Now it is for the other person to say."))
            return to_exchange(exchange_id)
    return page(
        "exchanges/change.html",
        form,
        mistaken=mistaken,
        exchange=exchange,
        other=name_in(deal, deal.other(g.member)),
    )


@bp.route("/exchanges/<uuid:exchange_id>/decline", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def decline(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Say no to a suggestion, with a word if one likes."""
    deal = side_of(exchange_id, "decline")
    form = EndForm()
    if form.validate_on_submit():
        service.decline(
            db.session(),
            g.community,
            exchange_id,
            by=g.member,
            words=form.words.data,
            now=utc_now(),
        )
        flash(_("Done. We told the other person, kindly."))
        return to_exchange(exchange_id)
    return page(
        "exchanges/decline.html",
        form,
        mistaken=form.is_submitted(),
        exchange=deal.exchange,
        lead=between(deal),
        name=title_of(deal),
        other=name_in(deal, deal.other(g.member)),
    )


@bp.route("/exchanges/<uuid:exchange_id>/cancel", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def cancel(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Call it off, withdraw a suggestion, or take back what one said."""
    deal = side_of(exchange_id, "cancel")
    form = EndForm()
    if form.validate_on_submit():
        service.cancel(
            db.session(),
            g.community,
            exchange_id,
            by=g.member,
            words=form.words.data,
            now=utc_now(),
        )
        flash(_("Done. We told the other person."))
        return to_exchange(exchange_id)
    return page(
        "exchanges/cancel.html",
        form,
        mistaken=form.is_submitted(),
        exchange=deal.exchange,
        lead=between(deal),
        name=title_of(deal),
        other=name_in(deal, deal.other(g.member)),
    )
