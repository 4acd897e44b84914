"""The field for an area, wherever one is asked for."""

from typing import Any

from wtforms import Form
from wtforms.validators import StopValidation

from timebank.members.areas import street_addresses_in, ways_to_reach_in
from timebank.members.models import AREA_LENGTH_MAX
from timebank.web.fields import LineField
from timebank.web.words import gettext as _


def area_field(label: Any) -> LineField:  # noqa: ANN401 - lazy or plain
    """Make a field for a part of town; a street address is refused, and so is a phone number."""
    return LineField(
        label, length_max=AREA_LENGTH_MAX, validators=[_is_no_street_address, _is_no_way_to_reach]
    )


def _is_no_street_address(_form: Form, field: Any) -> None:  # noqa: ANN401 - any field
    found = next(iter(street_addresses_in(field.data or "")), None)
    if found is not None:
        raise StopValidation(
            _(
                "“%(found)s” looks like a street address. Write a part of town, such as Harbour,"
                " or leave it empty.",
                found=found,
            )
        )


def _is_no_way_to_reach(_form: Form, field: Any) -> None:  # noqa: ANN401 - any field
    found = next(iter(ways_to_reach_in(field.data or "")), None)
    if found is not None:
        raise StopValidation(
            _(
                "“%(found)s” looks like a phone number or an e-mail address. Write a part of town,"
                " such as Harbour, or leave it empty.",
                found=found,
            )
        )
