"""The door: count, tap on a name, show a card. By forms, or by a script that may be offline."""

import json
import uuid
from typing import Any

from flask import Response, flash, g, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from timebank.clock import utc_now
from timebank.db import db, new_id
from timebank.errors import RefusalError
from timebank.groups import queries as groups
from timebank.groups.errors import RulesChangedError, SpeakToTheLeadError
from timebank.members import queries as members
from timebank.members import service as members_service
from timebank.members.errors import MemberNotFoundError, WrongSecretError
from timebank.members.models import Member
from timebank.members.policy import fold, number_typed
from timebank.members.service import throttle
from timebank.sessions import door_names as names
from timebank.sessions import queries, service
from timebank.sessions.errors import RulesFirstError
from timebank.sessions.forms.door import CardForm, HeardForm, key_of, whole
from timebank.sessions.policy import door as policy
from timebank.sessions.queries import Offered
from timebank.sessions.views.at_door import (
    WRONG_CODE,
    AtDoor,
    at_door,
    lead_words,
    sentence,
    session_page,
    take_a_try,
    to,
    turned_away,
)
from timebank.sessions.views.frame import bp
from timebank.web import corners
from timebank.web.access import Access, access
from timebank.web.assets import content_of
from timebank.web.filters import moment_words
from timebank.web.pages import page
from timebank.web.session import SUBMISSION_FIELD, run_in_transaction, writes
from timebank.web.words import gettext as _

#: Names on one page: each weighs some hundred bytes.
PEOPLE_ON_PAGE = 40
FOUND_MAX = 12
#: Taps taken at one go.
TAPS_MAX = 100


@bp.get("/sessions/<uuid:session_id>/door")
@access(Access.MEMBER)
def door(session_id: uuid.UUID) -> ResponseReturnValue:
    """Show the door: a big plus, and the names to tap on."""
    at = at_door(session_id)
    elsewhere = turned_away(at, "open", "closed")
    return elsewhere or _door_page(at, CardForm(formdata=None))


def _door_page(at: AtDoor, form: CardForm, *, mistaken: bool = False) -> ResponseReturnValue:
    session, there = db.session(), at.there
    text = request.args.get("q", "")
    after = key_of(request.args.get("after"))
    offered = queries.offered(session, at.held, text=text, after=after, limit=PEOPLE_ON_PAGE + 1)
    shown = offered[:PEOPLE_ON_PAGE]
    now = utc_now()
    return page(
        "sessions/door.html",
        form,
        mistaken=mistaken,
        there=there,
        group=at.held.group,
        when=names.when_of(there),
        is_open=there.state == "open",
        opened=moment_words(there.opened_at) if there.opened_at else "",
        is_long_open=policy.is_open_too_long(there, now=now),
        counts=queries.counts(session, there),
        rows=[_row(each, at) for each in shown],
        text=text,
        rules=groups.ground_rules(session, at.held.group),
        later=url_for(
            "sessions.door", session_id=there.id, after=shown[-1].member.id, q=text or None
        )
        if len(offered) > PEOPLE_ON_PAGE
        else None,
        keys={name: str(new_id()) for name in ("count", "people")},
        back=session_page(there),
        scope=url_for("sessions.door", session_id=there.id).partition(str(there.id))[0],
    )


def _row(offered: Offered, at: AtDoor) -> dict[str, Any]:
    member = offered.member
    return {
        "id": str(member.id),
        "name": member.first_name,
        "note": member.account_code,
        "find": f"{fold(member.first_name)} {member.account_code} {member.number}",
        "there": offered.is_there,
        "rules": 0 if offered.has_heard or offered.is_there else at.held.group.rules_version,
        "tone": member.number,
    }


@bp.get("/sessions/<uuid:session_id>/door/people")
@access(Access.MEMBER)
def door_people(session_id: uuid.UUID) -> ResponseReturnValue:
    """Return whom a text fits, for the list that grows while somebody types."""
    at = at_door(session_id)
    text = request.args.get("q", "")
    found = (
        queries.offered(db.session(), at.held, text=text, limit=FOUND_MAX) if text.strip() else []
    )
    return {"people": [_row(each, at) for each in found]}


# --------------------------------------------------------------------------------- by forms


