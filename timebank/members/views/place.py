"""The community a page is in, and the way to its front."""

from typing import cast

from flask import current_app, g, url_for

from timebank.communities.models import Community
from timebank.members.models import Member
from timebank.web.words import lazy_gettext as _l

#: The rules of a community that has written none of its own.
USUAL_RULES = (
    _l("An hour is an hour, whoever gives it and whatever it is."),
    _l("What people tell you stays with you."),
    _l("Saying no is always fine. Say it in good time."),
    _l("No money changes hands."),
)


def here() -> Community:
    """Return the community of the address."""
    return cast("Community", g.community)


def me() -> Member:
    """Return the signed-in member; for pages that nobody else opens."""
    return cast("Member", g.member)


def front_page(community: Community) -> str:
    """Return the address of a community's front page."""
    endpoint = "home.index" if "home.index" in current_app.view_functions else "joining.start"
    return url_for(endpoint, community_slug=community.slug)


def worded(rules: str) -> str:
    """Return house rules as people read them: their own, or the usual ones."""
    return rules or "\n".join(str(rule) for rule in USUAL_RULES)


def house_rules(community: Community) -> str:
    """Return the house rules of a community as people read them."""
    return worded(community.house_rules)
