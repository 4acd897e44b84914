"""Places where people meet."""

import uuid
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import ConflictError, RefusalError
from timebank.groups import names, queries, service
from timebank.groups.forms import VenueForm
from timebank.groups.models import Venue
from timebank.groups.policy import standing
from timebank.groups.service import VenueDetails
from timebank.groups.views.frame import bp, refused
from timebank.web.access import Access, access
from timebank.web.fields import one_line
from timebank.web.filters import today
from timebank.web.pages import page
from timebank.web.paging import PAGE_SIZE, cut, key_of
from timebank.web.refusals import words_of
from timebank.web.session import writes
from timebank.web.words import gettext as _

SEARCH_LENGTH_MAX = 100


@bp.get("/places")
@access(Access.MEMBER)
def venues() -> ResponseReturnValue:
    """List the places of the community; find them by words or postcode."""
    text = one_line(request.args.get("q"))[:SEARCH_LENGTH_MAX]
    found = queries.venues(
        db.session(),
        g.community.id,
        text=text,
        after=key_of(request.args.get("after")),
        limit=PAGE_SIZE + 1,
    )
    paged = cut(found, [venue.id for venue in found])
    may_add = _may_add()
    return page(
        "groups/venues.html",
        rows=[_row(venue) for venue in paged.rows],
        text=text,
        may_add=may_add,
        later=paged.after and url_for("groups.venues", q=text or None, after=paged.after),
    )


def _may_add() -> bool:
    return standing.may_add_places(queries.parts_of(db.session(), g.member, on=today()), g.roles)


def _row(venue: Venue) -> dict[str, Any]:
    return {
        "words": venue.name,
        "note": names.joined((names.address_of(venue), str(names.SETTING_NAMES[venue.setting]))),
        "href": url_for("groups.venue", venue_id=venue.id),
    }


@bp.get("/places/<uuid:venue_id>")
@access(Access.MEMBER)
def venue(venue_id: uuid.UUID) -> ResponseReturnValue:
    """Show a place and the groups that meet there."""
    session = db.session()
    found = queries.venue(session, g.community.id, venue_id)
    return page(
        "groups/venue.html",
        venue=found,
        facts=[
            {"key": key, "value": value}
            for key, value in (
                (_("Address"), names.address_of(found)),
                (_("What kind of place"), str(names.SETTING_NAMES[found.setting])),
                (_("Getting in"), found.access_words),
            )
            if value
        ],
        groups=[
            {
                "words": group.name,
                "note": names.when_of(group),
                "href": url_for("groups.show", group_slug=group.slug),
            }
            for group in queries.groups_at(session, found)
        ],
        may_change=_may_add(),
    )


@bp.route("/places/new", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def new_venue() -> ResponseReturnValue:
    """Note a place."""
    if not _may_add():
        abort(404)
    form = VenueForm()
    if form.validate_on_submit():
        try:
            made = service.add_venue(db.session(), g.community, _details(form), now=utc_now())
        except RefusalError as refusal:
            _refused(form, refusal)
        else:
            flash(_("Noted. Every group can meet here now."))
            return redirect(url_for("groups.venue", venue_id=made.id), code=303)
    return page("groups/venue_form.html", form, mistaken=form.is_submitted(), venue=None)


@bp.route("/places/<uuid:venue_id>/change", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def change_venue(venue_id: uuid.UUID) -> ResponseReturnValue:
    """Change what is known of a place."""
    if not _may_add():
        abort(404)
    found = queries.venue(db.session(), g.community.id, venue_id)
    form = VenueForm(obj=found)
    if form.validate_on_submit():
        try:
            service.change_venue(db.session(), found, _details(form))
        except RefusalError as refusal:
            _refused(form, refusal)
        else:
            flash(_("Saved."))
            return redirect(url_for("groups.venue", venue_id=found.id), code=303)
    return page("groups/venue_form.html", form, mistaken=form.is_submitted(), venue=found)


def _refused(form: VenueForm, refusal: RefusalError) -> None:
    """Put "noted already" beside the form: the name can be made to tell them apart."""
    if isinstance(refusal, ConflictError):
        form.form_errors.append(words_of(refusal))
    else:
        refused(form, refusal)


def _details(form: VenueForm) -> VenueDetails:
    return VenueDetails(
        name=form.name.data,
        address=form.address.data,
        postcode=form.postcode.data,
        area=form.area.data,
        setting=form.setting.data,
        access_words=form.access_words.data,
        opens_on=form.opens_on.data,
        closes_on=form.closes_on.data,
    )
