"""The places of a community and who sees them, in the order of the header.

Pages know this through the template global `navigation`; it asks the application's routes, so a
page that is not there yet is simply not linked.
"""

from dataclasses import dataclass
from types import SimpleNamespace

from flask import Flask, current_app, g, request, url_for
from flask_babel import get_locale

from timebank.web.access import COMMUNITY_PREFIX
from timebank.web.callers import caller_id
from timebank.web.words import lazy_gettext as _l

COORDINATOR = "coordinator"
TREASURER = "treasurer"
AUDITOR = "auditor"
FRONT_PAGE = "home.index"


@dataclass(frozen=True, slots=True)
class Place:
    """A link of the header.

    Attributes:
        key: Short name; `work` gets the number of things that wait.
        endpoint: The view it leads to.
        words: What people read.
        icon: Name in the sprite.
        roles: Who sees it; empty for every member.
        family: Beginnings of endpoints for which this link is "here".
        below: What is below this address, in a community, is "here" too, whatever its endpoint.
        post: Whether it is a button that changes something.
    """

    key: str
    endpoint: str
    words: str
    icon: str = "house"
    roles: frozenset[str] = frozenset()
    family: tuple[str, ...] = ()
    below: str = ""
    post: bool = False


PLACES = (
    Place("home", FRONT_PAGE, _l("Home")),
    Place(
        "whats_on",
        "sessions.whats_on",
        _l("What’s on"),
        family=("sessions.whats_on", "sessions.mine"),
        below="/sessions/",
    ),
    Place("offers", "listings.offers", _l("Offers")),
    Place("requests", "listings.requests", _l("Requests")),
    Place("groups", "groups.directory", _l("Groups"), family=("groups.",), below="/groups/"),
    Place("messages", "messages.index", _l("Messages"), family=("messages.show", "messages.send")),
    Place("exchanges", "exchanges.index", _l("Agreements"), family=("exchanges.",)),
    Place("hours", "hours.index", _l("My hours"), family=("hours.", "limits.mine")),
    Place("work", "home.work", _l("To do"), roles=frozenset({COORDINATOR, TREASURER})),
    Place("rotas", "sessions.rota_everywhere", _l("Rotas"), roles=frozenset({COORDINATOR})),
    Place("people", "members.people", _l("People"), roles=frozenset({COORDINATOR})),
    Place(
        "books",
        "books.index",
        _l("Books"),
        roles=frozenset({COORDINATOR, TREASURER, AUDITOR}),
        family=(
            *("books.", "checks.", "questions."),
            *("limits.account", "limits.change", "limits.overview"),
        ),
    ),
    Place(
        "settings",
        "communities.settings",
        _l("Settings"),
        roles=frozenset({COORDINATOR}),
        family=("limits.everybody", "limits.check"),
        below="/settings/",
    ),
)
ACCOUNT = (
    Place("me", "members.me", _l("My page"), "person"),
    Place("rota", "sessions.my_rota", _l("My rota"), "clipboard-check"),
    Place("my_sessions", "sessions.mine", _l("My sessions"), "calendar-heart"),
    Place("notifications", "messages.preferences", _l("What we tell you"), "bell"),
    Place("communities", "communities.mine", _l("Change community"), "arrow-left-right"),
    Place("devices", "signin.devices", _l("My devices"), "phone"),
    Place("sign_out", "signin.sign_out", _l("Sign out"), "box-arrow-right", post=True),
)


def _takes_part() -> bool:
    member = g.get("member")
    return member is not None and member.state in {"active", "paused"}


def _address(endpoint: str) -> str | None:
    if endpoint not in current_app.view_functions:
        return None
    needs_community = current_app.url_map.is_endpoint_expecting(endpoint, "community_slug")
    if needs_community and not _takes_part() and endpoint != FRONT_PAGE:
        return None
    if needs_community and g.get("community") is None:
        return None
    return url_for(endpoint)


def _is_here(place: Place) -> bool:
    here = request.endpoint or ""
    if here == place.endpoint or (place.family and here.startswith(place.family)):
        return True
    rule = request.url_rule
    path = rule.rule.removeprefix(COMMUNITY_PREFIX) if rule is not None else ""
    return bool(place.below) and path.startswith(place.below)


def _link(place: Place, href: str) -> SimpleNamespace:
    return SimpleNamespace(
        key=place.key,
        href=href,
        words=place.words,
        icon=place.icon,
        post=place.post,
        here=_is_here(place),
        staff=bool(place.roles),
        exactly=request.endpoint == place.endpoint,
    )


def places() -> list[SimpleNamespace]:
    """List the links of the header for the signed-in member of this community."""
    if not _takes_part():
        return []
    roles = g.get("roles", frozenset())
    return [
        _link(place, href)
        for place in PLACES
        if (not place.roles or place.roles & roles) and (href := _address(place.endpoint))
    ]


def account() -> list[SimpleNamespace]:
    """List the links of the person's own menu."""
    if caller_id() is None:
        return []
    return [_link(place, href) for place in ACCOUNT if (href := _address(place.endpoint))]


def notices() -> str | None:
    """Return the address of the member's notices."""
    return _address("messages.notices")


def sign_in() -> str | None:
    """Return the address to sign in at, unless this page is already about that."""
    here = request.endpoint or ""
    return None if here.startswith("signin.") else _address("signin.choose")


def front_page() -> str:
    """Return the address behind the name at the top of the page."""
    return _address(FRONT_PAGE) or _address("communities.index") or "/"


def language() -> str:
    """Return the page's language for its `lang` attribute, such as `en` or `pt-BR`."""
    return str(get_locale() or "en").replace("_", "-")


def init_app(app: Flask) -> None:
    """Give templates `navigation`."""
    app.jinja_env.globals["navigation"] = SimpleNamespace(
        places=places,
        account=account,
        notices=notices,
        front_page=front_page,
        language=language,
        sign_in=sign_in,
    )
