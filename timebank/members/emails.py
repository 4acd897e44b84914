"""What membership and signing in write by mail and tell in the app.

`messaging` stands above this context, so the application hands its ways of sending in, once,
through `carry_by`. Subjects are neutral: whoever sees a phone on a table learns nothing from them.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Protocol

from flask import current_app, url_for
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.members import queries
from timebank.members.models import Member
from timebank.members.service import Link
from timebank.members.service.links import LIFE
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l
from timebank.web.words import ngettext

#: Mail of this topic cannot be turned off: without it nobody could sign in.
SIGN_IN = "sign in"
#: The sentences of this context's notices, for the application to register.
NOTICES = {
    "membership.waiting": _l("%(name)s would like to join. Could you have a look?"),
    "membership.approved": _l("You are in. Welcome!"),
    "membership.role": _l("Your tasks here have changed."),
}


class WriteMail(Protocol):
    """How a mail gets into the tray; see `messaging.service.write_mail`."""

    def __call__(  # noqa: D102 - the protocol is the documentation
        self,
        session: Session,
        *,
        to_address: str,
        subject: str,
        body: str,
        topic: str,
        now: dt.datetime,
    ) -> object: ...


class Tell(Protocol):
    """How a member is told something in the app; see `messaging.service.tell`."""

    def __call__(  # noqa: D102 - the protocol is the documentation
        self,
        session: Session,
        member: Member,
        *,
        topic: str,
        kind: str,
        facts: dict[str, Any],
        path: str,
        now: dt.datetime,
    ) -> object: ...


@dataclass(slots=True)
class Carrier:
    """The ways of sending that the application handed in."""

    write_mail: WriteMail
    tell: Tell


_carriers: list[Carrier] = []


def carry_by(*, write_mail: WriteMail, tell: Tell) -> None:
    """Take the ways of sending; called once, by the application."""
    _carriers[:] = [Carrier(write_mail, tell)]


def send_link(session: Session, link: Link, *, now: dt.datetime) -> None:
    """Send a link to sign in with."""
    _write(
        session,
        link,
        _(
            "Hello,\n\n"
            "open this link to sign in:\n\n%(address)s\n\n"
            "It works once, for %(how_long)s.\n\n"
            "If you did not ask for it, you can leave it: nothing happens.",
            address=_address(link),
            how_long=_how_long(link),
        ),
        now=now,
    )


def send_confirmation(
    session: Session, link: Link, *, community: Community, now: dt.datetime
) -> None:
    """Send the link that confirms the address somebody joined with, or has just entered."""
    _write(
        session,
        link,
        _(
            "Hello,\n\n"
            "somebody entered this address at %(community)s. If that was you, open this link to "
            "say that the address is yours and to sign in:\n\n%(address)s\n\n"
            "It works once, for %(how_long)s. After that, it offers you a new one.\n\n"
            "If it was not you, leave it: nothing happens, and nobody can use your address.",
            community=community.name,
            address=_address(link),
            how_long=_how_long(link),
        ),
        now=now,
    )


def tell_waiting(session: Session, member: Member, *, now: dt.datetime) -> None:
    """Tell every coordinator that somebody would like to join."""
    for coordinator in queries.holders(session, member.community_id, "coordinator"):
        _carriers[0].tell(
            session,
            coordinator,
            topic="work",
            kind="membership.waiting",
            facts={"name": member.first_name},
            path=f"people/{member.id}",
            now=now,
        )


def tell_approved(session: Session, member: Member, *, now: dt.datetime) -> None:
    """Tell somebody that they were let in."""
    _tell(session, member, "membership.approved", path="", now=now)


def tell_role(session: Session, member: Member, *, now: dt.datetime) -> None:
    """Tell a member that a role was given to them or ended."""
    _tell(session, member, "membership.role", path="me", now=now)


def _tell(session: Session, member: Member, kind: str, *, path: str, now: dt.datetime) -> None:
    _carriers[0].tell(session, member, topic="membership", kind=kind, facts={}, path=path, now=now)


def _write(session: Session, link: Link, body: str, *, now: dt.datetime) -> None:
    _carriers[0].write_mail(
        session,
        to_address=link.email,
        subject=_("Your link"),
        body=body,
        topic=SIGN_IN,
        now=now,
    )


def _how_long(link: Link) -> str:
    life = LIFE[link.purpose]
    if life.days:
        return ngettext("%(num)d day", "%(num)d days", life.days)
    minutes = life.seconds // 60
    return ngettext("%(num)d minute", "%(num)d minutes", minutes)


def _address(link: Link) -> str:
    base_url: str = current_app.config["SETTINGS"].base_url
    return base_url + url_for("signin.by_mailed_link", secret=link.secret)
