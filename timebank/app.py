"""The composition root: the only module that knows every context."""

import gc
import os
import uuid
from importlib import import_module
from typing import Any

from flask import Flask, g, request, url_for
from flask_babel import get_locale
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from sqlalchemy.orm import Session, configure_mappers
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from timebank import db as database
from timebank import processors
from timebank.clock import utc_now
from timebank.communities import queries as communities
from timebank.communities.models import LOCALES, Community
from timebank.config import ROOT, Settings
from timebank.db import db
from timebank.home import queries as home
from timebank.hours import auditing, policy
from timebank.members import emails as members_emails
from timebank.members import queries as members
from timebank.members.models import DeviceSession, Member
from timebank.members.views.caller import note_use
from timebank.members.views.rules import first_page
from timebank.messaging import notices
from timebank.messaging import queries as messages
from timebank.messaging import service as messaging
from timebank.web import access, assets, filters, headers, log, navigation, refusals
from timebank.web.languages import Languages
from timebank.web.session import new_submission_key

#: Modules with blueprints, in no order that matters; each exposes `blueprints`. Imported by name,
#: so a test and not import-linter holds them to the order of contexts.
PAGES = (
    "timebank.members.views",
    "timebank.limits.views",
    "timebank.statements.views",
    "timebank.messaging.views",
    "timebank.listings.views",
    "timebank.exchanges.views",
    "timebank.groups.views",
    "timebank.sessions.views",
    "timebank.home.views",
    "timebank.demo.views",
    "timebank.web.patterns",
)
#: What a browser may send in one form; nothing here takes files.
FORM_BYTES_MAX = 256 * 1024
FORM_PARTS_MAX = 200
#: How much may be made, and how often that may come to pass, before the garbage collector looks at
#: what is new, at what stayed once and at all. A page makes some thousand things, and drops them.
COLLECT_AT = (25_000, 20, 20)


class SmallNumber(IntegerConverter):
    """A number in an address; one that no column could hold is no address of ours."""

    regex = r"\d{1,18}"


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application from its settings; by default those of the environment."""
    settings = settings or Settings.from_environ(os.environ)
    app = Flask("timebank", static_folder=None, template_folder=str(ROOT / "templates"))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SETTINGS=settings,
        MAX_CONTENT_LENGTH=FORM_BYTES_MAX,
        MAX_FORM_MEMORY_SIZE=FORM_BYTES_MAX,
        MAX_FORM_PARTS=FORM_PARTS_MAX,
        SESSION_COOKIE_NAME="__Host-timebank" if settings.secure_cookies else "timebank",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        PREFERRED_URL_SCHEME=settings.base_url.split(":", 1)[0],
    )
    app.url_map.converters["int"] = SmallNumber
    log.init_app(app)
    _setup_proxy(app, settings)
    database.init_app(app, settings.database_url)
    _setup_languages(app)
    _setup_templates(app)
    _setup_access(app)
    _setup_mail()
    _setup_pages(app)
    headers.init_app(app, base_url=settings.base_url)
    refusals.init_app(app)
    return app


def _setup_proxy(app: Flask, settings: Settings) -> None:
    hops = settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )


def _setup_languages(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "timebank" / "translations")
    Languages(app, locale_selector=_locale, timezone_selector=lambda: filters.zone().key)


def _locale() -> str:
    """Speak the community's language; outside one, the best of what the browser asks for."""
    community = g.get("community")
    if community is not None:
        return str(community.locale)
    return request.accept_languages.best_match(LOCALES) or LOCALES[0]


def _setup_templates(app: Flask) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    filters.init_app(app)
    app.jinja_env.globals.update(
        csp_nonce=headers.csp_nonce,
        get_locale=get_locale,
        asset_url=assets.asset_url,
        new_submission_key=new_submission_key,
    )
    app.context_processor(_frame)


def served_app(*, keeps_to_one: bool = False) -> Flask:
    """Build the application for a process that does nothing but serve it.

    What the application is made of stays to the end. The garbage collector went through all of it
    in nearly every request, which took an eighth of the time; now it leaves that aside.

    Args:
        keeps_to_one: Whether the process keeps to one processor, for a machine that is there for
            little else.
    """
    app = create_app()
    if keeps_to_one:
        processors.keep_to_one(app.config["SETTINGS"].home)
    configure_mappers()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AT)
    return app


def _frame() -> dict[str, Any]:
    """Give every page what its frame shows: help, and how many things wait for this member."""
    community, member = g.get("community"), g.get("member")
    return {
        "help_block": {"words": community.help_words}
        if community and community.help_words
        else None,
        "unread_notices": messages.unread_count(db.session(), member) if member else 0,
        **_waiting(),
        "other_communities": _other_communities(),
    }


def _membership(
    session: Session, community: Community, person_id: uuid.UUID
) -> tuple[Member, frozenset[str]] | None:
    """Find a person's membership; the same question tells where else they take part."""
    memberships = members.memberships_of(session, person_id)
    # Plain words, not rows: a page about a failing database must not ask it again.
    g.elsewhere = [
        (of.name, of.slug)
        for member, of, _roles in memberships
        if of.id != community.id
        and member.state in {"active", "paused"}
        and not g.get("only_here", False)
    ]
    here = (each for each in memberships if each.community.id == community.id)
    return next(((each.member, each.roles) for each in here), None)


def _other_communities() -> list[dict[str, str]]:
    """List where else this person takes part, so that changing over is one tap."""
    return [
        {"name": name, "href": url_for("home.index", community_slug=slug)}
        for name, slug in g.get("elsewhere", ())
    ]


def _waiting() -> dict[str, Any]:
    """Count what waits for whoever has a role, and tell readers of the books of a failed check."""
    roles = g.get("roles", frozenset())
    if not policy.may_see_books(roles):
        return {"waiting_work": 0, "books_alarm": False}
    session, key = db.session(), g.community.id
    if "coordinator" in roles:
        waits = g.get("waits") or home.waiting(
            session, key, g.member.id, now=utc_now(), today=filters.today()
        )
    elif "treasurer" in roles:
        waits = home.waiting_for_treasurer(session, key, g.member.id)
    else:
        return {"waiting_work": 0, "books_alarm": auditing.is_alarm(session, key)}
    return {"waiting_work": sum(waits.values()), "books_alarm": waits["books"] > 0}


def _setup_access(app: Flask) -> None:
    CSRFProtect(app)
    login = LoginManager(app)
    # Its own ways to remember and protect a session are not used: a device is a row (`members`).
    login.session_protection = None

    @login.user_loader  # type: ignore[untyped-decorator]  # Flask-Login ships no types
    def _device(secret: str) -> DeviceSession | None:
        now = utc_now()
        device = members.device_of(db.session(), secret, now=now)
        if device is not None:
            note_use(device, now=now)
        g.only_here = device is not None and device.community_id is not None
        community = g.get("community")
        # Elsewhere than in its own community, a device signed in with a card is a stranger's.
        return device if device is None or not community or device.opens(community.id) else None

    access.init_app(
        app,
        access.Register(
            community=communities.by_slug,
            member=_membership,
            first=first_page,
        ),
    )


def _setup_mail() -> None:
    """Hand members their ways of sending: `messaging` knows members, so they cannot know it."""
    members_emails.carry_by(write_mail=messaging.write_mail, tell=messaging.tell)
    for kind, words in members_emails.NOTICES.items():
        notices.say(kind, words)


def _setup_pages(app: Flask) -> None:
    app.register_blueprint(assets.bp)
    for name in PAGES:
        for blueprint in import_module(name).blueprints:
            app.register_blueprint(blueprint)
    navigation.init_app(app)
