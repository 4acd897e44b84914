"""The front page of a community, for a visitor and for a member; leaving for good."""

import uuid
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.exchanges import names as exchange_names
from timebank.exchanges import queries as exchanges
from timebank.exchanges.queries import Deal
from timebank.home import queries, service
from timebank.home.errors import AlreadyForgottenError, NobodyToGiveToError, WaitsForAnswerError
from timebank.home.forms import ForgetForm
from timebank.home.queries import Figures
from timebank.hours import queries as hours
from timebank.hours.errors import NoSuchAccountError, TooManyHoursError
from timebank.hours.policy import COMMUNITY_POT
from timebank.hours.queries import Balance
from timebank.listings import names as listing_names
from timebank.listings import policy as listing_policy
from timebank.listings import queries as listings
from timebank.listings.queries import Brief, Wanted
from timebank.listings.tree import ICON_OF_OTHERS, ICONS
from timebank.members import queries as members
from timebank.members.errors import MemberNotFoundError
from timebank.members.models import Member
from timebank.sessions import names as session_names
from timebank.sessions import queries as sessions
from timebank.web.access import COMMUNITY_PREFIX, Access, access
from timebank.web.filters import hours_label, today
from timebank.web.refusals import say, words_of
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l
from timebank.web.words import ngettext

bp = Blueprint("home", __name__, url_prefix=COMMUNITY_PREFIX)

#: Offers and requests shown on the front page.
RECENT_MAX = 6
#: Things on their way shown on a member's front page; the rest is under Agreements.
UNDER_WAY_MAX = 3
#: Sessions shown on the front page; the rest is under What’s on.
SESSIONS_MAX = 3


@bp.get("/")
@access(Access.ANYONE)
def index() -> ResponseReturnValue:
    """Show what this is to a visitor, and what waits to a member."""
    session = db.session()
    is_member = g.member is not None and g.member.state in {"active", "paused"}
    figures = queries.figures(
        session,
        g.community.id,
        since_on=today().replace(day=1),
        member=g.member if is_member else None,
    )
    shared: dict[str, Any] = {
        "recent": _recent(g.member if is_member else None),
        "figures": _figures(figures),
    }
    if not is_member:
        return render_template(
            "home/visitor.html",
            community=g.community,
            standing=g.member.state if g.member is not None else "",
            sessions=_public_sessions(),
            **shared,
        )
    under_way = exchanges.open_deals(session, g.member)
    waiting = [deal for deal in under_way if deal.exchange.awaiting_id == g.member.id]
    coming = [deal for deal in under_way if deal not in waiting]
    return render_template(
        "home/member.html",
        waiting=[
            *_rules(),
            *_messages(figures.unread),
            *(_line(deal, waits=True) for deal in waiting),
        ],
        coming=[_line(deal, waits=False) for deal in coming[:UNDER_WAY_MAX]],
        more=max(0, len(coming) - UNDER_WAY_MAX),
        account=_account(),
        sessions=_sessions(),
        **shared,
    )


def _sessions() -> list[dict[str, Any]]:
    """Return what is on next for a member; where that is nothing, what is on at all."""
    session, now = db.session(), utc_now()
    found = sessions.my_meetings(session, g.member, now=now, limit=SESSIONS_MAX)
    if not found:
        found = sessions.next_meetings(
            session, g.community.id, now=now, seen_by=g.member.id, limit=SESSIONS_MAX
        )
    return [session_names.line_of(each, g.member) for each in found]


def _public_sessions() -> list[dict[str, Any]]:
    """Return what is on next for everybody."""
    found = sessions.next_meetings(
        db.session(), g.community.id, now=utc_now(), seen_by=None, limit=SESSIONS_MAX
    )
    return [session_names.line_of(each, None) for each in found]


def _account() -> Balance | None:
    try:
        return hours.balance_of(db.session(), g.member)
    except NoSuchAccountError:
        return None


def _rules() -> list[dict[str, object]]:
    """Return a line for somebody who has not agreed to the newest house rules yet."""
    member, community = g.member, g.community
    if member.rules_version >= community.house_rules_version:
        return []
    words = _("The house rules have changed") if member.rules_version else _("The house rules")
    return [{"words": words, "href": url_for("members.rules"), "icon": "file-earmark-text"}]


def _messages(count: int) -> list[dict[str, object]]:
    if not count:
        return []
    return [
        {
            "words": ngettext(
                "%(num)d conversation with something new",
                "%(num)d conversations with something new",
                count,
            ),
            "href": url_for("messages.index"),
            "icon": "chat-dots",
        }
    ]


def _line(deal: Deal, *, waits: bool) -> dict[str, object]:
    exchange, other = deal.exchange, deal.other(g.member)
    name = listing_names.someone() if deal.is_unnamed(other) else other.first_name
    words, kind = exchange_names.state_tag(exchange, waits_for_me=waits)
    return {
        "words": _question(deal, name) if waits else title_of(deal),
        "note": title_of(deal) if waits else _when(deal, name),
        "href": url_for("exchanges.show", exchange_id=exchange.id),
        "icon": ("clipboard-check" if exchange.state == "done" else "calendar-heart")
        if waits
        else None,
        "tag": None if waits else words,
        "tag_kind": kind,
    }