@bp.post("/sessions/<uuid:session_id>/door/count")
@access(Access.MEMBER)
@writes
def door_count(session_id: uuid.UUID) -> ResponseReturnValue:
    """Count one person without a name, or take one back."""
    at = at_door(session_id)
    number = -1 if request.form.get("number") == "-1" else 1
    try:
        service.count(
            db.session(),
            at.held,
            number,
            client_key=_tap_key(),
            by=g.member,
            who=at.who,
            now=utc_now(),
            first_timers=1 if request.form.get("first") else 0,
        )
    except RefusalError as refusal:
        return _said(at, refusal)
    return to("door", at.there)


@bp.post("/sessions/<uuid:session_id>/door/people")
@access(Access.MEMBER)
@writes
def door_tap(session_id: uuid.UUID) -> ResponseReturnValue:
    """Note that somebody is there, or that they are not after all."""
    at = at_door(session_id)
    coming, going = key_of(request.form.get("in")), key_of(request.form.get("out"))
    member_id = coming or going
    if member_id is None:
        flash(_("Tap on a name."), "note")
        return to("door", at.there)
    member = members.get(db.session(), g.community.id, member_id)
    if coming is not None:
        return _let_in(at, member, way="name")
    try:
        service.check_out(db.session(), at.held, member, who=at.who, now=utc_now())
    except RefusalError as refusal:
        return _said(at, refusal)
    flash(_("Taken back."), "note")
    return to("door", at.there)


@bp.post("/sessions/<uuid:session_id>/door/card")
@access(Access.MEMBER)
def door_card(session_id: uuid.UUID) -> ResponseReturnValue:
    """Note whoever shows their code card: by its number, and by its code where one is typed."""
    at = at_door(session_id)
    form = CardForm()
    if not form.validate():
        return _door_page(at, form, mistaken=True)
    try:
        member_id = _holder(*form.shown)
    except (WrongSecretError, MemberNotFoundError):
        form.card.errors = [_("There is no such card. Check the number and the code on it.")]
        return _door_page(at_door(session_id), form, mistaken=True)
    return _card_in(session_id, member_id)


@writes
def _card_in(session_id: uuid.UUID, member_id: uuid.UUID) -> ResponseReturnValue:
    member = members.get(db.session(), g.community.id, member_id)
    return _let_in(at_door(session_id), member, way="card")


def _holder(number: str, code: str) -> uuid.UUID:
    """Return whose card it is; before a code is looked at, the try is written down for good."""
    if not code:
        return members.by_number(db.session(), g.community.id, number_typed(number)).id
    tries = take_a_try(WRONG_CODE)
    holder_id = members_service.holder_of_card(db.session(), g.community, number, code).id
    run_in_transaction(lambda session: throttle.forgive(session, tries))
    return holder_id


def on_scanned_card(*, number: str, code: str) -> Markup:
    """Offer whoever is on duty to note the holder of a card that their phone has scanned."""
    is_here = g.member is not None and g.member.state in {"active", "paused"}
    doors = queries.on_duty_now(db.session(), g.member) if is_here else []
    if not doors:
        return Markup()
    return corners.drawn("sessions/scanned_card.html", doors=doors, number=number, code=code)


