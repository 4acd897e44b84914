"""For those who look after the books: who is at which line, and the limits of one account."""

import datetime as dt
import re

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.communities.policy import limits_of
from timebank.db import db
from timebank.errors import ConflictError, NotAllowedError, NotFoundError, RefusalError
from timebank.exchanges import queries as exchanges
from timebank.hours import queries as hours
from timebank.hours.policy import step_of
from timebank.limits import errors, forms, policy, queries, service
from timebank.limits.history import history
from timebank.limits.models import Crossing
from timebank.limits.names import COORDINATOR, COUNTS, rows_of, step_tag
from timebank.limits.views.frame import bp, called, may_see_names, steps_of
from timebank.members import queries as members
from timebank.members.errors import MemberNotFoundError
from timebank.members.models import Member
from timebank.web.access import Access, access
from timebank.web.filters import hours_label, hours_words, short_day, today
from timebank.web.refusals import words_of
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import ngettext

UNPROCESSABLE = 422
ROWS_ON_A_PAGE = 50
WAITING_MAX = 20
MEMBER_CODE = re.compile(r"M[0-9]{1,9}")


@bp.get("/books/limits")
@access(Access.BOOKKEEPER)
def overview() -> ResponseReturnValue:
    """Show how many are at which line, and who; in the order of numbers, never of balances."""
    after = request.args.get("after", "")
    found = queries.overview(
        db.session(),
        g.community,
        after_number=_number(after),
        limit=ROWS_ON_A_PAGE + 1,
    )
    shown = found.rows[:ROWS_ON_A_PAGE]
    return render_template(
        "limits/overview.html",
        is_first_page=not after,
        figures=[
            {"key": str(words), "value": str(found.counts[name])}
            for name, words in COUNTS.items()
            if found.counts[name] or not name.endswith("_stop")
        ]
        + [
            {"key": _("Have limits of their own"), "value": str(found.with_own)},
            {
                "key": _("To give back, all of these together"),
                "value": hours_label(found.back_minutes),
            },
            {
                "key": _("To spend, all of these together"),
                "value": hours_label(found.spend_minutes),
            },
        ],
        members=ngettext("%(num)d member", "%(num)d members", found.members),
        may_change=COORDINATOR in g.roles,
        waiting=_waiting(),
        head=[
            _("Account"),
            *([_("Who")] if may_see_names() else []),
            _("Where they are"),
            _("Hours"),
            _("Limits"),
        ],
        rows=[_row(one) for one in shown],
        later=url_for("limits.overview", after=shown[-1].member.account_code)
        if len(found.rows) > ROWS_ON_A_PAGE
        else None,
    )


def _number(code: str) -> int:
    return int(code[1:]) if MEMBER_CODE.fullmatch(code) else 0


def _row(one: queries.Standing) -> list[object]:
    words, _kind = step_tag(one.side or "", one.step or "")
    code = one.member.account_code
    return [
        {"value": code, "href": url_for("limits.account", code=code)},
        *([one.member.first_name] if may_see_names() else []),
        words,
        hours_words(one.minutes),
        _("their own") if one.is_own else _("as everybody"),
    ]


def _waiting() -> list[dict[str, object]]:
    """Return exchanges whose hours wait for a limit, each with the way to let it through once."""
    deals = exchanges.held_by_a_limit(db.session(), g.community.id, limit=WAITING_MAX)
    return [
        {
            "words": _(
                "%(hours)s from %(receiver)s to %(giver)s",
                hours=hours_label(deal.exchange.worked_minutes or 0),
                receiver=called(deal.receiver),
                giver=called(deal.giver),
            ),
            "note": short_day(deal.exchange.held_up_at) if deal.exchange.held_up_at else "",
            "href": url_for("exchanges.let_pass", exchange_id=deal.exchange.id),
            "icon": "hourglass",
        }
        for deal in deals
    ]


# ------------------------------------------------------------------------- one account


@bp.get("/books/accounts/<code>/limits")
@access(Access.BOOKKEEPER)
def account(code: str) -> ResponseReturnValue:
    """Show the limits of a member's account, where its balance is, and every change there was."""
    return _page_of(_member(code))


def _member(code: str) -> Member:
    """Return the member behind an account.

    Raises:
        MemberNotFoundError: If it is nobody's, such as that of a pot.
    """
    if not MEMBER_CODE.fullmatch(code):
        raise MemberNotFoundError
    return members.by_number(db.session(), g.community.id, int(code[1:]))


