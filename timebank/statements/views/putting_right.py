"""Putting an entry right: what it should have said, and why; done in one act with the old one."""

import uuid

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import ConflictError, NotAllowedError, NotFoundError, RefusalError
from timebank.exchanges import errors, service
from timebank.exchanges.forms import offer_categories, offer_minutes
from timebank.exchanges.models import Exchange
from timebank.exchanges.service import Right
from timebank.hours import queries as hours
from timebank.hours.queries import EntryView
from timebank.listings import queries as listings
from timebank.members import queries as members
from timebank.members.errors import MemberNotFoundError
from timebank.statements import queries
from timebank.statements.forms import CorrectForm, CorrectOtherForm
from timebank.statements.views.books import bp, facts_of, say_overdrawn
from timebank.web.access import Access, access
from timebank.web.filters import hours_label, short_day
from timebank.web.refusals import say, words_of
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

say(errors.NothingChangedError, _l("That is what the books say already. Change what was wrong."))
say(
    errors.OwnExchangeError,
    _l("These are hours of your own. Ask another coordinator or treasurer to put them right."),
)
say(
    errors.TooManyLegsError,
    _l("This entry moved more for some than for others. Move it back, and enter each anew."),
)
say(
    errors.AccountFixedError,
    _l("Whose hours these are cannot be changed here. Move them back, and note the help anew."),
)
say(errors.OverdraftNotFoundError, _l("There is no such thing to see to."))


@bp.route("/books/entries/<uuid:entry_id>/correct", methods=["GET", "POST"])
@access(Access.BOOKKEEPER)
@writes
def correct(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Say what an entry should have been; it is moved back and the right one stands instead."""
    session, community_id = db.session(), g.community.id
    # Said before anything is filled in, and not afterwards.
    service.check_not_own(session, g.community, entry_id, by=g.member)
    entry = hours.entry(session, community_id, entry_id)
    exchange = queries.exchange_of(session, community_id, entry_id)
    form = _exchange_form(entry, exchange) if exchange is not None else _other_form(entry)
    # Read before anything is tried: a refused half must not show on the page that says so.
    facts = facts_of(entry_id)
    if form.validate_on_submit():
        try:
            done = service.correct_entry(
                session,
                g.community,
                entry_id,
                _right(form),
                by=g.member,
                reason=form.reason.data,
                now=utc_now(),
            )
        except RefusalError as refusal:
            _refused(form, refusal)
        else:
            flash(_("Put right. Those it is about have been told."))
            say_overdrawn(done.overdrawn)
            return redirect(url_for("books.entry", entry_id=done.entry_id), code=303)
    html = render_template("statements/correct.html", form=form, **facts)
    return html, 422 if form.is_submitted() else 200


def _exchange_form(entry: EntryView, exchange: Exchange) -> CorrectForm:
    """Ask how long, when and what it was; what is known is filled in."""
    form = CorrectForm(
        data={
            "minutes": exchange.worked_minutes,
            "happened_on": entry.occurred_on,
            "category_id": str(exchange.category_id),
        }
    )
    offer_minutes(form.minutes, g.community, exchange.worked_minutes)
    tree = listings.categories(db.session(), g.community.id, with_retired=True)
    offer_categories(form.category_id, tree)
    return form


def _other_form(entry: EntryView) -> CorrectOtherForm:
    """Ask how much, for which day and, where it is about one member, whose it is."""
    leg = entry.legs[0]
    codes = [code for leg in entry.legs for code in (leg.payer_code, leg.payee_code)]
    people = [code for code in codes if service.is_member_code(code)]
    form = CorrectOtherForm(
        data={
            "hours": str(leg.minutes // 60),
            "minutes": str(leg.minutes % 60),
            "happened_on": entry.occurred_on,
            "number": people[0] if people else "",
        }
    )
    if len(people) != 1:
        del form.number
    return form


def _right(form: CorrectForm | CorrectOtherForm) -> Right:
    """Return what was typed.

    Raises:
        MemberNotFoundError: If nobody has that number.
    """
    member_id = None
    if isinstance(form, CorrectOtherForm) and form.number is not None:
        member_id = _member_id(form.number.data or "")
    return Right(
        minutes=form.right_minutes,
        happened_on=form.happened_on.day,
        category_id=uuid.UUID(form.category_id.data) if isinstance(form, CorrectForm) else None,
        member_id=member_id,
    )


def _member_id(text: str) -> uuid.UUID:
    figures = text.upper().removeprefix("M")
    if not (figures.isascii() and figures.isdigit() and len(figures) < 10):  # noqa: PLR2004 - fits the column
        raise MemberNotFoundError
    return members.by_number(db.session(), g.community.id, int(figures)).id


def _refused(form: CorrectForm | CorrectOtherForm, refusal: RefusalError) -> None:
    """Put a refusal that can be mended beside what was typed; pass any other on."""
    if isinstance(refusal, MemberNotFoundError) and isinstance(form, CorrectOtherForm):
        form.number.errors = [_("Nobody here has that number.")]
    elif isinstance(refusal, errors.DayOutOfRangeError):
        first, last = short_day(refusal.first), short_day(refusal.last)
        words = _("Choose a day between %(first)s and %(last)s.", first=first, last=last)
        form.happened_on.errors = [words]
    elif isinstance(refusal, errors.MinutesOutOfRangeError):
        words = _("Choose up to %(hours)s.", hours=hours_label(refusal.minutes_max))
        form.minutes.errors = [words]
    elif isinstance(refusal, (ConflictError, NotAllowedError, NotFoundError)):
        raise refusal
    else:
        form.form_errors.append(words_of(refusal))
