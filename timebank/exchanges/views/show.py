"""What is under way, and one exchange with its story and the next step."""

import datetime as dt
import uuid

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from timebank.db import db
from timebank.exchanges import names, policy, queries
from timebank.exchanges.errors import CannotSetAsideError
from timebank.exchanges.forms import AgreeForm, ThankForm, YesForm
from timebank.exchanges.policy import Part
from timebank.exchanges.queries import Deal
from timebank.exchanges.views.frame import (
    between,
    bp,
    deal_of,
    is_side,
    name_in,
    note_of,
    parts_in,
    title_of,
)
from timebank.hours import queries as hours
from timebank.listings.names import hint_of, name_of
from timebank.web.access import Access, access
from timebank.web.filters import day, hours_label, moment_words, today
from timebank.web.paging import PAGE_SIZE, cut, key_of
from timebank.web.words import gettext as _

ONE_SECOND = dt.timedelta(seconds=1)


@bp.get("/exchanges")
@access(Access.MEMBER)
def index() -> ResponseReturnValue:
    """List what waits for the member, what is on its way, and what is over."""
    session = db.session()
    cursor = key_of(request.args.get("after"))
    found = queries.ended_deals(session, g.member, after=cursor, limit=PAGE_SIZE + 1)
    ended = cut(found, [deal.exchange.id for deal in found])
    under_way = [] if cursor else queries.open_deals(session, g.member)
    waiting = [deal for deal in under_way if deal.exchange.awaiting_id == g.member.id]
    return render_template(
        "exchanges/index.html",
        is_first_page=cursor is None,
        waiting=[line(deal) for deal in waiting],
        under_way=[line(deal) for deal in under_way if deal not in waiting],
        ended=[line(deal) for deal in ended.rows],
        later=ended.after and url_for("exchanges.index", after=ended.after),
    )


def line(deal: Deal) -> dict[str, object]:
    """Make an exchange's line in a list."""
    mine = deal.exchange.awaiting_id == g.member.id
    words, kind = names.state_tag(deal.exchange, waits_for_me=mine)
    return {
        "words": title_of(deal),
        "note": note_of(deal),
        "href": url_for("exchanges.show", exchange_id=deal.exchange.id),
        "tag": words,
        "tag_kind": kind,
    }


