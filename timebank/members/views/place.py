"""The community a page is in, and the way to its front."""

from typing import cast

from flask import current_app, g, url_for

from timebank.communities.models import Community
from timebank.members.models import Member


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
