"""Three ideas for somebody at a line, taken from what is really asked for and offered today."""

import datetime as dt

from flask import url_for
from sqlalchemy.orm import Session

from timebank.groups.policy.pots import COMMUNITY
from timebank.listings import queries as listings
from timebank.listings.models import Listing
from timebank.listings.names import where_of
from timebank.members.models import Member
from timebank.web.filters import hours_label
from timebank.web.words import gettext as _

IDEAS = 3
#: Of these, so many are real listings; the last is always something anybody can do.
REAL_MAX = 2


def ideas(
    session: Session, member: Member, side: str, *, roles: frozenset[str], today: dt.date
) -> list[dict[str, object]]:
    """Return three things to do next: to give hours back, or to spend some or give them away.

    Args:
        session: The session to read with.
        member: Who reads them.
        side: "floor" for hours to give back, "ceiling" for hours to spend.
        roles: The member's roles.
        today: The date where the community is.
    """
    kind = "request" if side == "floor" else "offer"
    found = listings.fitting(session, member, kind, roles=roles, today=today, limit=REAL_MAX)
    real = [_of_listing(listing) for listing in found]
    return [*real, *(_to_give_back() if side == "floor" else _to_spend())][:IDEAS]


def _of_listing(listing: Listing) -> dict[str, object]:
    words = (
        _("Somebody asks: %(title)s")
        if listing.kind == "request"
        else _("Somebody offers: %(title)s")
    )
    return {
        "words": words % {"title": listing.title},
        "note": " · ".join(filter(None, (where_of(listing), hours_label(listing.about_minutes)))),
        "href": url_for("listings.show", listing_id=listing.id),
        "icon": "ear" if listing.kind == "request" else "gift",
    }


def _to_give_back() -> list[dict[str, object]]:
    return [
        {
            "words": _("Offer something small"),
            "note": _("What do you like doing? Somebody needs just that"),
            "href": url_for("listings.new_offer"),
            "icon": "gift",
        },
        {
            "words": _("Note help you have given already"),
            "note": _("Perhaps nobody wrote it down"),
            "href": url_for("exchanges.log"),
            "icon": "pencil",
        },
        {
            "words": _("See who asks for help"),
            "note": _("A phone call or a short walk counts too"),
            "href": url_for("listings.requests"),
            "icon": "ear",
        },
    ]


def _to_spend() -> list[dict[str, object]]:
    return [
        {
            "words": _("Give some to the community pot"),
            "note": _("It helps those who cannot give just now"),
            "href": url_for("groups.give", pot_name=COMMUNITY),
            "icon": "piggy-bank",
        },
        {
            "words": _("Ask for something you would enjoy"),
            "note": _("Company, a meal, a hand with something heavy"),
            "href": url_for("listings.new_request"),
            "icon": "heart",
        },
        {
            "words": _("See what people offer"),
            "note": _("Somebody is glad to do it for you"),
            "href": url_for("listings.offers"),
            "icon": "stars",
        },
    ]
