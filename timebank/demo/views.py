"""The page of the demo that says who can sign in with what. Nowhere but in the demo."""

import uuid
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.config import Settings
from timebank.db import db
from timebank.demo import mark
from timebank.members import service
from timebank.members.models import Person
from timebank.web.access import Access, access
from timebank.web.session import writes
from timebank.web.words import lazy_gettext as _l

bp = Blueprint("demo", __name__)
blueprints = (bp,)
AGENT = "The demo"
ROLES = {
    "coordinator": _l("coordinator"),
    "treasurer": _l("treasurer"),
    "auditor": _l("auditor"),
    "member": _l("member"),
    "waiting": _l("waits to be let in"),
}
#: Why a visitor may want to look through these eyes.
WORTH_A_LOOK = {
    "rosa": _l("Somebody wants to join, two people remember an hour differently, a reply waits."),
    "desmond": _l(
        "Keeps the books: the trial balance, any statement, and how to take an entry back."
    ),
    "ifeoma": _l("Two roles at once: people and books."),
    "amina": _l(
        "An hour to confirm, a proposal to answer, a message to read, an offer that ends soon."
    ),
    "winston": _l("No phone and no e-mail: a printed card and a first name are enough."),
    "signe": _l(
        "Belongs to both communities with one tap between, and looks over the books in London."
    ),
    "callum": _l("Twelve days here, signs in by a link in a mail."),
    "tobi": _l("Has asked to join and waits."),
    "jytte": _l("Runs a small community that one joins by invitation."),
    "karsten": _l("A member with a card, in Denmark."),
}


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.demo:
        abort(404)
    return settings


@bp.app_context_processor
def _tell_pages() -> dict[str, Any]:
    """Let every page know whether it belongs to the demo."""
    return {"is_demo": current_app.config["SETTINGS"].demo}


@bp.get("/demo")
@access(Access.ANYONE)
def people() -> ResponseReturnValue:
    """Show who can sign in with what, with a button for each."""
    rows = [
        {
            "who": person,
            "tone": number,
            "roles": [
                ROLES["waiting"] if person.state == "waiting" else ROLES.get(role, role)
                for role in (person.roles or ("member",))
            ],
            "why": WORTH_A_LOOK.get(person.key, ""),
        }
        for number, person in enumerate(mark.read(_settings().home))
    ]
    return render_template("demo/people.html", rows=rows)


@bp.post("/demo/sign-in")
@access(Access.ANYONE)
@writes
def sign_in() -> ResponseReturnValue:
    """Sign in as one of the demo's people with one tap."""
    wanted = request.form.get("who", "")
    found = [
        person
        for person in mark.read(_settings().home)
        if f"{person.slug}/{person.member}" == wanted
    ]
    session = db.session()
    person = session.get(Person, uuid.UUID(found[0].person_id)) if found else None
    if person is None:
        return redirect(url_for("demo.people"), code=303)
    _device, secret = service.begin_device(
        session,
        person.id,
        means="password",
        agent=AGENT,
        is_shared=False,
        now=utc_now(),
    )
    cookie.clear()
    cookie["_user_id"], cookie["_fresh"] = secret, True
    return redirect(f"/at/{found[0].slug}/", code=303)
