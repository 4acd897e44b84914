"""Signing in: by a link in a mail, a password, or a printed card; and signing out."""

import uuid

from flask import redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.communities import queries as communities
from timebank.db import db
from timebank.members import emails, service
from timebank.members.errors import LinkGoneError, WrongSecretError
from timebank.members.forms import CardForm, LinkForm, PasswordForm, SharedForm
from timebank.members.models import DeviceSession
from timebank.members.policy import fold_address, number_typed
from timebank.members.service import links, passwords, proofs
from timebank.members.service.throttle import ACCOUNT, MAIL_FROM, MAIL_TO, PLACE
from timebank.members.views.blueprints import signin as bp
from timebank.members.views.caller import (
    agent,
    count_try,
    device,
    hand_cookie,
    next_path,
    note_failure,
    sign_in,
    slug_wanted,
    take_try,
)
from timebank.members.views.place import front_page, here
from timebank.web import corners
from timebank.web.access import COMMUNITY_PREFIX, Access, access
from timebank.web.session import SUBMISSION_FIELD, run_in_transaction, writes
from timebank.web.words import lazy_gettext as _l

UNPROCESSABLE = 422
#: What a browser forgets when somebody signs out: all of it, but for taps that were not sent.
LEAVE_NOTHING = '"cache", "cookies", "storage"'
LEAVE_STORAGE = '"cache"'
#: Set by the script of the door (`static/door.js`) while something waits on the device.
TAPS_COOKIE = "door_waiting"
GONE = 410
#: One sentence for every reason, so that nobody learns whether an account exists.
WRONG_PASSWORD = _l("This address and this password do not belong together. Check both.")
WRONG_CARD = _l("This number and this code do not belong together. Check both on your card.")


@bp.get("/sign-in")
@access(Access.ANYONE)
def choose() -> ResponseReturnValue:
    """Show the ways to sign in."""
    present = device()
    if present is not None and _opens_what_is_wanted(present):
        return redirect(next_path(), code=303)
    return render_template("signin/choose.html", next=next_path(), card=_card_page())


def _opens_what_is_wanted(present: DeviceSession) -> bool:
    """Tell whether this device leads where the caller wanted to go, or a better proof is needed."""
    slug = slug_wanted()
    wanted = None if slug is None else communities.by_slug(db.session(), slug)
    return wanted is None or present.opens(wanted.id)


def _card_page() -> str:
    """Return the page for cards of the community that was wanted, of the only one, or a list."""
    slug = slug_wanted()
    if slug is None:
        found = communities.every(db.session())
        slug = found[0].slug if len(found) == 1 else None
    if slug is None:
        return url_for("signin.which_card")
    return url_for("signin.by_card", community_slug=slug, next=next_path())


# --------------------------------------------------------------------------- mailed links


@bp.route("/sign-in/link", methods=["GET", "POST"])
@access(Access.ANYONE)
@writes
def by_link() -> ResponseReturnValue:
    """Send a link to an address; the answer is the same whether anybody has it."""
    form = LinkForm()
    if not form.validate_on_submit():
        page = render_template("signin/link.html", form=form, next=next_path())
        return page, UNPROCESSABLE if form.is_submitted() else 200
    session, now = db.session(), utc_now()
    count_try(session, (MAIL_FROM, ""), (MAIL_TO, fold_address(form.email.data)))
    link = service.make_link(session, form.email.data, next_path=next_path(), now=now)
    if link is not None:
        emails.send_link(session, link, now=now)
    return redirect(url_for("signin.link_sent"), code=303)


@bp.get("/sign-in/link/sent")
@access(Access.ANYONE)
def link_sent() -> ResponseReturnValue:
    """Say that a link is on its way, if the address is known."""
    return render_template("signin/link_sent.html")


@bp.route("/sign-in/link/<secret>", methods=["GET", "POST"])
@access(Access.ANYONE)
def by_mailed_link(secret: str) -> ResponseReturnValue:
    """Show a button, because programs open links too; the button signs in and uses the link up."""
    form = SharedForm()
    if not form.validate_on_submit():
        if not links.link_is_good(db.session(), secret, now=utc_now()):
            return _old_link_page(secret)
        return render_template("signin/mailed_link.html", form=form)
    now, key, is_shared = utc_now(), request.form.get(SUBMISSION_FIELD, ""), form.is_shared.data

    def use(session: Session) -> service.Entered:
        return service.use_link(
            session, secret, key=key, agent=agent(), is_shared=is_shared, now=now
        )

    try:
        entered = run_in_transaction(use)
    except LinkGoneError as gone:
        note_failure(WrongSecretError(gone.person_id), "link")
        return _old_link_page(secret)
    hand_cookie(entered.device_secret, is_shared=is_shared)
    return redirect(entered.next_path, code=303)


def _old_link_page(secret: str) -> ResponseReturnValue:
    """Say that a link is over, and offer a new one with one tap."""
    page = render_template(
        "signin/old_link.html",
        form=SharedForm(formdata=None),
        secret=secret if links.link_is_known(db.session(), secret) else None,
    )
    return page, GONE