def _question(deal: Deal, name: str) -> str:
    if deal.exchange.state == "proposed":
        return _("%(name)s suggests a time. Does it suit you?", name=name)
    return _(
        "Did this happen? %(name)s says %(hours)s",
        name=name,
        hours=hours_label(deal.exchange.worked_minutes or 0),
    )


def _when(deal: Deal, name: str) -> str:
    exchange = deal.exchange
    day = exchange.happened_on or exchange.planned_on
    part = None if exchange.happened_on else exchange.part_of_day
    return " · ".join(filter(None, (name, exchange_names.when(day, part))))


def title_of(deal: Deal) -> str:
    """Return what an exchange is called."""
    return deal.exchange.title or listing_names.name_of(deal.category)


# ------------------------------------------------------------------- shared with visitors


def _figures(figures: Figures) -> list[tuple[str, str]]:
    """Return the month in figures; a month that has just begun shows none of them as nothing."""
    shown = []
    if figures.given_minutes:
        whole_hours = max(1, round(figures.given_minutes / 60))
        shown.append(
            (
                f"{whole_hours}",
                ngettext("hour given this month", "hours given this month", whole_hours),
            )
        )
        shown.append(
            (
                f"{figures.receivers}",
                ngettext("person was helped", "people were helped", figures.receivers),
            )
        )
    shown.append(
        (
            f"{figures.members}",
            ngettext("neighbour takes part", "neighbours take part", figures.members),
        )
    )
    return shown


def _recent(viewer: Member | None) -> list[dict[str, object]]:
    """Return the newest offers and requests that this reader may see, as cards."""
    found = listings.shown(
        db.session(),
        g.community.id,
        Wanted(),
        viewer=viewer,
        roles=g.roles,
        today=today(),
        limit=RECENT_MAX,
    )
    return [_card(listing, viewer) for listing in found]


def _card(listing: Brief, viewer: Member | None) -> dict[str, object]:
    named = listing_policy.may_see_who(listing, viewer, g.roles)
    where = listing_names.where(listing.place, listing.area)
    return {
        "title": listing.title,
        "href": url_for("listings.show", listing_id=listing.id),
        "icon": ICONS.get(listing.heading_key, ICON_OF_OTHERS),
        "is_offer": listing.kind == "offer",
        "meta": " · ".join(filter(None, (where, hours_label(listing.about_minutes)))),
        "name": listing.owner_name if named else listing_names.someone(),
        "tone": listing.owner_number if named else 0,
        "lang": listing.language if listing.language != g.community.locale else None,
    }


# ------------------------------------------------------------------------ leaving for good

say(AlreadyForgottenError, _l("There is nothing left to forget here."))
say(NobodyToGiveToError, _l("The hours can go to the pot, or to somebody else who takes part now."))
say(
    WaitsForAnswerError,
    _l(
        "Some help was reported and waits for an answer. Answer it first, so that it counts or not."
    ),
)


@bp.route("/me/forget", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def forget_me() -> ResponseReturnValue:
    """Leave for good: the hours go where the member says, and everything else is forgotten."""
    form, member = ForgetForm(), g.member
    minutes = _offer_choices(form, member)
    if form.validate_on_submit() and _forgotten(form, member):
        name = g.community.name
        flash(
            _("You have left %(name)s, and we have forgotten who you were. Thank you.", name=name)
        )
        return redirect(url_for("home.index"), code=303)
    return _forget_page(form, member, minutes, back=url_for("members.leave_me"))


@bp.route("/people/<uuid:member_id>/forget", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def forget(member_id: uuid.UUID) -> ResponseReturnValue:
    """Forget somebody who asked for it, or whose time to be kept is over."""
    member = members.get(db.session(), g.community.id, member_id)
    form = ForgetForm()
    minutes = _offer_choices(form, member)
    back = url_for("members.person", member_id=member_id)
    if form.validate_on_submit() and _forgotten(form, member):
        flash(_("Forgotten. The books keep the number, and nobody behind it."))
        return redirect(back, code=303)
    return _forget_page(form, member, minutes, back=back)


def _offer_choices(form: ForgetForm, member: Member) -> int:
    """Ask where the hours go only where there are some; return how many minutes there are."""
    try:
        minutes = hours.balance_of(db.session(), member).posted
    except NoSuchAccountError:
        minutes = 0
    if minutes <= 0:
        del form.hours_to
        del form.number
    return minutes


def _forgotten(form: ForgetForm, member: Member) -> bool:
    """Forget a member; a refusal that can be mended goes beside what was typed."""
    goal = COMMUNITY_POT
    if form.hours_to is not None and form.hours_to.data == "person":
        goal = f"M{int(form.number.data.upper().removeprefix('M')):06d}"
    try:
        service.forget_member(
            db.session(), g.community, member, hours_to=goal, by=g.member, now=utc_now()
        )
    except (NobodyToGiveToError, TooManyHoursError, MemberNotFoundError) as refusal:
        form.form_errors.append(words_of(refusal))
        return False
    return True


def _forget_page(
    form: ForgetForm, member: Member, minutes: int, *, back: str
) -> ResponseReturnValue:
    html = render_template(
        "home/forget.html",
        form=form,
        is_own=member.id == g.member.id,
        name=member.first_name,
        minutes=minutes,
        back=back,
    )
    return html, 422 if form.is_submitted() else 200
