"""What the pages of exchanges share: their blueprint, their refusals in words, who is on a page."""

import uuid

from flask import Blueprint, g, redirect, url_for
from flask.typing import ResponseReturnValue

from timebank.db import db
from timebank.errors import RefusalError
from timebank.exchanges import errors, policy, queries
from timebank.exchanges.names import when
from timebank.exchanges.queries import Deal
from timebank.listings.names import name_of, someone
from timebank.members.models import Member
from timebank.web.access import COMMUNITY_PREFIX
from timebank.web.fields import PageForm
from timebank.web.filters import hours_label, short_day
from timebank.web.pages import pass_on
from timebank.web.refusals import lead_on_from, say, words_of
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

bp = Blueprint("exchanges", __name__, url_prefix=COMMUNITY_PREFIX)
COORDINATOR = "coordinator"

say(
    errors.IllegalMoveError,
    _l("It has gone another way in the meantime. Have a look at how it stands now."),
)
say(errors.AlreadyConfirmedError, _l("This is confirmed already. The hours moved, and once."))
say(errors.MinutesChangedError, _l("The other person has just changed how long it took."))
say(errors.TermsChangedError, _l("The other person has just suggested something else."))
say(errors.NotYourMoveError, _l("This is for the other person to say."))
say(errors.ExchangeNotFoundError, _l("There is no such page, or it is between other people."))
say(errors.AlreadyThankedError, _l("You have said thank you for this one. It has arrived."))
say(
    errors.NotHeldUpError,
    _l("No limit is in the way of these hours any more. Have a look at how it stands now."),
)
say(
    errors.OwnHoursError,
    _l("These are your own hours. Somebody else who looks after the books lets them through."),
)
say(errors.SamePersonError, _l("Somebody else needs to be part of it. Choose another person."))
say(
    errors.NotTakingPartError,
    # No name: whoever asked without one keeps it to themselves.
    _l("One of you is not taking part just now. You can plan something when both are back."),
)
say(errors.PlannedDayMissingError, _l("Choose the day and the part of the day."))
say(errors.WordsMissingError, _l("Write a few words first."))
say(errors.CategoryNotFoundError, _l("Choose the kind of help from the list."))


def deal_of(exchange_id: uuid.UUID) -> Deal:
    """Load an exchange that the signed-in member may know of, or answer 404."""
    deal = queries.deal(db.session(), g.community.id, exchange_id)
    is_coordinator = COORDINATOR in g.roles
    if not policy.may_see(deal.exchange, g.member.id, is_coordinator=is_coordinator):
        raise errors.ExchangeNotFoundError
    return deal


def side_of(exchange_id: uuid.UUID, move: str) -> Deal:
    """Load an exchange for a page that makes a move, which must be this member's to make.

    Raises:
        IllegalMoveError, NotYourMoveError: If it is not.
    """
    deal = deal_of(exchange_id)
    policy.state_after(deal.exchange, move, parts_in(deal))
    return deal


def parts_in(deal: Deal) -> frozenset[policy.Part]:
    """Name the parts the signed-in member plays."""
    return policy.parts_of(deal.exchange, g.member.id, is_coordinator=COORDINATOR in g.roles)


def is_side(deal: Deal) -> bool:
    """Tell whether the signed-in member is one of the two."""
    return deal.has(g.member)


def name_in(deal: Deal, member: Member) -> str:
    """Return what the signed-in member reads for a side: nothing before an unnamed one agrees."""
    hidden = deal.is_unnamed(member) and member.id != g.member.id and COORDINATOR not in g.roles
    return someone() if hidden else member.first_name


def title_of(deal: Deal) -> str:
    """Return what an exchange is called: its own words, else the kind of help."""
    return deal.exchange.title or name_of(deal.category)


def between(deal: Deal) -> str:
    """Say who helps whom, or who helped whom, to the one who reads it."""
    happened = deal.exchange.happened_on is not None
    if not is_side(deal):
        names = {"giver": name_in(deal, deal.giver), "receiver": name_in(deal, deal.receiver)}
        if happened:
            return _("%(giver)s helped %(receiver)s", **names)
        return _("%(giver)s helps %(receiver)s", **names)
    name = name_in(deal, deal.other(g.member))
    if deal.exchange.basis == "mutual":
        return _("You and %(name)s, helping each other", name=name)
    if deal.is_giver(g.member):
        return (
            _("You helped %(name)s", name=name) if happened else _("You help %(name)s", name=name)
        )
    return _("%(name)s helped you", name=name) if happened else _("%(name)s helps you", name=name)


def note_of(deal: Deal) -> str:
    """Return the line under an exchange in a list: who, when, how long."""
    exchange = deal.exchange
    day = exchange.happened_on or exchange.planned_on
    parts = [
        between(deal),
        when(day, None if exchange.happened_on else exchange.part_of_day),
        hours_label(exchange.worked_minutes or exchange.agreed_minutes),
    ]
    return " · ".join(part for part in parts if part)


def to_exchange(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Go to the page of an exchange."""
    return redirect(url_for("exchanges.show", exchange_id=exchange_id), code=303)


lead_on_from(bp, "exchanges.show", "exchange_id")


def refused(form: PageForm, refusal: RefusalError) -> None:
    """Put a refusal that the person can mend beside what they typed; pass any other on."""
    pass_on(refusal)
    if isinstance(refusal, errors.DayOutOfRangeError):
        words = _(
            "Choose a day between %(first)s and %(last)s.",
            first=short_day(refusal.first),
            last=short_day(refusal.last),
        )
        field = form["happened_on"] if "happened_on" in form else form["planned_on"]
        field.errors = [words]
        return
    if isinstance(refusal, errors.CannotSetAsideError):
        words = _not_set_aside(refusal)
    elif isinstance(refusal, errors.MinutesOutOfRangeError):
        words = _("Choose up to %(hours)s.", hours=hours_label(refusal.minutes_max))
    else:
        words = words_of(refusal)
    form.form_errors.append(words)


def _not_set_aside(refusal: errors.CannotSetAsideError) -> str:
    """Say why it is not agreed; how many hours somebody has is for that person alone."""
    if refusal.held_up_by == "account":
        return _("One of the two accounts is on hold, so this cannot be agreed yet.")
    if not refusal.is_own:
        return _("The hours for this cannot be set aside just now, so it is not agreed yet.")
    if refusal.held_up_by == "ceiling":
        return _(
            "You have as many hours to spend or on their way as we let stand here at once, so this"
            " is not agreed yet."
        )
    wanted = hours_label(refusal.minutes)
    if not refusal.available_minutes:
        return _(
            "This would set %(wanted)s aside, and you have none to set aside just now. So it is not"
            " agreed yet.",
            wanted=wanted,
        )
    return _(
        "This would set %(wanted)s aside, and you can set aside %(left)s just now. So it is not"
        " agreed yet.",
        wanted=wanted,
        left=hours_label(refusal.available_minutes),
    )
