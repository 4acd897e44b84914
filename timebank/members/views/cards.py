"""Code cards on paper. A code is shown on the answer that made it, and never again."""

import uuid
from typing import cast

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import NotFoundError
from timebank.members import forms, policy, queries, service
from timebank.members.errors import NotSureItIsYouError
from timebank.members.models import Member
from timebank.members.views.blueprints import members as bp
from timebank.members.views.caller import own_device
from timebank.members.views.people import shown_to_me
from timebank.members.views.place import here, me
from timebank.web.access import Access, access
from timebank.web.session import writes
from timebank.web.squares import square_of


class NoCardForThemError(NotFoundError):
    """Somebody who does not belong here gets no card."""


@bp.get("/people/<uuid:member_id>/card")
@access(Access.COORDINATOR)
def card(member_id: uuid.UUID) -> ResponseReturnValue:
    """Ask before a card is made: the one before stops."""
    session = db.session()
    member = queries.get(session, here().id, member_id)
    return render_template(
        "members/make_card.html",
        form=forms.ButtonForm(),
        name=shown_to_me(member),
        former=queries.card_in_use(session, member),
        back=url_for("members.person", member_id=member.id),
    )


@bp.post("/people/<uuid:member_id>/card")
@access(Access.COORDINATOR)
@writes
def make_card(member_id: uuid.UUID) -> ResponseReturnValue:
    """Make a card and show it, once."""
    session = db.session()
    member = queries.get(session, here().id, member_id)
    keep = own_device().id if member.id == me().id else None
    code = service.issue_card(session, member, by=me(), now=utc_now(), keep_device_id=keep)
    return _paper(member, code, back=url_for("members.person", member_id=member.id))


@bp.get("/me/card")
@access(Access.SIGNED_IN)
def own_card() -> ResponseReturnValue:
    """Ask before one's own card is made."""
    member, session = _own_membership(), db.session()
    return render_template(
        "members/make_card.html",
        form=forms.ButtonForm(),
        name=member.first_name,
        former=queries.card_in_use(session, member),
        back=_own_place(member),
    )


@bp.post("/me/card")
@access(Access.SIGNED_IN)
@writes
def make_own_card() -> ResponseReturnValue:
    """Make one's own card and show it, once; only right after signing in or joining.

    Raises:
        NotSureItIsYouError: If somebody may just have picked up this device.
    """
    member, now, present = _own_membership(), utc_now(), own_device()
    if not policy.is_sure(present, now=now):
        raise NotSureItIsYouError
    code = service.issue_card(db.session(), member, by=member, now=now, keep_device_id=present.id)
    return _paper(member, code, back=_own_place(member))


def _own_membership() -> Member:
    """Return the caller's membership; somebody who waits has one, and may need a way back."""
    member = me()
    if cast("Member | None", member) is None or member.state in {"refused", "left"}:
        raise NoCardForThemError
    return member


def _own_place(member: Member) -> str:
    return url_for("members.waiting" if member.state == "waiting" else "members.me")


def _paper(member: Member, code: str, *, back: str) -> ResponseReturnValue:
    """Draw the card: number, code, and a square that holds the address with both."""
    address = url_for("signin.by_card", _external=True)
    square = square_of(
        url_for(
            "signin.by_printed_card",
            number=member.account_code,
            code=policy.code_typed(code),
            _external=True,
        )
    )
    return render_template(
        "members/card_paper.html",
        member=member,
        code=code,
        address=address.partition("://")[2],
        drawn=square,
        back=back,
    )
