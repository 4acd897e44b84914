"""The pages about how far hours may go: one's own, everybody's, and those of an account."""

from timebank.limits import emails
from timebank.limits.views import accounts, everybody, own
from timebank.limits.views.frame import bp

__all__ = ["accounts", "blueprints", "everybody", "own"]

blueprints = (bp,)
emails.register()
