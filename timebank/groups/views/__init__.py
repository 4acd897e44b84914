"""The pages of groups."""

from timebank.groups import emails
from timebank.groups.views import apart, directory, people, places, rules, show
from timebank.groups.views.frame import bp

__all__ = ["apart", "blueprints", "directory", "people", "places", "rules", "show"]

blueprints = (bp,)
emails.register()
