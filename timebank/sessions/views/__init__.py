"""The pages of sessions."""

from timebank.sessions import emails
from timebank.sessions.views import (
    bringing,
    calendars,
    closed_days,
    closing,
    codes,
    door,
    figures,
    lines,
    one_date,
    opening,
    paper,
    people,
    planning,
    rota,
    shifts,
    show,
    time_zone,
    together,
    whats_on,
)
from timebank.sessions.views.frame import bp
from timebank.web import corners

__all__ = [
    "blueprints",
    "bringing",
    "calendars",
    "closed_days",
    "closing",
    "codes",
    "door",
    "figures",
    "lines",
    "one_date",
    "opening",
    "paper",
    "people",
    "planning",
    "rota",
    "shifts",
    "show",
    "time_zone",
    "together",
    "whats_on",
]

blueprints = (bp,)
emails.register()
corners.fill("group", show.on_group_page)
corners.fill("rule tried", closing.tried_rule)
corners.fill("tie", together.on_tie_page)
corners.fill("scanned card", door.on_scanned_card)
corners.tell_origins(lines.origins_of)
