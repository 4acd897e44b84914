"""The front page of a community, for a visitor and for a member, and the coordinator's list."""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.exchanges import names as exchange_names
from timebank.exchanges import queries as exchanges
from timebank.exchanges.models import Overdraft
from timebank.exchanges.queries import Deal
from timebank.home import queries, service
from timebank.home.errors import AlreadyForgottenError, NobodyToGiveToError, WaitsForAnswerError
from timebank.home.forms import ForgetForm
from timebank.home.queries import Figures
from timebank.hours import queries as hours
from timebank.hours.errors import NoSuchAccountError, TooManyHoursError
from timebank.hours.models import BooksCheck
from timebank.hours.policy import COMMUNITY_POT
from timebank.hours.queries import Balance
from timebank.limits.models import Crossing
from timebank.listings import names as listing_names
from timebank.listings import policy as listing_policy
from timebank.listings import queries as listings
from timebank.listings.models import Listing
from timebank.listings.queries import Brief, Wanted
from timebank.listings.tree import ICON_OF_OTHERS, ICONS
from timebank.members import queries as members
from timebank.members.errors import MemberNotFoundError
from timebank.members.models import Member
from timebank.sessions import names as session_names
from timebank.sessions import queries as sessions
from timebank.web.access import COMMUNITY_PREFIX, Access, access
from timebank.web.filters import ago, hours_label, today
from timebank.web.refusals import say, words_of
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l
from timebank.web.words import ngettext

bp = Blueprint("home", __name__, url_prefix=COMMUNITY_PREFIX)

COORDINATOR = "coordinator"
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
        "words": _question(deal, name) if waits else _title(deal),
        "note": _title(deal) if waits else _when(deal, name),
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


def _title(deal: Deal) -> str:
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


# -------------------------------------------------------------- the coordinator's list


@bp.get("/work")
@access(Access.BOOKKEEPER)
def work() -> ResponseReturnValue:
    """List what waits for a coordinator, each with its one next step; a treasurer sees accounts."""
    if COORDINATOR not in g.roles:
        session, key = db.session(), g.community.id
        waiting = exchanges.overdrafts_waiting(session, key, limit=queries.OVERDRAFTS_MAX)
        alarms = [_alarm(check) for check in queries.alarms(session, key)]
        books = [{"title": _("The books"), "rows": alarms, "more": 0}] if alarms else []
        return render_template(
            "home/work.html", sections=[*books, *_accounts(waiting)], is_coordinator=False
        )
    found = queries.work(db.session(), g.community, now=utc_now(), today=today())
    # The header shows their sum, and need not count again.
    g.waits = found.counts
    sections: list[dict[str, Any]] = [
        _section(_("The books"), "books", found.alarms, _alarm, found),
        _section(_("People who would like to join"), "joiners", found.joiners, _joiner, found),
        _section(_("Remembered differently"), "queried", found.queried, _deal, found),
        _section(_("Hours that wait for a limit"), "held_up", found.held_up, _deal, found),
        _section(_("Below their limit"), "overdrafts", found.overdrafts, _overdraft, found),
        _section(_("Reported, and no answer"), "unanswered", found.unanswered, _deal, found),
        _section(_("A chat would be nice"), "chats", found.chats, _chat, found),
        _section(_("Nobody has answered for a week"), "unmet", found.unmet, _request, found),
        _section(_("Offers that end soon"), "ending", found.ending, _offer, found),
        _section(_("House rules to go through together"), "unheard", found.unheard, _unheard, found)
        | {"all": url_for("members.people", part="rules")},
    ]
    return render_template(
        "home/work.html",
        sections=[section for section in sections if section["rows"]],
        is_coordinator=True,
    )


def _accounts(waiting: Sequence[Overdraft]) -> list[dict[str, object]]:
    """Return the one section of a treasurer's list, or none."""
    rows = [_overdraft(each) for each in waiting]
    return [{"title": _("Below their limit"), "rows": rows, "more": 0, "all": None}] if rows else []


