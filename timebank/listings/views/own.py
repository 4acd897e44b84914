"""What somebody does with their own offers and requests."""

import uuid

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.listings import forms, names, policy, queries, service
from timebank.listings.models import Listing
from timebank.listings.views import facts
from timebank.listings.views.blueprint import bp
from timebank.web.access import Access, access
from timebank.web.paging import PAGE_SIZE, cut, key_of
from timebank.web.session import writes
from timebank.web.words import gettext as _


@bp.get("/listings/mine")
@access(Access.MEMBER)
def mine() -> ResponseReturnValue:
    """List the member's own offers and requests, whatever their state."""
    found = queries.of_member(
        db.session(), g.member, after=key_of(request.args.get("after")), limit=PAGE_SIZE + 1
    )
    page = cut(found, [listing.id for listing in found])
    return render_template(
        "listings/mine.html",
        items=[_line(listing) for listing in page.rows],
        is_further=bool(request.args.get("after")),
        later=page.after and url_for("listings.mine", after=page.after),
    )


def _line(listing: Listing) -> dict[str, object]:
    state, tag_kind = _state(listing)
    return {
        "words": listing.title,
        "note": " · ".join(filter(None, (str(names.KINDS[listing.kind]), _until(listing)))),
        "href": url_for("listings.show", listing_id=listing.id),
        "tag": state,
        "tag_kind": tag_kind,
    }


def _until(listing: Listing) -> str:
    """Return how long it is up, where it still is."""
    return "" if listing.state == "closed" else facts.until_words(listing.ends_on)


def _state(listing: Listing) -> tuple[str, str]:
    today = g.community.day_of(utc_now())
    if listing.state == "open" and policy.has_ended(listing, today):
        return _("Ended"), "quiet"
    return str(names.STATES[listing.state]), "good" if listing.state == "open" else "quiet"


@bp.post("/listings/<uuid:listing_id>/pause")
@access(Access.MEMBER)
@writes
def pause(listing_id: uuid.UUID) -> ResponseReturnValue:
    """Hide it for a while."""
    listing = _own(listing_id)
    service.pause(listing, by=g.member)
    flash(_("Paused. Nobody sees it until you show it again."))
    return _to(listing)


@bp.post("/listings/<uuid:listing_id>/resume")
@access(Access.MEMBER)
@writes
def resume(listing_id: uuid.UUID) -> ResponseReturnValue:
    """Show it again."""
    listing = _own(listing_id)
    service.resume(g.community, listing, by=g.member, now=utc_now())
    flash(_("It is on the board again."))
    return _to(listing)


@bp.post("/listings/<uuid:listing_id>/renew")
@access(Access.MEMBER)
@writes
def renew(listing_id: uuid.UUID) -> ResponseReturnValue:
    """Keep it up for three more months."""
    listing = _own(listing_id)
    service.renew(g.community, listing, by=g.member, now=utc_now())
    flash(facts.until_words(listing.ends_on))
    return _to(listing)


@bp.route("/listings/<uuid:listing_id>/close", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def close(listing_id: uuid.UUID) -> ResponseReturnValue:
    """Ask once more, then take it down for good."""
    listing = queries.get(
        db.session(), g.community, listing_id, g.member, now=utc_now(), roles=g.roles
    )
    if not policy.may_close(listing, g.member, g.roles):
        abort(404)
    form = forms.ButtonForm()
    if form.validate_on_submit():
        service.close(listing, by=g.member, roles=g.roles, now=utc_now())
        flash(_("Taken down. Thank you for having put it up."))
        if policy.may_change(listing, g.member):
            return redirect(url_for("listings.mine"), code=303)
        return redirect(url_for(f"listings.{listing.kind}s"), code=303)
    return render_template("listings/close.html", listing=listing, form=form)


def _own(listing_id: uuid.UUID) -> Listing:
    """Return the member's own listing; anybody else's looks as if it were not there."""
    listing = queries.by_id(db.session(), g.community.id, listing_id)
    if not policy.may_change(listing, g.member):
        abort(404)
    return listing


def _to(listing: Listing) -> ResponseReturnValue:
    return redirect(url_for("listings.show", listing_id=listing.id), code=303)
