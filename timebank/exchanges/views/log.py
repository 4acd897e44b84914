"""A quick note of help that was given without arranging it here: one page, twenty seconds."""

import uuid

from flask import flash, g, request
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.exchanges import queries, service
from timebank.exchanges.forms import (
    LogForm,
    choices_of,
    offer_bases,
    offer_categories,
    offer_minutes,
)
from timebank.exchanges.models import Exchange
from timebank.exchanges.views.frame import bp, refused, to_exchange
from timebank.listings import queries as listings
from timebank.listings.models import Category
from timebank.members import policy as members_policy
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.web.access import Access, access
from timebank.web.filters import today
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _

#: People offered while typing, and people to choose from where a name fits several.
KNOWN_MAX = 12
CHOICES_MAX = 12


@bp.route("/log", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def log() -> ResponseReturnValue:
    """Note help that was given, and ask the other side."""
    known, category = queries.known_to(db.session(), g.member, limit=KNOWN_MAX)
    form = _form(category)
    if form.validate_on_submit():
        other = _other(form)
        exchange = _noted(form, other) if other is not None else None
        if other is not None and exchange is not None:
            flash(_("Noted. We asked %(name)s: did this happen?", name=other.first_name))
            return to_exchange(exchange.id)
    elif form.is_submitted():
        # A mistake elsewhere must not make anybody choose the person twice.
        _offer(form, _found(form.who.data or ""))
    return page(
        "exchanges/log.html",
        form,
        mistaken=form.is_submitted(),
        known=known,
        asks_which=bool(form.member_number.choices),
    )


def _form(category: Category | None) -> LogForm:
    """Make the form; what was helped with last time is likely what was helped with now."""
    given = {
        "category_id": str(category.id) if category is not None else None,
        "happened_on": today(),
        "who": request.args.get("with", ""),
        "side": "receive" if request.args.get("side") == "receive" else "give",
    }
    form = LogForm(data=given)
    offer_minutes(form.worked_minutes, g.community)
    offer_bases(form.basis, g.community)
    offer_categories(form.category_id, listings.categories(db.session(), g.community.id))
    return form


def _found(text: str) -> list[Member]:
    """Find people by what everybody may know of them: first name and number."""
    folded, number = members_policy.fold(text), members_policy.number_typed(text)
    return [
        member
        for member in members.find(db.session(), g.community.id, text, limit=CHOICES_MAX * 4)
        if member.id != g.member.id
        and (folded in members_policy.fold(member.first_name) or number == member.number)
    ][:CHOICES_MAX]


def _other(form: LogForm) -> Member | None:
    """Return whom the form means; where that is open, ask on the form and return None."""
    text = form.who.data
    found = _found(text)
    chosen = [member for member in found if str(member.number) == form.member_number.data]
    exact = [member for member in found if _is_exactly(member, text)]
    if chosen or len(exact) == 1:
        return (chosen or exact)[0]
    _offer(form, found)
    if found:
        form.member_number.errors = [_("Choose the person you mean.")]
    elif _is_exactly(g.member, text):
        form.who.errors = [_("That is you. Write who the other person was.")]
    else:
        form.who.errors = [
            _("Nobody here is called “%(name)s”. Try the first name or the number.", name=text)
        ]
    return None


def _is_exactly(member: Member, text: str) -> bool:
    """Tell whether a text is all of somebody's first name, or their number however it is typed."""
    folded = members_policy.fold(member.first_name)
    return folded == members_policy.fold(text) or member.number == members_policy.number_typed(text)


def _offer(form: LogForm, found: list[Member]) -> None:
    form.member_number.choices = choices_of(
        {str(member.number): _described(member) for member in found}
    )


def _described(member: Member) -> str:
    """Tell people of one name apart by what this member may see of them."""
    seen = members_policy.may_see_field(member, "area", g.member, g.roles)
    area = f", {member.area}" if seen and member.area else ""
    return f"{member.first_name}{area} ({member.account_code})"


def _noted(form: LogForm, other: Member) -> Exchange | None:
    try:
        return service.log_informal(
            db.session(),
            g.community,
            by=g.member,
            other=other,
            by_gave=form.side.data == "give",
            category_id=uuid.UUID(form.category_id.data),
            worked_minutes=form.worked_minutes.data,
            happened_on=form.happened_on.day,
            title=form.title.data,
            basis=form.basis.data,
            now=utc_now(),
        )
    except RefusalError as refusal:
        refused(form, refusal)
        return None