@bp.post("/sign-in/link/<secret>/again")
@access(Access.ANYONE)
@writes
def new_link(secret: str) -> ResponseReturnValue:
    """Send a new link in place of one that is over, to the same address."""
    session, now = db.session(), utc_now()
    link = service.renew_link(session, secret, now=now)
    if link is None:
        raise LinkGoneError
    count_try(session, (MAIL_FROM, ""), (MAIL_TO, link.email))
    emails.send_link(session, link, now=now)
    return redirect(url_for("signin.link_sent"), code=303)


# ------------------------------------------------------------------------------ password


@bp.route("/sign-in/password", methods=["GET", "POST"])
@access(Access.ANYONE)
def by_password() -> ResponseReturnValue:
    """Sign in with address and password."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return _password_page(form)
    tries = take_try((PLACE, ""), (ACCOUNT, fold_address(form.email.data)))
    try:
        person = service.owner_of_password(db.session(), form.email.data, form.password.data)
    except WrongSecretError as wrong:
        note_failure(wrong, "password")
        form.form_errors.append(WRONG_PASSWORD)
        return _password_page(form)
    person_id, only_id = person.id, person.password_community_id
    if proofs.needs_new_hash(person):
        run_in_transaction(
            lambda session: passwords.hash_anew(session, person_id, form.password.data)
        )
    sign_in(
        person_id,
        means="password",
        is_shared=form.is_shared.data,
        tries=tries,
        community_id=only_id,
    )
    return redirect(next_path(), code=303)


def _password_page(form: PasswordForm) -> ResponseReturnValue:
    page = render_template("signin/password.html", form=form, next=next_path())
    return page, UNPROCESSABLE if form.is_submitted() else 200


# ----------------------------------------------------------------------------- code card


@bp.get("/sign-in/card")
@access(Access.ANYONE)
def which_card() -> ResponseReturnValue:
    """Ask which community a card is from."""
    return render_template("signin/which_card.html", communities=communities.every(db.session()))


@bp.route(f"{COMMUNITY_PREFIX}/card", methods=["GET", "POST"])
@access(Access.ANYONE)
def by_card() -> ResponseReturnValue:
    """Sign in with the number and the code of a card."""
    form = CardForm()
    if not form.validate_on_submit():
        return _card_form_page(form)
    holder = _holder(form, form.number.data, form.code.data)
    return _card_form_page(form) if holder is None else _let_in(*holder, form)


def _card_form_page(form: CardForm) -> ResponseReturnValue:
    page = render_template("signin/card.html", form=form, next=next_path())
    return page, UNPROCESSABLE if form.is_submitted() else 200


@bp.route(f"{COMMUNITY_PREFIX}/card/<number>/<code>", methods=["GET", "POST"])
@access(Access.ANYONE)
def by_printed_card(number: str, code: str) -> ResponseReturnValue:
    """Sign in with a card whose square was scanned: one button is left to press."""
    form = SharedForm()
    holder = _holder(form, number, code) if form.validate_on_submit() else None
    if holder is not None:
        return _let_in(*holder, form)
    page = render_template(
        "signin/printed_card.html",
        form=form,
        number=number,
        corner=corners.filled("scanned card", number=number, code=code),
    )
    return page, UNPROCESSABLE if form.is_submitted() else 200


def _holder(form: SharedForm, number: str, code: str) -> tuple[uuid.UUID, list[uuid.UUID]] | None:
    """Return whose card it is and the try to forgive; or None, and say so on the form."""
    community = here()
    account = f"{community.slug}/{number_typed(number)}"
    tries = take_try((PLACE, ""), (ACCOUNT, account))
    try:
        holder = service.holder_of_card(db.session(), community, number, code)
    except WrongSecretError as wrong:
        note_failure(wrong, "card")
        form.form_errors.append(WRONG_CARD)
        return None
    assert holder.person_id is not None  # noqa: S101 - `holder_of_card` asks for it
    return holder.person_id, tries


def _let_in(person_id: uuid.UUID, tries: list[uuid.UUID], form: SharedForm) -> ResponseReturnValue:
    front = front_page(here())
    sign_in(
        person_id,
        means="card",
        is_shared=form.is_shared.data,
        tries=tries,
        community_id=here().id,
    )
    wanted = next_path()
    return redirect(front if wanted == "/" else wanted, code=303)


# ------------------------------------------------------------------------------ sign out


@bp.post("/sign-out")
@access(Access.ANYONE)
def sign_out() -> ResponseReturnValue:
    """Sign out on this device, and leave nothing in its browser."""
    present = device()
    if present is not None:
        person_id, device_id, now = present.person_id, present.id, utc_now()
        run_in_transaction(
            lambda session: service.end_device(session, person_id, device_id, now=now)
        )
    cookie.clear()
    response = redirect(url_for("signin.signed_out"), code=303)
    response.headers["Clear-Site-Data"] = LEAVE_STORAGE if _has_taps() else LEAVE_NOTHING
    return response


def _has_taps() -> bool:
    """Tell whether the device keeps taps of a door that could not be sent yet.

    They have no names in them, and are sent once somebody signs in. What else the page of the door
    kept, the script of the next page empties.
    """
    return request.cookies.get(TAPS_COOKIE) == "1"


@bp.get("/signed-out")
@access(Access.ANYONE)
def signed_out() -> ResponseReturnValue:
    """Say that nobody is signed in here any more."""
    return render_template("signin/signed_out.html")