@bp.get("/exchanges/<uuid:exchange_id>")
@access(Access.MEMBER)
def show(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Show one exchange: how it stands, what comes next, its facts and its story."""
    return page_of(deal_of(exchange_id))


def page_of(
    deal: Deal,
    *,
    agree_form: AgreeForm | None = None,
    thank_form: ThankForm | None = None,
    in_the_way: CannotSetAsideError | None = None,
) -> ResponseReturnValue:
    """Show an exchange; with a form that has a mistake or that could not be done, again."""
    session, exchange = db.session(), deal.exchange
    parts = parts_in(deal)
    mistaken = agree_form or thank_form
    story = queries.story(session, exchange)
    thanks = queries.thanks(session, exchange) if exchange.state == "confirmed" else []
    may_thank = (
        exchange.state == "confirmed"
        and Part.SIDE in parts
        and g.member.id not in {thank.by_member_id for thank in thanks}
    )
    html = render_template(
        "exchanges/show.html",
        form=mistaken,
        title=title_of(deal),
        lead=between(deal),
        exchange=exchange,
        other=name_in(deal, deal.other(g.member)) if is_side(deal) else "",
        is_giver=deal.is_giver(g.member),
        is_side=is_side(deal),
        both_credited=names.is_credited(exchange, mutual_help=g.community.mutual_help),
        may={move for (_state, move) in policy.LEGAL if policy.may_move(exchange, move, parts)},
        is_asker=Part.ASKER in parts,
        is_reporter=Part.REPORTER in parts,
        is_unnamed=deal.is_unnamed(g.member),
        needs_day=exchange.planned_on is None or exchange.part_of_day is None,
        can_be_reported=_can_be_reported(deal),
        hint=hint_of(deal.category),
        facts=_facts(deal),
        entries=_entries(deal),
        steps=[
            {
                "words": names.move_words(
                    move,
                    is_mine=move.by_member_id == g.member.id,
                    name=name_in(deal, by) if by else "",
                ),
                "at": moment_words(move.at),
                "note": move.words,
            }
            for move, by in story
        ],
        last_words=next((move.words for move, _by in reversed(story) if move.words), ""),
        thanks=[
            {"words": thank.words, "name": _name_of(deal, thank.by_member_id)} for thank in thanks
        ],
        may_thank=may_thank,
        ideas=_ideas(deal, in_the_way) if in_the_way is not None else [],
        will_set_aside=policy.sets_aside(exchange.basis, g.community.setting_aside),
        agree_form=agree_form or AgreeForm(formdata=None),
        terms_line=policy.terms_line(exchange),
        yes_form=YesForm(formdata=None, worked_minutes=exchange.worked_minutes),
        thank_form=thank_form or ThankForm(formdata=None),
        conversation=exchange.conversation_id
        and is_side(deal)
        and url_for("messages.show", conversation_id=exchange.conversation_id),
    )
    return html, 422 if mistaken else 200


def _ideas(deal: Deal, in_the_way: CannotSetAsideError) -> list[dict[str, str]]:
    """Return three things to do where the hours cannot be set aside."""
    shorter = {
        "words": _("Suggest a shorter time"),
        "note": _("Half of it may do to begin with"),
        "href": url_for("exchanges.change", exchange_id=deal.exchange.id),
        "icon": "clock",
    }
    talk = {
        "words": _("Talk it over"),
        "note": _("With each other, or with the coordinator"),
        "href": url_for("messages.show", conversation_id=deal.exchange.conversation_id)
        if deal.exchange.conversation_id is not None
        else url_for("messages.index"),
        "icon": "chat-dots",
    }
    other = {
        "words": _("Find a later day"),
        "note": _("By then there may be room for it"),
        "href": shorter["href"],
        "icon": "calendar-week",
    }
    if in_the_way.is_own and in_the_way.held_up_by == "floor":
        other = {
            "words": _("See who asks for help"),
            "note": _("An hour you give is an hour you can set aside"),
            "href": url_for("listings.requests"),
            "icon": "ear",
        }
    elif in_the_way.is_own and in_the_way.held_up_by == "ceiling":
        other = {
            "words": _("Ask for help"),
            "note": _("What you spend makes room for more"),
            "href": url_for("listings.new_request"),
            "icon": "ear",
        }
    return [shorter, other, talk]


def _entries(deal: Deal) -> list[dict[str, object]]:
    """Lead to the entries of the book: to a side's receipts, or to a coordinator's pages."""
    entry_id = deal.exchange.entry_id
    if entry_id is None or deal.exchange.state != "confirmed":
        return []
    endpoint = "proofs.receipt" if is_side(deal) else "books.entry"
    return [
        {
            "words": names.entry_words(
                step.seq, takes_back=step.takes_back, instead_of=step.instead_of
            ),
            "note": hours_label(step.minutes),
            "href": url_for(endpoint, entry_id=step.entry_id),
        }
        for step in hours.history(db.session(), deal.exchange.community_id, entry_id)
    ]


def _can_be_reported(deal: Deal) -> bool:
    """Tell whether the planned day has come, so that saying it happened is the next step."""
    planned_on = deal.exchange.planned_on
    return planned_on is not None and planned_on <= today()


def _name_of(deal: Deal, member_id: uuid.UUID) -> str:
    if member_id == g.member.id:
        return _("You")
    return deal.giver.first_name if member_id == deal.giver.id else deal.receiver.first_name


def _facts(deal: Deal) -> list[dict[str, object]]:
    exchange = deal.exchange
    facts: list[tuple[str, str]] = [(_("Kind of help"), name_of(deal.category))]
    if exchange.happened_on is not None:
        facts.append((_("Day"), day(exchange.happened_on)))
    else:
        planned = names.when(exchange.planned_on, exchange.part_of_day)
        facts.append((_("When"), planned or _("You still choose a day")))
    facts.append((_("How long"), names.how_long(exchange)))
    if exchange.set_aside_ends_at is not None:
        hours = hours_label(exchange.agreed_minutes)
        # Midnight belongs to the day before.
        last = day(exchange.set_aside_ends_at - ONE_SECOND)
        facts.append((_("Set aside"), _("%(hours)s, until %(day)s", hours=hours, day=last)))
    if not exchange.is_informal:
        facts.append((_("Where"), names.where(exchange)))
    if counts := names.basis_words(exchange, mutual_help=g.community.mutual_help):
        facts.append((_("How it counts"), counts))
    return [{"key": key, "value": value} for key, value in facts]
