"""The books: every account side by side, any statement, each entry, and moving hours back.

Treasurers read account codes; names are for coordinators.
"""

import datetime as dt
import re
import uuid
from collections.abc import Sequence

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import NotFoundError
from timebank.exchanges import queries as exchanges
from timebank.exchanges import service
from timebank.exchanges.names import entry_words
from timebank.hours import policy
from timebank.hours import queries as hours
from timebank.hours.queries import EntryView
from timebank.listings.names import name_of
from timebank.members import queries as members
from timebank.statements import queries
from timebank.statements.forms import ReverseForm, SeenToForm
from timebank.statements.names import ASIDE_KINDS, KINDS, purpose_name
from timebank.statements.queries import Month
from timebank.statements.standing import Sides, sides, standing
from timebank.statements.views import verdict
from timebank.statements.views.frame import (
    asked_month,
    called,
    figures_of,
    file_of,
    may_see_names,
    month_key,
    table_of,
)
from timebank.trail import service as trail
from timebank.web.access import COMMUNITY_PREFIX, Access, access
from timebank.web.filters import (
    day,
    hours_label,
    hours_signed,
    hours_words,
    moment_words,
    short_day,
)
from timebank.web.refusals import lead_on_from
from timebank.web.session import run_in_transaction, writes
from timebank.web.words import gettext as _

bp = Blueprint("books", __name__, url_prefix=COMMUNITY_PREFIX)
ACCOUNTS_ON_A_PAGE = 50
ONE_SECOND = dt.timedelta(seconds=1)
CODE = re.compile(r"[A-Za-z0-9-]{1,40}")


@bp.get("/books")
@access(Access.BOOKS)
def index() -> ResponseReturnValue:
    """Show every account side by side; the sum of a sound book is zero."""
    session, key, after = db.session(), g.community.id, request.args.get("after", "")
    found = hours.accounts(session, key, after_code=after, limit=ACCOUNTS_ON_A_PAGE + 1)
    entries, chain = hours.head(session, key)
    both = sides(session, key)
    shown = found[:ACCOUNTS_ON_A_PAGE]
    has_aside = any(account.held_out for account in shown)
    name = called({account.code for account in shown})
    return render_template(
        "statements/books.html",
        is_even=both.total_minutes == 0,
        total=hours_signed(both.total_minutes),
        entries=verdict.entries_words(entries),
        **({} if after else _standing(entries, chain, both)),
        is_first_page=not after,
        names=may_see_names(),
        rows=[
            [
                {"value": account.code, "href": url_for("books.account", code=account.code)},
                name(account.code),
                hours_signed(account.posted),
                *([hours_label(account.held_out) if account.held_out else ""] if has_aside else []),
            ]
            for account in shown
        ],
        has_aside=has_aside,
        later=url_for("books.index", after=shown[-1].code)
        if len(found) > ACCOUNTS_ON_A_PAGE
        else None,
    )


def _standing(entries: int, chain: str, both: Sides) -> dict[str, object]:
    """Return what stands on the first page alone: the last check, pictures, ways to go on."""
    state = standing(db.session(), g.community, now=utc_now())
    return {
        "verdict": verdict.banner_of(state),
        "findings": verdict.finding_rows(state.latest) if state.latest else [],
        "waits": state.waiting is not None,
        "facts": verdict.facts_of(state, entries=entries, chain=chain),
        "strip": verdict.strip_of(state),
        "sides": verdict.sides_of(both),
        "ways": _ways(),
    }


def _ways() -> list[dict[str, str]]:
    """Return the ways to look closer, as far as they are this reader's."""
    ways = [
        (_("The latest entries"), _("Every movement, the newest first"), "books.entries"),
        (_("Every check"), _("What each night found"), "checks.index"),
        (_("Months"), _("Each that is over, with what every account held"), "books.months_index"),
        (_("Balances on a day"), _("As recorded by then, and by day of help"), "books.on_day"),
        (_("The seals of the book"), _("Signed each night, for anybody"), "proofs.index"),
        (_("Our books, for anybody"), _("The page that visitors see"), "our_books.index"),
        (_("Download the books"), _("A zip file without names"), "checks.download"),
    ]
    if policy.may_take_back(g.roles):
        words = _("Who is at which line"), _("Members near what is agreed")
        ways.append((*words, "limits.overview"))
    if policy.may_ask(g.roles):
        words = _("Questions to the books"), _("Who helps whom, where hours rest, and more")
        ways.insert(0, (*words, "questions.index"))
    return [{"words": words, "note": note, "href": url_for(end)} for words, note, end in ways]


@bp.get("/books/find")
@access(Access.BOOKS)
def find() -> ResponseReturnValue:
    """Go to an account by its code, such as M000012 or 12."""
    text = request.args.get("q", "").strip()
    code = f"M{int(text):06d}" if text.isascii() and text.isdigit() and len(text) <= 6 else text  # noqa: PLR2004 - as printed
    if not CODE.fullmatch(code):
        return redirect(url_for("books.index"), code=303)
    code = code.upper() if code[:1] in "mgnMGN" and code[1:].isdigit() else code
    return redirect(url_for("books.account", code=code), code=303)


