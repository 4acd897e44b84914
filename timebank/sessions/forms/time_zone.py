"""The form with which a community's clock on the wall is changed."""

from typing import Any

from wtforms import Form, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from timebank.communities.models import TIME_ZONE_LENGTH_MAX
from timebank.communities.policy import is_time_zone, time_zones_like
from timebank.web.fields import LineField, PageForm, required
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

#: What becomes of what is planned.
KEEPS = ("time of day", "moment")


def known_time_zone(_form: Form, field: Any) -> None:  # noqa: ANN401 - any field
    """Refuse a time zone this machine does not know, and name those that may be meant."""
    text = field.data or ""
    if is_time_zone(text):
        return
    found = time_zones_like(text)
    if found:
        raise StopValidation(
            _(
                "No time zone is called “%(text)s”. Do you mean %(found)s?",
                text=text,
                found=", ".join(found),
            )
        )
    raise StopValidation(_("Enter a time zone like Europe/Copenhagen."))


class TimeZoneForm(PageForm):
    """A time zone, and what becomes of what is planned."""

    time_zone = LineField(
        _l("Time zone"),
        length_max=TIME_ZONE_LENGTH_MAX,
        validators=[required(_l("Enter a time zone like Europe/Copenhagen.")), known_time_zone],
    )
    keeps = RadioField(
        _l("What becomes of the dates that are planned?"),
        choices=[
            SelectChoice(
                KEEPS[0], _l("Each keeps its day and time: Tuesday 14:00 stays Tuesday 14:00")
            ),
            SelectChoice(
                KEEPS[1], _l("Each stays at the same moment, and the clock shows another time")
            ),
        ],
        default=KEEPS[0],
        validators=[required(_l("Choose what becomes of the dates."))],
    )
