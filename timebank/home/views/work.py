"""What waits for a coordinator, each with its one next step; what waits for a treasurer."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from flask import g, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.exchanges import queries as exchanges
from timebank.exchanges.models import Overdraft
from timebank.exchanges.queries import Deal
from timebank.groups import names as group_names
from timebank.groups import queries as groups
from timebank.groups.policy.pots import COMMUNITY, COMMUNITY_POT
from timebank.groups.queries import Undecided
from timebank.home import queries
from timebank.home.views.front import bp, title_of
from timebank.hours.models import BooksCheck
from timebank.limits.models import Crossing
from timebank.listings.models import Listing
from timebank.members.models import Member
from timebank.web.access import Access, access
from timebank.web.filters import ago, hours_label, today
from timebank.web.words import gettext as _
from timebank.web.words import ngettext

COORDINATOR = "coordinator"


@bp.get("/work")
@access(Access.BOOKKEEPER)
def work() -> ResponseReturnValue:
    """List what waits for a coordinator, each with its one next step; a treasurer sees accounts."""
    if COORDINATOR not in g.roles:
        session, key = db.session(), g.community.id
        waiting = exchanges.overdrafts_waiting(session, key, limit=queries.OVERDRAFTS_MAX)
        pots = groups.undecided(
            session, key, g.member.id, code=COMMUNITY_POT, limit=queries.OVERDRAFTS_MAX
        )
        alarms = queries.alarms(session, key)
        return _page(
            [
                _section(_("The books"), "books", alarms, _alarm),
                _section(_("Pots"), "undecided", pots, _undecided),
                _section(_("Below their limit"), "overdrafts", waiting, _overdraft),
            ],
            is_coordinator=False,
        )
    found = queries.work(
        db.session(), g.community, member_id=g.member.id, now=utc_now(), today=today()
    )
    # The header shows their sum, and need not count again.
    counts = g.waits = found.counts
    lists = [
        _section(_("The books"), "books", found.alarms, _alarm, counts),
        _section(_("People who would like to join"), "joiners", found.joiners, _joiner, counts),
        _section(_("Remembered differently"), "queried", found.queried, _deal, counts),
        _section(_("Pots"), "undecided", found.undecided, _undecided, counts),
        _section(_("Hours that wait for a limit"), "held_up", found.held_up, _deal, counts),
        _section(_("Below their limit"), "overdrafts", found.overdrafts, _overdraft, counts),
        _section(_("Reported, and no answer"), "unanswered", found.unanswered, _deal, counts),
        _section(_("A chat would be nice"), "chats", found.chats, _chat, counts),
        _section(_("Nobody has answered for a week"), "unmet", found.unmet, _request, counts),
        _section(_("Offers that end soon"), "ending", found.ending, _offer, counts),
        _section(
            _("House rules to go through together"), "unheard", found.unheard, _unheard, counts
        )
        | {"all": url_for("members.people", part="rules")},
    ]
    return _page(lists, is_coordinator=True)


def _page(lists: Sequence[dict[str, Any]], *, is_coordinator: bool) -> str:
    return render_template(
        "home/work.html",
        sections=[each for each in lists if each["rows"]],
        is_coordinator=is_coordinator,
    )


def _section(
    title: str,
    name: str,
    things: Sequence[Any],
    row: Callable[[Any], object],
    counts: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return a list of what waits; where nobody has counted, what is shown is all there is."""
    return {
        "title": title,
        "rows": [row(thing) for thing in things],
        "more": max(0, counts.get(name, len(things)) - len(things)),
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
        "words": title_of(deal),
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


def _undecided(waiting: Undecided) -> dict[str, object]:
    group, name = waiting.group, g.community.name
    href = url_for("groups.pot", pot_name=group.slug if group is not None else COMMUNITY)
    return {
        "words": group_names.move_words(waiting.move, waiting.to_name or name),
        "note": _(
            "The pot of %(name)s, asked %(since)s",
            name=group.name if group is not None else name,
            since=ago(waiting.move.asked_at),
        ),
        "href": href,
        "act": href,
        "act_words": _("Decide"),
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
