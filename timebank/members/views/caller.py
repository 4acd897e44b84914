"""Who is calling, from which device and place, and how somebody is let in."""

import datetime as dt
import re
import uuid
from collections.abc import Sequence
from typing import cast

from flask import Response, current_app, g, request
from flask import session as cookie
from flask_login import current_user  # noqa: TID251 - one of the places that know the device
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import IndeterminateError
from timebank.members import policy, queries, service
from timebank.members.errors import WrongSecretError
from timebank.members.models import DeviceSession
from timebank.members.service.devices import SEEN_EVERY
from timebank.members.service.throttle import Caller, Limit
from timebank.members.views.blueprints import signin
from timebank.trail import service as trail
from timebank.web.access import is_safe_next
from timebank.web.session import run_in_transaction
from timebank.web.words import gettext as _

#: How a browser and a system are found in what a browser says of itself, the more telling first.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)
NEXT_LENGTH_MAX = 500
TOO_MANY = 429
#: Where the cookie keeps the device's secret: Flask-Login reads it there.
_SECRET = "_user_id"  # noqa: S105 - the name of it


def device() -> DeviceSession | None:
    """Return the device somebody is signed in on, or None."""
    return cast("DeviceSession", current_user) if current_user.is_authenticated else None


def own_device() -> DeviceSession:
    """Return the signed-in device; for pages that nobody else opens."""
    found = device()
    assert found is not None  # noqa: S101 - Access.SIGNED_IN saw to it
    return found


def is_sure_here(present: DeviceSession, *, now: dt.datetime) -> bool:
    """Tell whether it is surely the person who would change how they sign in."""
    elsewhere = present.community_id is not None and queries.belongs_elsewhere(
        db.session(), present.person_id, present.community_id
    )
    return policy.is_sure(present, now=now, belongs_elsewhere=elsewhere)


def agent() -> str:
    """Return what the browser is, as `Firefox/Android`; the header itself is not kept."""
    said = request.user_agent.string
    browser = next((name for mark, name in _BROWSERS if mark in said), "")
    system = next((name for mark, name in _SYSTEMS if mark in said), "")
    return f"{browser}/{system}"


def agent_words(kept: str) -> str:
    """Put a kept agent into words."""
    browser, _slash, system = kept.partition("/")
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or _("An unknown browser")


def take_try(*tries: tuple[Limit, str]) -> list[uuid.UUID]:
    """Write a try down for good, before any secret is looked at.

    Raises:
        ThrottledError: If there were too many.
    """
    place = Caller(request.remote_addr or "", str(current_app.secret_key).encode())
    now = utc_now()
    return run_in_transaction(lambda session: service.take_try(session, place, tries, now=now))


def count_try(session: Session, *tries: tuple[Limit, str]) -> None:
    """Write a try down in the unit of work at hand.

    Raises:
        ThrottledError: If there were too many.
    """
    place = Caller(request.remote_addr or "", str(current_app.secret_key).encode())
    service.take_try(session, place, tries, now=utc_now())


def sign_in(
    person_id: uuid.UUID,
    *,
    means: str,
    is_shared: bool,
    tries: Sequence[uuid.UUID] = (),
    community_id: uuid.UUID | None = None,
) -> None:
    """Sign somebody in on this device after a proof that needs no further change.

    This is where staff will be asked for a second step: before the device begins.
    """
    now = utc_now()

    def begin(session: Session) -> str:
        service.forgive(session, tries)
        _device, secret = service.begin_device(
            session,
            person_id,
            means=means,
            agent=agent(),
            is_shared=is_shared,
            now=now,
            community_id=community_id,
        )
        return secret

    hand_cookie(run_in_transaction(begin), is_shared=is_shared)


def note_failure(wrong: WrongSecretError, means: str) -> None:
    """Keep in the trail that somebody tried to sign in and could not; nothing else came of it."""
    now, where = utc_now(), g.get("community")
    community_id = None if where is None else where.id
    run_in_transaction(
        lambda session: trail.record(
            session,
            "sign-in failed",
            now=now,
            person_id=wrong.person_id,
            community_id=community_id,
            detail=f"{means} {agent()}",
        )
    )


def hand_cookie(secret: str, *, is_shared: bool) -> None:
    """Give the browser the secret of its device; whatever it held before ends with it."""
    former = device()
    if former is not None:
        person_id, device_id, now = former.person_id, former.id, utc_now()
        run_in_transaction(
            lambda session: service.end_device(session, person_id, device_id, now=now)
        )
    cookie.clear()
    cookie[_SECRET] = secret
    cookie["_fresh"] = True
    cookie.permanent = not is_shared


def next_path() -> str:
    """Return where the caller wanted to go, if that is on this site, else "/"."""
    wanted = request.values.get("next", "")
    return wanted if is_safe_next(wanted) and len(wanted) <= NEXT_LENGTH_MAX else "/"


def slug_wanted() -> str | None:
    """Return the community whose page the caller wanted, or None."""
    match = re.match(r"/at/([a-z0-9-]+)(?:/|$)", next_path())
    return match[1] if match else None


def note_use(found: DeviceSession, *, now: dt.datetime) -> None:
    """Note for the end of this request whether it is time to keep when a device was used last."""
    # Its id and not its row, which would be read again after every commit.
    g.device_to_keep = found.id if now - found.last_seen_at >= SEEN_EVERY else None


@signin.after_app_request
def _keep_seen(response: Response) -> Response:
    """Keep when the device was used last; a page does not fail over that."""
    device_id, now = g.get("device_to_keep"), utc_now()
    if device_id is not None:
        try:
            run_in_transaction(
                lambda session: service.see_device(session, device_id, now=now), give_up_after=0
            )
        except (DBAPIError, IndeterminateError):
            current_app.logger.warning("a device in use was not written down")
    return response


@signin.after_app_request
def _keep_refusal(response: Response) -> Response:
    """Keep in the trail that somebody asked for what is not theirs, or too often.

    Nothing was changed, so a trail that cannot be written takes nothing back; it is in the log.
    """
    kind = "limit hit" if response.status_code == TOO_MANY else "denied" if g.get("denied") else ""
    if kind:
        found, where = g.get("_login_user"), g.get("community")
        person_id = found.person_id if isinstance(found, DeviceSession) else None
        community_id = None if where is None else where.id
        now, detail = utc_now(), request.endpoint or ""
        try:
            run_in_transaction(
                lambda session: trail.record_sparingly(
                    session,
                    kind,
                    now=now,
                    person_id=person_id,
                    community_id=community_id,
                    detail=detail,
                )
            )
        except (DBAPIError, IndeterminateError):
            current_app.logger.warning("a refusal was not written down", exc_info=True)
    return response
