"""The devices somebody is signed in on."""

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.members import queries, service
from timebank.members.models import DeviceSession
from timebank.members.views.blueprints import signin as bp
from timebank.members.views.caller import agent_words, own_device
from timebank.trail import queries as trail
from timebank.trail.models import TrailEvent
from timebank.web.access import Access, access
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

#: Sign-ins shown on the page of devices.
LATELY_MAX = 12
MEANS_WORDS = {
    "link": _l("with a link by e-mail"),
    "password": _l("with your password"),
    "card": _l("with your code card"),
    "join": _l("when you joined"),
}


@bp.get("/you/devices")
@access(Access.SIGNED_IN)
def devices() -> ResponseReturnValue:
    """Show where somebody is signed in."""
    present = own_device()
    # What a coordinator set up shows nothing of the rest.
    only_id = present.community_id
    found = queries.devices(db.session(), present.person_id, now=utc_now(), only_id=only_id)
    others = [_row(device) for device in found if device.id != present.id]
    lately = trail.sign_ins_of(db.session(), present.person_id, only_id=only_id, limit=LATELY_MAX)
    return render_template(
        "you/devices.html",
        present=_row(present),
        others=others,
        lately=[_sign_in(event) for event in lately],
    )


def _sign_in(event: TrailEvent) -> dict[str, object]:
    """Put a sign-in, or a try at one, into words."""
    means, _space, agent = event.detail.partition(" ")
    if event.kind == "sign-in failed":
        what = (
            _("Somebody tried, and could not")
            if means != "card"
            else _("Somebody tried a card code, and could not")
        )
    else:
        what = _("Signed in %(how)s", how=MEANS_WORDS.get(means, ""))
    return {"words": what, "agent": agent_words(agent), "at": event.at}


def _row(device: DeviceSession) -> dict[str, object]:
    return {
        "id": device.id,
        "words": agent_words(device.agent),
        "means": MEANS_WORDS.get(device.means, ""),
        "created_at": device.created_at,
        "last_seen_at": device.last_seen_at,
        "is_shared": device.is_shared,
    }


@bp.post("/you/devices/<uuid:device_id>/end")
@access(Access.SIGNED_IN)
@writes
def end_device(device_id: uuid.UUID) -> ResponseReturnValue:
    """Sign out on another device."""
    present = own_device()
    ended = service.end_device(
        db.session(),
        present.person_id,
        device_id,
        now=utc_now(),
        only_id=present.community_id,
    )
    if ended:
        flash(_("You are signed out there."))
    return redirect(url_for("signin.devices"), code=303)


@bp.post("/you/devices/end")
@access(Access.SIGNED_IN)
@writes
def end_other_devices() -> ResponseReturnValue:
    """Sign out everywhere but here."""
    present = own_device()
    service.end_devices(
        db.session(),
        present.person_id,
        but=present.id,
        now=utc_now(),
        only_id=present.community_id,
    )
    flash(_("You are signed out everywhere else."))
    return redirect(url_for("signin.devices"), code=303)
