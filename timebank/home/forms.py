"""Forms of leaving for good."""

from wtforms import BooleanField, Field, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from timebank.web.fields import LineField, PageForm, required
from timebank.web.words import lazy_gettext as _l

#: As printed on a card, with room for a slip.
NUMBER_LENGTH_MAX = 20


class ForgetForm(PageForm):
    """Where the hours go, and whether it is really meant."""

    hours_to = RadioField(
        _l("What becomes of the hours?"),
        choices=[
            SelectChoice("pot", _l("They go to the community pot, for whoever needs them")),
            SelectChoice("person", _l("They go to another member")),
        ],
        default="pot",
        validators=[required(_l("Choose where the hours go."))],
    )
    number = LineField(_l("Their member number"), length_max=NUMBER_LENGTH_MAX)
    is_sure = BooleanField(
        _l("Yes, and I know that it cannot be undone."),
        validators=[required(_l("Tick the box if you are sure."))],
    )

    def validate_number(self, field: Field) -> None:
        """Ask for the number where the hours go to somebody."""
        if self.hours_to is None or self.hours_to.data != "person":
            return
        figures = (field.data or "").upper().removeprefix("M")
        if not (figures.isascii() and figures.isdigit()):
            raise ValidationError(_l("Write the member’s number, such as 12 or M000012."))