def _page_of(
    member: Member, *, put_off_form: forms.PutOffForm | None = None
) -> ResponseReturnValue:
    session, code = db.session(), member.account_code
    minutes = hours.balance_of(session, member).posted
    limits, own = hours.limits_for(session, g.community, code)
    at = step_of(minutes, limits)
    soft = [one for one in queries.open_crossings(session, member).values() if one.step == "soft"]
    lines = history(session, g.community, code, since=member.joined_at)
    page = render_template(
        "limits/account.html",
        form=put_off_form,
        member=member,
        name=called(member),
        names=may_see_names(),
        balance=hours_words(minutes),
        tag=step_tag(*at) if at is not None else None,
        rows=rows_of(limits),
        own=own,
        may_decide=policy.may_decide(g.roles, by=g.member, code=code),
        chat=_chat(soft[0]) if soft and may_see_names() and member.id != g.member.id else None,
        put_off_form=put_off_form or forms.PutOffForm(formdata=None),
        steps=steps_of(lines, is_own=False),
    )
    return page, UNPROCESSABLE if put_off_form is not None else 200


def _chat(crossing: Crossing) -> dict[str, object]:
    """Say how it stands with the chat: due, had, or put off."""
    who = members.several(
        db.session(),
        g.community.id,
        [one for one in (crossing.talked_by_id, crossing.put_off_by_id) if one is not None],
    )
    if crossing.talked_at is not None and crossing.talked_by_id is not None:
        name = who[crossing.talked_by_id].first_name
        words = _("%(name)s had a chat on %(day)s.", name=name, day=short_day(crossing.talked_at))
    elif crossing.put_off_until is not None and crossing.put_off_by_id is not None:
        name = who[crossing.put_off_by_id].first_name
        day = short_day(crossing.put_off_until)
        words = _("%(name)s put it off until %(day)s.", name=name, day=day)
    else:
        words = ""
    return {"words": words, "is_open": crossing.talked_at is None, "since": crossing.crossed_at}


@bp.post("/books/accounts/<code>/limits/talked")
@access(Access.COORDINATOR)
@writes
def talked(code: str) -> ResponseReturnValue:
    """Note that somebody had the chat."""
    member = _member(code)
    service.note_chat(db.session(), member, by=g.member, now=utc_now())
    flash(_("Noted. Thank you for having that chat."))
    return redirect(url_for("limits.account", code=code), code=303)


@bp.post("/books/accounts/<code>/limits/put-off")
@access(Access.COORDINATOR)
@writes
def put_off(code: str) -> ResponseReturnValue:
    """Take the chat off the list for some days."""
    member, form = _member(code), forms.PutOffForm()
    if not form.validate():
        return _page_of(member, put_off_form=form)
    crossing = service.put_off_chat(
        db.session(), g.community, member, days=int(form.days.data), by=g.member, now=utc_now()
    )
    day = short_day(crossing.put_off_until) if crossing.put_off_until else ""
    flash(_("We remind you on %(day)s.", day=day))
    return redirect(url_for("limits.account", code=code), code=303)


@bp.route("/books/accounts/<code>/limits/change", methods=["GET", "POST"])
@access(Access.BOOKKEEPER)
@writes
def change(code: str) -> ResponseReturnValue:
    """Give one member limits of their own, or those of everybody again; with a reason."""
    session, member = db.session(), _member(code)
    if not policy.may_decide(g.roles, by=g.member, code=member.account_code):
        raise errors.OwnAccountError
    limits, own = hours.limits_for(session, g.community, member.account_code)
    form = forms.own_form(request.form if request.method == "POST" else None, limits, own)
    if request.method == "POST" and form.validate() and _decide(form, member):
        flash(_("Changed. The member was told, and can read your reason."))
        return redirect(url_for("limits.account", code=code), code=303)
    page = render_template(
        "limits/change.html",
        form=form,
        name=called(member),
        code=member.account_code,
        everybody=rows_of(limits_of(g.community)),
        first=today() + dt.timedelta(days=1),
    )
    return page, UNPROCESSABLE if request.method == "POST" else 200


def _decide(form: forms.OwnLimitsForm, member: Member) -> bool:
    """Do what the form says; False, with a sentence beside the field, where it cannot be."""
    session, now = db.session(), utc_now()
    try:
        if form.whose.data == "everybody":
            service.give_the_communitys(
                session, g.community, member, by=g.member, reason=form.reason.data, now=now
            )
            return True
        limits = form.limits()
        if limits is None:
            return False
        service.give_own(
            session,
            g.community,
            member,
            limits,
            until_on=form.until_on.data,
            reason=form.reason.data,
            by=g.member,
            now=now,
        )
    except errors.LastDayOutOfRangeError as refusal:
        words = _(
            "Choose a day between %(first)s and %(last)s, or none.",
            first=short_day(refusal.first),
            last=short_day(refusal.last),
        )
        form.until_on.errors = [words]
        return False
    except RefusalError as refusal:
        if isinstance(refusal, (ConflictError, NotAllowedError, NotFoundError)):
            raise
        form.form_errors.append(words_of(refusal))
        return False
    return True
