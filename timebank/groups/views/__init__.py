"""The pages of groups."""

from timebank.groups import emails
from timebank.groups.views import apart, crediting, directory, people, places, rules, show
from timebank.groups.views.frame import bp

__all__ = ["apart", "blueprints", "crediting", "directory", "people", "places", "rules", "show"]

blueprints = (bp,)
emails.register()
