"""The pages of sessions."""

from timebank.sessions import emails
from timebank.sessions.views import (
    bringing,
    calendars,
    closed_days,
    figures,
    one_date,
    planning,
    rota,
    shifts,
    show,
    whats_on,
)
from timebank.sessions.views.frame import bp
from timebank.web import corners

__all__ = [
    "blueprints",
    "bringing",
    "calendars",
    "closed_days",
    "figures",
    "one_date",
    "planning",
    "rota",
    "shifts",
    "show",
    "whats_on",
]

blueprints = (bp,)
emails.register()
corners.fill("group", show.on_group_page)
