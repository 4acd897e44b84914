"""The words for the lines a balance may reach."""

from collections.abc import Mapping

from timebank.web.filters import hours_label
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

#: Each of `communities.models.LIMITS`, as a label.
LIMITS: Mapping[str, str] = {
    "floor_nudge_minutes": _l("To give back: we drop a line at"),
    "floor_soft_minutes": _l("To give back: a coordinator has a chat at"),
    "floor_minutes": _l("To give back: it stops at"),
    "ceiling_nudge_minutes": _l("To spend: we drop a line at"),
    "ceiling_soft_minutes": _l("To spend: a coordinator has a chat at"),
    "ceiling_minutes": _l("To spend: it stops at"),
}


def limit_value(name: str, minutes: int | None) -> str:
    """Return where a line is drawn, in words."""
    if minutes is None:
        return _("no stop") if name in {"floor_minutes", "ceiling_minutes"} else _("never")
    if minutes == 0:
        return (
            _("give first, then receive") if name == "floor_minutes" else _("as soon as it is so")
        )
    return hours_label(minutes)