@bp.get("/books/accounts/<code>")
@access(Access.BOOKS)
def account(code: str) -> ResponseReturnValue:
    """Show any account's month."""
    month = asked_month(code)
    whose = queries.whose(db.session(), g.community.id, {code})
    return render_template(
        "statements/account.html",
        code=code,
        has_limits=policy.may_take_back(g.roles)
        and code[0] == hours.MEMBER_LETTER
        and code in whose,
        name=called({code}, whose)(code),
        month_name=str(format_date(month.first, "MMMM yyyy")),
        month=month_key(month.first),
        figures=[*figures_of(month), _by_day_of_help(month), *_aside(month)],
        table=table_of(month, with_names=may_see_names(), own=False),
        earlier=month_key(month.earlier),
        later=month.later and month_key(month.later),
    )


def _by_day_of_help(month: Month) -> dict[str, str]:
    """Return what the account held at the month's end by the days of the help, late or not."""
    late = hours.late_minutes(db.session(), g.community.id, month.code, month.end)
    return {"key": _("For help up to the end"), "value": hours_words(month.closing_minutes + late)}


def _aside(month: Month) -> list[dict[str, str]]:
    """Return what is set aside now in an account and for it; nothing where nothing is."""
    figures = [
        (_("Set aside now"), month.now.held_out),
        (_("Set aside for this account now"), month.now.held_in),
    ]
    return [{"key": key, "value": hours_label(minutes)} for key, minutes in figures if minutes]


@bp.get("/books/accounts/<code>.csv")
@access(Access.BOOKS)
def account_file(code: str) -> Response:
    """Hand over any account's month as a file for a spreadsheet; the trail keeps that it was."""
    file = file_of(asked_month(code), with_names=may_see_names())
    person_id, key, now = g.member.person_id, g.community.id, utc_now()
    run_in_transaction(
        lambda session: trail.record(
            session, "export", now=now, person_id=person_id, community_id=key, detail=f"csv {code}"
        )
    )
    return file


@bp.get("/books/entries")
@access(Access.BOOKS)
def entries() -> ResponseReturnValue:
    """List the entries of the book, the newest first."""
    text = request.args.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None  # noqa: PLR2004 - fits
    found = hours.latest_entries(db.session(), g.community.id, before_seq=before)
    codes = {
        code for entry in found for leg in entry.legs for code in (leg.payer_code, leg.payee_code)
    }
    name = called(codes)
    categories = queries.categories_by_code(db.session(), g.community.id)

    def words(kind: str, code: str) -> str:
        by_kind = kind in ASIDE_KINDS or kind == "reversal"
        category = None if by_kind else categories.get(code)
        return name_of(category) if category is not None else str(KINDS[kind])

    return render_template(
        "statements/entries.html",
        is_first_page=before is None,
        rows=[
            [
                {
                    "value": _("No. %(seq)d", seq=entry.seq),
                    "href": url_for("books.entry", entry_id=entry.entry_id),
                },
                words(entry.kind, entry.category),
                _("%(payer)s to %(payee)s", payer=name(leg.payer_code), payee=name(leg.payee_code)),
                short_day(entry.recorded_at),
                hours_label(leg.minutes),
            ]
            for entry in found
            for leg in entry.legs
        ],
        later=url_for("books.entries", before=found[-1].seq)
        if len(found) == hours.ENTRIES_ON_A_PAGE
        else None,
    )


