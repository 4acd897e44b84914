"""The pages of communities, members and signing in.

The pages of a community's own settings are here too: they show who changed what, and members stand
above communities.
"""

from timebank.members.views import (
    cards,
    communities,
    decisions,
    devices,
    entry,
    joining,
    me,
    passwords,
    people,
    refused,
    rules,
)
from timebank.members.views.blueprints import EVERY as blueprints  # noqa: N811 - the agreed name

__all__ = [
    "blueprints",
    "cards",
    "communities",
    "decisions",
    "devices",
    "entry",
    "joining",
    "me",
    "passwords",
    "people",
    "refused",
    "rules",
]
