"""The pages of sessions."""

from timebank.sessions import emails
from timebank.sessions.views import bringing, calendars, figures, rota, shifts
from timebank.sessions.views.frame import bp

__all__ = ["blueprints", "bringing", "calendars", "figures", "rota", "shifts"]

blueprints = (bp,)
emails.register()
