"""Forms of the books."""

from wtforms import Field, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from timebank.exchanges.models import WORDS_LENGTH_MAX
from timebank.hours.models import QUESTION_LENGTH_MAX
from timebank.statements.queries import YEAR_MAX, YEAR_MIN
from timebank.web.fields import (
    DayField,
    LineField,
    MinutesField,
    PageForm,
    WholeNumberField,
    WordsField,
    required,
)
from timebank.web.words import lazy_gettext as _l

#: The most hours one movement can have.
HOURS_MAX = 100_000
MINUTES_OVER_MAX = 59
#: As printed on a card, with room for a slip.
NUMBER_LENGTH_MAX = 20


class ReverseForm(PageForm):
    """Why hours are moved back."""

    reason = WordsField(
        _l("Why?"),
        length_max=WORDS_LENGTH_MAX,
        validators=[required(_l("Write why, in a sentence that both can read."))],
    )


class CorrectForm(PageForm):
    """What should have been written down of help between two people, and why it is put right."""

    minutes = MinutesField(_l("How long was it really?"))
    happened_on = DayField(_l("Which day was it?"), validators=[required(_l("Choose the day."))])
    category_id = SelectField(_l("What kind of help?"), choices=[])
    reason = WordsField(
        _l("Why?"),
        length_max=WORDS_LENGTH_MAX,
        validators=[required(_l("Write why, in a sentence that both can read."))],
    )

    @property
    def right_minutes(self) -> int:
        """How long it was."""
        return int(self.minutes.data)


class CorrectOtherForm(PageForm):
    """What any other movement should have been, and why it is put right."""

    hours = WholeNumberField(_l("How many hours?"), number_max=HOURS_MAX)
    minutes = WholeNumberField(_l("And minutes?"), number_max=MINUTES_OVER_MAX)
    happened_on = DayField(_l("Which day is it for?"), validators=[required(_l("Choose the day."))])
    number = LineField(_l("Whose hours?"), length_max=NUMBER_LENGTH_MAX)
    reason = WordsField(
        _l("Why?"),
        length_max=WORDS_LENGTH_MAX,
        validators=[required(_l("Write why, in a sentence that they can read."))],
    )

    def validate_minutes(self, field: Field) -> None:
        """Ask for something; nothing at all is another button."""
        if not self.hours.errors and not field.errors and self.right_minutes < 1:
            raise ValidationError(
                _l("Write how much it should be. If it is nothing, move it back instead.")
            )

    @property
    def right_minutes(self) -> int:
        """How much should have moved."""
        return self.hours.number * 60 + self.minutes.number


class SeenToForm(PageForm):
    """Somebody was talked with."""


class SavedQuestionForm(PageForm):
    """From when on a question that is kept ready looks."""

    period = RadioField(
        _l("Which time?"),
        choices=[
            SelectChoice("year", _l("The last twelve months")),
            SelectChoice("all", _l("All the time there is")),
        ],
        default="year",
    )


class OwnQuestionForm(PageForm):
    """A question in an auditor's own words."""

    words = WordsField(
        _l("Your question"),
        length_max=QUESTION_LENGTH_MAX,
        validators=[required(_l("Write a question, such as SELECT account, sum(position)."))],
    )


class DayForm(PageForm):
    """The day whose balances are asked for."""

    day = DayField(_l("Which day?"), validators=[required(_l("Choose the day."))])

    def validate_day(self, field: DayField) -> None:
        """Refuse days that no book can say anything about."""
        if not YEAR_MIN <= field.day.year <= YEAR_MAX:
            raise ValidationError(_l("Choose a day between 2000 and 2999."))
