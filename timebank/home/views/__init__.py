"""The front page of a community, the list of work, and what a member takes along."""

from timebank.home.views import own_data, work
from timebank.home.views.front import bp

__all__ = ["blueprints", "own_data", "work"]

blueprints = (bp,)
