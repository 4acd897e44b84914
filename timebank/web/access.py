"""Who may open a page. Closed unless said otherwise: every view states its rule, a test counts.

The community is part of the address (`/at/<slug>/…`), never of the session: two tabs in two
communities cannot be mixed up. Views find it in `g.community`, and the person's membership in it in
`g.member`.
"""

import enum
import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, NoReturn, TypeVar

from flask import Flask, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from timebank.db import db
from timebank.web.callers import caller_id
from timebank.web.refusals import sent_fields

CommunityT = TypeVar("CommunityT")
MemberT = TypeVar("MemberT")
View = Callable[..., ResponseReturnValue]
SLUG = "community_slug"
COMMUNITY_PREFIX = f"/at/<{SLUG}>"


class Access(enum.Enum):
    """The rules a view can state."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    MEMBER = "member"
    BOOKS = "coordinator, treasurer or auditor"
    BOOKKEEPER = "coordinator or treasurer"
    TREASURY = "treasurer or auditor"
    AUDITOR = "auditor"
    COORDINATOR = "coordinator"


#: Roles that open a page of each rule.
ROLES = {
    Access.BOOKS: frozenset({"coordinator", "treasurer", "auditor"}),
    Access.BOOKKEEPER: frozenset({"coordinator", "treasurer"}),
    Access.TREASURY: frozenset({"treasurer", "auditor"}),
    Access.AUDITOR: frozenset({"auditor"}),
    Access.COORDINATOR: frozenset({"coordinator"}),
}


@dataclass(frozen=True, slots=True)
class Register(Generic[CommunityT, MemberT]):
    """How to find who is calling; handed in by `app`, because this package knows no context.

    Attributes:
        community: Finds a community by its slug, or None.
        member: Finds a person's membership of a community and the roles they hold in it now, or
            None.
        first: Says where a member is led before the page they asked for, or None.
    """

    community: Callable[[Session, str], CommunityT | None]
    member: Callable[[Session, CommunityT, uuid.UUID], tuple[MemberT, frozenset[str]] | None]
    first: Callable[[CommunityT, MemberT], str | None]


def access(rule: Access) -> Callable[[View], View]:
    """State who may open a view."""

    def state(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:  # noqa: ANN401 - the route's own
            refusal = _refuse(rule)
            return view(*args, **kwargs) if refusal is None else refusal

        guarded.access = rule  # type: ignore[attr-defined]
        return guarded

    return state


def _refuse(rule: Access) -> ResponseReturnValue | None:
    if rule is Access.ANYONE:
        return None
    if caller_id() is None:
        return ask_to_sign_in()
    if rule is Access.SIGNED_IN:
        return None
    if g.member is None:
        _deny()
    if g.member.state == "waiting":
        return redirect(url_for("members.waiting"), code=303)
    if g.member.state not in {"active", "paused"}:
        _deny()
    # A page that is not yours looks like a page that does not exist.
    if rule in ROLES and not ROLES[rule] & g.roles:
        _deny()
    return None


def _deny() -> NoReturn:
    """Answer as if there were no such page, and mark the request for the trail."""
    g.denied = True
    abort(404)


def ask_to_sign_in() -> ResponseReturnValue:
    """Send a caller to the sign-in page and remember which page they wanted.

    Somebody who was signed out while they typed keeps what they typed: the page holds it, and
    offers to send it once they are signed in again.
    """
    if request.method in {"GET", "HEAD"}:
        wanted = request.full_path.rstrip("?")
        return redirect(url_for("signin.choose", next=wanted), code=303)
    page = render_template(
        "errors/signed_out.html", fields=sent_fields(), sign_in=url_for("signin.choose")
    )
    return page, HTTPStatus.FORBIDDEN


def is_safe_next(path: str) -> bool:
    """Tell whether a `next` address stays on this site: one slash, then nothing a browser bends."""
    return (
        path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and "\\" not in path
        and path.isprintable()
        and not any(character.isspace() for character in path)
    )


def init_app(app: Flask, register: Register[CommunityT, MemberT]) -> None:
    """Load community, membership and roles before each view, and fill the slug into addresses."""

    @app.url_value_preprocessor
    def _take_slug(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.community_slug = values.pop(SLUG, None) if values else None

    @app.url_defaults
    def _fill_slug(endpoint: str, values: dict[str, Any]) -> None:
        community = g.get("community")
        if community is not None and app.url_map.is_endpoint_expecting(endpoint, SLUG):
            values.setdefault(SLUG, community.slug)

    @app.before_request
    def _load_caller() -> ResponseReturnValue | None:
        _load(register)
        if g.member is None:
            return None
        first = register.first(g.community, g.member)
        return None if first is None else redirect(first, code=303)


def _load(register: Register[CommunityT, MemberT]) -> None:
    g.community = g.member = None
    g.roles = frozenset()
    if g.get("community_slug") is None:
        return
    g.community = register.community(db.session(), g.community_slug)
    if g.community is None:
        abort(404)
    person_id = caller_id()
    if person_id is None:
        return
    found = register.member(db.session(), g.community, person_id)
    if found is not None:
        g.member, g.roles = found
