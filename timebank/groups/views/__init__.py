"""The pages of groups."""

from timebank.groups import emails
from timebank.groups.views import (
    apart,
    crediting,
    directory,
    people,
    places,
    pot_moves,
    pots,
    rules,
    show,
    ties,
)
from timebank.groups.views.frame import bp

__all__ = [
    "apart",
    "blueprints",
    "crediting",
    "directory",
    "people",
    "places",
    "pot_moves",
    "pots",
    "rules",
    "show",
    "ties",
]

blueprints = (bp,)
emails.register()