def _section(
    title: str, name: str, things: Sequence[Any], row: Callable[[Any], object], found: queries.Work
) -> dict[str, Any]:
    count = found.counts.get(name, len(things))
    return {
        "title": title,
        "rows": [row(thing) for thing in things],
        "more": max(0, count - len(things)),
        "all": None,
    }


def _alarm(check: BooksCheck) -> dict[str, object]:
    return {
        "words": _("The last check found something that is not right"),
        "note": ago(check.ended_at or check.asked_at),
        "href": url_for("checks.index"),
        "act": url_for("checks.index"),
        "act_words": _("See what it found"),
    }


def _joiner(member: Member) -> dict[str, object]:
    return {
        "words": member.first_name,
        "note": " · ".join(filter(None, (member.area, ago(member.joined_at)))),
        "href": url_for("members.person", member_id=member.id),
        "act": url_for("members.decide", member_id=member.id, what="approve"),
        "act_words": _("Let in"),
    }


def _unheard(member: Member) -> dict[str, object]:
    return {
        "words": member.first_name,
        "note": " · ".join(filter(None, (member.account_code, member.area))),
        "href": url_for("members.person", member_id=member.id),
        "act": url_for("members.rules_together", member_id=member.id),
        "act_words": _("Read them"),
    }


def _deal(deal: Deal) -> dict[str, object]:
    exchange = deal.exchange
    settles = g.member.id not in {deal.giver.id, deal.receiver.id}
    return {
        "words": _title(deal),
        "note": _(
            "%(giver)s helped %(receiver)s · %(hours)s",
            giver=deal.giver.first_name,
            receiver=deal.receiver.first_name,
            hours=hours_label(exchange.worked_minutes or exchange.agreed_minutes),
        ),
        "href": url_for("exchanges.show", exchange_id=exchange.id),
        "act": url_for("exchanges.settle", exchange_id=exchange.id) if settles else None,
        "act_words": _("Settle it"),
    }


def _overdraft(overdraft: Overdraft) -> dict[str, object]:
    address = url_for("books.overdraft", overdraft_id=overdraft.id)
    return {
        "words": _("Account %(code)s", code=overdraft.account_code),
        "note": _(
            "%(hours)s below its limit after hours were moved back, %(since)s",
            hours=hours_label(overdraft.short_minutes),
            since=ago(overdraft.flagged_at),
        ),
        "href": address,
        "act": address,
        "act_words": _("See to it"),
    }


def _chat(pair: tuple[Crossing, Member]) -> dict[str, object]:
    crossing, member = pair
    since = ago(crossing.crossed_at)
    note = (
        _("has some hours to give back · %(day)s", day=since)
        if crossing.side == "floor"
        else _("has many hours to spend · %(day)s", day=since)
    )
    href = url_for("limits.account", code=member.account_code)
    return {
        "words": member.first_name,
        "note": note,
        "href": href,
        "act": href if member.id != g.member.id else None,
        "act_words": _("How it stands"),
    }


def _request(pair: tuple[Listing, Member]) -> dict[str, object]:
    listing, owner = pair
    return {
        "words": listing.title,
        "note": _("%(name)s, since %(day)s", name=owner.first_name, day=ago(listing.posted_at)),
        "href": url_for("listings.show", listing_id=listing.id),
        "act": url_for("listings.offers", category=listing.category_id),
        "act_words": _("Who offers this?"),
    }


def _offer(pair: tuple[Listing, Member]) -> dict[str, object]:
    listing, owner = pair
    return {
        "words": listing.title,
        "note": _("%(name)s, %(days)s", name=owner.first_name, days=_days_left(listing.ends_on)),
        "href": url_for("listings.show", listing_id=listing.id),
        "act": url_for("members.person", member_id=owner.id),
        "act_words": _("Have a word"),
    }


def _days_left(ends_on: dt.date | None) -> str:
    days = (ends_on - today()).days if ends_on is not None else 0
    if days <= 0:
        return _("until today")
    return ngettext("%(num)d more day", "%(num)d more days", days)


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