@bp.route("/sessions/<uuid:session_id>/door/rules/<uuid:member_id>", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def door_rules(session_id: uuid.UUID, member_id: uuid.UUID) -> ResponseReturnValue:
    """Go through the ground rules with somebody, then let them in."""
    at = at_door(session_id)
    member = members.get(db.session(), g.community.id, member_id)
    rules = groups.ground_rules(db.session(), at.held.group)
    form = HeardForm(data={"version": rules.version if rules else 0})
    if form.validate_on_submit():
        version = whole(form.version.data) or None
        return _let_in(at, member, way="name", heard_version=version)
    return turned_away(at, "open") or page(
        "sessions/rules_first.html",
        form,
        there=at.there,
        group=at.held.group,
        name=member.first_name,
        rules=rules,
    )


def _let_in(
    at: AtDoor, member: Member, *, way: str, heard_version: int | None = None
) -> ResponseReturnValue:
    try:
        service.check_in(
            db.session(),
            at.held,
            member,
            way=way,
            by=g.member,
            who=at.who,
            now=utc_now(),
            heard_version=heard_version,
        )
    except (RulesFirstError, RulesChangedError):
        return to("door_rules", at.there, member_id=member.id)
    except RefusalError as refusal:
        return _said(at, refusal)
    flash(_("%(name)s is here.", name=member.first_name))
    return to("door", at.there)


def _said(at: AtDoor, refusal: RefusalError) -> ResponseReturnValue:
    """Say a refusal on the page of the door: the next one waits in front of it already."""
    flash(sentence(refusal), "careful")
    return to("door", at.there)


def _tap_key() -> uuid.UUID:
    """Return the key of the form: sent twice, it counts once."""
    return key_of(request.form.get(SUBMISSION_FIELD)) or new_id()


# ------------------------------------------------------------------------------- by script


@bp.get("/door-worker.js")
@access(Access.ANYONE)
def door_worker() -> Response:
    """Serve the worker that keeps the page of a door; it sees the pages of sessions and no other.

    Its address has no hash in it, because a browser looks there for a newer one by itself.
    """
    content = content_of("door-worker.js")
    assert content is not None  # noqa: S101 - the file is ours
    response = make_response(content)
    response.content_type = "text/javascript; charset=utf-8"
    response.headers["Service-Worker-Allowed"] = url_for("sessions.door_worker").replace(
        "door-worker.js", "sessions/"
    )
    response.headers["Cache-Control"] = "no-cache"
    return response


@bp.get("/sessions/<uuid:session_id>/door/taps")
@access(Access.MEMBER)
def door_state(session_id: uuid.UUID) -> ResponseReturnValue:
    """Return the token that taps are sent with, for a page that was kept on a device."""
    at = at_door(session_id)
    return {"token": generate_csrf(), **_figures(at)}


@bp.post("/sessions/<uuid:session_id>/door/taps")
@access(Access.MEMBER)
@writes
def door_taps(session_id: uuid.UUID) -> ResponseReturnValue:
    """Take taps that a device kept: each once, whatever is sent again, and each with its answer."""
    at = at_door(session_id)
    try:
        sent = json.loads(request.get_data())
    except (ValueError, RecursionError):
        words = _("This could not be read. Open the page of the door again, and go on there.")
        return {"answers": [], "words": words, **_figures(at)}, 400
    taps = sent.get("taps") if isinstance(sent, dict) else None
    if not isinstance(taps, list) or len(taps) > TAPS_MAX:
        words = _("Send up to %(number)d taps at once.", number=TAPS_MAX)
        return {"answers": [], "words": words, **_figures(at)}, 422
    answers = [_answer(at, tap) for tap in taps if isinstance(tap, dict)]
    db.session.flush()
    return {"answers": answers, **_figures(at)}


def _figures(at: AtDoor) -> dict[str, int]:
    counts = queries.counts(db.session(), at.there)
    return {"contacts": counts.contacts, "tallied": counts.tallied}


def _answer(at: AtDoor, tap: dict[str, Any]) -> dict[str, Any]:
    """Do one tap, or say why not; one that can not be done stops no other."""
    answer: dict[str, Any] = {"key": _text(tap, "key")}
    try:
        with db.session.begin_nested():
            _do(at, tap)
    except (RulesFirstError, RulesChangedError) as refusal:
        return answer | {"answer": "rules", "version": refusal.version, "words": sentence(refusal)}
    except SpeakToTheLeadError:
        return answer | {"answer": "lead", "words": lead_words()}
    except (RefusalError, ValueError, TypeError, OverflowError) as refusal:
        said = sentence(refusal) if isinstance(refusal, RefusalError) else ""
        return answer | {"answer": "no", "words": said or _("This could not be noted.")}
    # Read now: doing the tap took hold of the row, and somebody may have closed it until then.
    return answer | {"answer": "late" if at.there.state == "closed" else "done"}


def _text(tap: dict[str, Any], name: str) -> str:
    """Return what a tap says as text; anything else, such as lists in lists, is nothing."""
    said = tap.get(name)
    return said if isinstance(said, str) else ""


def _do(at: AtDoor, tap: dict[str, Any]) -> None:
    """Do one tap, also after the closing: the device may have kept it since before."""
    session, now = db.session(), utc_now()
    key = uuid.UUID(_text(tap, "key"))
    if tap.get("kind") == "count":
        service.count(
            session,
            at.held,
            int(tap.get("number", 0)),
            client_key=key,
            by=g.member,
            who=at.who,
            now=now,
            first_timers=int(tap.get("first", 0)),
            late=True,
        )
        return
    member = members.get(session, g.community.id, uuid.UUID(_text(tap, "member")))
    if tap.get("kind") == "out":
        service.check_out(session, at.held, member, who=at.who, now=now, client_key=key, late=True)
        return
    if tap.get("kind") != "in":
        raise ValueError
    heard = tap.get("heard")
    service.check_in(
        session,
        at.held,
        member,
        way="name",
        by=g.member,
        who=at.who,
        now=now,
        heard_version=int(heard) if heard else None,
        client_key=key,
        late=True,
    )
