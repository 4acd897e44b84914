"""The pages of sessions."""

from timebank.sessions import emails
from timebank.sessions.views import rota, shifts
from timebank.sessions.views.frame import bp

__all__ = ["blueprints", "rota", "shifts"]

blueprints = (bp,)
emails.register()