@bp.get("/books/entries/<uuid:entry_id>")
@access(Access.BOOKS)
def entry(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Show one entry: what moved, when, who recorded it, and what took it back."""
    return render_template("statements/entry.html", **facts_of(entry_id))


@bp.route("/books/entries/<uuid:entry_id>/reverse", methods=["GET", "POST"])
@access(Access.BOOKKEEPER)
@writes
def reverse(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Move the hours of an entry back, once, with a reason; its members are told."""
    form = ReverseForm()
    if form.validate_on_submit():
        overdrawn = service.reverse_entry(
            db.session(),
            g.community,
            entry_id,
            by=g.member,
            reason=form.reason.data,
            now=utc_now(),
        )
        flash(_("The hours are moved back, and both have been told."))
        say_overdrawn(overdrawn)
        return redirect(url_for("books.entry", entry_id=entry_id), code=303)
    html = render_template("statements/reverse.html", form=form, **facts_of(entry_id))
    return html, 422 if form.is_submitted() else 200


lead_on_from(bp, "books.entry", "entry_id")


def say_overdrawn(codes: Sequence[str]) -> None:
    """Say at once which accounts are too low now; the list of things to do keeps them."""
    for code in codes:
        flash(_("Account %(code)s is now below its limit. Have a word.", code=code), "careful")


@bp.route("/books/overdrafts/<uuid:overdraft_id>", methods=["GET", "POST"])
@access(Access.BOOKKEEPER)
@writes
def overdraft(overdraft_id: uuid.UUID) -> ResponseReturnValue:
    """Show an account that was left too low, and note that somebody has talked with its member."""
    session, community_id = db.session(), g.community.id
    form = SeenToForm()
    if form.validate_on_submit():
        service.see_to_overdraft(session, g.community, overdraft_id, by=g.member, now=utc_now())
        flash(_("Noted. It is off the list."))
        return redirect(url_for("home.work"), code=303)
    found = exchanges.overdraft(session, community_id, overdraft_id)
    code = found.account_code
    name = called({code})(code)
    seen_by = found.seen_to_by_id and actor_name(found.seen_to_by_id)
    held = hours.balance(session, community_id, code)
    facts = [
        (_("Account"), name if name == code else f"{name} ({code})"),
        (_("Then below its limit by"), hours_label(found.short_minutes)),
        (_("Now in it"), hours_words(held.posted)),
        (_("Since"), moment_words(found.flagged_at)),
        *([(_("Seen to by"), seen_by)] if seen_by else []),
    ]
    html = render_template(
        "statements/overdraft.html",
        form=form,
        code=code,
        facts=[{"key": key, "value": value} for key, value in facts],
        entry=hours.entry(session, community_id, found.reversal_id),
        is_seen_to=found.seen_to_at is not None,
    )
    return html, 422 if form.is_submitted() else 200


def facts_of(entry_id: uuid.UUID) -> dict[str, object]:
    """Return everything a page says of one entry."""
    session = db.session()
    found = hours.entry(session, g.community.id, entry_id)
    codes = {code for leg in found.legs for code in (leg.payer_code, leg.payee_code)}
    name_of_account = called(codes)
    category = queries.categories_by_code(session, g.community.id).get(found.category)
    exchange = queries.exchange_of(session, g.community.id, entry_id)
    is_of_session = found.category.startswith(queries.OF_SESSIONS)
    names = may_see_names()

    def account_cell(code: str) -> dict[str, str]:
        name = name_of_account(code)
        shown = name if name == code else f"{name} ({code})"
        return {"value": shown, "href": url_for("books.account", code=code)}

    facts = [
        (_("Kind"), str(KINDS[found.kind])),
        (_("For"), name_of(category) if category is not None else purpose_name(found.category)),
        (_("Day of the help"), day(found.occurred_on)),
        (_("Recorded"), moment_words(found.recorded_at)),
        (_("Recorded by"), actor_name(found.actor)),
    ]
    if found.expires_at is not None:
        facts.append((_("Until"), day(found.expires_at - ONE_SECOND)))
    if found.memo and names:
        facts.append((_("Words"), found.memo))
    return {
        "entry": found,
        "facts": [{"key": key, "value": value} for key, value in facts],
        "legs": [
            [
                account_cell(leg.payer_code),
                account_cell(leg.payee_code),
                hours_label(leg.minutes),
            ]
            for leg in found.legs
        ],
        "exchange": exchange if names else None,
        "held": queries.session_of(session, g.community.id, entry_id) if is_of_session else None,
        "steps": _steps(entry_id),
        "may_correct": _may_correct(found),
        "may_take_back": _may_take_back(found),
        "is_own": _is_own(found),
        "moved_nothing": found.kind in ASIDE_KINDS,
    }


def _steps(entry_id: uuid.UUID) -> list[dict[str, object]]:
    """Return the line of corrections an entry stands in; nothing where it stands alone."""
    line = hours.history(db.session(), g.community.id, entry_id)
    if len(line) == 1:
        return []
    return [
        {
            "words": entry_words(step.seq, takes_back=step.takes_back, instead_of=step.instead_of),
            "note": " \N{MIDDLE DOT} ".join(
                (hours_label(step.minutes), moment_words(step.recorded_at))
            ),
            "href": url_for("books.entry", entry_id=step.entry_id),
            "tag": _("This one") if step.entry_id == entry_id else None,
            "tag_kind": "go",
        }
        for step in line
    ]


def _may_take_back(found: EntryView) -> bool:
    """Tell whether the reader can move an entry back: it stands, and they would not get hours."""
    stands = found.reversed_by is None and found.reverses is None
    return (
        policy.may_take_back(g.roles)
        and stands
        and found.kind not in ASIDE_KINDS
        and not _is_own(found)
    )


def _is_own(found: EntryView) -> bool:
    """Tell whether the reader paid these hours: they would come back to them."""
    return g.member.account_code in {leg.payer_code for leg in found.legs}


def _may_correct(found: EntryView) -> bool:
    """Tell whether an entry can be put right here: it stands, of other people, as much for each."""
    return (
        _may_take_back(found)
        and len({leg.minutes for leg in found.legs}) == 1
        and g.member.account_code not in {leg.payee_code for leg in found.legs}
    )


def actor_name(actor: uuid.UUID | None) -> str:
    """Return who recorded an entry: a name for coordinators, a number for treasurers."""
    if actor is None:
        return _("Nobody: time went by")
    try:
        member = members.get(db.session(), g.community.id, actor)
    except NotFoundError:
        return _("Somebody who is not here any more")
    return member.first_name if may_see_names() else member.account_code
