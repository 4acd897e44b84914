"""How anyone can trust the book: the seal of each night, and a receipt for each hour."""

import uuid

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from timebank.db import db
from timebank.exchanges.names import entry_words
from timebank.hours import months, proofs
from timebank.hours import queries as hours
from timebank.hours.errors import (
    NoSuchCheckpointError,
    NoSuchMonthError,
    NotAsSignedError,
    NotSealedYetError,
)
from timebank.statements.names import KINDS
from timebank.web.access import COMMUNITY_PREFIX, Access, access
from timebank.web.filters import day, hours_label, moment_words
from timebank.web.refusals import say
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

say(NoSuchMonthError, _l("That month is not sealed, or nothing had moved in the account by then."))
say(NoSuchCheckpointError, _l("The book was not sealed at this size."))
say(
    NotAsSignedError,
    _l("The book is not what was sealed. Please tell whoever looks after this site at once."),
)

bp = Blueprint("proofs", __name__, url_prefix=COMMUNITY_PREFIX)


@bp.get("/checkpoints")
@access(Access.ANYONE)
def index() -> ResponseReturnValue:
    """List the seals of the book, newest first, and show that each book contains the one before."""
    session, community_id = db.session(), g.community.id
    before = _whole_number(request.args.get("before", ""))
    found = proofs.listed(
        session, community_id, before_size=before, limit=proofs.CHECKPOINTS_ON_A_PAGE + 1
    )
    shown = found[: proofs.CHECKPOINTS_ON_A_PAGE]
    rows: list[list[object]] = [
        [
            moment_words(each.signed_at),
            f"{each.size:,}".replace(",", "\N{NO-BREAK SPACE}"),
            {"value": _("The seal"), "href": url_for("proofs.show", size=each.size)},
            _contains(each.size, older.size if older else None),
        ]
        for each, older in zip(shown, [*found[1:], None], strict=False)
    ]
    sizes = [each.size for each in shown[:2]]
    return render_template(
        "statements/checkpoints.html",
        rows=rows,
        is_first_page=before is None,
        is_contained=_is_contained(sizes),
        keys=[str(each.key) for each in proofs.keys_of(session, community_id)],
        later=url_for("proofs.index", before=shown[-1].size) if len(found) > len(shown) else None,
    )


def _contains(newer: int, older: int | None) -> object:
    """Return the cell that leads to the proof that a book contains the one before."""
    if older is None:
        return _("The first one")
    href = url_for("proofs.contains", newer=newer, older=older)
    return {"value": _("Contains the one before"), "href": href}


def _is_contained(sizes: list[int]) -> bool | None:
    """Prove once more that the newest book contains the one before; None where there is one."""
    if len(sizes) < len(("newer", "older")):
        return None
    newer, older = sizes
    try:
        proofs.contained(db.session(), g.community.id, older, newer)
    except NotAsSignedError:
        return False
    return True


@bp.get("/checkpoints/<int:size>")
@access(Access.ANYONE)
def show(size: int) -> Response:
    """Hand out a seal, exactly as it was signed."""
    return _text(proofs.find(db.session(), g.community.id, size).note)


@bp.get("/checkpoints/<int:newer>/contains/<int:older>")
@access(Access.ANYONE)
def contains(newer: int, older: int) -> Response:
    """Hand out the proof that a later book contains an earlier one, a hash a line (RFC 6962)."""
    return _text(proofs.contained(db.session(), g.community.id, older, newer))


@bp.get("/checkpoints/keys.txt")
@access(Access.ANYONE)
def keys() -> Response:
    """Hand out the public keys, and what each says of the one after it."""
    every = proofs.keys_of(db.session(), g.community.id)
    notes = [f"\n{each.handover}" for each in every if each.handover is not None]
    return _text(proofs.keys_text(db.session(), g.community.id) + "".join(notes))


@bp.get("/checkpoints/months/<period>")
@access(Access.ANYONE)
def month(period: str) -> Response:
    """Hand out the seal of a month, exactly as it was signed."""
    return _text(months.find(db.session(), g.community.id, period).note)


@bp.get("/hours/month-ends/<period>.txt")
@access(Access.MEMBER)
def month_end(period: str) -> Response:
    """Hand over the proof of what the member's account held when a month was over."""
    found = months.prove(db.session(), g.community.id, period, g.member.account_code)
    address = url_for("proofs.index", _external=True)
    words = [
        _("What one account of %(name)s held at a month's end.", name=g.community.name),
        _("It holds an account number and its minutes, below zero for hours to give back."),
        _("Nobody else's account can be seen in it. No names."),
        _("The key to check it with: %(address)s", address=address),
        _("To check it: timebank receipt month FILE --key KEY"),
    ]
    response = _text(found.text([" ".join(line.split()) for line in words]))
    name = f"month-end-{period}.txt"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.get("/hours/receipts/<uuid:entry_id>")
@access(Access.MEMBER)
def receipt(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Show a member what they can keep of an hour of theirs, and offer it as a file."""
    session = db.session()
    is_ready = True
    try:
        proofs.receipt(session, g.member, entry_id)
    except NotSealedYetError:
        is_ready = False
    entry = hours.entry(session, g.community.id, entry_id)
    minutes = sum(
        leg.minutes
        for leg in entry.legs
        if g.member.account_code in {leg.payer_code, leg.payee_code}
    )
    facts = [
        (_("What"), str(KINDS.get(entry.kind, entry.kind))),
        (_("Hours"), hours_label(minutes)),
        (_("Day of the help"), day(entry.occurred_on)),
        (_("Recorded"), moment_words(entry.recorded_at)),
        (_("Number in the book"), str(entry.seq)),
    ]
    return render_template(
        "statements/receipt.html",
        facts=[{"key": key, "value": value} for key, value in facts],
        is_ready=is_ready,
        steps=_steps(entry_id),
        entry_id=entry_id,
    )


def _steps(entry_id: uuid.UUID) -> list[dict[str, object]]:
    """Lead to what moved these hours back or put them right; nothing where they stand alone."""
    line = hours.history(db.session(), g.community.id, entry_id)
    return [
        {
            "words": entry_words(step.seq, takes_back=step.takes_back, instead_of=step.instead_of),
            "note": hours_label(step.minutes),
            "href": url_for("proofs.receipt", entry_id=step.entry_id),
        }
        for step in line
        if step.entry_id != entry_id and g.member.account_code in step.codes
    ]


@bp.get("/hours/receipts/<uuid:entry_id>.txt")
@access(Access.MEMBER)
def receipt_file(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Hand over the receipt of an hour, with a few words on what it is."""
    try:
        found = proofs.receipt(db.session(), g.member, entry_id)
    except NotSealedYetError:
        return redirect(url_for("proofs.receipt", entry_id=entry_id), code=303)
    address = url_for("proofs.index", _external=True)
    words = [
        _("A receipt for hours in the book of %(name)s.", name=g.community.name),
        _("Keep it as it is: one changed letter, and it proves nothing any more."),
        _("It holds account numbers, hours, a day and a kind of help. No names."),
        _("What was sealed, and the key to check it with: %(address)s", address=address),
        _("To check it: timebank receipt verify FILE --key KEY"),
    ]
    response = _text(found.text([" ".join(line.split()) for line in words]))
    name = f"receipt-{found.index + 1}.txt"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _text(words: str) -> Response:
    response = make_response(words)
    response.content_type = "text/plain; charset=utf-8"
    return response


def _whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None  # noqa: PLR2004 - fits
